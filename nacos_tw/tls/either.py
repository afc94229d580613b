"""TLS and plain connections on one port: the first byte says which it is."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IAddress, IDelayedCall, IProtocolFactory, IReactorTime
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

HANDSHAKE = 0x16
"""The first byte of TLS."""
SILENCE = 20.0
"""Seconds that a client has for its first byte."""
MOST = 4096
"""Connections whose first byte has not come; more are closed at once."""


class Either(Protocol):
    """A connection until its first byte has come; then another protocol has it."""

    transport: Any

    def __init__(self, factory: EitherFactory, address: IAddress | None) -> None:
        self._factory = factory
        self._address = address
        self._timer: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """It is open."""
        self._timer = self._factory.clock.callLater(SILENCE, self._silent)

    def dataReceived(self, data: bytes) -> None:
        """The first bytes."""
        self._known()
        chosen = self._factory.tls if data[0] == HANDSHAKE else self._factory.plain
        protocol: Any = chosen.buildProtocol(self._address)  # type: ignore[arg-type]
        if protocol is None:
            self.transport.abortConnection()
            return
        self.transport.protocol = protocol
        protocol.makeConnection(self.transport)
        protocol.dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is gone before that."""
        self._known()

    def _known(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            self._factory.waiting -= 1
            if timer.active():
                timer.cancel()

    def _silent(self) -> None:
        self.transport.abortConnection()


class EitherFactory(Factory):
    """
    Listens for both.

    @ivar waiting: connections whose first byte has not come.
    """

    noisy = False

    def __init__(self, tls: IProtocolFactory, plain: IProtocolFactory, clock: IReactorTime) -> None:
        self.tls = tls
        self.plain = plain
        self.clock = clock
        self.waiting = 0

    def doStart(self) -> None:  # noqa: N802
        """Something listens."""
        super().doStart()
        self.plain.doStart()
        self.tls.doStart()

    def doStop(self) -> None:  # noqa: N802
        """Nothing listens any more."""
        super().doStop()
        self.plain.doStop()
        self.tls.doStop()

    def buildProtocol(self, addr: IAddress | None) -> Either | None:
        """None when there are too many."""
        if self.waiting >= MOST:
            return None
        self.waiting += 1
        return Either(self, addr)
