"""
The one message of Nacos's gRPC: C{Payload} {metadata, body}, written and read by hand.

metadata: type, headers, clientIp; body: JSON in a C{google.protobuf.Any}. What comes is read as protobuf says (fields
in any order, the last one counts, unknown ones are skipped), within bounds.
"""

from __future__ import annotations

import attrs

from nacos_tw.grpc.engine.memory import Memory

METADATA, BODY = 2, 3
TYPE, HEADERS, CLIENT_IP = 3, 7, 8
VALUE = 2
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

MOST_METADATA = 2**16
"""Bytes of all metadata of a request."""
MOST_FIELDS = 256
"""Fields of a message; ours have no more than their headers."""
REMEMBERED = 1024
"""Bytes of metadata that are worth remembering."""


class PayloadError(Exception):
    """The bytes are no Payload that we take."""


@attrs.frozen
class Metadata:
    """
    What stands beside the JSON.

    @ivar type: simple class name, C{InstanceRequest}.
    @ivar client_ip: the address that the client believes it has.
    """

    type: str = ""
    headers: dict[str, str] = attrs.Factory(dict)
    client_ip: str = ""


Payload = tuple[Metadata, bytes]
"""Metadata, and the JSON."""


class Reader:
    """Reads payloads. The metadata of most are the same bytes again and again: they are remembered."""

    def __init__(self, most: int = 4096, bytes_: int = 2**22) -> None:
        """
        @param most: metadata that are remembered; C{bytes_}: what they may take.
        """
        self._known: Memory[bytes, Metadata] = Memory(most, bytes_)

    def read(self, data: bytes) -> Payload:
        """
        @raise PayloadError: it is none.
        """
        if data[:1] == b"\x12" and len(data) > 3:
            # The usual shape: metadata that are known, then the body, in which there is only the value.
            size, at = data[1], 2
            if size >= 0x80:
                size, at = size & 0x7F | data[2] << 7, 3
            stop = at + size
            key = data[at:stop]
            known = self._known.recent(key) or self._known.get(key)
            if known is not None and data[stop : stop + 1] == b"\x1a" and (at == 2 or data[2] < 0x80):
                left = len(data) - stop
                if 4 <= left < 130 and data[stop + 1 : stop + 4] == b"%c\x12%c" % (left - 2, left - 4):
                    return known, data[stop + 4 :]  # both lengths take a byte
                if 134 <= left < 2**14 and data[stop + 3] == 0x12:
                    inner, size = left - 3, left - 6  # both take two
                    if (
                        data[stop + 1] == inner & 127 | 128
                        and data[stop + 2] == inner >> 7
                        and data[stop + 4] == size & 127 | 128
                        and data[stop + 5] == size >> 7
                    ):
                        return known, data[stop + 6 :]
                size, at = _varint(data, stop + 1)
                if at + size == len(data) and data[at : at + 1] == b"\x12":
                    size, at = _varint(data, at + 1)
                    if at + size == len(data):
                        return known, data[at:]
        return self._read(data)

    def _read(self, data: bytes) -> Payload:
        metadata: Metadata | None = None
        body = b""
        parts: list[bytes] = []
        for number, value in _fields(data):
            if number == METADATA:
                parts.append(value)
            elif number == BODY:
                # Messages that come twice are joined, so a second body without a value leaves the first.
                for inner, text in _fields(value):
                    if inner == VALUE:
                        body = text
        if len(parts) == 1:
            metadata = self._known.get(parts[0])
        if metadata is None:
            joined = parts[0] if len(parts) == 1 else b"".join(parts)
            metadata = _metadata(joined)
            if len(joined) <= REMEMBERED:
                self._known.put(joined, metadata, 3 * len(joined) + 500)
        return metadata, body


