"""The protocol of 9848: an engine on a Twisted transport. It knows calls and messages, but not their contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IPushProducer, ITCPTransport
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.protocol import connectionDone
from twisted.internet.tcp import Connection
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from nacos_tw.grpc.engine.events import Cancelled, Drained, Event, HalfClosed, Message, Opened, Ponged, Request
from nacos_tw.grpc.engine.heads import Head
from nacos_tw.grpc.engine.status import Status

if TYPE_CHECKING:
    from nacos_tw.grpc.listener import CarrierFactory

CHOKED = 60.0
"""Seconds in which a client that leaves its answers unread must take some of them."""


class IServing(Protocol):
    """What a carrier's owner does with calls."""

    def unary(self, carrier: Carrier, message: bytes) -> bytes | Deferred[bytes]:
        """
        Answer a unary call. The client may give up, or its time may be over: what was begun goes on, and the answer is
        dropped when it comes.
        """

    def message(self, carrier: Carrier, stream: int, message: bytes) -> None:
        """A message has come on a call with messages both ways."""

    def acknowledged(self, carrier: Carrier, data: bytes, now: float) -> bool:
        """
        Bytes have come from a client that has not answered all its pushes.

        @return: whether they are an answer that is known by its bytes, and are done with.
        """

    def closed(self, carrier: Carrier, stream: int) -> None:
        """Such a call has ended, or the client sends no more on it."""

    def lost(self, carrier: Carrier) -> None:
        """The connection is gone."""


