"""TLS below the protocols of 8848."""

from __future__ import annotations

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.http.listener import FrontFactory
from nacos_tw.settings.settings import HttpSettings
from nacos_tw.settings.tls import HttpsSettings
from nacos_tw.tls.contexts import https_context
from nacos_tw.tls.transport import Creator, TlsFactory, TlsTransport
from tests.http.carriers import Things
from tests.tls.pairs import credentials, node

ADDRESS = IPv4Address("TCP", "10.0.0.1", 5000)


class Tcp(StringTransport):
    """A transport that can be aborted."""

    aborted = False

    def abortConnection(self) -> None:  # noqa: N802
        self.aborted = True

    def setTcpNoDelay(self, on: bool) -> None:  # noqa: N802
        pass


class FrontTests(SynchronousTestCase):
    """The front's limits hold below TLS."""

    def opened(self, **limits: float) -> tuple[Clock, FrontFactory, TlsFactory, Tcp]:
        clock = Clock()
        factory = FrontFactory([Things()], "/nacos", HttpSettings(**limits), clock)  # type: ignore[arg-type]
        creator = Creator(https_context(HttpsSettings(), credentials(node())))
        secure = TlsFactory(creator, False, factory, clock)
        transport = Tcp()
        made = secure.buildProtocol(ADDRESS)
        assert made is not None
        made.makeConnection(transport)
        return clock, factory, secure, transport

    def test_slow(self) -> None:
        """A TLS handshake that does not come is closed as a slow head is."""
        _, factory, _, transport = self.opened(header_time=2.0)
        for _ in range(2):
            factory.sweep()
        self.assertFalse(transport.aborted)
        factory.sweep()
        self.assertTrue(transport.aborted)

    def test_too_many(self) -> None:
        """Over the limit of connections there is no transport either."""
        _, factory, secure, _ = self.opened(max_connections=1)
        self.assertIsNone(secure.buildProtocol(ADDRESS))
        self.assertEqual(factory.counters.turned_away, 1)

    def test_not_past_tls(self) -> None:
        """Nothing is written to the socket directly."""
        _, factory, _, _ = self.opened()
        (front,) = factory._connections
        self.assertIsInstance(front.transport, TlsTransport)
        self.assertIsNone(front._send)


class ClosedTests(SynchronousTestCase):
    """A transport that is closed already."""

    def test_again(self) -> None:
        """It can be aborted and let go of once more."""
        secure = TlsFactory(Creator(https_context(HttpsSettings(), credentials(node()))), False, _Plain(), Clock())
        made = secure.buildProtocol(ADDRESS)
        assert made is not None
        transport = Tcp()
        made.makeConnection(transport)
        made.abortConnection()
        self.assertTrue(transport.aborted)
        made.connectionLost(Failure(ConnectionDone()))
        transport.aborted = False
        made.abortConnection()
        made.unregisterProducer()
        self.assertFalse(transport.aborted)


class _Plain(ServerFactory):
    """Makes protocols that do nothing."""

    protocol = Protocol
