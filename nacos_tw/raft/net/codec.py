"""Frames on 7848, and frames to and from bytes.

On the wire a frame is its length (4 bytes, big-endian, the length not counted), its payload, and,
once the link has its keys (see L{nacos_tw.raft.net.handshake}), L{MAC_BYTES} bytes of a truncated
HMAC-SHA256 over (the frame's number on this link and direction, the payload). The payload is a
msgpack array that starts with the frame's tag. Fields may be added at the end, with a default.
"""

from __future__ import annotations

import hmac
import struct
from typing import Any

import msgspec

from nacos_tw.raft.core.messages import AnyMessage, MemberRecord

VERSION = 1
"""Version of the protocol on 7848; both sides of a link must have the same."""
MAC_BYTES = 16
"""Bytes of the truncated HMAC behind each payload."""
EARLY_LIMIT = 4 * 1024
"""Largest frame before the other side is known, in bytes."""
LIMIT = 16 * 1024 * 1024
"""Largest frame of a known peer, in bytes (payload and HMAC)."""

_LENGTH = struct.Struct(">I")
_NUMBER = struct.Struct(">Q")


class FrameError(Exception):
    """Bytes that are no frame, or a frame that its sender did not write so: the link must be closed."""


class OversizeError(FrameError):
    """A frame longer than the limit."""


class Frame(msgspec.Struct, frozen=True, array_like=True, tag_field="type", gc=False):
    """Base of the frames."""


class Hello(Frame, frozen=True, array_like=True, tag=1, gc=False):
    """The dialing side says who it is (C{node}), whom it expects (C{to}), and, for the operator's eyes,
    a digest of its member list, its C{server} version and its C{http} address. C{nonce} is fresh. C{level}: of
    the commands that it can apply; 0 for those of versions that do not say. C{id}: what it made at its first start,
    C{raft}: where its Raft port is, C{joined}: whether the log has named it by that id, C{starts} and C{run}: which of
    its starts this is, and the number drawn for that; not told by older versions. C{config} and C{to_id}: the index of
    the newest list of members in its log, if it is one of them, and the id of the node that it expects in that list;
    0 and "" where that is not told or not known. C{asks_leader}: its log does not name it yet, and it understands
    L{LeaderKnown}."""

    version: int
    node: str
    to: str
    nonce: bytes
    members: bytes = b""
    server: str = ""
    http: str = ""
    level: int = 0
    id: str = ""
    raft: str = ""
    joined: bool = False
    starts: int = 0
    run: int = 0
    config: int = 0
    to_id: str = ""
    asks_leader: bool = False


class Challenge(Frame, frozen=True, array_like=True, tag=2, gc=False):
    """The listening side's fresh nonce. It says nothing else before the other has proved itself."""

    version: int
    nonce: bytes


class Proof(Frame, frozen=True, array_like=True, tag=3, gc=False):
    """Shows that the sender has the cluster's secret and saw the same Hello and Challenge."""

    mac: bytes


class RaftFrame(Frame, frozen=True, array_like=True, tag=4, gc=False):
    """A message between the Raft cores."""

    message: AnyMessage


class Forward(Frame, frozen=True, array_like=True, tag=5, gc=False):
    """Commands of a follower for the leader of C{term}; C{first} is the number of the first one in the
    sequence of C{origin}. Without C{restart} they follow the sender's last ones without a gap; with
    it nothing older is waiting at the sender. C{session} tells this start of the sender from others."""

    term: int
    origin: str
    first: int
    commands: tuple[bytes, ...]
    restart: bool = False
    session: int = 0


class Beats(Frame, frozen=True, array_like=True, tag=6, gc=False):
    """A follower's batch of lease renewals for the leader of C{term}: packed instance numbers."""

    term: int
    batch: int
    numbers: bytes


class BeatsAck(Frame, frozen=True, array_like=True, tag=7, gc=False):
    """The leader's answer to L{Beats}: a majority has them, or (not C{ok}) they were not taken."""

    batch: int
    ok: bool


class Refused(Frame, frozen=True, array_like=True, tag=8, gc=False):
    """The answer to a L{Forward} that was not taken: the sender of this frame, in C{term}, does not lead."""

    term: int


class Ping(Frame, frozen=True, array_like=True, tag=9, gc=False):
    """Asks for a sign of life. C{sent}: the sender's clock in microseconds, for it alone."""

    sent: int


class Pong(Frame, frozen=True, array_like=True, tag=10, gc=False):
    """The sign of life; C{sent} as in the L{Ping}."""

    sent: int


class Ask(Frame, frozen=True, array_like=True, tag=11, gc=False):
    """A small request from node to node, answered on the same link."""

    id: int
    what: str
    body: bytes


class Answer(Frame, frozen=True, array_like=True, tag=12, gc=False):
    """The answer to the L{Ask} with that C{id}; not C{ok}: C{body} is the error's text in UTF-8."""

    id: int
    ok: bool
    body: bytes


class Gone(Frame, frozen=True, array_like=True, tag=13, gc=False):
    """The listening side knows the other as a member that was removed; C{why}: a sentence for its operator."""

    why: str


class Remembered(Frame, frozen=True, array_like=True, tag=14, gc=False):
    """The listening side has seen that many starts of the other, whose own count is not ahead of that: its disk is an
    older copy. C{term}: of the sender. Only sent to those who tell their starts."""

    count: int
    term: int


