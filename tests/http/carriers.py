"""Areas, requests and fake connections for the tests of both carriers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import attrs
from klein import Klein
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from nacos_tw.errors import BadParameter, Forbidden, NotFound, TimedOut, Unavailable
from nacos_tw.http.authorization import EverybodyMay
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.listener import FrontFactory
from nacos_tw.http.reply import Reply, json_reply, ok_reply, text_reply
from nacos_tw.http.routing import serve
from nacos_tw.settings.settings import HttpSettings

ERRORS: dict[str, Callable[[], Exception]] = {
    "bad": lambda: BadParameter("Param 'x' is required."),
    "missing": lambda: NotFound("no such thing"),
    "forbidden": lambda: Forbidden("authorization failed!"),
    "unavailable": lambda: Unavailable("no leader"),
    "late": lambda: TimedOut("no majority in time"),
    "crash": lambda: RuntimeError("boom"),
}


@attrs.frozen(eq=False)
class Things:
    """
    Routes that show what a handler was given, answer late, or fail.

    @ivar waiting: the Deferreds of calls that are not answered yet.
    @ivar cancelled: targets of calls whose client went away.
    """

    prefix: ClassVar[str] = "/v1/ns/thing"
    guard: Guard = attrs.field(factory=lambda: Guard(EverybodyMay()))
    waiting: list[Deferred[Reply]] = attrs.field(factory=list)
    cancelled: list[bytes] = attrs.field(factory=list)
    app = Klein()

    @serve(app, "GET", "/echo", needs="read:naming")
    @serve(app, "POST", "/echo", needs="read:naming")
    @serve(app, "PUT", "/echo", needs="read:naming")
    @serve(app, "DELETE", "/echo", needs="read:naming")
    @serve(app, "PATCH", "/echo", needs="read:naming")
    def echo(self, call: Call) -> Reply:
        """What came."""
        return json_reply(
            {
                "method": call.method,
                "path": call.path,
                "target": call.target.decode(),
                "params": call.params,
                "body": call.body[:1000].decode("utf-8", "replace"),
                "length": len(call.body),
                "peer": call.peer,
                "agent": call.agent,
                "java": call.java_agent,
                "x": call.header(b"x-test"),
            }
        )

    @serve(app, "POST", "", needs="write:naming")
    def write(self, call: Call) -> Reply:
        """The C{ok} of a write."""
        return ok_reply(call)

    @serve(app, "GET", "/fail", needs="read:naming")
    def fail(self, call: Call) -> Reply:
        """Raise what C{how} names."""
        raise ERRORS[call.required("how")]()

    @serve(app, "GET", "/fail/async", needs="read:naming")
    async def fail_async(self, call: Call) -> Reply:
        """The same from a coroutine."""
        raise ERRORS[call.required("how")]()

    @serve(app, "GET", "/wait", needs="read:naming")
    def wait(self, call: Call) -> Deferred[Reply]:
        """Answer when the test says so."""
        deferred: Deferred[Reply] = Deferred(lambda _: self.cancelled.append(call.target))
        self.waiting.append(deferred)
        return deferred

    @serve(app, "GET", "/soon", needs="read:naming")
    def soon(self, call: Call) -> Deferred[Reply]:
        """A Deferred that has fired already."""
        return succeed(text_reply("soon", call))

    @serve(app, "GET", "/nothing", needs="read:naming")
    def nothing(self, call: Call) -> Reply:
        """A mistake: no answer at all."""
        return None  # type: ignore[return-value]

    @serve(app, "GET", "/cookies", needs="read:naming")
    def cookies(self, call: Call) -> Reply:
        """A header twice, and one that every answer has already."""
        reply = text_reply("two", call)
        reply.headers = ((b"Set-Cookie", b"a=1"), (b"X-Frame-Options", b"DENY"), (b"Set-Cookie", b"b=2"))
        return reply

    @serve(app, "GET", "/empty", needs="read:naming")
    def empty(self, call: Call) -> Reply:
        """An answer without a body or a type."""
        return Reply({"204": 204, "304": 304}.get(call.get("status"), 200))

    @serve(app, "GET", "/headers", needs="read:naming")
    def headers(self, call: Call) -> Reply:
        """An answer with headers of its own."""
        return Reply(200, b"text", b"text/plain", ((b"X-One", b"1"), (b"X-Two", b"2")))

    @serve(app, "GET", "/big", needs="read:naming")
    def big(self, call: Call) -> Reply:
        """A long answer."""
        return text_reply("x" * call.integer("size", 100_000))


@attrs.frozen(eq=False)
class Core:
    """A route outside /v1/ns."""

    prefix: ClassVar[str] = "/v1/core"
    guard: Guard = attrs.field(factory=lambda: Guard(EverybodyMay()))
    app = Klein()

    @serve(app, "GET", "/self", needs="open")
    def self_(self, call: Call) -> Reply:
        """A small answer."""
        return text_reply("self", call)


class Got(NamedTuple):
    """One response, as a client reads it."""

    status: int
    headers: dict[str, str]
    body: bytes


def parse(data: bytes, heads: tuple[int, ...] = ()) -> list[Got]:
    """
    The responses in what a server wrote.

    @param heads: which of them answer HEAD requests.
    """
    found: list[Got] = []
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        assert end, f"incomplete head {head!r}"
        status, *lines = head.decode().split("\r\n")
        assert re.fullmatch(r"HTTP/1\.[01] \d{3} [\w -]+", status), status
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        assert len(headers) == len(lines), f"a header came twice: {lines}"
        length = 0 if len(found) in heads else int(headers.get("content-length", "0"))
        assert len(data) >= length, "incomplete body"
        found.append(Got(int(status.split()[1]), headers, data[:length]))
        data = data[length:]
    return found


class Client:
    """One fake connection to a protocol."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.transport = StringTransport()
        protocol.makeConnection(self.transport)

    def send(self, data: bytes) -> None:
        """Bytes to the server, one piece."""
        if not self.transport.disconnecting:
            self.protocol.dataReceived(data)

    def got(self, heads: tuple[int, ...] = ()) -> list[Got]:
        """All responses since the last look."""
        data = self.transport.value()
        self.transport.clear()
        return parse(data, heads)

    @property
    def closed(self) -> bool:
        """Whether the server has closed."""
        return self.transport.disconnecting

    @property
    def aborted(self) -> bool:
        """Whether the server has closed without waiting for what is not sent yet."""
        return self.transport.disconnected

    def leave(self) -> None:
        """The client closes."""
        self.protocol.connectionLost(Failure(ConnectionDone()))


class Server:
    """A factory on a fake clock, and its areas."""

    def __init__(self, context_path: str = "/nacos", **limits: Any) -> None:
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        self.things = Things()
        areas = [self.things, Core()]
        self.factory = FrontFactory(areas, context_path, HttpSettings(**limits), self.clock, wall=self.clock.seconds)
        self.factory.doStart()

    def front(self) -> Client:
        """A connection to the front."""
        protocol = self.factory.buildProtocol(StringTransport().getPeer())
        assert protocol is not None
        return Client(protocol)

    def klein(self) -> Client:
        """A connection to the twisted.web carrier."""
        return Client(self.factory.site.channel(StringTransport().getPeer()))

    def both(self) -> dict[str, Client]:
        """One connection to each carrier."""
        return {"front": self.front(), "klein": self.klein()}


def get(path: str, *headers: str, method: str = "GET", version: str = "1.1", body: bytes | None = None) -> bytes:
    """A request's bytes. A body brings its Content-Length."""
    lines = [f"{method} {path} HTTP/{version}", "Host: localhost", *headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")
