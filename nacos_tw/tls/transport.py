"""Twisted's TLS around the factories and endpoints of ours."""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from zope.interface import implementer


class TlsTransport(TLSMemoryBIOProtocol):
    """
    What a protocol of ours has for a transport. (Twisted's other one holds small writes back for a turn of the reactor;
    ours collects its writes itself.)

    @ivar trouble: what was wrong with the other side's certificate; "" for nothing.
    """

    trouble = ""

    def abortConnection(self) -> None:  # noqa: N802
        """Close now. Twisted's trips over a connection that is closed already, as TCP's does not."""
        if self.connected:
            super().abortConnection()

    def unregisterProducer(self) -> None:  # noqa: N802
        """As above."""
        if self.connected:
            super().unregisterProducer()


@implementer(IOpenSSLServerConnectionCreator, IOpenSSLClientConnectionCreator)
class Creator:
    """Gives each new connection the context of the moment."""

    def __init__(self, context: SSL.Context) -> None:
        self.context = context

    def serverConnectionForTLS(self, protocol: Any) -> SSL.Connection:  # noqa: N802
        """For Twisted: this side listens."""
        return self._connection(protocol)

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:  # noqa: N802
        """For Twisted: this side dials."""
        return self._connection(protocol)

    def _connection(self, protocol: Any) -> SSL.Connection:
        connection = SSL.Connection(self.context, None)
        connection.set_app_data(protocol)
        return connection


class TlsFactory(TLSMemoryBIOFactory):
    """Puts TLS under the protocols of a factory, which may refuse to make one."""

    protocol = TlsTransport

    def __init__(self, creator: Creator, dialing: bool, wrapped: IProtocolFactory, reactor: Any) -> None:
        super().__init__(creator, dialing, wrapped, reactor)

    def buildProtocol(self, addr: IAddress | None) -> TlsTransport | None:  # type: ignore[override]
        """The transport for a protocol of the wrapped factory; None where that makes none."""
        made = self.wrappedFactory.buildProtocol(addr)
        return None if made is None else TlsTransport(self, made)


@implementer(IStreamClientEndpoint)
class TlsClientEndpoint:
    """Dials as another endpoint does, with TLS on top."""

    def __init__(self, creator: Creator, endpoint: IStreamClientEndpoint, reactor: Any) -> None:
        self._creator = creator
        self._endpoint = endpoint
        self._reactor = reactor

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:  # noqa: N803
        """As L{IStreamClientEndpoint.connect}; fires before the TLS handshake is through."""
        wrapped = TlsFactory(self._creator, True, protocolFactory, self._reactor)
        connected: Deferred[Any] = self._endpoint.connect(wrapped)
        return connected.addCallback(lambda transport: transport.wrappedProtocol)
