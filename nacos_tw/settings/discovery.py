"""The nodes that a name in DNS stands for. The calls block, for some seconds at most: at the start, or in a thread."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from nacos_tw.errors import SettingsError
from nacos_tw.settings import member_keys as keys
from nacos_tw.settings.clusterconf import RAFT_OFFSET, Address
from nacos_tw.settings.reading import Reader

ANSWER_TIME = 1.5
"""Seconds that a DNS server has; each is asked twice."""
SYSTEM = "/etc/resolv.conf"
NO_SUCH_NAME = 3


@attrs.frozen
class Discovery:
    """
    Where the nodes are found.

    @ivar name: in DNS; C{port}: of HTTP at its addresses.
    @ivar expect: so many nodes a new cluster needs.
    @ivar resolvers: host and port of DNS servers; none: the system's.
    @ivar period: seconds between two looks.
    """

    name: str
    port: int
    expect: int = 3
    resolvers: tuple[tuple[str, int], ...] = ()
    period: float = 5.0

    @property
    def by_services(self) -> bool:
        """Whether SRV records are asked for."""
        return self.name.startswith("_")

    def look(self) -> list[Address]:
        """
        The nodes, sorted; none where the name has no records.

        @raise SettingsError: no DNS server answers, or not with what was asked for.
        """
        if self.by_services:
            return _addresses((host, port) for port, host in self._ask("SRV"))
        if self.resolvers:
            hosts = [host for kind in ("A", "AAAA") for _, host in self._ask(kind)]
        else:
            hosts = _of_the_system(self.name)
        return _addresses((host, self.port) for host in hosts)

    def _ask(self, kind: str) -> list[tuple[int, str]]:
        servers, domains = self.resolvers, [""]
        if not servers:
            servers, domains = system_resolvers(SYSTEM)
        if self.name.endswith(".") or self.name.count(".") > 4:
            domains = [""]
        for domain in domains:
            if found := ask(f"{self.name}.{domain}".strip("."), kind, servers):
                return found
        return []


def discovery(reader: Reader, port: int) -> Discovery | None:
    """None where the members are listed otherwise."""
    name = reader.get(keys.DISCOVERY)
    if not name:
        return None
    name, _, told = name.partition(":")
    return Discovery(
        name, int(told or port), reader.get(keys.EXPECT), reader.get(keys.RESOLVER), reader.get(keys.PERIOD)
    )


def _addresses(found: Iterator[tuple[str, int]]) -> list[Address]:
    nodes = {Address(host.rstrip(".").lower(), port, port - RAFT_OFFSET, raw=f"{host}:{port}") for host, port in found}
    return sorted((node for node in nodes if node.port > RAFT_OFFSET), key=lambda node: node.node)


def _of_the_system(name: str) -> list[str]:
    """By the system's resolver, which knows /etc/hosts, too."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        if isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME:
            return []
        raise SettingsError(f"{name} cannot be looked up: {error}") from None
    return [str(entry[4][0]) for entry in found]


def system_resolvers(filename: str) -> tuple[tuple[tuple[str, int], ...], list[str]]:
    """The servers of a resolv.conf, and the domains in which short names are looked for, at last none."""
    servers: list[tuple[str, int]] = []
    domains: list[str] = []
    try:
        with open(filename, encoding="utf-8", errors="replace") as file:
            lines = [line.split() for line in file]
    except OSError:
        lines = []
    for words in lines:
        if len(words) > 1 and words[0] == "nameserver":
            servers.append((words[1], 53))
        elif len(words) > 1 and words[0] in ("search", "domain"):
            domains = words[1:]
    return tuple(servers) or (("127.0.0.1", 53),), [*domains, ""]


def ask(name: str, kind: str, servers: Sequence[tuple[str, int]]) -> list[tuple[int, str]]:
    """
    The records of a name.

    @param kind: C{A}, C{AAAA} or C{SRV}.
    @return: port (0 but for SRV) and host of each.
    @raise SettingsError: no server answers.
    """
    from twisted.names import dns  # takes a while to load, and few need it

    number = int.from_bytes(struct.pack("!d", time.monotonic())[-2:], "big")
    message = dns.Message(number, recDes=1)
    message.addQuery(name.encode("idna"), getattr(dns, kind))
    why = "no DNS server is known"
    for server in (*servers, *servers):
        try:
            answer = _exchange(message, server)
        except (OSError, EOFError, ValueError, struct.error) as error:
            why = f"{server[0]}:{server[1]}: {error or type(error).__name__}"
            continue
        if answer.rCode in (0, NO_SUCH_NAME):
            return [_value(record, dns) for record in answer.answers if record.type == getattr(dns, kind)]
        why = f"{server[0]}:{server[1]}: it answers with error {answer.rCode}"
    raise SettingsError(f"{name} cannot be looked up: {why}")


def _value(record: Any, dns: Any) -> tuple[int, str]:
    payload = record.payload
    if record.type == dns.SRV:
        return payload.port, payload.target.name.decode("ascii", "replace")
    return 0, payload.dottedQuad() if record.type == dns.A else socket.inet_ntop(socket.AF_INET6, payload.address)


def _exchange(message: Any, server: tuple[str, int]) -> Any:
    """By UDP; where the answer does not fit into a datagram, by TCP."""
    query = message.toStr()
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as link:
        link.settimeout(ANSWER_TIME)
        link.connect(server)
        link.send(query)
        end = time.monotonic() + ANSWER_TIME
        answer = _decoded(link.recv(65535))
        while answer.id != message.id:  # of an earlier question
            if time.monotonic() > end:
                raise TimeoutError("it answers something else")
            answer = _decoded(link.recv(65535))
    if not answer.trunc:
        return answer
    with socket.create_connection(server, ANSWER_TIME) as link:
        link.sendall(struct.pack("!H", len(query)) + query)
        file = link.makefile("rb")
        (size,) = struct.unpack("!H", file.read(2))
        return _decoded(file.read(size))


def _decoded(data: bytes) -> Any:
    from twisted.names import dns

    answer = dns.Message()
    answer.fromStr(data)
    return answer
