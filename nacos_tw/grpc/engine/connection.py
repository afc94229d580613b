"""
The engine that serves: HTTP/2 as clients of gRPC use it, and every other use refused in bounded time and memory.

The usual call is two frames, headers and one message with the end of the stream. Its headers are looked up
(L{nacos_tw.grpc.engine.seam.Shared}), its answer is three frames written at once; all else takes the longer ways.
"""

from __future__ import annotations

from nacos_tw.grpc.engine.blocks import Blocks
from nacos_tw.grpc.engine.calls import BOTH, SMALL, Calls
from nacos_tw.grpc.engine.events import Cancelled, Drained, Ended, Event, Ponged
from nacos_tw.grpc.engine.floods import Broken, Floods
from nacos_tw.grpc.engine.frames import (
    ACK,
    CONTINUATION,
    DATA,
    ENABLE_PUSH,
    FRAME_SIZE,
    GOAWAY,
    HEADER,
    HEADER_SIZE,
    HEADER_TABLE_SIZE,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    LARGEST_FRAME_SIZE,
    LARGEST_WINDOW,
    MAX_CONCURRENT_STREAMS,
    MAX_FRAME_SIZE,
    MAX_HEADER_LIST_SIZE,
    PING,
    PREFACE,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    SETTINGS_ACK,
    STREAM,
    WINDOW,
    WINDOW_UPDATE,
    Code,
    frame,
    goaway,
    settings,
    window_update,
)
from nacos_tw.grpc.engine.sending import Sending
from nacos_tw.grpc.engine.shared import Shared
from nacos_tw.grpc.engine.status import Status

ALIVE = b"nacos_tw"
LEAVING = b"goingout"
"""What our pings carry."""


