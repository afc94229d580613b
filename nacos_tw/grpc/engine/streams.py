"""One call of a connection."""

from __future__ import annotations

from collections import deque

import msgspec

from nacos_tw.grpc.engine.assembly import Assembly
from nacos_tw.grpc.engine.frames import WINDOW
from nacos_tw.grpc.engine.heads import Head


class Stream(msgspec.Struct, eq=False, gc=False):
    """
    One call.

    @ivar since: when it began, seconds.
    @ivar ended: the client sends no more.
    @ivar told: the owner knows of it, and hears how it ends.
    @ivar window: bytes that the client may still send; C{owed}: bytes it has sent and that are in use here.
    @ivar got: bytes of its body so far.
    @ivar assembly: of messages that come in parts; None until there is one. C{message}: of a unary call that has come,
        but not its end.
    @ivar started: the first headers of the answer are sent.
    @ivar credit: what the window for our messages differs from the client's initial one, in bytes.
    @ivar queue: what waits for that window; C{queued} bytes, of the first part all from C{at} on.
    @ivar last: block of the last headers, behind them; empty for an end without headers, None as long as there is more.
    """

    number: int
    head: Head
    since: float
    window: int = WINDOW
    owed: int = 0
    got: int = 0
    credit: int = 0
    queued: int = 0
    at: int = 0
    ended: bool = False
    told: bool = False
    started: bool = False
    assembly: Assembly | None = None
    message: bytes | None = None
    queue: deque[bytes] | None = None
    last: bytes | None = None
