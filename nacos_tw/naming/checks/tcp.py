"""TCP: a connect to the port must succeed."""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail
from twisted.internet.error import (
    ConnectError,
    ConnectionRefusedError,
    DNSLookupError,
    TCPTimedOutError,
    TimeoutError,
)
from twisted.internet.interfaces import IConnector, IReactorTCP
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.python.failure import Failure

from nacos_tw.naming.checkers import Tcp
from nacos_tw.naming.checks.result import TIMEOUT, Outcome, ProbeResult


class Connecting(ClientFactory):
    """
    One connection attempt.

    @ivar connected: fires with the protocol once it is connected, or fails with why it is not.
    """

    noisy = False

    def __init__(self, protocol: type[Protocol]) -> None:
        self.protocol = protocol
        self.connected: Deferred[Protocol] = Deferred()

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        self.connected.errback(reason)


class Reporting(Protocol):
    """Tells its factory that it is connected."""

    def connectionMade(self) -> None:
        assert isinstance(self.factory, Connecting)
        self.factory.connected.callback(self)


def connect(reactor: IReactorTCP, host: str, port: int, protocol: type[Protocol]) -> Deferred[Protocol]:
    """
    A connected protocol.

    @param protocol: a L{Reporting}.
    @return: fails with one of L{NOT_CONNECTED} after L{TIMEOUT} seconds, or when the connection is refused.
    """
    if not 0 < port < 65536:
        return fail(ConnectError(string=f"no such port: {port}"))
    factory = Connecting(protocol)
    reactor.connectTCP(host, port, factory, TIMEOUT, None)
    return factory.connected


NOT_CONNECTED = (ConnectError, DNSLookupError)


def unconnected(error: BaseException) -> ProbeResult:
    """What a connection that did not come about says of the instance."""
    if isinstance(error, ConnectionRefusedError):
        return ProbeResult(Outcome.FAIL_NOW, "unable2connect:connection refused")
    if isinstance(error, (TimeoutError, TCPTimedOutError)):
        return ProbeResult(Outcome.FAIL, "timeout")
    return ProbeResult(Outcome.FAIL, f"error:{error}")


async def probe_tcp(reactor: IReactorTCP, host: str, port: int, checker: Tcp) -> ProbeResult:
    """Whether something listens there."""
    try:
        protocol = await connect(reactor, host, port, Reporting)
    except NOT_CONNECTED as error:
        return unconnected(error)
    assert protocol.transport is not None
    protocol.transport.loseConnection()
    return ProbeResult(Outcome.OK, "ok")
