"""
The calls of a connection: what comes for them, what they hold, and how they end.

The usual one is headers that are looked up, then one message together with the end of the stream.
"""

from __future__ import annotations

from nacos_tw.grpc.engine.answers import NOT_GRPC, not_grpc
from nacos_tw.grpc.engine.assembly import PREFIX, Assembly, Refused
from nacos_tw.grpc.engine.blocks import unpadded
from nacos_tw.grpc.engine.events import Cancelled, Event, HalfClosed, Message, Opened, Request
from nacos_tw.grpc.engine.floods import Broken, Floods
from nacos_tw.grpc.engine.frames import END_STREAM, PADDED, STREAM, WINDOW, Code, rst_stream, window_update
from nacos_tw.grpc.engine.heads import Head, Kind
from nacos_tw.grpc.engine.sending import Sending
from nacos_tw.grpc.engine.shared import Shared
from nacos_tw.grpc.engine.status import Status
from nacos_tw.grpc.engine.streams import Stream

UNARY, BOTH = Kind.UNARY, Kind.STREAM
LATE = 256
"""Streams that we ended of which we still know that the client may have sent more before it heard of it."""
_NONE_LATE: dict[int, None] = {}
"""The one empty dict of connections without any; never changed in place."""
SMALL = 16
"""Bytes: parts of messages and windows below this are counted, as they cost much more than they carry."""


