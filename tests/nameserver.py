"""A real DNS server for tests, in a process of its own: C{python -m tests.nameserver PORT FILE}. The file says what
there is, and is read at each question: C{{"name": {"A": ["127.0.0.1"], "SRV": [[8848, "host"]]}}}."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import CannotListenError
from twisted.names import common, dns, error, server

TAKEN = 3
"""The status of a process that cannot have the port."""
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Zone(common.ResolverBase):  # type: ignore[misc]
    """Answers from the file."""

    def __init__(self, filename: str) -> None:
        super().__init__()
        self._filename = filename

    def query(self, query: Any, timeout: Any = None) -> Deferred[Any]:
        with open(self._filename) as file:
            names = json.load(file)
        found = names.get(query.name.name.decode().lower())
        if found is None:
            return fail(error.AuthoritativeDomainError(query.name.name))
        if found == "broken":
            return fail(RuntimeError("as if it were broken"))
        answers = [
            dns.RRHeader(query.name.name, query.type, ttl=0, payload=self._payload(query.type, each))
            for each in found.get(dns.QUERY_TYPES.get(query.type, ""), [])
        ]
        return succeed((answers, [], []))

    @staticmethod
    def _payload(kind: int, value: Any) -> Any:
        if kind == dns.SRV:
            return dns.Record_SRV(0, 0, value[0], value[1], ttl=0)
        return dns.Record_A(value, 0) if kind == dns.A else dns.Record_AAAA(value, 0)


class NameServer:
    """One that runs; C{port}: of 127.0.0.1."""

    def __init__(self, folder: str) -> None:
        self.filename = os.path.join(folder, "zone.json")
        self.says()
        while not self._listens():  # somebody else has taken the port
            self.stop()

    def _listens(self) -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [sys.executable, "-m", "tests.nameserver", str(self.port), self.filename]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        taken = not said and self._process.wait() == TAKEN
        assert said or taken
        return bool(said)

    def says(self, **names: Any) -> None:
        """From now on it knows these; underscores in place of dots."""
        with open(f"{self.filename}.new", "w") as file:
            json.dump({name.replace("__", "."): records for name, records in names.items()}, file)
        os.replace(f"{self.filename}.new", self.filename)

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextlib.contextmanager
def nameserver() -> Iterator[NameServer]:
    """One that ends with the block."""
    with tempfile.TemporaryDirectory(prefix="nacos-tw-dns-") as folder:
        found = NameServer(folder)
        try:
            yield found
        finally:
            found.stop()


def main(port: int, filename: str) -> None:
    """Serve until the process is ended."""
    from twisted.internet import reactor

    factory = server.DNSServerFactory(clients=[Zone(filename)])
    net: Any = reactor
    try:
        net.listenUDP(port, dns.DNSDatagramProtocol(factory), interface="127.0.0.1")
        net.listenTCP(port, factory, interface="127.0.0.1")
    except CannotListenError:
        sys.exit(TAKEN)
    print("listening", time.time(), flush=True)
    net.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
