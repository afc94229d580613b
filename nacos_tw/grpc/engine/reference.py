"""
The engine on the library h2: slower by far, and its frames, header tables and windows are somebody else's work.

It is what L{nacos_tw.grpc.engine.connection} is compared with; a server runs on either. h2 is installed with the extra
C{test} (or C{pip install h2}). It answers some broken rules with the end of the connection where only a call need end.
"""

from __future__ import annotations

from collections import deque

from h2 import events as h2_events
from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.exceptions import DenialOfServiceError, H2Error, ProtocolError, StreamClosedError
from h2.settings import SettingCodes, Settings

from nacos_tw.grpc.engine.answers import NOT_GRPC
from nacos_tw.grpc.engine.assembly import Assembly, Refused
from nacos_tw.grpc.engine.events import (
    Cancelled,
    Drained,
    Ended,
    Event,
    HalfClosed,
    Message,
    Opened,
    Ponged,
    Request,
)
from nacos_tw.grpc.engine.floods import Broken, Floods
from nacos_tw.grpc.engine.frames import STREAM, WINDOW, Code, goaway
from nacos_tw.grpc.engine.heads import Head, Kind
from nacos_tw.grpc.engine.shared import Shared
from nacos_tw.grpc.engine.status import ENCODINGS, Status, percent

ALIVE, LEAVING = b"nacos_tw", b"goingout"
CONTENT = (b"content-type", b"application/grpc")


class _Call:
    """One call: what has come, and what waits to go."""

    def __init__(self, number: int, head: Head, since: float, assembly: Assembly) -> None:
        self.number = number
        self.head = head
        self.since = since
        self.assembly = assembly
        self.messages: list[bytes] = []
        self.owed = self.got = 0
        self.ended = self.told = self.started = False
        self.queue: deque[bytes] = deque()
        self.last: list[tuple[bytes, bytes]] | None = None

    @property
    def queued(self) -> int:
        return sum(map(len, self.queue))


