"""The other end of an engine: a client on the library h2, and raw frames for what h2 would not send."""

from __future__ import annotations

import zlib
from collections import defaultdict

import attrs
from h2 import events as h2_events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes, Settings

from nacos_tw.grpc.engine.events import Event
from nacos_tw.grpc.engine.frames import GOAWAY, PREFACE, SETTINGS, frame
from nacos_tw.grpc.engine.heads import Kind
from nacos_tw.grpc.engine.limits import Limits
from nacos_tw.grpc.engine.seam import Engine, EngineMaker
from nacos_tw.grpc.engine.shared import Shared

UNARY = b"/Request/request"
STREAM = b"/BiRequestStream/requestBiStream"
METHODS = {UNARY: Kind.UNARY, STREAM: Kind.STREAM}
GREETING = PREFACE + frame(SETTINGS, 0, 0)


def headers(path: bytes = UNARY, *more: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Those of a call, as grpc's C core sends them."""
    return [
        (b":scheme", b"http"),
        (b":method", b"POST"),
        (b":authority", b"localhost:9848"),
        (b":path", path),
        (b"te", b"trailers"),
        (b"content-type", b"application/grpc"),
        (b"user-agent", b"grpc-test/1.0"),
        *more,
    ]


def framed(message: bytes) -> bytes:
    """A message with its prefix."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def compressed(message: bytes, level: int = 6) -> bytes:
    """A message as gzip makes it, with its prefix."""
    maker = zlib.compressobj(level, wbits=zlib.MAX_WBITS | 16)
    data = maker.compress(message) + maker.flush()
    return b"\1" + len(data).to_bytes(4, "big") + data


@attrs.define
class Answer:
    """What came on a stream."""

    headers: dict[bytes, bytes] = attrs.Factory(dict)
    parts: list[bytes] = attrs.Factory(list)
    trailers: dict[bytes, bytes] = attrs.Factory(dict)
    ended: bool = False
    reset: int | None = None

    @property
    def data(self) -> bytes:
        return b"".join(self.parts)

    @property
    def messages(self) -> list[bytes]:
        found, data = [], self.data
        while data:
            length = int.from_bytes(data[1:5], "big")
            found.append(data[5 : 5 + length])
            data = data[5 + length :]
        return found

    @property
    def status(self) -> int:
        return int((self.trailers or self.headers)[b"grpc-status"])


class Peer:
    """A client of one engine; bytes move only in L{exchange}."""

    def __init__(
        self, make: EngineMaker, limits: Limits | None = None, shared: Shared | None = None, window: int = 65535
    ) -> None:
        self.shared = shared or Shared(METHODS, limits or Limits())
        self.engine: Engine = make(self.shared)
        self.now = 100.0
        self.events: list[Event] = []
        self.answers: dict[int, Answer] = defaultdict(Answer)
        self.ended: int | None = None
        self.goaways: list[int] = []
        self.raw_out = b""
        self.pongs: list[bytes] = []
        self.reads = True
        http = self.http = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        http.local_settings = Settings(
            client=True, initial_values={SettingCodes.INITIAL_WINDOW_SIZE: window, SettingCodes.ENABLE_PUSH: 0}
        )
        http.initiate_connection()
        self.next = 1

    def call(
        self,
        message: bytes | None = b"{}",
        path: bytes = UNARY,
        end: bool = True,
        more: tuple[tuple[bytes, bytes], ...] = (),
    ) -> int:
        """Send a call; its stream."""
        number, self.next = self.next, self.next + 2
        self.http.send_headers(number, headers(path, *more), end_stream=end and message is None)
        if message is not None:
            self.http.send_data(number, framed(message), end_stream=end)
        return number

    def exchange(self) -> list[Event]:
        """Let bytes move until nobody has more; the events of the engine."""
        first = len(self.events)
        while True:
            sent = self.http.data_to_send()
            if sent:
                self.events += self.engine.receive(sent, self.now)
            received = self.engine.take()
            self.raw_out += received
            if received:
                self._hear(received)
            if not sent and not received:
                return self.events[first:]

    def feed(self, data: bytes) -> list[Event]:
        """Give the engine bytes past h2."""
        events = self.engine.receive(data, self.now)
        self.events += events
        return events

    def _hear(self, data: bytes) -> None:
        kept, at = [], 0
        while at < len(data):
            length, kind = int.from_bytes(data[at : at + 3], "big"), data[at + 3]
            part, at = data[at : at + 9 + length], at + 9 + length
            if kind == GOAWAY:  # h2 would take a warning for the end
                self.goaways.append(int.from_bytes(part[9:13], "big"))
                self.ended = int.from_bytes(part[13:17], "big")
            else:
                kept.append(part)
        for event in self.http.receive_data(b"".join(kept)):
            if isinstance(event, h2_events.ResponseReceived):
                self.answers[event.stream_id].headers = dict(event.headers)
            elif isinstance(event, h2_events.DataReceived):
                self.answers[event.stream_id].parts.append(event.data)
                if self.reads and event.flow_controlled_length:
                    self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2_events.TrailersReceived):
                self.answers[event.stream_id].trailers = dict(event.headers)
            elif isinstance(event, h2_events.StreamEnded):
                self.answers[event.stream_id].ended = True
            elif isinstance(event, h2_events.StreamReset):
                self.answers[event.stream_id].reset = int(event.error_code)
            elif isinstance(event, h2_events.PingAckReceived):
                self.pongs.append(event.ping_data)
