"""The server on real sockets of one process, and resolvers behind it."""

from __future__ import annotations

import random
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol, Factory
from twisted.internet.task import Clock
from twisted.names import client, dns
from twisted.names.error import DomainError
from twisted.names.server import DNSServerFactory
from twisted.protocols.basic import Int16StringReceiver
from twisted.trial.unittest import SynchronousTestCase, TestCase

from nacos_tw.dns.clients import Allowance
from nacos_tw.dns.forwarding import Forwarder
from nacos_tw.dns.server import DnsServer, Responder
from nacos_tw.naming.model import ServiceKey
from tests.dns.queries import Asked, addresses, query, read
from tests.naming.building import built, register

ORDERS: ServiceKey = ("public", "DEFAULT_GROUP@@orders")
core: Any = reactor


class _Silent(DatagramProtocol):
    """A resolver that is not well."""


class _Tcp(Int16StringReceiver):
    """Collects what comes."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.wanted = 1
        self.done: Deferred[list[bytes]] = Deferred()
        self.lost: Deferred[None] = Deferred()

    def stringReceived(self, string: bytes) -> None:  # noqa: N802
        self.got.append(string)
        if len(self.got) == self.wanted:
            self.done.callback(self.got)

    def connectionLost(self, reason: Any = None) -> None:  # noqa: N802
        self.lost.callback(None)


class Listening(TestCase):
    """A server with one service."""

    forward: tuple[tuple[str, int], ...] = ()
    rate = 0

    async def serve(self) -> tuple[int, int]:
        """Start it. @return: its port of TCP, and that of UDP."""
        self.asked = asked = Asked(built(*(register(f"10.0.{each}.1", 80, ORDERS) for each in range(60))))
        forwarder = None
        if self.forward:
            forwarder = Forwarder(core, self.forward, 0.2, random.getrandbits, asked.counters)
        responder = Responder(core, asked.answers, Allowance(self.rate), asked.counters, forwarder)
        self.server = DnsServer(core, "127.0.0.1", 0, responder)
        await self.server.listen()
        self.addCleanup(self.server.stopService)
        tcp, udp = self.server._ports
        return tcp.getHost().port, udp.getHost().port

    async def over_tcp(self, port: int) -> _Tcp:
        """A connection."""
        endpoint = TCP4ClientEndpoint(core, "127.0.0.1", port)
        found: Any = await endpoint.connect(Factory.forProtocol(_Tcp))
        self.addCleanup(lambda: found.transport.loseConnection())
        return found  # type: ignore[no-any-return]


class ServerTests(Listening):
    """Over UDP and TCP."""

    async def test_both(self) -> None:
        """Over UDP a client is told that there is more; over TCP it gets all, and several answers."""
        tcp, udp = await self.serve()
        resolver = client.Resolver(servers=[("127.0.0.1", udp)], timeout=[5])
        truncated = await resolver.queryUDP([dns.Query(b"orders.nacos", dns.A)])
        self.assertEqual((truncated.trunc, truncated.answers), (1, []))
        connection = await self.over_tcp(tcp)
        connection.wanted = 3
        connection.sendString(query("orders.nacos", id=1))
        connection.sendString(query("nobody.nacos", id=2))
        connection.sendString(query("orders.nacos", id=3))
        first, second, again = map(read, await connection.done)
        self.assertEqual((first.id, len(addresses(first)), second.id, second.rCode), (1, 60, 2, dns.ENAME))
        self.assertEqual((again.id, len(addresses(again))), (3, 60))

    async def test_other_names(self) -> None:
        """Are refused: this is no open resolver."""
        tcp, udp = await self.serve()
        connection = await self.over_tcp(tcp)
        connection.sendString(query("example.com"))
        (reply,) = await connection.done
        self.assertEqual((read(reply).rCode, read(reply).recAv), (dns.EREFUSED, 0))

    async def test_no_query(self) -> None:
        """A connection that sends what no answer may be sent to ends."""
        tcp, udp = await self.serve()
        connection = await self.over_tcp(tcp)
        connection.sendString(b"hello")
        await connection.lost
        self.assertEqual(self.asked.counters.dropped, 1)

    async def test_connections_of_one_client(self) -> None:
        """Are as many as one client can want; the next is turned away, until one is gone."""
        tcp, udp = await self.serve()
        connections = [await self.over_tcp(tcp) for _ in range(17)]
        await connections[-1].lost
        connections[0].transport.loseConnection()  # type: ignore[union-attr]
        await connections[0].lost
        while len(self.server._tcp._open) > 15:
            await _turn()
        again = await self.over_tcp(tcp)
        again.sendString(query("nobody.nacos"))
        self.assertEqual(len(await again.done), 1)


class RateTests(Listening):
    """Clients that ask too often."""

    rate = 3

    async def test_dropped(self) -> None:
        """Three queries are answered, the fourth ends the connection."""
        tcp, udp = await self.serve()
        connection = await self.over_tcp(tcp)
        connection.wanted = 3
        for _ in range(4):
            connection.sendString(query("nobody.nacos"))
        await gatherResults([connection.done, connection.lost])
        self.assertEqual(self.asked.counters.dropped, 1)


class AllowanceTests(SynchronousTestCase):
    """Without sockets."""

    def test_rate(self) -> None:
        """For each address; what was not used adds up to one second's."""
        allowance = Allowance(2)
        self.assertEqual([allowance.takes("a", 10) for _ in range(3)], [True, True, False])
        self.assertTrue(allowance.takes("b", 10))
        self.assertEqual([allowance.takes("a", 10.5) for _ in range(2)], [True, False])
        self.assertEqual([allowance.takes("a", 99) for _ in range(3)], [True, True, False])

    def test_no_limit(self) -> None:
        """0 is none."""
        self.assertTrue(all(Allowance(0).takes("a", 1) for _ in range(5000)))


