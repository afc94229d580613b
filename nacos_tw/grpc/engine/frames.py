"""Frames of HTTP/2 (RFC 9113, sections 4 and 6): numbers, and those that we write."""

from __future__ import annotations

from enum import IntEnum
from struct import Struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADER = Struct(">BHBBI")
"""Length (as 8 and 16 bits), type, flags, stream with a reserved bit."""
HEADER_SIZE = 9
STREAM = 0x7FFFFFFF

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)

ACK = END_STREAM = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITIZED = 0x20

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = (
    range(1, 7)
)

FRAME_SIZE = 16384
"""Payload of a frame that anybody takes; we never announce more."""
LARGEST_FRAME_SIZE = 2**24 - 1
WINDOW = 65535
"""Bytes of a window at the start."""
LARGEST_WINDOW = 2**31 - 1


class Code(IntEnum):
    """Why a stream or a connection ended (RFC 9113, section 7)."""

    NO_ERROR = 0x0
    PROTOCOL_ERROR = 0x1
    INTERNAL_ERROR = 0x2
    FLOW_CONTROL_ERROR = 0x3
    SETTINGS_TIMEOUT = 0x4
    STREAM_CLOSED = 0x5
    FRAME_SIZE_ERROR = 0x6
    REFUSED_STREAM = 0x7
    CANCEL = 0x8
    COMPRESSION_ERROR = 0x9
    CONNECT_ERROR = 0xA
    ENHANCE_YOUR_CALM = 0xB
    INADEQUATE_SECURITY = 0xC
    HTTP_1_1_REQUIRED = 0xD


_UINT = Struct(">I")
_SETTING = Struct(">HI")
_GOAWAY = Struct(">II")


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A frame."""
    size = len(payload)
    return HEADER.pack(size >> 16, size & 0xFFFF, kind, flags, stream) + payload


def rst_stream(stream: int, code: int) -> bytes:
    """End one stream."""
    return frame(RST_STREAM, 0, stream, _UINT.pack(code))


def window_update(stream: int, size: int) -> bytes:
    """Let the peer send so many bytes more."""
    return frame(WINDOW_UPDATE, 0, stream, _UINT.pack(size))


def settings(values: dict[int, int]) -> bytes:
    """What we want."""
    return frame(SETTINGS, 0, 0, b"".join(_SETTING.pack(*item) for item in values.items()))


def goaway(last: int, code: int, reason: str = "") -> bytes:
    """No stream after that one is served."""
    return frame(GOAWAY, 0, 0, _GOAWAY.pack(last, code) + reason.encode("ascii", "replace")[:200])


SETTINGS_ACK = frame(SETTINGS, ACK, 0)
