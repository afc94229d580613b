"""The sending half of a connection: answers and pushes, as far as the client's windows and the transport take them."""

from __future__ import annotations

from collections import deque
from struct import Struct

from nacos_tw.grpc.engine.answers import HEAD, OK, TABLE_OFF, trailers
from nacos_tw.grpc.engine.assembly import PREFIX
from nacos_tw.grpc.engine.frames import (
    DATA,
    END_HEADERS,
    END_STREAM,
    FRAME_SIZE,
    HEADERS,
    LARGEST_WINDOW,
    WINDOW,
    frame,
)
from nacos_tw.grpc.engine.shared import Shared
from nacos_tw.grpc.engine.streams import Stream

_FIRST = Struct(f">5sI{len(HEAD)}sBHHIBI")
"""First headers; the header of a DATA frame; the prefix of a message."""
_HEADERS = bytes((0, 0, len(HEAD), HEADERS, END_HEADERS))
_LAST = Struct(f">5sI{len(OK)}s")
_TRAILERS = bytes((0, 0, len(OK), HEADERS, END_HEADERS | END_STREAM))
_MESSAGE = Struct(">BHHIBI")
_PREFIX = Struct(">BI")


SHARED = 2**18
"""Bytes of the longest message that is kept with its frames, for the next stream that is sent the same one."""

_NONE_WAITING: dict[int, Stream] = {}
"""The one empty dict of connections without any; never changed in place."""


