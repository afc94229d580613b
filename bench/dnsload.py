"""
Measures DNS queries per CPU-second: of a node, and of CoreDNS's plugin C{file} with the same records beside it.

    python bench/dnsload.py [--queries 30000] [--services 100] [--instances 3] [--flying 64] [--coredns PATH]

The queries are of type A, each for one of the services, over UDP. So many are in flight at a time, from one socket.
Both servers have one process; CoreDNS is told to use one processor (GOMAXPROCS=1), as a node can use no more. Without
CoreDNS on the machine (tests/system/test_dns.py makes one by Go, and keeps it) the node is measured alone.

"Per CPU-second" is answers by the user and system time of the server's process, whatever else the machine does. The
client is not what is measured; it takes a core.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator

import nodes
from wire import NAMING, ask_all, request

LASTING = {
    "port": 8080,
    "metadata": '{"preserved.heart.beat.timeout":"600000","preserved.ip.delete.timeout":"600000"}',
}
"""Instances that stay healthy without beats."""
HEAD = struct.Struct("!HHHHHH")
PROGRAMS = os.path.join(os.path.expanduser("~"), ".cache", "nacos_tw-go")


def question(name: str) -> bytes:
    """A query of type A without its head."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return labels + b"\0" + struct.pack("!HH", 1, 1)


class Load:
    """Queries in flight on one socket."""

    def __init__(self, port: int, names: list[str], instances: int) -> None:
        """@param instances: so many answers each is to have."""
        self._questions = [question(name) for name in names]
        self._instances = instances
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))
        self._socket.settimeout(2.0)

    def run(self, count: int, flying: int) -> float:
        """
        Send so many, and read their answers.

        @return: seconds that it took.
        @raise SystemExit: an answer is none.
        """
        began = time.monotonic()
        sent = min(flying, count)
        for number in range(sent):
            self._send(number)
        for _ in range(count):
            self._check(self._socket.recv(4096))
            if sent < count:
                self._send(sent)
                sent += 1
        return time.monotonic() - began

    def _send(self, number: int) -> None:
        asked = self._questions[number % len(self._questions)]
        self._socket.send(HEAD.pack(number & 0xFFFF, 0x0100, 1, 0, 0, 0) + asked)

    def _check(self, answer: bytes) -> None:
        _, flags, _, found, _, _ = HEAD.unpack_from(answer)
        if flags & 0xF or found != self._instances:
            raise SystemExit(f"an answer has code {flags & 0xF} and {found} records")


def of_service(number: int) -> str:
    """The name of a service."""
    return f"service{number}"


def addresses(number: int, instances: int) -> list[str]:
    """Its instances."""
    return [f"10.{number // 256}.{number % 256}.{last}" for last in range(1, instances + 1)]


@contextlib.contextmanager
def node(services: int, instances: int) -> Iterator[tuple[int, int]]:
    """A node with these services. @return: its port for DNS, and its process."""
    port = free_port()
    lines = f"nacos.naming.dns.enabled=true\nnacos.naming.dns.port={port}\nnacos.naming.dns.queries-per-client=0"
    with nodes.started(1, lines) as running:
        requests = [
            request("POST", f"{NAMING}/instance", {**LASTING, "serviceName": of_service(number), "ip": address})
            for number in range(services)
            for address in addresses(number, instances)
        ]
        refused = [answer for answer in ask_all(running.addresses[0], requests) if answer[0] != 200]
        if refused:
            raise SystemExit(f"registrations were refused: {refused[0]}")
        nodes.wait_for(lambda: answers(port), "the node to answer")
        yield port, running.pids[0]


@contextlib.contextmanager
def coredns(program: str, services: int, instances: int) -> Iterator[tuple[int, int]]:
    """CoreDNS with the same records in a file."""
    port = free_port()
    records = "".join(
        f"{of_service(number)} IN A {address}\n"
        for number in range(services)
        for address in addresses(number, instances)
    )
    with tempfile.TemporaryDirectory(prefix="nacos-tw-bench-") as folder:
        with open(f"{folder}/zone", "w") as file:
            start = "$ORIGIN nacos.\n$TTL 60\n@ IN SOA ns.nacos. root.nacos. 1 60 60 60 60\n@ IN NS ns.nacos.\n"
            file.write(start + records)
        with open(f"{folder}/Corefile", "w") as file:
            file.write(f"nacos:{port} {{\n    bind 127.0.0.1\n    file {folder}/zone\n}}\n")
        process = subprocess.Popen(
            [program, "-conf", f"{folder}/Corefile"], env={**os.environ, "GOMAXPROCS": "1"}, stdout=subprocess.DEVNULL
        )
        try:
            nodes.wait_for(lambda: answers(port), "CoreDNS to answer")
            yield port, process.pid
        finally:
            process.kill()
            process.wait()


def answers(port: int) -> bool:
    """Whether somebody does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.5)
        asking.connect(("127.0.0.1", port))
        try:
            asking.send(HEAD.pack(1, 0x0100, 1, 0, 0, 0) + question(f"{of_service(0)}.nacos"))
            return bool(asking.recv(4096))
        except OSError:
            return False


def free_port() -> int:
    """One that nobody listens on."""
    return nodes.free_ports(1)[0]


def measure(port: int, pid: int, arguments: argparse.Namespace) -> list[str]:
    """Answers per second and per CPU-second, of a server that has the records."""
    names = [f"{of_service(number)}.nacos" for number in range(arguments.services)]
    load = Load(port, names, arguments.instances)
    load.run(arguments.queries // 10, arguments.flying)
    before = nodes.cpu_seconds([pid])
    took = load.run(arguments.queries, arguments.flying)
    used = nodes.cpu_seconds([pid]) - before
    return [f"{arguments.queries / took:,.0f}", f"{arguments.queries / used:,.0f}" if used else "-"]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    parser.add_argument("--queries", type=int, default=30_000)
    parser.add_argument("--services", type=int, default=100)
    parser.add_argument("--instances", type=int, default=3, help="of each service")
    parser.add_argument("--flying", type=int, default=64, help="queries in flight")
    parser.add_argument("--coredns", default=shutil.which("coredns") or os.path.join(PROGRAMS, "coredns"))
    arguments = parser.parse_args()
    rows = []
    with node(arguments.services, arguments.instances) as (port, pid):
        rows.append(["node", *measure(port, pid, arguments)])
    if os.access(arguments.coredns, os.X_OK):
        with coredns(arguments.coredns, arguments.services, arguments.instances) as (port, pid):
            rows.append(["CoreDNS, file", *measure(port, pid, arguments)])
    print(nodes.table(["server", "queries/s", "per CPU-second"], rows))


if __name__ == "__main__":
    main()