class ForwardingTests(Listening):
    """Names that are not ours."""

    def setUp(self) -> None:
        """A resolver that knows one name, and one that is silent."""
        records = {b"example.com": [dns.RRHeader(b"example.com", payload=dns.Record_A("192.0.2.1", 5), ttl=5)]}

        class Known:
            def query(self, asked: dns.Query, timeout: Any = None) -> Deferred[Any]:
                found: Deferred[Any] = Deferred()
                if asked.name.name in records:
                    found.callback((records[asked.name.name], [], []))
                else:
                    found.errback(DomainError())
                return found

        factory = DNSServerFactory(clients=[Known()])
        udp, tcp = self.listen(factory)
        silent = core.listenUDP(0, _Silent(), interface="127.0.0.1")
        for port in (udp, silent, tcp):
            self.addCleanup(port.stopListening)
        self.good, self.silent = ("127.0.0.1", udp.getHost().port), ("127.0.0.1", silent.getHost().port)

    def listen(self, factory: DNSServerFactory) -> tuple[Any, Any]:
        """On one port by UDP and TCP; somebody may have one of them already."""
        while True:
            udp = core.listenUDP(0, dns.DNSDatagramProtocol(factory), interface="127.0.0.1")
            try:
                return udp, core.listenTCP(udp.getHost().port, factory, interface="127.0.0.1")
            except CannotListenError:
                udp.stopListening()

    async def ask(self, over_tcp: bool = True) -> dns.Message:
        """The answer for a name that is not ours."""
        tcp, udp = await self.serve()
        if not over_tcp:
            found: Deferred[bytes] = Deferred()

            class One(DatagramProtocol):
                def startProtocol(self) -> None:  # noqa: N802
                    self.transport.write(query("example.com", id=99), ("127.0.0.1", udp))  # type: ignore[union-attr]

                def datagramReceived(self, datagram: bytes, addr: Any) -> None:  # noqa: N802
                    found.callback(datagram)

            port = core.listenUDP(0, One(), interface="127.0.0.1")
            self.addCleanup(port.stopListening)
            return read(await found)
        connection = await self.over_tcp(tcp)
        connection.sendString(query("example.com", id=99))
        return read((await connection.done)[0])

    async def test_both_ways(self) -> None:
        """Over UDP and TCP, past a resolver that is silent; the id is that of the client."""
        self.forward = (self.silent, self.good)
        for over_tcp in (False, True):
            reply = await self.ask(over_tcp)
            self.assertEqual((reply.id, addresses(reply)), (99, ["192.0.2.1"]))
        self.assertEqual((self.asked.counters.forwarded, self.asked.counters.unanswered), (1, 0))

    async def test_none_answers(self) -> None:
        """Is a failure, and not "there is no such name"."""
        self.forward = (self.silent, self.silent)
        reply = await self.ask(over_tcp=False)
        self.assertEqual((reply.id, reply.rCode), (99, dns.ESERVER))
        self.assertEqual(self.asked.counters.unanswered, 1)

    def test_strangers(self) -> None:
        """Who is not in a private network is not served."""
        forwarder = Forwarder(Clock(), [self.good], 1, random.getrandbits, Asked(built()).counters)
        for address in ("127.0.0.1", "10.1.2.3", "fe80::1%eth0", "::ffff:192.168.0.1", "fd00::1"):
            self.assertTrue(forwarder.may(address), address)
        for address in ("8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "x"):
            self.assertFalse(forwarder.may(address), address)
        forwarder.waiting = 10_000
        self.assertFalse(forwarder.may("127.0.0.1"))


def _turn() -> Deferred[None]:
    """One turn of the reactor."""
    turned: Deferred[None] = Deferred()
    core.callLater(0, turned.callback, None)
    return turned
