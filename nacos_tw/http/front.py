"""
The protocol on 8848: llhttp's parser before the same handlers that Klein serves.

It serves plain requests to known routes: a head of which llhttp approves, and no body or one of modest length. All else
is handed to the twisted.web carrier (L{nacos_tw.http.site}) by replaying the bytes, and that connection stays there.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from httptools import HttpParserError, HttpParserInvalidMethodError, HttpParserUpgrade, HttpRequestParser
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from nacos_tw.http.body_quota import IncomingBody, full
from nacos_tw.http.call import Call
from nacos_tw.http.output import BATCH, Output
from nacos_tw.http.phases import BODY, BODY_TIME, BUSY, CLOSED, HANDED, HEAD, IDLE, Phase
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import Route, begin, failed, find
from nacos_tw.http.site import CarrierChannel
from nacos_tw.http.wire import CLOSE, connection_of, origin_form, refusal, render

if TYPE_CHECKING:
    from nacos_tw.http.listener import FrontFactory

END = b"\r\n\r\n"

FRONT_BODY = 2**20
"""Largest body, in bytes, that the front reads itself."""

BACKLOG = 2**16
"""Bytes that may wait behind an answer that is being made."""


@implementer(IPushProducer)
class Front(Output):
    """
    One connection.

    @ivar peer: the client's address.
    @ivar on_url: for httptools, which takes its callbacks from the object it is given: puts a target into C{_targets}.
    @ivar _buffer: bytes that came and are not looked at yet; empty whenever the phase is IDLE and the client reads.
    @ivar _slow: sweeps since the connection entered its phase, or since its last request while it is IDLE.
    @ivar _incoming: the body that is awaited.
    @ivar _connection: the Connection header of the answer to the present request, empty for a plain keep-alive.
    @ivar _choked: whether the client leaves its answers unread; C{_paused}: whether it is not read from.
    """

    log = Logger()

    def __init__(self, factory: FrontFactory, peer: str) -> None:
        super().__init__(factory.site.share())
        self.factory: FrontFactory = factory
        self.peer = peer
        self._counters = factory.counters
        self._table = factory.table
        self._cross_origin = bool(factory.limits.cors_origins)
        self._phase = IDLE
        self._slow = 0
        self._buffer = self._connection = b""
        self._incoming: IncomingBody | None = None
        self._targets: list[bytes] = []
        self.on_url = self._targets.append
        self._parser = HttpRequestParser(self)
        self._complete = self._keep = self._finishing = self._choked = self._paused = False
        self._pending: Deferred[Reply] | None = None
        self._began = 0.0
        self._route: Route
        self._channel: CarrierChannel | None = None

    # What the transport calls

    def connectionMade(self) -> None:
        """The connection is open."""
        super().connectionMade()
        self.transport.registerProducer(self, True)
        self.factory.opened(self)

    def dataReceived(self, data: bytes) -> None:
        """Bytes from the client. Nearly always they are one whole request without a body."""
        if self._phase is not IDLE or self._choked:
            self._more(data)
        elif data.find(END) == len(data) - 4 > 0:
            began = perf_counter()
            self._request(data)
            self._counters.seconds += perf_counter() - began
        else:
            self._buffer = data
            self._run()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection is gone, and with it whoever waited for an answer."""
        self._phase = CLOSED
        self._drop_body()
        self._share.release()
        self.factory.closed(self)
        # The parser and this object hold each other.
        del self._parser, self.on_url
        self._send = None
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.cancel()
        if self._channel is not None:
            self._channel.connectionLost(reason)

    def pauseProducing(self) -> None:
        """The client does not read its answers: so its requests are not read."""
        self._choked = True
        self._slow = 0
        self._adjust()

    def resumeProducing(self) -> None:
        """The client has read its answers."""
        self._share.release()
        self._choked = False
        self._slow = 0
        self._run()

    def stopProducing(self) -> None:
        """The connection is lost; L{connectionLost} follows."""

    # What the factory calls

    def sweep(self, seconds: float) -> None:
        """Time has passed since the last sweep: close what is too slow."""
        phase = self._phase
        if phase is HANDED:
            if self._channel is not None and not self._channel.sweep(seconds):
                self._counters.timed_out += 1
            return
        self._slow += 1
        if phase is BUSY and not self._choked:
            return
        limits = self.factory.limits
        limit = (
            limits.header_time if phase is HEAD or self._shaking else BODY_TIME if phase is BODY else limits.idle_time
        )
        if self._slow * seconds > limit:
            self._counters.timed_out += 1
            # There may be a lot in the transport's buffer that this client will never read.
            self.transport.abortConnection() if self._choked or phase is CLOSED else self._close()

    def finish(self) -> None:
        """Close as soon as what is in flight is answered; at once if nothing is."""
        self._finishing = True
        if self._channel is not None:
            self._channel.finish()
        elif self._phase is IDLE:
            self._close()
        elif self._phase is BUSY:
            self._connection = CLOSE

    # From bytes to requests

    def _more(self, data: bytes) -> None:
        """Bytes that are no whole request, or that must wait."""
        phase = self._phase
        incoming = self._incoming
        if incoming is not None:
            incoming.have += len(data)
            if not incoming.add(data):
                self._refuse(full())
            elif incoming.have >= incoming.length:
                self._buffer += incoming.joined()
                self._run()
        elif phase is not CLOSED:
            self._buffer += data
            self._run()

    def _run(self) -> None:
        """Serve what is in the buffer, as far as it goes."""
        if self._collecting:
            return
        self._collecting = True
        began = perf_counter()
        try:
            while self._buffer and not self._choked and self._step():
                if self._out_size > BATCH:
                    self._flush()
        finally:
            self._collecting = False
            if self._out:
                self._flush()
        self._counters.seconds += perf_counter() - began
        if self._buffer or self._choked or self._paused:
            self._adjust()

    def _step(self) -> bool:
        """
        Serve one request from the buffer.

        @return: False when there is nothing to do for now.
        """
        phase = self._phase
        if self._incoming is not None:
            return self._take_body(self._incoming)
        if phase is not IDLE and phase is not HEAD:
            return False
        buffer = self._buffer
        if buffer.startswith(b"\r\n"):
            # Some old clients end a body with one more line end.
            self._buffer = buffer[2:]
            return True
        end = buffer.find(END)
        if end >= 0:
            self._buffer = buffer[end + 4 :]
            self._request(buffer[: end + 4])
            return True
        if len(buffer) > self.factory.limits.header_bytes:
            self._refuse(refusal(400, "the headers are too large"))
        elif phase is IDLE:
            self._enter(HEAD)
        return False

    def _request(self, head: bytes) -> None:
        """A request's head has come: everything up to its first empty line."""
        limits = self.factory.limits
        # A header takes at least four bytes, so a short head cannot have too many.
        if len(head) > 4 * limits.header_count and (
            len(head) > limits.header_bytes or head.count(b"\r\n") > limits.header_count + 2
        ):
            self._refuse(refusal(400, "the headers are too large"))
            return
        self._complete = False
        try:
            self._parser.feed_data(head)
        except (HttpParserUpgrade, HttpParserInvalidMethodError):
            self._hand_over(head)
        except HttpParserError:
            self._refuse(refusal(400, "malformed request"))
        else:
            if self._complete:
                self._dispatch(head, b"")
            else:
                self._expect_body(head)

    def on_message_complete(self) -> None:
        """For httptools: a request is complete."""
        self._complete = True
        self._keep = self._parser.should_keep_alive()

    def _expect_body(self, head: bytes) -> None:
        """A head that announces a body. llhttp has checked the length."""
        lower = head.lower()
        start = lower.find(b"\r\ncontent-length:") + 17
        # "in" makes an exception first, which nobody sees, as these bytes are no number: half as long again.
        if start < 17 or lower.find(b"\r\nexpect:") >= 0 or lower.find(b"multipart/") >= 0:
            self._hand_over(head)
            return
        length = int(lower[start : lower.find(b"\r\n", start)])
        if length > self.factory.limits.max_body:
            self._refuse(refusal(413, f"the body is larger than {self.factory.limits.max_body} bytes"))
        elif length > FRONT_BODY:
            self._hand_over(head)
        elif len(self._buffer) >= length:  # nearly always it has come with its head
            self._with_body(head, lower, length)
        else:
            incoming = self._incoming = IncomingBody(self.factory.site.bodies, head, lower, length, len(self._buffer))
            self._enter(BODY)
            first, self._buffer = self._buffer, b""
            if not incoming.add(first):
                self._refuse(full())

    def _take_body(self, incoming: IncomingBody) -> bool:
        """The buffer begins with the whole body that is awaited."""
        self._drop_body()
        self._with_body(incoming.head, incoming.lower_head, incoming.length)
        return True

    def _with_body(self, head: bytes, lower_head: bytes, length: int) -> None:
        """The buffer begins with the whole body of that head."""
        buffer = self._buffer
        body, self._buffer = buffer[:length], buffer[length:]
        self._complete = False
        self._parser.feed_data(body)
        self._dispatch(head, body, lower_head)

    def _drop_body(self) -> None:
        """No body is awaited any more."""
        incoming, self._incoming = self._incoming, None
        if incoming is not None:
            incoming.release()

    # From requests to answers

    def _dispatch(self, head: bytes, body: bytes, lower_head: bytes = b"") -> None:
        """A whole request has come."""
        target = self._targets.pop()
        method = self._parser.get_method()
        if self._keep and head.startswith(b"HTTP/1.1\r\n", len(method) + len(target) + 2) and not self._finishing:
            self._connection = b""
        else:
            connection = connection_of(head, len(method) + len(target) + 2, self._keep and not self._finishing)
            if connection is None:
                self._refuse(refusal(400, "malformed request"))
                return
            self._connection = connection
        if not target.startswith(b"/"):
            target = origin_form(target)
        at = target.find(b"?")
        path = target if at < 0 else target[:at]
        routes = self._table.get(path) or find(self._table, path)
        route = routes.get(method) if routes is not None else None
        if route is None or (self._cross_origin and b"\r\norigin:" in head.lower()):
            self._hand_over(head + body)
            return
        self._phase = IDLE
        self._slow = 0
        self._route = route
        self._began = perf_counter()
        call = Call(route.method, route.path, target, head, body, self.peer, lower_head)
        result = begin(route.area, route.handler, call)
        if type(result) is Reply:
            self._give(result)
            return
        # The answer comes later; what the client sends meanwhile waits.
        self._phase = BUSY
        self._slow = 0
        self._pending = result  # type: ignore[assignment]
        result.addCallbacks(self._finished, self._failed, errbackArgs=(call,))  # type: ignore[union-attr]

    def _finished(self, reply: Reply) -> None:
        """The answer has come, if the client is still there."""
        self._pending = None
        if self._phase is not BUSY:
            return
        self._counters.seconds += perf_counter() - self._began
        self._phase = IDLE
        self._slow = 0
        try:
            self._give(reply)
            if self._buffer or self._paused:
                self._run()
        except Exception:
            self._broken()

    def _failed(self, failure: Failure, call: Call) -> None:
        """There is an answer to that, too."""
        try:
            reply = failed(failure, call)
        except Exception:
            self._broken()
        else:
            self._finished(reply)

    def _broken(self) -> None:
        """An exception keeps what is due from being written."""
        self.log.failure("no answer to {peer}", peer=self.peer)
        self.transport.abortConnection()

    def _give(self, reply: Reply) -> None:
        """Answer the present request."""
        route = self._route
        self._counters.answered(route.method, route.path, reply.status, self._began)
        date = self.factory.date
        if self._connection:
            self._write(render(reply, date, self._connection))
            if self._connection is CLOSE:
                self._close()
            return
        if reply.stamp is not date:
            reply.wire = render(reply, date)
            reply.stamp = date
        self._write(reply.wire)

    def _refuse(self, reply: Reply) -> None:
        """Answer what is no request that can be served, and close."""
        self._counters.refused += 1
        self._write(render(reply, self.factory.date, CLOSE))
        self._close()

    def _hand_over(self, data: bytes) -> None:
        """
        Let the twisted.web carrier have the connection for good.

        @param data: all of the present request that is not in the buffer.
        """
        self._flush()
        self._counters.handed_over += 1
        self._phase = HANDED
        data += self._buffer
        self._buffer = b""
        transport = self.transport
        transport.unregisterProducer()
        if self._paused:
            transport.resumeProducing()
        channel = self._channel = self.factory.site.channel(transport.getPeer(), self._share)
        self.dataReceived = channel.dataReceived  # type: ignore[method-assign]
        channel.makeConnection(transport)
        channel.dataReceived(data)
        if self._finishing:
            channel.finish()

    # The flow of bytes

    def _adjust(self) -> None:
        """Read from the client, or do not."""
        if self._phase is HANDED or self._phase is CLOSED:
            return
        pause = self._choked
        if self._phase is BUSY:
            waiting = self._buffer
            pause = pause or len(waiting) > BACKLOG or waiting.count(END) >= self.factory.limits.pipeline_depth
        if pause is not self._paused:
            self._paused = pause
            self.transport.pauseProducing() if pause else self.transport.resumeProducing()

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self._slow = 0

    def _close(self) -> None:
        """Close when all is written."""
        self._flush()
        self._enter(CLOSED)
        self._drop_body()
        self._buffer = b""
        self.transport.unregisterProducer()
        self.transport.loseConnection()
