"""
Forwards queries for names outside of our domain to resolvers, unchanged.

Each query has a port and an id of its own, so that answers are hard to forge, and the answer is returned byte by byte.
A query that came over TCP is forwarded over TCP, so that nothing is cut off.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any

from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.protocol import DatagramProtocol, Factory
from twisted.logger import Logger
from twisted.protocols.basic import Int16StringReceiver
from twisted.python.failure import Failure

from nacos_tw.dns.counters import Counters
from nacos_tw.dns.messages import HEADER, REFUSED, SERVER_FAILURE

MOST = 200
"""Queries that may wait for resolvers at a time."""


class _OverUdp(DatagramProtocol):
    """One query."""

    def __init__(self, place: tuple[str, int], query: bytes) -> None:
        self._place = place
        self._query = query
        self.answered: Deferred[bytes] = Deferred()

    def startProtocol(self) -> None:  # noqa: N802
        transport: Any = self.transport
        transport.connect(*self._place)
        transport.write(self._query)

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:  # noqa: N802
        if _answers(self._query, datagram) and not self.answered.called:
            self.answered.callback(datagram)

    def connectionRefused(self) -> None:  # noqa: N802
        if not self.answered.called:
            self.answered.errback(ConnectionRefusedError("nobody listens there"))


class _OverTcp(Int16StringReceiver):
    """One query."""

    def __init__(self, query: bytes) -> None:
        self._query = query
        self.answered: Deferred[bytes] = Deferred()

    def connectionMade(self) -> None:  # noqa: N802
        self.sendString(self._query)

    def stringReceived(self, string: bytes) -> None:  # noqa: N802
        if _answers(self._query, string) and not self.answered.called:
            self.answered.callback(string)

    def connectionLost(self, reason: Failure | None = None) -> None:  # noqa: N802
        if not self.answered.called:
            self.answered.errback(reason or Failure(ConnectionAbortedError()))


def _answers(query: bytes, reply: bytes) -> bool:
    """Whether it is the answer to that query: the same id and question, and an answer."""
    return len(reply) >= HEADER.size and reply[:2] == query[:2] and bool(reply[2] & 0x80)


class Forwarder:
    """Asks resolvers, one after another."""

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        servers: Sequence[tuple[str, int]],
        timeout: float,
        random: Callable[[int], int],
        counters: Counters,
    ) -> None:
        """
        @param servers: host and port of each.
        @param timeout: seconds for one; twice as long for all.
        @param random: a number of so many bits that nobody can guess.
        """
        self._reactor = reactor
        self._servers = servers
        self._timeout = timeout
        self._random = random
        self._counters = counters
        self.waiting = 0

    def may(self, client: str) -> bool:
        """Whether it is somebody of our own networks: this is never a resolver for the world."""
        try:
            found = ip_address(client.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        return (mapped or found).is_private and self.waiting < MOST

    async def ask(self, data: bytes, over_tcp: bool) -> bytes | None:
        """@return: the answer of the first that has one; None if none has."""
        self.waiting += 1
        self._counters.forwarded += 1
        late = self._reactor.seconds() + 2 * self._timeout
        try:
            for place in self._servers:
                left = min(self._timeout, late - self._reactor.seconds())
                if left <= 0:
                    break
                try:
                    reply = await self._one(place, struct.pack("!H", self._random(16)) + data[2:], left, over_tcp)
                except (TimeoutError, OSError, Exception) as error:
                    self.log.debug("{host}:{port} does not answer: {error}", host=place[0], port=place[1], error=error)
                    continue
                if reply[3] & 0x0F not in (SERVER_FAILURE, REFUSED):
                    return data[:2] + reply[2:]
            self._counters.unanswered += 1
            return None
        finally:
            self.waiting -= 1

    async def _one(self, place: tuple[str, int], query: bytes, seconds: float, over_tcp: bool) -> bytes:
        if over_tcp:
            factory = Factory.forProtocol(lambda: _OverTcp(query))
            endpoint = HostnameEndpoint(self._reactor, *place, timeout=seconds)
            connection: Any = await endpoint.connect(factory)
            try:
                return await connection.answered.addTimeout(seconds, self._reactor)
            finally:
                connection.transport.loseConnection()
        host, port = place
        asking = _OverUdp((await self._reactor.resolve(host), port), query)
        listening = self._reactor.listenUDP(0, asking, interface="::" if ":" in host else "", maxPacketSize=4096)
        try:
            return await asking.answered.addTimeout(seconds, self._reactor)
        finally:
            listening.stopListening()