class LeaderKnown(Frame, frozen=True, array_like=True, tag=15, gc=False):
    """The listening side follows that leader: who is to become a member calls it. Only sent to those who ask for it in
    their L{Hello}."""

    leader: MemberRecord


EarlyFrame = Hello | Challenge | Proof
"""What may come before a link is authenticated."""
DialedFrame = RaftFrame | Forward | Beats | BeatsAck | Refused | Ping | Ask
"""What the dialing side sends."""
AnsweringFrame = Pong | Answer | Gone | Remembered | LeaderKnown
"""What the listening side sends back."""
AnyFrame = (
    RaftFrame | Forward | Beats | BeatsAck | Refused | Ping | Ask | Pong | Answer | Gone | Remembered | LeaderKnown
)
"""Every frame of an authenticated link."""

encode = msgspec.msgpack.Encoder().encode
"""A frame's payload: L{bytes}, the same for every link that it is sent on."""

_decode_early = msgspec.msgpack.Decoder(EarlyFrame).decode
_DAMAGE = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)


def decode_early(payload: bytes) -> EarlyFrame:
    """
    Read a handshake frame.

    @raise FrameError: it is none.
    """
    try:
        return _decode_early(payload)
    except _DAMAGE as error:
        raise FrameError(f"not a handshake frame: {error}") from error


def pack(payload: bytes) -> bytes:
    """A payload as it goes over a link that has no keys yet."""
    return _LENGTH.pack(len(payload)) + payload


def take_early(buffer: bytearray) -> bytes | None:
    """
    Take the first whole payload off C{buffer}, before the link has keys.

    @return: None if it is not complete yet.
    @raise OversizeError: it would be longer than L{EARLY_LIMIT}.
    """
    if len(buffer) < 4:
        return None
    (size,) = _LENGTH.unpack_from(buffer)
    if size > EARLY_LIMIT:
        raise OversizeError(f"{size} bytes from an unknown sender")
    if len(buffer) < 4 + size:
        return None
    payload = bytes(buffer[4 : 4 + size])
    del buffer[: 4 + size]
    return payload


class Sealer:
    """Puts length and HMAC around the payloads of one direction of one link, in order."""

    __slots__ = ("_count", "_keyed")

    def __init__(self, key: bytes) -> None:
        self._keyed = hmac.new(key, digestmod="sha256")
        self._count = 0

    def seal(self, payload: bytes) -> bytes:
        """The wire bytes; each call counts one frame, so what is sealed must be sent."""
        mac = self._keyed.copy()
        mac.update(_NUMBER.pack(self._count))
        mac.update(payload)
        self._count += 1
        return b"%b%b%b" % (_LENGTH.pack(len(payload) + MAC_BYTES), payload, mac.digest()[:MAC_BYTES])


class Decoder:
    """
    Turns the bytes of one direction of one link into frames.

    @param kind: the union of frames that may come, e.g. L{DialedFrame}.
    @param key: checks each frame's HMAC with it; None: frames carry none.
    @param limit: the largest frame, in bytes.
    """

    __slots__ = ("_count", "_decode", "_keyed", "_least", "_limit", "_pending", "_wanted")

    def __init__(self, kind: Any = AnyFrame, key: bytes | None = None, limit: int = LIMIT) -> None:
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._keyed = None if key is None else hmac.new(key, digestmod="sha256")
        self._least = 1 if key is None else MAC_BYTES + 1
        self._limit = limit
        self._count = 0
        self._pending = bytearray()
        self._wanted = 4

    def feed(self, data: bytes) -> list[Any]:
        """
        Take the next bytes of the stream.

        @return: the frames that are complete now, in order.
        @raise FrameError: the stream is damaged; the decoder is of no use any more.
        """
        pending = self._pending
        if pending:
            # Each byte of a frame that comes in many reads is copied twice, however many they are.
            pending += data
            if len(pending) < self._wanted:
                return []
            data = bytes(pending)
            pending.clear()
        frames: list[Any] = []
        offset, end = 0, len(data)
        view = memoryview(data)
        self._wanted = 4
        while end - offset >= 4:
            (size,) = _LENGTH.unpack_from(data, offset)
            if size > self._limit:
                raise OversizeError(f"{size} bytes in one frame")
            if size < self._least:
                raise FrameError("a frame without content")
            stop = offset + 4 + size
            if stop > end:
                self._wanted = 4 + size
                break
            frames.append(self._open(view[offset + 4 : stop]))
            offset = stop
        if offset < end:
            pending += view[offset:]
        return frames

    def _open(self, payload: memoryview) -> Any:
        """Check the HMAC of one frame and decode it."""
        if self._keyed is not None:
            claimed = payload[-MAC_BYTES:]
            payload = payload[:-MAC_BYTES]
            mac = self._keyed.copy()
            mac.update(_NUMBER.pack(self._count))
            mac.update(payload)
            if not hmac.compare_digest(mac.digest()[:MAC_BYTES], claimed):
                raise FrameError("a frame that this peer did not send, or not now")
            self._count += 1
        try:
            return self._decode(payload)
        except _DAMAGE as error:
            raise FrameError(f"not a frame: {error}") from error
