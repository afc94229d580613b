"""
Header blocks of answers. They use nothing of the client's dynamic table, so they are the same on every connection.
"""

from __future__ import annotations

from nacos_tw.grpc.engine.status import ENCODINGS, Status, percent

TABLE_OFF = b"\x20"
"""Before the first block after the client changed its table's size: ours has no entries (RFC 7541, section 4.2)."""
NOT_GRPC = b"This port speaks gRPC (clients of Nacos 2.x and 3.x). HTTP is on the port 1000 below.\n"


def _literal(name: bytes, value: bytes) -> bytes:
    """A header that is not to be indexed; its name is spelt out."""
    return b"\x00" + _string(name) + _string(value)


def _string(text: bytes) -> bytes:
    size = len(text)
    if size < 127:
        return bytes((size,)) + text
    out = bytearray((127,))
    size -= 127
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    out.append(size)
    return bytes(out) + text


# 0x88 is the entry ":status 200" of the static table, 0x0f 0x10 the name of its entry 31, "content-type".
HEAD = b"\x88\x0f\x10" + _string(b"application/grpc")
"""The first headers of an answer."""
OK = _literal(b"grpc-status", b"0")
"""The last ones, if all went well."""


def trailers(status: int, text: str) -> bytes:
    """The last headers."""
    if not status and not text:
        return OK
    block = _literal(b"grpc-status", b"%d" % status)
    if text:
        block += _literal(b"grpc-message", percent(text))
    if status == Status.UNIMPLEMENTED:
        block += _literal(b"grpc-accept-encoding", ENCODINGS)
    return block


def not_grpc(http_status: int) -> bytes:
    """Headers of the answer L{NOT_GRPC} to a request that is no gRPC."""
    # 0x08: the name of entry 8, ":status", without indexing.
    return (
        b"\x08" + _string(b"%d" % http_status)
        + _literal(b"content-type", b"text/plain")
        + _literal(b"content-length", b"%d" % len(NOT_GRPC))
    )  # fmt: skip
