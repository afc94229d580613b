"""One connection on 7848, from either end: handshake, frames, signs of life, and what waits to be written.

What a node sends goes over the connection that it dialed; the listening side only answers on it (L{Pong}, L{Answer}).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import attrs
from twisted.internet import tcp
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IHandshakeListener, IPushProducer, IReactorTime
from twisted.internet.protocol import Protocol as StreamProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from nacos_tw.raft.net.codec import (
    LIMIT,
    MAC_BYTES,
    AnsweringFrame,
    Decoder,
    DialedFrame,
    FrameError,
    OversizeError,
    Ping,
    Pong,
    Sealer,
    encode,
    pack,
    take_early,
)
from nacos_tw.raft.net.handshake import Handshake, HandshakeError, Session
from nacos_tw.raft.net.security import IRaftTls

CHECK_PERIOD = 0.5
"""Seconds between the checks of one connection. Limits of time are counted in checks, so that a process that was
held up for long does not take its own sleep for its peers' silence."""
PING_CHECKS = 2
"""The dialing side sends a Ping every so many checks (1 s)."""
SILENT_CHECKS = 6
"""After so many checks (3 s) without a byte the other side is taken for dead."""
HANDSHAKE_CHECKS = 10
"""After so many checks (5 s) a handshake must be through."""


class ILinkOwner(Protocol):
    """Who is told of what happens on a link."""

    counters: dict[str, int]

    def link_up(self, link: Link) -> None:
        """The other side has proved itself; C{link.session} is set."""

    def link_frame(self, link: Link, frame: Any) -> None:
        """A frame other than Ping and Pong came."""

    def link_alive(self, link: Link, sent: int) -> None:
        """A Pong came for the Ping sent at C{sent} (microseconds); C{link.rtt} is new."""

    def link_down(self, link: Link, reason: str) -> None:
        """The connection is closed; C{link.session} is None if it never was up."""