class Connection:
    """
    One connection; see L{nacos_tw.grpc.engine.seam.Engine}.

    @ivar _rest: the beginning of a frame; C{_preface}: the client's first words have not come; C{_unsettled}: nor have
        its settings.
    @ivar _since: when the frame or header block that is not complete began, None without one.
    """

    __slots__ = (
        "_blocks",
        "_calls",
        "_draining",
        "_floods",
        "_limits",
        "_preface",
        "_refused",
        "_rest",
        "_sending",
        "_since",
        "_unsettled",
        "ended",
    )

    def __init__(self, shared: Shared) -> None:
        limits = self._limits = shared.limits
        self._refused = shared.refused
        self.ended: Ended | None = None
        self._floods = Floods(limits)
        self._sending = Sending(shared)
        self._blocks = Blocks(shared)
        self._calls = Calls(shared, self._sending, self._floods)
        self._rest = b""
        self._preface = self._unsettled = True
        self._draining = False
        self._since: float | None = None
        self._sending.out.append(
            settings({MAX_CONCURRENT_STREAMS: limits.streams, MAX_HEADER_LIST_SIZE: limits.header_list})
            + (window_update(0, limits.window - WINDOW) if limits.window > WINDOW else b"")
        )

    # What the owner calls

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Bytes have come."""
        if self.ended is not None:
            return []
        self._floods.now = now
        if self._rest:
            data = self._rest + data
        try:
            at = self._frames(data, len(PREFACE) if self._preface and self._greeted(data) else 0)
        except Broken as broken:
            self._break(broken)
            return self._events()
        if at < len(data) and self.ended is None:
            self._rest = data[at:]
            if at or self._since is None:
                self._since = now
        else:
            self._rest = b""
            self._since = None if not self._blocks.open else self._since or now
        return self._events()

    def passed(self, stream: int, size: int) -> bool:
        """A frame with a message was dealt with by whoever knew its bytes."""
        return self._since is None and self.ended is None and self._calls.passed(stream, size - HEADER_SIZE)

    def take(self) -> bytes:
        """What is to be written now."""
        out = self._sending.out
        if not out:
            return b""
        data = b"".join(out)
        out.clear()
        return data

    def answer(self, stream: int, message: bytes) -> None:
        """Answer a unary call."""
        found = self._calls.streams.get(stream)
        if found is None or found.last is not None:
            return
        sending = self._sending
        if sending.queued and sending.queued + len(message) > self._limits.queued:
            self._refused["unread"] += 1
            self.finish(stream, Status.RESOURCE_EXHAUSTED, "too many answers are not read")
        elif sending.answer(found, message):
            self._calls.over(found)
            if self._draining:
                self._end_if_drained()

    def begin(self, stream: int) -> None:
        """Send the first headers of a stream."""
        found = self._calls.streams.get(stream)
        if found is not None and found.last is None and self.ended is None:
            self._sending.begin(found)

    def send(self, stream: int, message: bytes) -> bool:
        """Send a message on a stream."""
        found = self._calls.streams.get(stream)
        if found is None or found.last is not None or self.ended is not None:
            return False
        if found.queued and found.queued + len(message) > self._limits.pushes:
            self.end("unread", "too many messages are not read", Code.ENHANCE_YOUR_CALM)
            return False
        self._sending.message(found, message)
        return True

    def finish(self, stream: int, status: int = 0, text: str = "") -> None:
        """End a call."""
        found = self._calls.streams.get(stream)
        if found is not None:
            self._calls.finish(found, status, text)
            self._end_if_drained()

    def consumed(self, stream: int) -> None:
        """The messages of a stream are handled."""
        found = self._calls.streams.get(stream)
        if found is not None:
            self._calls.consumed(found)

    def queued(self, stream: int) -> int:
        """Bytes that wait."""
        found = self._calls.streams.get(stream)
        return 0 if found is None else found.queued

    def choke(self, choked: bool) -> list[Event]:
        """The transport takes no more, or does again."""
        self._sending.choked = choked
        if not choked and self._sending.waiting and self.ended is None:
            try:
                self._pump()
            except Broken as broken:
                self._break(broken)
        return self._events()

    def ping(self) -> None:
        """Ask for a sign of life."""
        if self.ended is None:
            self._sending.out.append(frame(PING, 0, 0, ALIVE))

    def drain(self) -> None:
        """
        Take no new calls. First the client is told that, and asked to answer: what it sent before it knew is served,
        and what comes behind its answer it will send again elsewhere.
        """
        if not self._draining and self.ended is None:
            self._draining = True
            self._sending.out.append(goaway(STREAM, Code.NO_ERROR) + frame(PING, 0, 0, LEAVING))

    def end(self, cause: str, reason: str, code: int = 0) -> None:
        """End the connection."""
        if self.ended is None:
            self.ended = Ended(int(code), cause, reason)
            self._sending.out.append(goaway(min(self._calls.last, self._calls.accepted), code, reason))
            self._rest = b""

    def sweep(self, now: float) -> list[Event]:
        """Cut off what is too slow."""
        self._floods.now = now
        if self.ended is not None:
            return []
        limits = self._limits
        if self._since is not None and now - self._since > limits.frame_time:
            self.end("slow", "a frame came too slowly", Code.ENHANCE_YOUR_CALM)
            return []
        for stream in list(self._calls.streams.values()):
            if not stream.ended and stream.head.kind is not BOTH and now - stream.since > limits.message_time:
                self._refused["slow"] += 1
                self._calls.finish(stream, Status.CANCELLED, "the call came too slowly")
        self._end_if_drained()
        return self._events()

    def lost(self) -> list[Cancelled]:
        """The transport is gone."""
        if self.ended is None:
            self.ended = Ended(0, "closed", "the client closed the connection")
        self._rest = b""
        self._sending.out.clear()
        return self._calls.drop()

    @property
    def calls(self) -> int:
        """Calls that are not over."""
        return len(self._calls.streams)

    def _events(self) -> list[Event]:
        events = self._calls.events
        if events:
            self._calls.events = []
        if self._draining:
            self._end_if_drained()
        return events

    def _break(self, broken: Broken) -> None:
        self.end(broken.cause, broken.reason, broken.code)

    # Frames

    def _greeted(self, data: bytes) -> bool:
        """The client's first words; False while they are not complete."""
        if data[: len(PREFACE)] != PREFACE[: len(data)]:
            raise Broken(Code.PROTOCOL_ERROR, "this is not HTTP/2")
        self._preface = len(data) < len(PREFACE)
        return not self._preface

    def _frames(self, data: bytes, at: int) -> int:
        """
        Go through the frames from there on.

        @return: where the first one begins that is not complete.
        """
        end = len(data)
        calls = self._calls
        if self._preface:
            return 0
        while end - at >= HEADER_SIZE:
            high, low, kind, flags, number = HEADER.unpack_from(data, at)
            length = high << 16 | low
            if length > FRAME_SIZE:
                raise Broken(Code.FRAME_SIZE_ERROR, "a frame is too large")
            if self._unsettled or self._blocks.open:
                self._check_order(kind, flags, number & STREAM)
            start = at + HEADER_SIZE
            stop = start + length
            if stop > end:
                break
            at = stop
            if kind == DATA:
                calls.data(flags, number & STREAM, data[start:stop])
            elif kind == HEADERS:
                block = self._blocks.headers(flags, number & STREAM, data[start:stop])
                if block is not None:
                    calls.headers(*block)
            else:
                self._other(kind, flags, number & STREAM, data[start:stop])
            if self.ended is not None:
                break
        return at

    def _check_order(self, kind: int, flags: int, number: int) -> None:
        """Where only one frame may come."""
        if self._unsettled:
            if kind != SETTINGS or flags & ACK:
                raise Broken(Code.PROTOCOL_ERROR, "the first frame is not SETTINGS")
            self._unsettled = False
        elif kind != CONTINUATION or number != self._blocks.open:
            raise Broken(Code.PROTOCOL_ERROR, "a header block is broken off")

    def _other(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        """All frames but the two that calls are made of."""
        if kind == WINDOW_UPDATE:
            self._window_update(number, payload)
            return
        if kind == CONTINUATION:
            block = self._blocks.continuation(flags, payload)
            if block is not None:
                self._calls.headers(*block)
            return
        if kind == RST_STREAM:
            self._rst_stream(number, payload)
            return
        self._floods.control()
        if kind == SETTINGS:
            self._settings(flags, number, payload)
        elif kind == PING:
            self._ping(flags, number, payload)
        elif kind == PRIORITY:
            self._priority(number, payload)
        elif kind == GOAWAY:
            if number:
                raise Broken(Code.PROTOCOL_ERROR, "GOAWAY on a stream")
            if len(payload) < 8:
                raise Broken(Code.FRAME_SIZE_ERROR, "GOAWAY of a wrong size")
        elif kind == PUSH_PROMISE:
            raise Broken(Code.PROTOCOL_ERROR, "PUSH_PROMISE from a client")

    # Other frames

    def _window_update(self, number: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise Broken(Code.FRAME_SIZE_ERROR, "WINDOW_UPDATE of a wrong size")
        size = int.from_bytes(payload, "big") & STREAM
        if size < SMALL:
            self._floods.control()
        if not number:
            if not size:
                raise Broken(Code.PROTOCOL_ERROR, "WINDOW_UPDATE of nothing")
            if not self._sending.widen(size):
                raise Broken(Code.FLOW_CONTROL_ERROR, "the window is too large")
        else:
            if number > self._calls.last or not number & 1:
                raise Broken(Code.PROTOCOL_ERROR, "WINDOW_UPDATE on a stream that was not opened")
            stream = self._calls.streams.get(number)
            if stream is None:
                return
            if not size:
                self._calls.reset(stream, Code.PROTOCOL_ERROR)
                return
            if not self._sending.widen_stream(stream, size):
                self._calls.reset(stream, Code.FLOW_CONTROL_ERROR)
                return
        if self._sending.waiting:
            self._pump()

    def _rst_stream(self, number: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise Broken(Code.FRAME_SIZE_ERROR, "RST_STREAM of a wrong size")
        self._calls.rst_stream(number)

    def _settings(self, flags: int, number: int, payload: bytes) -> None:
        if number:
            raise Broken(Code.PROTOCOL_ERROR, "SETTINGS on a stream")
        if len(payload) % 6 or (flags & ACK and payload):
            raise Broken(Code.FRAME_SIZE_ERROR, "SETTINGS of a wrong size")
        if flags & ACK:
            return
        for at in range(0, len(payload), 6):
            self._setting(int.from_bytes(payload[at : at + 2], "big"), int.from_bytes(payload[at + 2 : at + 6], "big"))
        self._sending.out.append(SETTINGS_ACK)
        if self._sending.waiting:
            self._pump()

    def _setting(self, name: int, value: int) -> None:
        if name == INITIAL_WINDOW_SIZE:
            sending = self._sending
            sending.initial = value
            largest = max((stream.credit for stream in self._calls.streams.values()), default=0)
            if value > LARGEST_WINDOW or value + largest > LARGEST_WINDOW:
                raise Broken(Code.FLOW_CONTROL_ERROR, "the window is too large")
        elif name == HEADER_TABLE_SIZE:
            self._sending.size_changed()
        elif (name == ENABLE_PUSH and value > 1) or (
            name == MAX_FRAME_SIZE and not FRAME_SIZE <= value <= LARGEST_FRAME_SIZE
        ):
            raise Broken(Code.PROTOCOL_ERROR, "a setting has no such value")

    def _ping(self, flags: int, number: int, payload: bytes) -> None:
        if number:
            raise Broken(Code.PROTOCOL_ERROR, "PING on a stream")
        if len(payload) != 8:
            raise Broken(Code.FRAME_SIZE_ERROR, "PING of a wrong size")
        if not flags & ACK:
            self._sending.out.append(frame(PING, ACK, 0, payload))
        elif payload == ALIVE:
            self._calls.events.append(Ponged())
        elif payload == LEAVING and self._draining and self._calls.accepted == STREAM:
            self._calls.accepted = self._calls.last
            self._sending.out.append(goaway(self._calls.last, Code.NO_ERROR))
            self._end_if_drained()

    def _priority(self, number: int, payload: bytes) -> None:
        if not number:
            raise Broken(Code.PROTOCOL_ERROR, "PRIORITY without a stream")
        if len(payload) != 5:
            raise Broken(Code.FRAME_SIZE_ERROR, "PRIORITY of a wrong size")
        if int.from_bytes(payload[:4], "big") & STREAM == number:
            raise Broken(Code.PROTOCOL_ERROR, "a stream depends on itself")

    def _pump(self) -> None:
        """Send what waited, as windows have opened."""
        sending = self._sending
        for stream in sending.pump():
            if stream.last is not None:
                self._calls.over(stream)
            else:
                self._calls.events.append(Drained(stream.number))
        while sending.tiny:
            sending.tiny -= 1
            self._floods.control()

    def _end_if_drained(self) -> None:
        if self._calls.accepted != STREAM and not self._calls.streams and self.ended is None:
            self.ended = Ended(0, "drained", "the node takes no more calls")
