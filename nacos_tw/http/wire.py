"""Replies as bytes."""

from __future__ import annotations

import re

from nacos_tw.http.errors import error_document, reason
from nacos_tw.http.reply import Reply

SECURITY: tuple[tuple[bytes, bytes], ...] = (
    (b"Content-Security-Policy", b"script-src 'self'"),
    (b"X-Content-Type-Options", b"nosniff"),
)
"""
On every answer: the first by docs/spec/naming-v1.md#1.4, the second so that no browser takes a text for more than its
type says.
"""

CLOSE = b"Connection: close\r\n"
KEEP = b"Connection: keep-alive\r\n"
BODILESS = frozenset({204, 304})
_ABSOLUTE = re.compile(rb"https?://[^/?#]+", re.IGNORECASE)

_status_lines: dict[int, bytes] = {}


def render(reply: Reply, date: bytes, connection: bytes = b"") -> bytes:
    """
    A whole HTTP/1.1 response.

    @param date: value of the Date header.
    @param connection: L{CLOSE}, L{KEEP} or nothing.
    """
    status = reply.status
    parts = [_status_lines.get(status) or _status_line(status), b"Date: ", date, b"\r\n", connection]
    for name, value in reply.headers:
        parts += (name, b": ", value, b"\r\n")
    if reply.content_type is not None:
        parts += (b"Content-Type: ", reply.content_type, b"\r\n")
    if status in BODILESS:
        parts.append(b"\r\n")
    else:
        parts += (b"Content-Length: %d\r\n\r\n" % len(reply.body), reply.body)
    return b"".join(parts)


def connection_of(head: bytes, at: int, keep: bool) -> bytes | None:
    """
    The Connection header for the answer to a request that may be the last of its connection, or of HTTP/1.0.

    @param at: where the version stands if the request line has single blanks, as it must.
    @param keep: whether the connection stays open.
    @return: None if there is no such version there.
    """
    while head.startswith(b"\r\n"):
        head = head[2:]
    if not head.startswith((b"HTTP/1.1\r\n", b"HTTP/1.0\r\n"), at):
        return None
    if not keep:
        return CLOSE
    return KEEP if head.startswith(b"HTTP/1.0", at) else b""


def origin_form(target: bytes) -> bytes:
    """
    A request target without the scheme and the host that some clients and proxies put before its path: RFC 9112 has
    servers take both. Any other target comes back as it is.
    """
    match = _ABSOLUTE.match(target)
    if match is None:
        return target
    rest = target[match.end() :]
    return rest if rest.startswith(b"/") else b"/" + rest


def _status_line(status: int) -> bytes:
    line = b"HTTP/1.1 %d %s\r\n" % (status, reason(status).encode())
    line += b"".join(b"%s: %s\r\n" % header for header in SECURITY)
    _status_lines[status] = line
    return line


def refusal(status: int, message: str) -> Reply:
    """The answer to what is no HTTP request that can be served: too large, too slow, or malformed."""
    return error_document(status, message, b"")
