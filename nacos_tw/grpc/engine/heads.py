"""What the headers of a call say, worked out once for each header block that is remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

from nacos_tw.grpc.engine.hpack import Header
from nacos_tw.grpc.engine.status import Status

UNITS = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
TCHAR = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
PSEUDO = {b":method", b":scheme", b":path", b":authority"}
FORBIDDEN = {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"}
"""Of HTTP/1; a request with them is malformed (RFC 9113, section 8.2.2)."""


class Kind(Enum):
    """Of methods."""

    UNARY = "unary"
    STREAM = "stream"


Methods = Mapping[bytes, Kind]
"""What is served: path -> kind."""


class Head:
    """
    The headers of a call.

    @ivar malformed: why this is no request of HTTP/2; "" if it is one.
    @ivar gzip: whether its messages may be compressed.
    @ivar kind: of the method; None if it is not served, then C{refusal} says why.
    @ivar path: C{/service/method}.
    @ivar timeout: seconds that the client waits for an answer; None for ever.
    @ivar refusal: status and text for a call that is refused by gRPC's means.
    @ivar http_status: for a request that is no gRPC, otherwise 0.
    @ivar length: content-length; None without.
    @ivar trailers: whether these can be the last headers of a request.
    @ivar headers: all.
    """

    __slots__ = (
        "gzip", "headers", "http_status", "kind", "length", "malformed", "path", "refusal", "timeout", "trailers",
    )  # fmt: skip

    def __init__(self, headers: Sequence[Header], methods: Methods) -> None:
        self.headers = tuple(headers)
        self.trailers = not any(name[:1] == b":" for name, _ in headers)
        self.malformed = _malformed(self.headers)
        self.gzip = False
        self.kind: Kind | None = None
        self.path = b""
        self.timeout: float | None = None
        self.refusal: tuple[Status, str] | None = None
        self.http_status = 0
        self.length: int | None = None
        if not self.trailers and not self.malformed:
            self._read(dict(self.headers), methods)
        if self.malformed:
            self.trailers = False

    def value(self, name: bytes) -> bytes:
        """The first value of a header; C{b""} if there is none."""
        return next((value for each, value in self.headers if each == name), b"")

    def _read(self, found: dict[bytes, bytes], methods: Methods) -> None:
        self.path = found.get(b":path", b"")
        length = found.get(b"content-length")
        if length is not None:
            if not length.isdigit() or len(length) > 15:
                self.malformed = "content-length is no number"
                return
            self.length = int(length)
        content = found.get(b"content-type", b"")
        if found[b":method"] != b"POST":
            self.http_status = 405
        elif not content.startswith(b"application/grpc") or content[16:17] not in (b"", b"+", b";"):
            self.http_status = 415
        else:
            self._read_grpc(found, methods)

    def _read_grpc(self, found: dict[bytes, bytes], methods: Methods) -> None:
        encoding = found.get(b"grpc-encoding", b"identity")
        timeout = found.get(b"grpc-timeout")
        if timeout is not None:
            value, unit = timeout[:-1], UNITS.get(timeout[-1:])
            if unit is None or not value.isdigit() or len(value) > 8:
                self.refusal = (Status.INTERNAL, "malformed grpc-timeout")
                return
            self.timeout = int(value) * unit
        self.gzip = encoding == b"gzip"
        if encoding != b"identity" and not self.gzip:
            name = encoding.decode("ascii", "replace")
            self.refusal = (Status.UNIMPLEMENTED, f"messages compressed with {name} are not taken")
        elif self.path not in methods:
            name = self.path.decode("ascii", "replace")
            self.refusal = (Status.UNIMPLEMENTED, f"Method not found: {name[1:]}")
        else:
            self.kind = methods[self.path]


def _malformed(headers: Sequence[Header]) -> str:
    """Why these are no headers of a request; "" if they are."""
    seen: set[bytes] = set()
    regular = False
    for name, value in headers:
        if name[:1] == b":":
            if name not in PSEUDO or name in seen or regular:
                return "a pseudo-header is unknown, doubled or out of place"
            seen.add(name)
        else:
            regular = True
            if not name or not TCHAR.issuperset(name):
                return "a header's name has characters that it must not have"
            if name in FORBIDDEN or (name == b"te" and value != b"trailers"):
                return "a header is not allowed in HTTP/2"
        # "\r\n\0" are what smugglers use; blanks at the ends are malformed as well (RFC 9113, section 8.2.1).
        if any(byte in value for byte in b"\r\n\0") or value[:1] in (b" ", b"\t") or value[-1:] in (b" ", b"\t"):
            return "a header's value has characters that it must not have"
    if seen and not {b":method", b":scheme", b":path"} <= seen:
        return "a pseudo-header is missing"
    if (b":path", b"") in headers:
        return "the path is empty"
    return ""