class Calls:
    """
    Those of one connection.

    @ivar events: what the owner is to hear; it takes the list away.
    @ivar streams: the calls that are not over.
    @ivar last: the highest stream of the client; C{accepted}: the highest that is served.
    @ivar _late: see L{LATE}.
    @ivar _window: bytes that the client may still send; C{_owed}: bytes to be given back to it.
    """

    __slots__ = (
        "_floods",
        "_late",
        "_limits",
        "_owed",
        "_sending",
        "_shared",
        "_window",
        "accepted",
        "events",
        "last",
        "streams",
    )

    def __init__(self, shared: Shared, sending: Sending, floods: Floods) -> None:
        self._shared = shared
        self._limits = shared.limits
        self._sending = sending
        self._floods = floods
        self.events: list[Event] = []
        self.streams: dict[int, Stream] = {}
        self.last = 0
        self.accepted = STREAM
        self._late = _NONE_LATE
        self._window = shared.limits.window
        self._owed = 0

    # What comes

    def headers(self, number: int, flags: int, head: Head) -> None:
        """Headers are complete: a call begins, or one ends with trailers."""
        if number <= self.last:
            self._trailers(number, flags, head)
            return
        self.last = number
        if number > self.accepted:  # it was told that these are not served
            return
        if head.malformed or head.trailers:
            self._shared.refused["malformed"] += 1
            self._refuse(number, Code.PROTOCOL_ERROR)
        elif len(self.streams) >= self._limits.streams:
            self._shared.refused["streams"] += 1
            self._refuse(number, Code.REFUSED_STREAM)
        elif head.kind is UNARY and not flags & END_STREAM:  # nearly all
            self.streams[number] = Stream(number, head, self._floods.now)
        else:
            self._open(Stream(number, head, self._floods.now), flags & END_STREAM)

    def data(self, flags: int, number: int, payload: bytes) -> None:
        """Bytes of a call's body."""
        length = len(payload)
        self._window -= length
        if self._window < 0:
            raise Broken(Code.FLOW_CONTROL_ERROR, "more was sent than the window had")
        if flags & PADDED:
            payload = unpadded(flags, payload)
        stream = self.streams.get(number)
        if stream is None:
            self._data_of_none(number, length)
            return
        if stream.ended:
            self._give_back(length)
            self.reset(stream, Code.STREAM_CLOSED)
            return
        size = len(payload) - PREFIX
        # One whole message: the flag, and the length, which is all of the rest.
        if (
            0 <= size <= self._limits.message
            and payload[0] == 0
            and int.from_bytes(payload[1:PREFIX], "big") == size
            and length <= stream.window
        ):
            head = stream.head
            if flags & END_STREAM:
                if head.kind is UNARY and not stream.got and head.length is None:
                    stream.owed = length
                    stream.ended = stream.told = True
                    self.events.append(Request(number, head, payload[PREFIX:]))
                    return
            elif head.kind is BOTH and size >= SMALL and (stream.assembly is None or stream.assembly.empty):
                stream.window -= length
                stream.got += size + PREFIX
                stream.owed += length
                self.events.append(Message(number, payload[PREFIX:]))
                return
        self._body(stream, flags, payload, length)

    def passed(self, number: int, length: int) -> bool:
        """One whole message of a call has come, and is handled; False, and nothing is done, where more is to be."""
        stream = self.streams.get(number)
        if (
            stream is None
            or stream.ended
            or (stream.assembly is not None and not stream.assembly.empty)
            or stream.window - length < WINDOW // 2
            or self._window < length
            or (self._owed + length) * 2 >= self._limits.window
        ):
            return False
        stream.window -= length
        stream.got += length
        self._window -= length
        self._owed += length
        return True

    def rst_stream(self, number: int) -> None:
        """The client gives up a call."""
        if number > self.last or not number & 1:
            raise Broken(Code.PROTOCOL_ERROR, "RST_STREAM on a stream that was not opened")
        self._floods.reset()
        self._late.pop(number, None)
        stream = self.streams.get(number)
        if stream is not None:
            self._cancel(stream)
            stream.ended = True
            self.over(stream)

    def consumed(self, stream: Stream) -> None:
        """The messages of a stream are handled."""
        if stream.assembly is not None and not stream.assembly.missing:
            stream.assembly.release()
        if stream.owed:
            self._give_back(stream.owed)
            stream.owed = 0
        if stream.window < WINDOW // 2 and not stream.ended:
            self._sending.out.append(window_update(stream.number, WINDOW - stream.window))
            stream.window = WINDOW

    # From frames to calls

    def _open(self, stream: Stream, end: int) -> None:
        """A call begins."""
        head = stream.head
        number = stream.number
        self.streams[number] = stream
        kind = head.kind
        if kind is BOTH:
            stream.told = True
            self.events.append(Opened(number, head))
        elif kind is None and head.refusal is not None:
            stream.ended = bool(end)
            self.finish(stream, *head.refusal)
            return
        if end:
            self._end_of(stream)

    def _trailers(self, number: int, flags: int, head: Head) -> None:
        """Headers on a stream that is not new."""
        stream = self.streams.get(number)
        if stream is None:
            if number not in self._late and number <= self.accepted:
                raise Broken(Code.STREAM_CLOSED, "HEADERS on a closed stream")
        elif stream.ended:
            self.reset(stream, Code.STREAM_CLOSED)
        elif not flags & END_STREAM or not head.trailers:
            self.reset(stream, Code.PROTOCOL_ERROR)
        else:
            self._end_of(stream)

    def _data_of_none(self, number: int, length: int) -> None:
        if number > self.last or not number & 1:
            raise Broken(Code.PROTOCOL_ERROR, "DATA on a stream that was not opened")
        if number not in self._late and number <= self.accepted:
            raise Broken(Code.STREAM_CLOSED, "DATA on a closed stream")
        self._floods.control()
        self._give_back(length)

    def _body(self, stream: Stream, flags: int, payload: bytes, length: int) -> None:
        """Bytes that are not one whole message with its end."""
        stream.window -= length
        stream.got += len(payload)
        if stream.window < 0:
            self._give_back(length)
            self.reset(stream, Code.FLOW_CONTROL_ERROR)
            return
        end = flags & END_STREAM
        if len(payload) < SMALL and not end:
            self._floods.control()
        head = stream.head
        if head.kind is None:  # an answer waits for the end of this
            self._give_back(length)
            stream.window += length
            if length:
                self._sending.out.append(window_update(stream.number, length))
        else:
            try:
                self._assemble(stream, payload, length)
            except Refused as refused:
                self._shared.refused["messages"] += 1
                self._give_back(length)
                stream.ended = bool(end)
                self._cancel(stream)
                self.finish(stream, refused.status, refused.text)
                return
        if end:
            self._end_of(stream)

    def _assemble(self, stream: Stream, payload: bytes, length: int) -> None:
        """
        Make messages of the bytes of a stream.

        @raise Refused: that cannot be.
        """
        assembly = stream.assembly
        if assembly is None:
            # A message that is not in parts needs no room; most of them.
            floods = self._floods if stream.head.gzip else None
            assembly = stream.assembly = Assembly(self._shared.room, self._limits.message, floods)
        messages = assembly.add(payload)
        if stream.head.kind is BOTH:
            self.events += [Message(stream.number, message) for message in messages]
        elif messages:
            if stream.message is not None or len(messages) > 1:
                raise Refused(Status.INTERNAL, "Too many requests")
            stream.message = messages[0]
        elif stream.message is not None and not assembly.empty:
            raise Refused(Status.INTERNAL, "Too many requests")
        missing = assembly.missing
        if missing:
            # Its room is held: so the windows need not wait for it to be handled.
            self._give_back(length)
            if stream.window < missing and stream.window < WINDOW // 2:
                self._sending.out.append(window_update(stream.number, missing - stream.window))
                stream.window = missing
        else:
            stream.owed += length

    def _end_of(self, stream: Stream) -> None:
        """The client sends no more on that stream."""
        stream.ended = True
        head = stream.head
        number = stream.number
        if head.length is not None and head.length != stream.got:
            self.reset(stream, Code.PROTOCOL_ERROR)
        elif head.kind is BOTH:
            if stream.assembly is not None and not stream.assembly.empty:
                self._cancel(stream)
                self.finish(stream, Status.INTERNAL, "the last message is cut off")
            else:
                self.events.append(HalfClosed(number))
        elif head.kind is None:
            if self._sending.plain(stream, not_grpc(head.http_status), NOT_GRPC):
                self.over(stream)
        elif stream.message is None or (stream.assembly is not None and not stream.assembly.empty):
            self.finish(stream, Status.INTERNAL, "Half-closed without a request")
        else:
            stream.told = True
            self.events.append(Request(number, head, stream.message))
            stream.message = None

    # How they end

    def finish(self, stream: Stream, status: int, text: str) -> None:
        """End a call, behind what was sent on it."""
        if stream.last is None and self._sending.finish(stream, status, text):
            self.over(stream)

    def over(self, stream: Stream) -> None:
        """A call is over: what it held is given back."""
        number = stream.number
        del self.streams[number]
        if stream.assembly is not None:
            stream.assembly.release()
        if stream.owed:
            self._give_back(stream.owed)
        if stream.queue:
            self._sending.forget(stream)
        if not stream.ended:
            self._sending.out.append(rst_stream(number, Code.NO_ERROR))
            self._remember(number)

    def _give_back(self, size: int) -> None:
        """So many bytes are not in use here any more."""
        self._owed += size
        if self._owed * 2 >= self._limits.window:
            self._window += self._owed
            self._sending.out.append(window_update(0, self._owed))
            self._owed = 0

    def _remember(self, number: int) -> None:
        late = self._late
        if late is _NONE_LATE:
            late = self._late = {}
        late[number] = None
        if len(late) > LATE:
            del late[next(iter(late))]

    def _cancel(self, stream: Stream) -> None:
        """A call is over without the owner's doing."""
        if stream.told:
            stream.told = False
            self.events.append(Cancelled(stream.number))

    def _refuse(self, number: int, code: Code) -> None:
        """A stream is not opened."""
        self._floods.reset()
        self._sending.out.append(rst_stream(number, code))
        self._remember(number)

    def reset(self, stream: Stream, code: Code) -> None:
        """The client has done what ends a stream."""
        self._cancel(stream)
        stream.ended = True  # no second RST_STREAM
        self.over(stream)
        self._refuse(stream.number, code)

    def drop(self) -> list[Cancelled]:
        """The connection is gone: the calls that the owner knows of."""
        told = [Cancelled(stream.number) for stream in self.streams.values() if stream.told]
        for stream in self.streams.values():
            if stream.assembly is not None:
                stream.assembly.release()
            self._sending.forget(stream)
        self.streams.clear()
        return told
