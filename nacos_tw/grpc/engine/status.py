"""Statuses of gRPC and how they are written into trailers."""

from __future__ import annotations

from enum import IntEnum

ENCODINGS = b"identity,gzip"
"""How messages from clients may be encoded."""
LONGEST = 1024
"""Bytes of a text in trailers, encoded."""


class Status(IntEnum):
    """The codes of gRPC that we use."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14


def percent(text: str) -> bytes:
    """
    A text as grpc-message takes it: printable ASCII but for the percent sign as it is, all else as bytes in hex.

    One that is too long is cut, never in the middle of a character. Spaces at both ends are left out: HTTP/2 forbids
    them in the values of headers, and peers end the connection for it.
    """
    out = bytearray()
    for character in text:
        if " " <= character <= "~" and character != "%":
            new = character.encode()
        else:
            new = b"".join(b"%%%02X" % byte for byte in character.encode("utf-8", "replace"))
        if len(out) + len(new) > LONGEST:
            break
        out += new
    return bytes(out.strip(b" "))