class Reference:
    """One connection; see L{nacos_tw.grpc.engine.seam.Engine}."""

    def __init__(self, shared: Shared) -> None:
        self.ended: Ended | None = None
        self._shared = shared
        self._limits = limits = shared.limits
        self._floods = Floods(limits)
        self._calls: dict[int, _Call] = {}
        self._events: list[Event] = []
        self._choked = self._draining = False
        self._accepted = STREAM
        self._out = b""
        self._since: float | None = None
        http = self._http = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        http.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: limits.streams,
                SettingCodes.MAX_HEADER_LIST_SIZE: limits.header_list,
            },
        )
        http.decoder.max_header_list_size = limits.header_list
        http.initiate_connection()
        if limits.window > WINDOW:
            http.increment_flow_control_window(limits.window - WINDOW)

    # What the owner calls

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Bytes have come."""
        if self.ended is not None:
            return []
        self._floods.now = now
        try:
            found = self._http.receive_data(data)
            # h2 keeps what is not complete where nobody can ask for it; so each silence is a beginning.
            self._since = now if getattr(self._http.incoming_buffer, "_data", b"") else None
            for event in found:
                self._one(event)
                if self.ended is not None:
                    break
        except Broken as broken:
            self.end(broken.cause, broken.reason, broken.code)
        except DenialOfServiceError as error:
            self._over("headers", str(error), Code.ENHANCE_YOUR_CALM)
        except ProtocolError as error:
            self._over("protocol", str(error), Code(error.error_code))
        return self._told()

    def passed(self, stream: int, size: int) -> bool:
        """h2 sees all bytes."""
        return False

    def take(self) -> bytes:
        """What is to be written now."""
        out, self._out = self._out + self._http.data_to_send(), b""
        return out

    def answer(self, stream: int, message: bytes) -> None:
        """Answer a unary call."""
        call = self._calls.get(stream)
        if call is None or call.last is not None:
            return
        queued = sum(each.queued for each in self._calls.values())
        if queued and queued + len(message) > self._limits.queued:
            self._shared.refused["unread"] += 1
            self.finish(stream, Status.RESOURCE_EXHAUSTED, "too many answers are not read")
            return
        self._message(call, message)
        self.finish(stream)

    def begin(self, stream: int) -> None:
        """Send the first headers of a stream."""
        call = self._calls.get(stream)
        if call is not None and call.last is None and self.ended is None:
            self._begin(call)

    def send(self, stream: int, message: bytes) -> bool:
        """Send a message on a stream."""
        call = self._calls.get(stream)
        if call is None or call.last is not None or self.ended is not None:
            return False
        if call.queue and call.queued + len(message) > self._limits.pushes:
            self.end("unread", "too many messages are not read", Code.ENHANCE_YOUR_CALM)
            return False
        self._message(call, message)
        return True

    def finish(self, stream: int, status: int = 0, text: str = "") -> None:
        """End a call."""
        call = self._calls.get(stream)
        if call is None or call.last is not None:
            return
        last = [(b"grpc-status", b"%d" % status)]
        if text:
            last.append((b"grpc-message", percent(text)))
        if status == Status.UNIMPLEMENTED:
            last.append((b"grpc-accept-encoding", ENCODINGS))
        if not call.started:
            call.started = True
            last = [(b":status", b"200"), CONTENT, *last]
        call.last = last
        self._pump(call)
        self._end_if_drained()

    def consumed(self, stream: int) -> None:
        """The messages of a stream are handled."""
        call = self._calls.get(stream)
        if call is not None:
            if not call.assembly.missing:
                call.assembly.release()
            self._give_back(call, call.owed)
            call.owed = 0

    def queued(self, stream: int) -> int:
        """Bytes that wait."""
        call = self._calls.get(stream)
        return 0 if call is None else call.queued

    def choke(self, choked: bool) -> list[Event]:
        """The transport takes no more, or does again."""
        self._choked = choked
        self._pump_all()
        return self._told()

    def ping(self) -> None:
        """Ask for a sign of life."""
        if self.ended is None:
            self._http.ping(ALIVE)

    def drain(self) -> None:
        """Take no new calls."""
        if not self._draining and self.ended is None:
            self._draining = True
            # h2 takes a GOAWAY for the end; so it is written past it.
            self._out += self._http.data_to_send() + goaway(STREAM, Code.NO_ERROR)
            self._http.ping(LEAVING)

    def end(self, cause: str, reason: str, code: int = 0) -> None:
        """End the connection."""
        if self.ended is None:
            self.ended = Ended(int(code), cause, reason)
            if self._http.state_machine.state is not ConnectionState.CLOSED:
                self._http.close_connection(code, reason.encode("ascii", "replace"))

    def sweep(self, now: float) -> list[Event]:
        """Cut off what is too slow."""
        self._floods.now = now
        if self.ended is None and self._since is not None and now - self._since > self._limits.frame_time:
            self.end("slow", "a frame came too slowly", Code.ENHANCE_YOUR_CALM)
        if self.ended is None:
            for call in list(self._calls.values()):
                late = now - call.since > self._limits.message_time
                if late and not call.ended and call.head.kind is not Kind.STREAM:
                    self._shared.refused["slow"] += 1
                    self.finish(call.number, Status.CANCELLED, "the call came too slowly")
        return self._told()

    def lost(self) -> list[Cancelled]:
        """The transport is gone."""
        if self.ended is None:
            self.ended = Ended(0, "closed", "the client closed the connection")
        told = [Cancelled(call.number) for call in self._calls.values() if call.told]
        for call in self._calls.values():
            call.assembly.release()
        self._calls.clear()
        self._out = b""
        self._http.clear_outbound_data_buffer()
        return told

    @property
    def calls(self) -> int:
        """Calls that are not over."""
        return len(self._calls)

    # What h2 tells

    def _one(self, event: h2_events.Event) -> None:
        if isinstance(event, h2_events.RequestReceived):
            self._open(event.stream_id, Head(event.headers or [], self._shared.methods))
        elif isinstance(event, h2_events.DataReceived):
            self._data(event.stream_id, event.data, event.flow_controlled_length, event.stream_ended is not None)
        elif isinstance(event, h2_events.StreamEnded):
            call = self._calls.get(event.stream_id)
            if call is not None:
                self._end_of(call)
        elif isinstance(event, h2_events.StreamReset):
            self._floods.reset()
            call = self._calls.get(event.stream_id)
            if call is not None:
                self._cancel(call)
                call.ended = True
                self._gone(call)
        elif isinstance(event, h2_events.WindowUpdated):
            if event.delta < 16:
                self._floods.control()
            self._pump_all()
        elif isinstance(event, h2_events.PingAckReceived):
            self._ponged(event.ping_data)
        elif isinstance(event, (h2_events.RemoteSettingsChanged, h2_events.PingReceived, h2_events.PriorityUpdated)):
            self._floods.control()
            self._pump_all()

    def _open(self, number: int, head: Head) -> None:
        if number > self._accepted:
            return
        assembly = Assembly(self._shared.room, self._limits.message, self._floods if head.gzip else None)
        call = _Call(number, head, self._floods.now, assembly)
        if head.malformed or len(self._calls) >= self._limits.streams:
            self._shared.refused["malformed" if head.malformed else "streams"] += 1
            self._floods.reset()
            self._http.reset_stream(number, Code.PROTOCOL_ERROR if head.malformed else Code.REFUSED_STREAM)
            return
        self._calls[number] = call
        if head.kind is Kind.STREAM:
            call.told = True
            self._events.append(Opened(number, head))
        elif head.kind is None and head.refusal is not None:
            self.finish(number, *head.refusal)

    def _data(self, number: int, data: bytes, length: int, end: bool) -> None:
        call = self._calls.get(number)
        if call is None or call.head.kind is None:
            if length:
                self._http.acknowledge_received_data(length, number)
            return
        call.owed += length
        call.ended = end
        if len(data) < 16 and not end:
            self._floods.control()
        try:
            messages = call.assembly.add(data)
            call.got += len(messages)
            if call.head.kind is Kind.STREAM:
                self._events += [Message(number, message) for message in messages]
            else:
                call.messages += messages
                if call.got > 1 or (call.got and not call.assembly.empty):
                    raise Refused(Status.INTERNAL, "Too many requests")
        except Refused as refused:
            self._shared.refused["messages"] += 1
            self._cancel(call)
            self.finish(number, refused.status, refused.text)
            return
        if call.assembly.missing:
            self._give_back(call, length)
            call.owed -= length

    def _end_of(self, call: _Call) -> None:
        call.ended = True
        head, number = call.head, call.number
        if head.kind is Kind.STREAM:
            if call.assembly.empty:
                self._events.append(HalfClosed(number))
            else:
                self._cancel(call)
                self.finish(number, Status.INTERNAL, "the last message is cut off")
        elif head.kind is None:
            if head.refusal is None:
                self._refuse_http(call)
        elif not call.messages or not call.assembly.empty:
            self.finish(number, Status.INTERNAL, "Half-closed without a request")
        else:
            call.told = True
            self._events.append(Request(number, head, call.messages.pop()))

    def _refuse_http(self, call: _Call) -> None:
        self._http.send_headers(
            call.number,
            [
                (b":status", b"%d" % call.head.http_status),
                (b"content-type", b"text/plain"),
                (b"content-length", b"%d" % len(NOT_GRPC)),
            ],
        )
        call.started = True
        call.queue.append(NOT_GRPC)
        call.last = []
        self._pump(call)

    def _ponged(self, payload: bytes) -> None:
        self._floods.control()
        if payload == ALIVE:
            self._events.append(Ponged())
        elif payload == LEAVING and self._draining and self._accepted == STREAM:
            self._accepted = self._http.highest_inbound_stream_id
            self._out += self._http.data_to_send() + goaway(self._accepted, Code.NO_ERROR)

    # What goes to h2

    def _begin(self, call: _Call) -> None:
        if not call.started:
            call.started = True
            self._http.send_headers(call.number, [(b":status", b"200"), CONTENT])

    def _message(self, call: _Call, message: bytes) -> None:
        self._begin(call)
        call.queue.append(b"\0" + len(message).to_bytes(4, "big") + message)
        self._pump(call)

    def _pump(self, call: _Call) -> None:
        """Send what waits on a call, as far as the windows go."""
        waited = bool(call.queue)
        while call.queue:
            room = min(self._http.local_flow_control_window(call.number), self._http.max_outbound_frame_size)
            if room <= 0 or self._choked:
                return
            part, rest = call.queue[0][:room], call.queue[0][room:]
            self._http.send_data(call.number, part)
            if rest:
                call.queue[0] = rest
                if len(part) < 64:
                    self._floods.control()
            else:
                call.queue.popleft()
        if call.last is not None:
            if call.last:
                self._http.send_headers(call.number, call.last, end_stream=True)
            else:
                self._http.end_stream(call.number)
            self._gone(call)
        elif waited and call.told and call.number in self._waited:
            self._events.append(Drained(call.number))

    def _pump_all(self) -> None:
        if self.ended is None:
            self._waited = {call.number for call in self._calls.values() if call.queue}
            try:
                for call in list(self._calls.values()):
                    self._pump(call)
            finally:
                self._waited = set()

    _waited: set[int] = set()

    def _gone(self, call: _Call) -> None:
        """A call is over: what it held is given back."""
        del self._calls[call.number]
        call.assembly.release()
        if call.owed:
            self._give_back(call, call.owed)
        if not call.ended:
            try:
                self._http.reset_stream(call.number, Code.NO_ERROR)
            except StreamClosedError:  # its end has come, and we are told that later
                pass

    def _give_back(self, call: _Call, size: int) -> None:
        if size:
            try:
                self._http.acknowledge_received_data(size, call.number)
            except H2Error:
                self.end("protocol", "the window could not be given back", Code.INTERNAL_ERROR)

    def _cancel(self, call: _Call) -> None:
        if call.told:
            call.told = False
            self._events.append(Cancelled(call.number))

    def _over(self, cause: str, reason: str, code: Code) -> None:
        """h2 has ended the connection, and said so to the client."""
        if self.ended is None:
            self.ended = Ended(int(code), cause, reason)

    def _end_if_drained(self) -> None:
        if self._accepted != STREAM and not self._calls and self.ended is None:
            self.ended = Ended(0, "drained", "the node takes no more calls")

    def _told(self) -> list[Event]:
        self._end_if_drained()
        events, self._events = self._events, []
        return events
