"""The twisted.web carrier: Klein's Site with the front's limits, and how a call and a reply pass through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacos_tw.http.call import Call
from nacos_tw.http.reply import Reply

if TYPE_CHECKING:
    from twisted.web.server import Request


SECURITY_POLICY = (b"Content-Security-Policy", b"script-src 'self'")
"""On every answer (spec 1.4)."""


def read_call(request: Request, prefix: str) -> Call:
    """
    The call that twisted.web has read.

    @param prefix: the area's; Klein has put the path beneath it where Nacos's own path begins.
    """
    raise NotImplementedError


def send_reply(request: Request, reply: Reply) -> bytes:
    """
    Put a reply's status and headers into the request.

    @return: the body, for Klein to write.
    """
    request.setResponseCode(reply.status)
    headers = request.responseHeaders
    headers.removeHeader(b"Server")
    if reply.content_type is not None:
        headers.setRawHeaders(b"Content-Type", [reply.content_type])
    return reply.body