class Turn:
    """
    The rest of the reactor's turn.

    The first frame of a link in a turn leaves at once; those that follow in the same turn are
    collected and leave together at its end. One timed call serves all links.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._links: list[Link] = []

    def add(self, link: Link) -> None:
        """Have C{link.flush} called at the end of this turn."""
        if not self._links:
            self._clock.callLater(0, self._end)
        self._links.append(link)

    def _end(self) -> None:
        links, self._links = self._links, []
        for link in links:
            link.flush()


@attrs.frozen
class Secured:
    """
    TLS of one link.

    @ivar host: the host in cluster.conf of a member, by its name.
    """

    tls: IRaftTls
    host: Callable[[str], str]

    def misnamed(self, transport: Any, peer: str) -> str:
        """Why the other side's certificate is not that member's; "" if it is."""
        return self.tls.misnamed(transport, self.host(peer))


@implementer(IPushProducer, IHandshakeListener)
class Link(StreamProtocol):
    """
    One connection.

    @param handshake: this side's part of it.
    @param dialing: whether this node made the connection.
    @param name: the other end for the log, until it is known: the peer dialed, or an address.
    @param secured: the TLS below; None on plain TCP.
    @ivar session: who is at the other end; None until it has proved itself.
    @ivar closing: nothing is delivered or sent any more.
    @ivar rtt: the last round-trip time in seconds; None until it is known.
    @ivar closed: fires with None when the connection is gone.
    @ivar explained: the reason for which it closed is the other side's certificate, or TLS.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        turn: Turn,
        handshake: Handshake,
        owner: ILinkOwner,
        *,
        dialing: bool,
        name: str,
        secured: Secured | None = None,
    ) -> None:
        self._clock = clock
        self._turn = turn
        self._handshake = handshake
        self._owner = owner
        self.dialing = dialing
        self.name = name
        self.session: Session | None = None
        self.closing = False
        self.rtt: float | None = None
        self.closed: Deferred[None] = Deferred()
        self.explained = False
        self._secured = secured
        self._reason = ""
        self._early = bytearray()
        self._queue: list[bytes] = []
        self._queued = 0
        self._paused = False
        self._collecting = False
        self._direct = False
        self._checks = 0
        self._quiet = 0
        self._check_call: IDelayedCall | None = None

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.setTcpNoDelay(True)
        transport.setTcpKeepAlive(True)
        transport.registerProducer(self, True)
        # Twisted's write() waits for epoll to call the socket writable, which it nearly always is: two system calls
        # and a turn of the reactor for each lone frame. With nothing in its buffer the socket can be written to.
        self._direct = isinstance(transport, tcp.Connection) and hasattr(transport, "_tempDataBuffer")
        self._check_call = self._clock.callLater(CHECK_PERIOD, self._check)
        if self._secured is None:
            self._open()

    def handshakeCompleted(self) -> None:  # noqa: N802
        """TLS is up: certificates were exchanged, and each comes from the cluster's CA."""
        try:
            if self.dialing:
                self._check_name(self.name)
            self._open()
        except HandshakeError as error:
            self._give_up("refused", str(error))

    def _open(self) -> None:
        opening = self._handshake.start()
        if opening is not None and self.transport is not None:
            self.transport.write(pack(opening))

    def dataReceived(self, data: bytes) -> None:
        self._quiet = 0
        if self.closing:
            return
        try:
            if self.session is None:
                self._early += data
                self._shake()
            else:
                self._deliver(self._decoder.feed(data))
        except OversizeError as error:
            self._give_up("oversized", str(error))
        except FrameError as error:
            self._give_up("damaged", str(error))
        except HandshakeError as error:
            self._give_up("refused", str(error))

    def connectionLost(self, reason: Failure | None = None) -> None:
        self.closing = True
        if self._check_call is not None:
            self._check_call.cancel()
            self._check_call = None
        self._queue.clear()
        if not self._reason:
            self._reason = self._explain(reason)
        try:
            self._owner.link_down(self, self._reason)
        finally:
            self.closed.callback(None)

    def _explain(self, reason: Failure | None) -> str:
        """Why the connection closed, for the log."""
        if reason is None:
            return "it was closed"
        text = self._secured.tls.explain(self.transport, reason) if self._secured is not None else ""
        if text and self.session is None:
            self.explained = True
            self._owner.counters["refused"] += 1
        return text or reason.getErrorMessage()

    @property
    def up(self) -> bool:
        """Whether the other side is known and the connection is open."""
        return self.session is not None and not self.closing

    def send(self, payload: bytes) -> bool:
        """
        Send an encoded frame.

        @return: False if it was dropped: the link is not up, or more than L{LIMIT} bytes would wait.
        """
        if self.closing or self.session is None:
            return False
        if self._queued + len(payload) + MAC_BYTES > LIMIT:
            self._owner.counters["dropped"] += 1
            return False
        data = self._sealer.seal(payload)
        if self._paused or self._collecting:
            self._queue.append(data)
            self._queued += len(data)
            return True
        self._collecting = True
        self._turn.add(self)
        self._write(data)
        return True

    def flush(self) -> None:
        """Write what was collected."""
        self._collecting = False
        if self._queue and not self._paused:
            data = self._queue[0] if len(self._queue) == 1 else b"".join(self._queue)
            self._queue.clear()
            self._queued = 0
            self._write(data)

    def ping(self) -> None:
        """Ask for a sign of life."""
        self.send(encode(Ping(int(self._clock.seconds() * 1e6))))

    def close(self) -> None:
        """Close in order: what was sent still goes out."""
        if not self.closing:
            self._paused = False
            self.flush()
            self.closing = True
            self._unregister()
            if self.transport is not None:
                self.transport.loseConnection()

    def abort(self, reason: str = "") -> None:
        """Close now, whatever waits. Harmless if it is closed."""
        self.closing = True
        if not self._reason:
            self._reason = reason
        transport: Any = self.transport
        if transport is not None:
            self._unregister()
            transport.abortConnection()

    def pauseProducing(self) -> None:
        """The transport's buffer is full: collect."""
        self._paused = True

    def resumeProducing(self) -> None:
        """The transport's buffer is empty again."""
        self._paused = False
        self._quiet = 0
        if not self._collecting:
            self.flush()

    def stopProducing(self) -> None:
        """The transport is closing."""
        self._paused = True

    def _unregister(self) -> None:
        transport: Any = self.transport
        if transport is not None:
            transport.unregisterProducer()

    def _write(self, data: bytes) -> None:
        transport: Any = self.transport
        if self._direct and not transport._tempDataBuffer and not transport.dataBuffer and transport.connected:
            # An error comes back as an exception: write() below then lets the reactor find it.
            done = transport.writeSomeData(data)
            if done == len(data):
                return
            if type(done) is int:
                data = data[done:]
        transport.write(data)

    def _shake(self) -> None:
        """Go on with the handshake; what follows it in the same read is frames already."""
        while not self.closing:
            payload = take_early(self._early)
            if payload is None:
                return
            answer = self._handshake.receive(payload)
            session = self._handshake.session
            if session is not None:
                self._check_name(session.peer)
            if answer is not None and self.transport is not None:
                self.transport.write(pack(answer))
            if session is not None:
                self._start_session(session)
                return

    def _check_name(self, peer: str) -> None:
        """With TLS: the certificate must be that peer's."""
        trouble = "" if self._secured is None else self._secured.misnamed(self.transport, peer)
        if trouble:
            self.explained = True
            raise HandshakeError(trouble)

    def _start_session(self, session: Session) -> None:
        self._sealer = Sealer(session.send_key)
        self._decoder = Decoder(AnsweringFrame if self.dialing else DialedFrame, session.receive_key)
        self.session = session
        rest = bytes(self._early)
        self._early.clear()
        self._owner.link_up(self)
        if self.dialing:
            self.ping()
        if rest and not self.closing:
            self._deliver(self._decoder.feed(rest))

    def _deliver(self, frames: list[Any]) -> None:
        for frame in frames:
            if self.closing:
                return
            kind = type(frame)
            try:
                if kind is Ping:
                    self.send(encode(Pong(frame.sent)))
                elif kind is Pong:
                    self.rtt = max(0.0, self._clock.seconds() - frame.sent / 1e6)
                    self._owner.link_alive(self, frame.sent)
                else:
                    self._owner.link_frame(self, frame)
            except Exception:
                self.log.failure("{kind} frame failed", kind=kind.__name__)

    def _check(self) -> None:
        """The periodic look at the connection."""
        self._check_call = self._clock.callLater(CHECK_PERIOD, self._check)
        self._checks += 1
        self._quiet += 1
        if self.session is None:
            if self._checks >= HANDSHAKE_CHECKS:
                self._give_up("late", "the handshake took too long")
        elif self._quiet >= SILENT_CHECKS:
            self._give_up("silent", "nothing was heard for too long")
        elif self.dialing and self._checks % PING_CHECKS == 0:
            self.ping()

    def _give_up(self, counter: str, reason: str) -> None:
        self._owner.counters[counter] += 1
        self.abort(reason)
