"""
HTTP(S) client for requests to other hosts: an Agent of Twisted that can use TLS although Twisted was loaded without
pyOpenSSL (L{nacos_tw.tls_on_demand}), and its helpers. Nothing of it is loaded before the first Agent is made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed

from nacos_tw import tls_on_demand
from nacos_tw.errors import Unavailable


def agent(reactor: Any, below: Callable[[bytes, int], Any], trust: Any = None) -> Any:
    """
    One that follows no redirects. Its endpoints are of our own, as what Twisted has loaded before does without TLS for
    good.

    @param below: makes the endpoint of TCP for a host and a port.
    @param trust: whom to trust (an C{IOpenSSLTrustRoot}); None: whom the system trusts.
    """
    tls_on_demand.show()
    from twisted.internet.ssl import optionsForClientTLS, platformTrust
    from twisted.protocols.tls import TLSMemoryBIOFactory
    from twisted.web.client import Agent
    from twisted.web.iweb import IAgentEndpointFactory
    from zope.interface import implementer

    trusted: Any = platformTrust() if trust is None else trust

    class OverTls:
        """An endpoint with TLS above."""

        def __init__(self, tcp: Any, host: str) -> None:
            self._tcp = tcp
            self._host = host

        def connect(self, factory: Any) -> Deferred[Any]:
            """As IStreamClientEndpoint."""
            over = TLSMemoryBIOFactory(optionsForClientTLS(self._host, trusted), True, factory)
            connected: Deferred[Any] = self._tcp.connect(over)
            return connected.addCallback(lambda tls: tls.wrappedProtocol)

    @implementer(IAgentEndpointFactory)
    class Endpoints:
        """For the agent."""

        def endpointForURI(self, uri: Any) -> Any:  # noqa: N802
            """As IAgentEndpointFactory."""
            tcp = below(uri.host, uri.port)
            return OverTls(tcp, uri.host.decode("ascii")) if uri.scheme == b"https" else tcp

    return Agent.usingEndpointFactory(reactor, Endpoints())


def sent_body(data: bytes) -> Any:
    """The body of a request (an C{IBodyProducer}), written at once."""
    from twisted.web.iweb import IBodyProducer
    from zope.interface import implementer

    @implementer(IBodyProducer)
    class Body:
        """Some bytes."""

        length = len(data)

        def startProducing(self, consumer: Any) -> Deferred[None]:  # noqa: N802
            """All of it."""
            consumer.write(data)
            return succeed(None)

        def stopProducing(self) -> None:  # noqa: N802
            """There is nothing to stop."""

        pauseProducing = resumeProducing = stopProducing  # noqa: N815

    return Body()


def limited_body(response: Any, largest: int) -> Deferred[bytes]:
    """
    The body of a response.

    @param largest: bytes.
    @return: fails with L{Unavailable} where it is cut or longer; ends the connection when it is cancelled.
    """
    from twisted.internet.protocol import Protocol
    from twisted.python.failure import Failure
    from twisted.web.client import ResponseDone
    from twisted.web.http import PotentialDataLoss

    class Body(Protocol):
        """Gathers it, up to a size."""

        def __init__(self) -> None:
            self.parts: list[bytes] = []
            self.size = 0

        def dataReceived(self, data: bytes) -> None:
            """A part."""
            self.size += len(data)
            if self.size > largest:
                self.end()
                return
            self.parts.append(data)

        def end(self) -> None:
            """No more of it."""
            if self.transport is not None:
                (getattr(self.transport, "abortConnection", None) or self.transport.loseConnection)()

        def connectionLost(self, reason: Any = None) -> None:
            """The end."""
            if done.called:
                return
            if self.size <= largest and reason is not None and reason.check(ResponseDone, PotentialDataLoss):
                done.callback(b"".join(self.parts))
            else:
                done.errback(Failure(Unavailable("its answer is cut or too long")))

    body = Body()
    done: Deferred[bytes] = Deferred(lambda cancelled: body.end())
    response.deliverBody(body)
    return done


def why(error: BaseException) -> str:
    """What went wrong, in a few words, without what was sent."""
    reasons = getattr(error, "reasons", None)
    if reasons:
        error = getattr(reasons[0], "value", error)
    if isinstance(error, Unavailable):
        return str(error)
    name = type(error).__name__
    if name in ("TimeoutError", "ConnectingCancelledError", "CancelledError"):
        return "it takes too long"
    if name == "Error" and "certificate" in str(error):
        return "its certificate is not accepted"
    return str(getattr(error, "osError", "") or "") or name