@implementer(IPushProducer)
class Carrier(TwistedProtocol):
    """
    One connection.

    @ivar host: address of the peer; C{port}: its port.
    @ivar serial: milliseconds since 1970 at which it came, for its id.
    @ivar client: what the owner knows about it; None as long as it has not said who it is.
    @ivar engine: of this connection.
    @ivar head: of the unary call that is being read now, for whoever asks for its headers; L{HeadedCarrier} keeps it.
    @ivar _pending: streams whose answers are being made, and what ends each: None where the client has no clock.
    @ivar _busy: in the middle of what came; what is written waits for its end.
    @ivar _quiet: seconds of the clock since which no bytes came; C{_choked}: since which nothing is read, 0 for never;
        C{_pinged}: when it was last asked for a sign of life.
    """

    log = Logger()
    transport: Any
    head: Head | None = None

    def __init__(self, factory: CarrierFactory, host: str, port: int, serial: int) -> None:
        self.factory: CarrierFactory = factory
        self.host = host
        self.port = port
        self.serial = serial
        self.client: Any = None
        self.engine = factory.make()
        self._serving = factory.serving
        self._clock = factory.clock
        self._pending: dict[int, IDelayedCall | None] = {}
        self._busy = self._dirty = self._ending = False
        self._quiet = self._clock.seconds()
        self._choked = self._pinged = 0.0
        self._socket_send: Any = None

    # What the transport calls

    def connectionMade(self) -> None:
        """The connection is open."""
        transport = self.transport
        if ITCPTransport.providedBy(transport):
            transport.setTcpNoDelay(True)
        # Only a plain TCP connection of Twisted's own can be written past its buffer.
        if isinstance(transport, Connection) and not getattr(transport, "TLS", False):
            self._socket_send = transport.socket.send
        transport.registerProducer(self, True)
        self.factory.opened(self)

    def dataReceived(self, data: bytes) -> None:
        """Bytes from the client: all that they ask is answered with one write."""
        now = self._quiet = self._clock.seconds()
        client = self.client
        if client is None or client.waiting is None or not self._serving.acknowledged(self, data, now):
            self._handle(self.engine.receive(data, now))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection is gone, and with it all calls."""
        self._ending = True
        self._socket_send = None
        self._handle(list(self.engine.lost()))
        self._serving.lost(self)
        self.factory.closed(self)

    def pauseProducing(self) -> None:
        """The client does not read: so it is not read from, and messages wait in the engine, which bounds them."""
        if not self._choked:
            self._choked = self._clock.seconds() or 1e-9
            self.transport.pauseProducing()
            self.engine.choke(True)

    def resumeProducing(self) -> None:
        """It has read."""
        if self._choked:
            self._choked = 0.0
            self.transport.resumeProducing()
            self._handle(self.engine.choke(False))

    def stopProducing(self) -> None:
        """The connection is lost; L{connectionLost} follows."""

    # What the owner calls

    def begin(self, stream: int) -> None:
        """Tell the client that a call with messages both ways is taken."""
        self.engine.begin(stream)
        self._flush_soon()

    def send(self, stream: int, message: bytes) -> bool:
        """
        Send a message on a call with messages both ways.

        @return: False when it is over.
        """
        sent = self.engine.send(stream, message)
        self._flush_soon()
        return sent

    def finish(self, stream: int, status: int = 0, text: str = "") -> None:
        """End a call, behind what was sent on it."""
        self.engine.finish(stream, status, text)
        self._flush_soon()

    def end(self, cause: str, reason: str) -> None:
        """Close the connection, behind what was sent."""
        self.engine.end(cause, reason)
        self._flush_soon()

    def drain(self) -> None:
        """Take no new calls; closed behind the last one."""
        self.engine.drain()
        self._flush_soon()

    # What the factory calls

    def sweep(self, now: float) -> None:
        """Time has passed: cut off what is too slow."""
        limits = self.factory.limits
        if self._choked:
            if now - self._choked > CHOKED:
                self.factory.counters.ends["unread"] += 1
                self.transport.abortConnection()
            return
        self._handle(self.engine.sweep(now))
        if not self._pending:
            self._pending.clear()  # gives back the room of those that were there
        quiet = now - self._quiet > limits.setup_time
        if self.engine.ended is not None:
            if quiet:
                self.transport.abortConnection()  # it was told to go, and stays
        elif quiet and not self._pending and (self.client is None or not self.client.open):
            self.end("idle", "no client is registered")
        else:
            self._keep_alive(now)

    def _keep_alive(self, now: float) -> None:
        """Ask it for a sign of life after a long silence."""
        limits = self.factory.limits
        if self._pinged > self._quiet:
            if now - self._pinged > limits.keep_alive_timeout:
                self.factory.counters.ends["silent"] += 1
                self.transport.abortConnection()
        elif now - self._quiet > limits.keep_alive:
            self._pinged = now
            self.engine.ping()
            self.flush()

    def flush(self) -> None:
        """Write what is to be written."""
        self._dirty = False
        data = self.engine.take()
        if data:
            self._put(data)
        if self.engine.ended is not None and not self._ending:
            self._ending = True
            if self.engine.ended.cause not in ("closed", "drained"):
                self.factory.counters.ends[self.engine.ended.cause] += 1
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    # Events

    def _handle(self, events: list[Event]) -> None:
        self._busy = True
        try:
            for event in events:
                kind = type(event)
                if kind is Request:
                    self._request(event)  # type: ignore[arg-type]
                elif kind is Message:
                    self._message(event)  # type: ignore[arg-type]
                else:
                    self._other(event)
        finally:
            self._busy = False
        self.flush()

    def _request(self, event: Request) -> None:
        """A unary call has come."""
        try:
            answer = self._serving.unary(self, event.message)
        except Exception:
            self.log.failure("a call of {host} failed", host=self.host)
            self._broken(event.stream)
            return
        if type(answer) is bytes:
            self.engine.answer(event.stream, answer)
        else:
            self._wait(event, answer)  # type: ignore[arg-type]

    def _message(self, event: Message) -> None:
        """A message has come on a call with messages both ways."""
        try:
            self._serving.message(self, event.stream, event.message)
        except Exception:
            self.log.failure("a message of {host} failed", host=self.host)
            self.factory.counters.failures += 1
        self.engine.consumed(event.stream)

    def _other(self, event: Event) -> None:
        kind = type(event)
        if kind is Cancelled and event.stream in self._pending:  # type: ignore[union-attr]
            timer = self._pending.pop(event.stream)  # type: ignore[union-attr]
            if timer is not None:
                timer.cancel()
        elif kind is Cancelled or kind is HalfClosed:
            self._serving.closed(self, event.stream)  # type: ignore[union-attr]
        else:
            assert kind in (Opened, Drained, Ponged)

    def _wait(self, event: Request, answer: Deferred[bytes]) -> None:
        """The answer comes later, unless the client's time is over before."""
        stream, timer = event.stream, None
        if not answer.called and event.head.timeout is not None:
            timer = self._clock.callLater(event.head.timeout, self._late, stream)
        self._pending[stream] = timer
        answer.addCallbacks(self._answered, self._failed, callbackArgs=(stream,), errbackArgs=(stream,))

    def _settled(self, stream: int) -> bool:
        """An answer has come; whether anybody waits for it."""
        if stream not in self._pending:
            return False
        timer = self._pending.pop(stream)
        if timer is not None and timer.active():
            timer.cancel()
        return True

    def _answered(self, answer: bytes, stream: int) -> None:
        if self._settled(stream):
            self.engine.answer(stream, answer)
            self._flush_soon()

    def _failed(self, failure: Failure, stream: int) -> None:
        if self._settled(stream):
            self.log.failure("a call of {host} failed", failure, host=self.host)
            self._broken(stream)

    def _broken(self, stream: int) -> None:
        self.factory.counters.failures += 1
        self.engine.finish(stream, Status.INTERNAL, "the call failed in the server")
        self._flush_soon()

    def _late(self, stream: int) -> None:
        """The client has given up by its own clock."""
        del self._pending[stream]
        self.factory.counters.late += 1
        self.engine.finish(stream, Status.DEADLINE_EXCEEDED, "the call took too long")
        self._flush_soon()

    # Writing

    def _flush_soon(self) -> None:
        """Write with all else that this turn of the reactor brings."""
        if not self._busy and not self._dirty:
            self._dirty = True
            self.factory.flush_soon(self)

    def _put(self, data: bytes) -> None:
        """
        Write. When nothing waits in the transport's buffer the socket takes the bytes at once, which saves two changes
        of the poll set and a turn of the reactor.
        """
        transport = self.transport
        if self._socket_send is not None and not transport.dataBuffer and not transport._tempDataBuffer:
            try:
                sent = self._socket_send(data)
            except OSError:
                sent = 0  # full, or lost: the transport finds out which
            if sent == len(data):
                return
            data = data[sent:]
        transport.write(data)


class HeadedCarrier(Carrier):
    """One that keeps the headers of the call that it reads: only traces need them."""

    def _request(self, event: Request) -> None:
        self.head = event.head
        try:
            super()._request(event)
        finally:
            self.head = None
