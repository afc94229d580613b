"""The twisted.web carrier: a Site with the front's limits, and how a call and a reply pass through it."""

from __future__ import annotations

import re
from time import perf_counter
from typing import Any, cast

from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel, datetimeToString
from twisted.web.resource import IResource
from twisted.web.server import Request, Site

from nacos_tw.http.body_quota import SMALL, BodyQuota, full
from nacos_tw.http.call import Call
from nacos_tw.http.cors import CrossOrigin
from nacos_tw.http.counters import Counters
from nacos_tw.http.output_quota import OutputQuota, OutputShare
from nacos_tw.http.phases import BODY, BODY_TIME, BUSY, CLOSED, HEAD, IDLE, Phase
from nacos_tw.http.reply import Reply
from nacos_tw.http.wire import BODILESS, CLOSE, SECURITY, origin_form, refusal, render
from nacos_tw.serving import host_of
from nacos_tw.settings.settings import HttpSettings

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""What llhttp lets into no line of a head."""


def read_call(request: Request, method: str, path: str) -> Call:
    """
    The call that twisted.web has read.

    @param method: as the route is declared.
    @param path: as the route is declared, with its area's prefix.
    """
    lines = [request.method + b" " + request.uri + b" HTTP/1.1\r\n"]
    for name, values in request.requestHeaders.getAllRawHeaders():
        lines += [name + b": " + value + b"\r\n" for value in values]
    lines.append(b"\r\n")
    client = request.getClientAddress()
    content = request.content
    body = b"" if content is None else content.read()
    peer = host_of(client)
    return Call(method, path, request.uri, b"".join(lines), body, peer)


def send_reply(request: Request, reply: Reply) -> bytes:
    """
    Put a reply's status and headers into the request.

    @return: the body, for twisted.web to write.
    """
    request.setResponseCode(reply.status)
    request.defaultContentType = None
    headers = request.responseHeaders
    values: dict[bytes, list[bytes]] = {}
    for name, value in reply.headers:
        values.setdefault(name, []).append(value)
    for name, several in values.items():
        headers.setRawHeaders(name, several)
    if reply.content_type is not None:
        headers.setRawHeaders(b"Content-Type", [reply.content_type])
    if reply.status not in BODILESS:
        headers.setRawHeaders(b"Content-Length", [b"%d" % len(reply.body)])
    return reply.body


def _one(header: tuple[bytes, bytes]) -> tuple[bytes, list[bytes]]:
    return header[0], [header[1]]


class CarrierRequest(Request):
    """A request that counts itself, and whose body has a limit also when it comes in chunks."""

    channel: CarrierChannel
    site: CarrierSite
    began = 0.0
    route: tuple[str, str] | None = None
    _received = _kept = 0

    def __repr__(self) -> str:
        """As twisted.web puts it into logs: without the query, which may hold a token or a password."""
        return f"<{type(self).__name__} {self.method!r} {self.uri.partition(b'?')[0]!r}>"

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        """The whole request has come."""
        super().requestReceived(command, origin_form(path), version)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """More of the body."""
        self._received += len(data)
        if self._received > self.channel.site.limits.max_body:
            self.channel.refuse_body()
        elif self._received > SMALL and not self.channel.site.bodies.take(len(data)):
            self.channel.refuse(full())
        else:
            if self._received > SMALL:
                self._kept += len(data)
            super().handleContentChunk(data)

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        """The connection is gone before the answer was."""
        self._release()
        super().connectionLost(reason)
        self.transport = None  # as below

    def _release(self) -> None:
        if self._kept:
            self.channel.site.bodies.used -= self._kept
            self._kept = 0

    def getRequestHostname(self) -> bytes:  # noqa: N802
        """Klein asks for it and trips over odd ones; no answer of ours depends on it."""
        return b"localhost"

    def process(self) -> None:
        """The body is complete."""
        self._release()
        if not self.channel.refused:
            self.began = perf_counter()
            for header in (*SECURITY, *self.channel.site.cross_origin.headers(self)):
                self.responseHeaders.setRawHeaders(*_one(header))
            super().process()

    def setHeader(self, name: bytes, value: bytes) -> None:  # noqa: N802
        """A response header. Twisted's name and version stay unsaid."""
        if name.lower() != b"server":
            super().setHeader(name, value)

    def finish(self) -> None:
        """The answer is complete."""
        counters, began = self.site.counters, self.began or perf_counter()
        counters.seconds += perf_counter() - began
        if self.route is None:
            counters.unknown(self.method.decode("latin-1"), self.code, began)
        else:
            counters.answered(*self.route, self.code, began)
        super().finish()
        # Klein's closures and this hold each other: what is not read would stay until Python looks for such.
        self.transport = None

    def write(self, data: bytes) -> None:
        """Headers, if they are not out, and a part of the body."""
        if not self.startedWriting and self.channel is not None and self.channel.finishing:
            self.responseHeaders.setRawHeaders(b"Connection", [b"close"])
        if self.channel is None or self.channel.hold(len(data)):
            super().write(data)