def _fields(data: bytes) -> list[tuple[int, bytes]]:
    """
    The fields of a message whose kind is bytes; others are passed over.

    @raise PayloadError: it is malformed.
    """
    found: list[tuple[int, bytes]] = []
    at, end = 0, len(data)
    count = 0
    while at < end:
        tag = data[at]
        at += 1
        if tag >= 0x80:
            tag, at = _varint(data, at - 1)
        count += 1
        number, kind = tag >> 3, tag & 7
        if count > MOST_FIELDS or not 0 < number < 2**29:
            raise PayloadError("a payload has too many fields, or one that cannot be")
        if kind == BYTES:
            size, at = _varint(data, at)
            stop = at + size
            if stop > end:
                raise PayloadError("a payload is cut off")
            found.append((number, data[at:stop]))
            at = stop
        elif kind == VARINT:
            _, at = _varint(data, at)
        elif kind in (FIXED64, FIXED32):
            at += 8 if kind == FIXED64 else 4
            if at > end:
                raise PayloadError("a payload is cut off")
        else:
            raise PayloadError("a payload has a field of an unknown kind")
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number and the place behind it."""
    value = shift = 0
    try:
        if data[at] < 0x80:
            return data[at], at + 1
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift > 63:
                raise PayloadError("a number in a payload is too large")
    except IndexError:
        raise PayloadError("a payload is cut off") from None
    return value, at


def _metadata(data: bytes) -> Metadata:
    if len(data) > MOST_METADATA:
        raise PayloadError("the metadata of a payload are too large")
    type_ = client_ip = b""
    headers: dict[str, str] = {}
    try:
        for number, value in _fields(data):
            if number == TYPE:
                type_ = value
            elif number == CLIENT_IP:
                client_ip = value
            elif number == HEADERS:
                entry = dict(_fields(value))
                headers[entry.get(1, b"").decode()] = entry.get(2, b"").decode()
        return Metadata(type_.decode(), headers, client_ip.decode())
    except UnicodeDecodeError:
        raise PayloadError("a text in a payload is not UTF-8") from None


_PREFIXES: dict[tuple[str, str], bytes] = {}


def write(type_: str, body: bytes, client_ip: str = "") -> bytes:
    """
    A payload of ours.

    @param type_: one of the types that this server knows, never a client's text: what it becomes is kept.
    @param client_ip: of the server, on requests to clients.
    """
    prefix = _PREFIXES.get((type_, client_ip))
    if prefix is None:
        metadata = _field(TYPE, type_.encode()) + (_field(CLIENT_IP, client_ip.encode()) if client_ip else b"")
        prefix = _PREFIXES[type_, client_ip] = _field(METADATA, metadata)
    size = len(body)
    if size < 126:  # both lengths take a byte
        return b"%b\x1a%c\x12%c%b" % (prefix, size + 2, size, body)
    if 128 <= size < 2**14 - 3:  # both take two
        inner = size + 3
        return b"%b\x1a%c%c\x12%c%c%b" % (prefix, inner & 127 | 128, inner >> 7, size & 127 | 128, size >> 7, body)
    length = _length(size)
    return b"%b\x1a%b\x12%b%b" % (prefix, _length(size + len(length) + 1), length, body)


def write_request(metadata: Metadata, body: bytes) -> bytes:
    """A payload as clients send it, for tests and tools."""
    parts = [_field(TYPE, metadata.type.encode())]
    parts += [
        _field(HEADERS, _field(1, name.encode()) + _field(2, value.encode()))
        for name, value in metadata.headers.items()
    ]
    if metadata.client_ip:
        parts.append(_field(CLIENT_IP, metadata.client_ip.encode()))
    return _field(METADATA, b"".join(parts)) + _field(BODY, _field(VALUE, body))


def _field(number: int, value: bytes) -> bytes:
    return bytes((number << 3 | BYTES,)) + _length(len(value)) + value


def _length(size: int) -> bytes:
    out = bytearray()
    while size > 0x7F:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    out.append(size)
    return bytes(out)
