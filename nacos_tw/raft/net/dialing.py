"""Keeping one outgoing connection: dial, and dial again after a pause that grows."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import HostnameEndpoint, TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import IAddress, IDelayedCall, IProtocol, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.raft.net.addresses import normal
from nacos_tw.raft.net.protocol import Link
from nacos_tw.raft.net.security import IRaftTls
from nacos_tw.timers import Backoff

FIRST_PAUSE = 0.05
"""Seconds before the first retry."""
LONGEST_PAUSE = 1.0
"""Seconds that a pause grows to (doubling)."""
CONNECT_TIME = 2.0
"""Seconds after which an attempt without an answer is given up."""


class IRaftAddress(Protocol):
    """Where a member's Raft port is."""

    @property
    def host(self) -> str:
        """Host name or IP address."""

    @property
    def raft_port(self) -> int:
        """TCP port."""


class DialerState(enum.Enum):
    """What a L{Dialer} does. IDLE → DIALING ⇄ WAITING; DIALING → OPEN → WAITING; any → IDLE by stop()."""

    IDLE = "idle"
    DIALING = "dialing"
    OPEN = "open"
    WAITING = "waiting"


def endpoint(reactor: Any, place: IRaftAddress, source: str = "", tls: IRaftTls | None = None) -> IStreamClientEndpoint:
    """The way to a member."""
    plain = _tcp(reactor, place, source)
    return plain if tls is None else tls.dialing(plain)


def _tcp(reactor: Any, place: IRaftAddress, source: str) -> IStreamClientEndpoint:
    """Literal addresses need no resolver and no thread."""
    literal = normal(place.host)
    bind = (source, 0) if source else None
    if literal is None:
        return HostnameEndpoint(reactor, place.host, place.raft_port, timeout=CONNECT_TIME, bindAddress=bind)
    kind = TCP6ClientEndpoint if ":" in literal else TCP4ClientEndpoint
    return kind(reactor, literal, place.raft_port, timeout=CONNECT_TIME, bindAddress=bind)


class Dialer:
    """
    Keeps a connection to one place.

    @param make: makes the protocol for each attempt.
    @param random: numbers from [0, 1): pauses vary by a quarter up and down.
    @ivar refused: whether nobody listened there at the last attempt that was answered at all.
    @ivar ended: whether nobody listened there at some time since L{succeeded}: a process has ended.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        place: IRaftAddress,
        make: Callable[[], Link],
        random: Callable[[], float],
        source: str = "",
        tls: IRaftTls | None = None,
    ) -> None:
        self._clock = reactor
        self._name = f"{place.host}:{place.raft_port}"
        self._endpoint = endpoint(reactor, place, source, tls)
        self._factory = _Dialing(make)
        self._pause = Backoff(FIRST_PAUSE, LONGEST_PAUSE, random)
        self._attempt: Deferred[IProtocol] | None = None
        self._retry: IDelayedCall | None = None
        self.state = DialerState.IDLE
        self.refused = self.ended = False

    def start(self) -> None:
        """Begin. Harmless if it has begun."""
        if self.state is DialerState.IDLE:
            self._dial()

    def stop(self) -> None:
        """Dial no more. A connection that is open is its owner's to close."""
        self.state = DialerState.IDLE
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if self._attempt is not None:
            self._attempt.cancel()

    def succeeded(self) -> None:
        """The other side keeps the link, and answers on it: the next pause is a short one again."""
        self._pause.reset()
        self.ended = False

    def hurry(self) -> None:
        """The other side shows that it is there: do not wait."""
        if self.state is DialerState.WAITING and self._retry is not None:
            self._retry.reset(0)

    def _dial(self) -> None:
        self._retry = None
        self.state = DialerState.DIALING
        attempt = maybeDeferred(self._endpoint.connect, self._factory)
        if self.state is DialerState.DIALING:
            self._attempt = attempt
        attempt.addCallbacks(self._opened, self._failed)

    def _opened(self, link: Any) -> None:
        self._attempt = None
        if self.state is DialerState.IDLE:
            link.abort("it is not wanted any more")
            return
        self.state, self.refused = DialerState.OPEN, False
        link.closed.addCallback(self._closed)

    def _failed(self, failure: Failure) -> None:
        self._attempt = None
        if failure.check(ConnectionRefusedError):
            self.refused = self.ended = True
        if self._pause.first and self.state is not DialerState.IDLE:
            self.log.info("cannot connect to {name}: {reason}", name=self._name, reason=failure.getErrorMessage())
        self._wait()

    def _closed(self, _: None) -> None:
        self._wait()

    def _wait(self) -> None:
        if self.state is DialerState.IDLE:
            return
        self.state = DialerState.WAITING
        self._retry = self._clock.callLater(self._pause.next(), self._dial)


class _Dialing(Factory):
    """Makes the protocol of an attempt that got through."""

    noisy = False

    def __init__(self, make: Callable[[], Link]) -> None:
        self._make = make

    def buildProtocol(self, addr: IAddress | None) -> Link:
        return self._make()