class CarrierChannel(HTTPChannel):
    """
    Twisted's HTTP/1 protocol, as strict as the front: it also refuses folded headers, says why it refuses, and closes
    on requests that trickle in.
    """

    site: CarrierSite
    share: OutputShare
    phase = IDLE
    refused = False
    finishing = False
    _slow = 0.0

    def dataReceived(self, data: bytes) -> None:
        """Bytes from the client."""
        if self.refused or self.phase is CLOSED:
            return
        if self.phase is IDLE:
            self._enter(HEAD)
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        """A request line or header line. Folding is what request smuggling is made of, so it ends here."""
        if line[:1] in (b" ", b"\t") or _CONTROL.search(line):
            self._respondToBadRequestAndDisconnect()
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802
        """A line is longer than all headers may be."""
        self._respondToBadRequestAndDisconnect()

    def headerReceived(self, line: bytes) -> bool:  # noqa: N802
        """A header. A length of thousands of digits is no number to Python."""
        try:
            return bool(super().headerReceived(line))
        except ValueError:
            self._respondToBadRequestAndDisconnect()
            return False

    def allHeadersReceived(self) -> None:  # noqa: N802
        """The headers are complete: what twisted.web lets pass and llhttp does not is refused here."""
        headers = self.requests[-1].requestHeaders
        encodings = headers.getRawHeaders(b"Transfer-Encoding") or ()
        if any(value.lower() != b"chunked" for value in encodings) or not self._path.isascii():
            self._respondToBadRequestAndDisconnect()
        elif self.length is not None and self.length > self.site.limits.max_body:
            self.refuse_body()
        else:
            self._enter(BODY)
            super().allHeadersReceived()
            return
        # Nothing more is read; raw mode waits for a body that will not be looked at.
        self.length = None

    def allContentReceived(self) -> None:  # noqa: N802
        """The request is complete."""
        if not self.refused:
            self._enter(BUSY)
            super().allContentReceived()

    def rawDataReceived(self, data: bytes) -> None:  # noqa: N802
        """Bytes of a body, or of requests to come."""
        if not self.refused:
            super().rawDataReceived(data)

    def requestDone(self, request: Any) -> None:  # noqa: N802
        """The answer is written."""
        self._enter(IDLE)
        if self.finishing:
            self.persistent = False
        if self._dataBuffer:
            self._enter(HEAD)
        super().requestDone(request)

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self._slow = 0.0

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802
        self.refuse(refusal(400, "malformed request"))

    def refuse_body(self) -> None:
        """The body is over the limit."""
        self.refuse(refusal(413, f"the body is larger than {self.site.limits.max_body} bytes"))

    def refuse(self, reply: Reply) -> None:
        """Answer what cannot be served, and close."""
        if self.refused:
            return
        self.refused = True
        self.site.counters.refused += 1
        self.transport.write(render(reply, datetimeToString(), CLOSE))  # type: ignore[union-attr]
        self._close()

    def hold(self, size: int) -> bool:
        """
        So much of an answer is to be written.

        @return: False when the connection was closed instead: too much is unread, by this client and others.
        """
        if self.share.take(size):
            return True
        self.refused = True
        self.pauseProducing()  # nothing more is asked of the transport
        self.transport.abortConnection()  # type: ignore[union-attr]
        return False

    def resumeProducing(self) -> None:  # noqa: N802
        """The client has read its answers."""
        self.share.release()
        super().resumeProducing()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """The connection is gone."""
        self.share.release()
        super().connectionLost(reason)

    def sweep(self, seconds: float) -> bool:
        """
        Time has passed.

        @return: False when the connection has been closed for being slow. (Idle ones time out by themselves.)
        """
        self._slow += seconds
        if self.phase is HEAD or self.phase is BODY:
            if self._slow > (self.site.limits.header_time if self.phase is HEAD else BODY_TIME):
                self._close()
                return False
        elif self.phase is CLOSED and self._slow > self.site.limits.idle_time:
            # The client does not read the end of what it was sent.
            self.transport.abortConnection()  # type: ignore[union-attr]
        return True

    def finish(self) -> None:
        """Close as soon as nothing is in flight."""
        self.finishing = True
        if self.phase is IDLE:
            self._close()

    def loseConnection(self) -> None:  # noqa: N802
        """Close when all is written; what still comes is not read, and L{sweep} ends it if the client does not."""
        if self.phase is not CLOSED:
            self._enter(CLOSED)
            super().loseConnection()

    def _close(self) -> None:
        self.setTimeout(None)
        self.loseConnection()


class CarrierSite(Site):
    """Makes the channels. It listens nowhere itself: the front hands connections over to it."""

    protocol = CarrierChannel  # type: ignore[assignment]

    def __init__(
        self,
        resource: IResource,
        limits: HttpSettings,
        clock: IReactorTime,
        counters: Counters,
        beside: CarrierSite | None = None,
    ) -> None:
        """@param beside: that of another port, with which it shares its quotas."""
        super().__init__(
            resource, CarrierRequest, timeout=limits.idle_time, reactor=clock, parsePOSTFormSubmission=False
        )
        self.limits = limits
        self.counters = counters
        self.cross_origin = CrossOrigin.of(limits.cors_origins)
        self.bodies: BodyQuota = BodyQuota(limits.bodies_bytes) if beside is None else beside.bodies
        self.answers: OutputQuota = OutputQuota(limits.answers_bytes, counters) if beside is None else beside.answers

    def channel(self, addr: Any, share: OutputShare | None = None) -> CarrierChannel:
        """
        A channel for one connection.

        @param share: what the connection holds already.
        """
        channel = cast(CarrierChannel, self.buildProtocol(addr))
        channel.share = share or self.share()
        channel.maxHeaders = self.limits.header_count
        channel.totalHeadersSize = self.limits.header_bytes
        channel.MAX_LENGTH = self.limits.header_bytes
        return channel

    def share(self) -> OutputShare:
        """For a connection: what is held of its answers until they are read."""
        return OutputShare(self.answers)

    def log(self, request: Any) -> None:
        """No access log: the counters tell."""
