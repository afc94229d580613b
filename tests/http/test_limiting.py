"""Limits in front of the handlers: requests of an address and a user, connections of an address."""

from __future__ import annotations

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.identity import Identity
from nacos_tw.access.limits import Limits, OverLimit, Rates, limits_of
from nacos_tw.access.rules import Rule
from nacos_tw.http.authorization import EverybodyMay
from nacos_tw.http.call import Call
from nacos_tw.http.front import Front
from nacos_tw.http.guard import Guard
from nacos_tw.http.limiting import LimitedCheck, TurnedAway, limited
from nacos_tw.http.listener import FrontFactory
from nacos_tw.http.routing import answer
from nacos_tw.metrics.exposition import render
from nacos_tw.metrics.limits import limit_families
from nacos_tw.settings.settings import HttpSettings
from tests.http.carriers import Things

READ = Rule("read", "naming")


class Knows:
    """A check that finds out who asks: at once, or later."""

    def __init__(self) -> None:
        self.asked = 0
        self.waiting: Deferred[None] | None = None

    def check(self, needs: Rule, call: Call) -> None | Deferred[None]:
        """See L{nacos_tw.http.guard.Check.check}."""
        self.asked += 1
        call.identity = Identity("ann", False, user=True)
        return self.waiting


class RequestTests(SynchronousTestCase):
    """L{LimitedCheck}."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.inner = Knows()

    def made(self, of_address: int, of_user: int) -> tuple[LimitedCheck, Limits]:
        """The check, with a burst of one second."""
        limits = limits_of(Rates(of_address, of_user, 1.0), Rates(), 0, self.clock.seconds, frozenset())
        check = limited(self.inner, limits.requests)
        assert isinstance(check, LimitedCheck)
        return check, limits

    def test_off(self) -> None:
        """Without a limit there is nothing in between."""
        self.assertIs(limited(self.inner, None), self.inner)

    def test_address(self) -> None:
        """Beyond the limit nobody looks who it is; behind a proxy that is trusted the client's address counts."""
        check, limits = self.made(2, 0)
        for _ in range(2):
            check.check(READ, Call.make("GET", "/v1/ns/instance/list"))
        self.assertRaises(OverLimit, check.check, READ, Call.make("GET", "/v1/ns/instance/list"))
        self.assertEqual(self.inner.asked, 2)
        for number in range(4):
            call = Call.make("GET", "/v1/cs/configs", headers={"X-Forwarded-For": f"10.0.0.{number}"})
            call.proxies = frozenset({"127.0.0.1"})
            check.check(READ, call)
        for path in ("/actuator/prometheus", "/v1/console/health/readiness", "/v3/admin/core/state/liveness"):
            check.check(READ, Call.make("GET", path))
        self.clock.advance(0.5)
        check.check(READ, Call.make("GET", "/v1/ns/instance/list"))
        self.assertIn(
            b'nacos_limited_total{limit="requests",by="address"} 1\n',
            render(limit_families(limits)).replace(b" 1.0", b" 1"),
        )
        self.assertEqual(list(limit_families(limits_of(Rates(), Rates(), 0, self.clock.seconds, frozenset()))), [])

    def test_user(self) -> None:
        """A user's requests from all addresses count together, found at once or later."""
        check, _ = self.made(0, 2)
        check.check(READ, Call.make("GET", "/v1/cs/configs", peer="10.0.0.1"))
        self.inner.waiting = Deferred()
        waiting = check.check(READ, Call.make("GET", "/v1/cs/configs", peer="10.0.0.2"))
        assert waiting is not None
        self.inner.waiting.callback(None)
        self.successResultOf(waiting)
        self.inner.waiting = Deferred()
        late = check.check(READ, Call.make("GET", "/v1/cs/configs", peer="10.0.0.3"))
        assert late is not None
        self.inner.waiting.callback(None)
        self.failureResultOf(late, OverLimit)
        self.inner.waiting = None
        self.assertRaises(OverLimit, check.check, READ, Call.make("GET", "/v1/cs/configs"))

    def test_answer(self) -> None:
        """v1 says it as text, with 429."""
        check, _ = self.made(1, 0)
        things = Things(Guard(check))
        replies = [answer(things, Things.echo, Call.make("GET", "/v1/ns/thing/echo")) for _ in range(2)]
        for reply, status in zip(replies, (200, 429), strict=True):
            assert not isinstance(reply, Deferred)
            self.assertEqual(reply.status, status)
        assert not isinstance(replies[1], Deferred)
        self.assertEqual(replies[1].body, b"too many requests of this address: at most 1 a second, try again later")


class ConnectionTests(SynchronousTestCase):
    """L{FrontFactory} with a limit for each address."""

    def connect(self, factory: FrontFactory, host: str) -> tuple[Front | TurnedAway, StringTransport]:
        """A connection from there."""
        protocol = factory.buildProtocol(IPv4Address("TCP", host, 1))
        assert protocol is not None
        transport = StringTransport()
        protocol.makeConnection(transport)
        return protocol, transport

    def test_too_many(self) -> None:
        """The one too many is told so, and closed; when another ends there is room again. Proxies have no limit."""
        clock = Clock()
        limits = limits_of(Rates(), Rates(), 2, clock.seconds, frozenset({"10.9.9.9"}))
        things = Things(Guard(EverybodyMay()))
        factory = FrontFactory([things], "/nacos", HttpSettings(), clock, by_address=limits.connections)
        first, _ = self.connect(factory, "10.0.0.1")
        self.connect(factory, "::ffff:10.0.0.1")
        protocol, transport = self.connect(factory, "10.0.0.1")
        self.assertIsInstance(protocol, TurnedAway)
        self.assertTrue(transport.value().startswith(b"HTTP/1.1 429 "))
        self.assertIn(b"Connection: close\r\n", transport.value())
        self.assertIn(b"too many connections of this address: at most 2", transport.value())
        self.assertTrue(transport.disconnecting)
        for host in ("10.0.0.2", *["10.9.9.9"] * 4):
            self.assertIsInstance(self.connect(factory, host)[0], Front)
        first.connectionLost()
        self.assertIsInstance(self.connect(factory, "10.0.0.1")[0], Front)
        self.assertEqual(limits.refused["connections", "address"], 1)
