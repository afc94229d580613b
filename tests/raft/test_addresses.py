"""Source addresses, the ways to a member, and which peers count as connected."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.endpoints import HostnameEndpoint, TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.net.addresses import Sources, normal
from nacos_tw.raft.net.connectivity import Connectivity
from nacos_tw.raft.net.dialing import endpoint
from tests.raft.test_peers import Place


class Resolver:
    """Answers when the test says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []

    def resolveHostName(self, receiver: Any, name: str, *args: Any, **kwargs: Any) -> Any:  # noqa: N802
        receiver.resolutionBegan(None)
        self.asked.append((name, receiver))

    def answer(self, name: str, *addresses: str) -> None:
        (at,) = (at for at, (asked, _) in enumerate(self.asked) if asked == name)
        _, receiver = self.asked.pop(at)
        for text in addresses:
            kind = IPv6Address if ":" in text else IPv4Address
            receiver.addressResolved(kind("TCP", text, 0))
        receiver.resolutionComplete()


class SourcesTests(SynchronousTestCase):
    """Who may connect."""

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.resolver = self.reactor.nameResolver = Resolver()
        self.sources = Sources(self.reactor)

    def test_forms(self) -> None:
        """One address in its many forms."""
        self.assertEqual(normal("::ffff:10.0.0.1"), "10.0.0.1")
        self.assertEqual(normal("fe80::1%eth0"), "fe80::1")
        self.assertEqual(normal("[2001:DB8::0:1]"), "2001:db8::1")
        self.assertIsNone(normal("node-1"))

    def test_literals(self) -> None:
        """Addresses need no resolver; others are refused, also what is no address."""
        self.sources.set_hosts(["10.0.0.1", "[2001:db8::1]"])
        allowed = [self.sources.allows(text) for text in ("10.0.0.1", "::ffff:10.0.0.1", "2001:db8::1")]
        self.assertEqual(allowed, [True] * 3)
        refused = [self.sources.allows(text) for text in ("10.0.0.2", "127.0.0.1", "::1", "", "/tmp/socket")]
        self.assertEqual(refused, [False] * 5)
        self.assertEqual(self.resolver.asked, [])

    def test_loopback_aliases(self) -> None:
        """A member on any loopback address may call from any other."""
        self.sources.set_hosts(["127.0.0.2"])
        self.assertTrue(self.sources.allows("127.0.0.1") and self.sources.allows("::1"))
        self.assertFalse(self.sources.allows("10.0.0.1"))

    def test_names(self) -> None:
        """A name counts once it is resolved, and is resolved again, not too often, when a stranger calls."""
        self.sources.set_hosts(["node-1"])
        self.assertFalse(self.sources.allows("10.0.0.1") or self.sources.complete)
        self.assertEqual([name for name, _ in self.resolver.asked], ["node-1"])
        self.resolver.answer("node-1", "10.0.0.1", "2001:db8::1")
        self.assertTrue(self.sources.allows("10.0.0.1") and self.sources.allows("2001:db8::1"))
        self.assertTrue(self.sources.complete)
        self.assertFalse(self.sources.allows("10.0.0.9"))
        self.assertEqual(self.resolver.asked, [])
        self.reactor.advance(1)
        self.assertFalse(self.sources.allows("10.0.0.9"))
        self.resolver.answer("node-1", "10.0.0.9")
        self.assertTrue(self.sources.allows("10.0.0.9"))
        self.assertFalse(self.sources.allows("10.0.0.1"))

    def test_failed_resolution(self) -> None:
        """What was known stays when the resolver fails; a name that left the list does not come back."""
        self.sources.set_hosts(["node-1"])
        self.resolver.answer("node-1", "10.0.0.1")
        self.reactor.advance(1)
        self.sources.set_hosts(["node-1", "localhost"])
        self.resolver.answer("localhost", "127.0.0.1")
        self.resolver.answer("node-1")
        self.assertTrue(self.sources.allows("10.0.0.1") and self.sources.allows("127.0.0.1"))
        self.reactor.advance(1)
        self.sources.allows("10.0.0.9")
        self.sources.set_hosts([])
        self.resolver.answer("node-1", "10.0.0.1")
        self.assertFalse(self.sources.allows("10.0.0.1"))


class EndpointTests(SynchronousTestCase):
    """The way to a member."""

    def test_kinds(self) -> None:
        """Only names go through the resolver."""
        reactor = MemoryReactorClock()
        kinds = [type(endpoint(reactor, Place(host, 7848))) for host in ("10.0.0.1", "[::1]", "node-1")]
        self.assertEqual(kinds, [TCP4ClientEndpoint, TCP6ClientEndpoint, HostnameEndpoint])


class ConnectivityTests(SynchronousTestCase):
    """One event per change."""

    def test_killed_process(self) -> None:
        """Both links close, in either order: one loss; a new link: connected."""
        connectivity = Connectivity()
        self.assertTrue(connectivity.up("b"))
        self.assertTrue(connectivity.outgoing_closed("b", "in"))
        self.assertTrue(connectivity.up("b"))
        self.assertFalse(connectivity.incoming_closed("b", "in", 5))
        self.assertTrue(connectivity.incoming_closed("b", "in 2", 6))
        self.assertFalse(connectivity.outgoing_closed("b", None))
        self.assertFalse(connectivity.alive("b", 7))
        self.assertTrue(connectivity.up("b"))

    def test_doubt(self) -> None:
        """After the incoming link only an answer to a later Ping shows that the peer lives, once."""
        connectivity = Connectivity()
        connectivity.up("b")
        self.assertTrue(connectivity.incoming_closed("b", "in", 100))
        self.assertFalse(connectivity.alive("b", 99))
        self.assertTrue(connectivity.alive("b", 100))
        self.assertFalse(connectivity.alive("b", 101))

    def test_never_connected(self) -> None:
        """A peer that was not connected cannot be lost."""
        connectivity = Connectivity()
        self.assertFalse(connectivity.incoming_closed("b", "in", 1))
        self.assertFalse(connectivity.outgoing_closed("b", "in"))
        connectivity.forget("in")
        connectivity.up("b")
        self.assertTrue(connectivity.incoming_closed("b", "in", 2))
