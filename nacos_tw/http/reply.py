"""What a handler answers, as a plain value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from nacos_tw.http.call import Call

JSON = b"application/json"
PLAIN = b"text/plain;charset=UTF-8"

_encode = msgspec.json.Encoder().encode

_ACCEPTED = {
    b"text/html": b"text/html;charset=UTF-8",
    b"application/json": JSON,
    b"application/xml": b"application/xml;charset=UTF-8",
    b"text/xml": b"text/xml;charset=UTF-8",
    b"application/xhtml+xml": b"application/xhtml+xml;charset=UTF-8",
}


class Reply:
    """
    One answer. It may be kept and given again: the front renders it once a second at most.

    @ivar status: HTTP status.
    @ivar body: all bytes of the body.
    @ivar content_type: value of Content-Type, None for none.
    @ivar headers: further headers, (name, value) each; never the length, the date or the connection.
    @ivar wire: the front's memo: this answer as the bytes of an HTTP/1.1 keep-alive response.
    @ivar stamp: the front's memo: the Date value inside L{wire}.
    """

    __slots__ = ("body", "content_type", "headers", "stamp", "status", "wire")

    def __init__(
        self,
        status: int = 200,
        body: bytes = b"",
        content_type: bytes | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = headers
        self.wire = b""
        self.stamp = b""

    def __repr__(self) -> str:
        return f"<Reply {self.status} {self.content_type!r} {self.body[:200]!r}>"


def text_reply(text: str, call: Call | None = None, status: int = 200) -> Reply:
    """
    Bare text; its Content-Type follows the call's Accept as Spring's does (C{ok} asked for as JSON stays C{ok}). A text
    with C{<} in it may repeat what the client sent, so it is never called HTML or XML: no browser shall run it.
    """
    return Reply(status, text.encode("utf-8"), PLAIN if call is None or "<" in text else accepted(call))


def ok_reply(call: Call) -> Reply:
    """The C{ok} of a write: as L{text_reply}, but always the same few objects."""
    content_type = accepted(call)
    reply = _OK.get(content_type)
    if reply is None:
        reply = _OK[content_type] = Reply(200, b"ok", content_type)
    return reply


_OK: dict[bytes, Reply] = {}


def json_reply(value: Any, status: int = 200) -> Reply:
    """A value of dicts, lists, numbers, text, or msgspec structs, as compact JSON."""
    return Reply(status, _encode(value), JSON)


def raw_json_reply(body: bytes, status: int = 200) -> Reply:
    """JSON text that is rendered already."""
    return Reply(status, body, JSON)


def accepted(call: Call) -> bytes:
    """Content-Type of a text for what the call accepts: its first range that names a type we can give, else plain."""
    accept = call.raw_header(b"accept")
    if not accept or accept == b"*/*":
        return PLAIN
    for item in accept.split(b","):
        media = item.partition(b";")[0].strip().lower()
        if media in (b"*/*", b"text/*", b"text/plain"):
            return PLAIN
        found = _ACCEPTED.get(media)
        if found is not None:
            return found
    return PLAIN