class Sending:
    """
    What is to be sent.

    @ivar out: bytes for the transport, in parts.
    @ivar window: bytes that the client takes now, on all streams together; C{initial}: on a new stream.
    @ivar waiting: streams with a queue, those first that had no turn for longest; C{queued}: bytes in all queues.
    @ivar choked: the transport takes no more for now.
    @ivar tiny: frames that were sent with next to nothing in them as the client's windows left no more; the owner
        counts them and sets this back.
    """

    __slots__ = ("_shared", "_size_changed", "choked", "queued", "initial", "out", "tiny", "waiting", "window")

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self.out: list[bytes] = []
        self.window = self.initial = WINDOW
        self.waiting = _NONE_WAITING
        self.queued = self.tiny = 0
        self.choked = self._size_changed = False

    def answer(self, stream: Stream, message: bytes) -> bool:
        """
        Send the one message of an answer, and that all went well.

        @return: whether the stream is finished; False when it waits.
        """
        size = len(message) + PREFIX
        number = stream.number
        if (
            size > FRAME_SIZE
            or size > self.window
            or size > self.initial + stream.credit
            or stream.started
            or self.choked
            or self._size_changed
        ):
            self.message(stream, message)
            return self.finish(stream, 0, "")
        self.window -= size
        self.out += (
            _FIRST.pack(_HEADERS, number, HEAD, 0, size, DATA, number, 0, size - PREFIX),
            message,
            _LAST.pack(_TRAILERS, number, OK),
        )
        return True

    def begin(self, stream: Stream) -> None:
        """Send the first headers, once."""
        if not stream.started:
            stream.started = True
            self.headers(stream.number, HEAD, 0)

    def message(self, stream: Stream, message: bytes) -> bool:
        """
        Send a message.

        @return: whether all of it is sent; False when it waits.
        """
        if not stream.started:
            self.begin(stream)
        size = len(message) + PREFIX
        if (
            not stream.queue
            and not self.choked
            and size <= self.window
            and size <= SHARED
            and size <= self.initial + stream.credit
        ):
            self.window -= size
            stream.credit -= size
            number, framed = stream.number, self._shared.framed
            if framed[0] is not message or framed[1] != number:
                framed = self._shared.framed = message, number, _frames(number, message)
            self.out.append(framed[2])
            return True
        self.body(stream, _PREFIX.pack(0, size - PREFIX) + message)
        return not stream.queue

    def body(self, stream: Stream, data: bytes) -> None:
        """Send bytes of an answer's body."""
        if stream.queue is None:
            stream.queue = deque()
        stream.queue.append(data)
        stream.queued += len(data)
        self.queued += len(data)
        if self.waiting is _NONE_WAITING:
            self.waiting = {}
        self.waiting[stream.number] = stream
        self._pump(stream)

    def headers(self, number: int, block: bytes, flags: int) -> None:
        """Send a block of headers."""
        if self._size_changed:
            self._size_changed = False
            block = TABLE_OFF + block
        self.out.append(frame(HEADERS, END_HEADERS | flags, number, block))

    def finish(self, stream: Stream, status: int, text: str) -> bool:
        """
        Send the last headers, behind all messages.

        @return: whether the stream is finished; False when it waits.
        """
        block = trailers(status, text)
        if not stream.started:
            stream.started = True
            block = HEAD + block
        return self._end(stream, block)

    def plain(self, stream: Stream, block: bytes, body: bytes) -> bool:
        """
        Send an answer that is no gRPC.

        @return: as L{finish}.
        """
        stream.started = True
        self.headers(stream.number, block, 0)
        self.body(stream, body)
        return self._end(stream, b"")

    def _end(self, stream: Stream, block: bytes) -> bool:
        stream.last = block
        if stream.queue:
            return False
        self._send_last(stream.number, block)
        return True

    def _send_last(self, number: int, block: bytes) -> None:
        if block:
            self.headers(number, block, END_STREAM)
        else:
            self.out.append(frame(DATA, END_STREAM, number))

    def forget(self, stream: Stream) -> None:
        """Nothing more is sent on it."""
        if stream.queue:
            self.queued -= stream.queued
            stream.queue = None
            stream.queued = 0
            self.waiting.pop(stream.number, None)

    def size_changed(self) -> None:
        """The client has set the size of its table."""
        self._size_changed = True

    def widen(self, size: int) -> bool:
        """The client takes more; False if that is more than can be counted."""
        self.window += size
        return self.window <= LARGEST_WINDOW

    def widen_stream(self, stream: Stream, size: int) -> bool:
        """The same for one stream."""
        stream.credit += size
        return self.initial + stream.credit <= LARGEST_WINDOW

    def pump(self) -> list[Stream]:
        """
        Send what waited, each stream a frame at a time.

        @return: the streams whose queue is empty now.
        """
        drained: list[Stream] = []
        progress = bool(self.waiting)
        while progress and self.window > 0 and not self.choked:
            progress = False
            for stream in list(self.waiting.values()):
                if self._frame(stream):
                    progress = True
                    if not stream.queue:
                        drained.append(stream)
        return drained

    def _pump(self, stream: Stream) -> None:
        while stream.queue and self._frame(stream):
            pass

    def _frame(self, stream: Stream) -> bool:
        """Send a frame of what waits on that stream; False if it must wait on."""
        queue = stream.queue
        room = min(self.window, self.initial + stream.credit, FRAME_SIZE)
        if self.choked or room <= 0 or not queue:
            return False
        at = stream.at
        part = queue[0][at : at + room]
        size = len(part)
        if at + size == len(queue[0]):
            queue.popleft()
            stream.at = 0
        else:
            stream.at = at + size
            if size < 64:
                self.tiny += 1
        stream.queued -= size
        stream.credit -= size
        self.queued -= size
        self.window -= size
        self.out.append(frame(DATA, 0, stream.number, part))
        if not queue:
            del self.waiting[stream.number]
            if stream.last is not None:
                self._send_last(stream.number, stream.last)
        return True


def _frames(number: int, message: bytes) -> bytes:
    """A message as a stream is sent it at once."""
    size = len(message) + PREFIX
    if size <= FRAME_SIZE:
        return _MESSAGE.pack(0, size, DATA, number, 0, size - PREFIX) + message
    data = _PREFIX.pack(0, size - PREFIX) + message
    return b"".join([frame(DATA, 0, number, data[at : at + FRAME_SIZE]) for at in range(0, size, FRAME_SIZE)])
