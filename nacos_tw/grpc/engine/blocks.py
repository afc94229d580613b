"""Header blocks: joined where they come in parts, looked up or decoded."""

from __future__ import annotations

from nacos_tw.grpc.engine.floods import Broken
from nacos_tw.grpc.engine.frames import END_HEADERS, PADDED, PRIORITIZED, STREAM, Code
from nacos_tw.grpc.engine.heads import Head
from nacos_tw.grpc.engine.hpack import HeadersTooLarge, HpackError, Table
from nacos_tw.grpc.engine.shared import Shared

Complete = tuple[int, int, Head]
"""Stream, flags of its HEADERS frame, and what the headers say."""


def unpadded(flags: int, payload: bytes) -> bytes:
    """
    A frame's payload without its padding.

    @raise Broken: there is more padding than frame.
    """
    if not flags & PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise Broken(Code.PROTOCOL_ERROR, "a frame is all padding")
    return payload[1 : len(payload) - payload[0]]


class Blocks:
    """
    Those of one connection.

    @ivar open: stream of the block that is not complete; 0 without one.
    """

    __slots__ = ("_changes", "_flags", "_heads", "_parts", "_shared", "_table", "open")

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._heads = shared.heads
        self._table = shared.first_table
        self._changes = 0
        self.open = self._flags = 0
        self._parts: list[bytes] = []

    def headers(self, flags: int, number: int, payload: bytes) -> Complete | None:
        """
        A HEADERS frame.

        @return: None if more frames belong to it.
        @raise Broken: it breaks the rules.
        """
        if not number & 1:
            raise Broken(Code.PROTOCOL_ERROR, "HEADERS on a stream that is not a client's")
        if flags & (PADDED | PRIORITIZED):
            payload = unpadded(flags, payload)
            if flags & PRIORITIZED:
                if len(payload) < 5:
                    raise Broken(Code.FRAME_SIZE_ERROR, "HEADERS of a wrong size")
                if int.from_bytes(payload[:4], "big") & STREAM == number:
                    raise Broken(Code.PROTOCOL_ERROR, "a stream depends on itself")
                payload = payload[5:]
        if flags & END_HEADERS:
            key = self._table, payload
            known = self._heads.recent(key) or self._heads.get(key) or self._learnt(payload)
            self._table = known[1]
            return number, flags, known[0]
        self.open, self._flags, self._parts = number, flags, [payload]
        return None

    def continuation(self, flags: int, payload: bytes) -> Complete | None:
        """The same for a CONTINUATION frame."""
        if not self.open:
            raise Broken(Code.PROTOCOL_ERROR, "CONTINUATION without HEADERS")
        parts = self._parts
        parts.append(payload)
        limits = self._shared.limits
        if len(parts) > limits.continuations + 1 or sum(map(len, parts)) > limits.header_block:
            raise Broken(Code.ENHANCE_YOUR_CALM, "the headers are too large", "headers")
        if not flags & END_HEADERS:
            return None
        number, self.open, self._parts = self.open, 0, []
        return number, self._flags, self._meaning(b"".join(parts))

    def _meaning(self, block: bytes) -> Head:
        known = self._heads.get((self._table, block))
        if known is None:
            known = self._learnt(block)
        head, self._table = known
        return head

    def _learnt(self, block: bytes) -> tuple[Head, Table]:
        if len(block) > self._shared.limits.header_block:
            raise Broken(Code.ENHANCE_YOUR_CALM, "the headers are too large", "headers")
        try:
            learnt = self._shared.learn(self._table, block, self._changes)
        except HpackError as error:
            raise Broken(Code.COMPRESSION_ERROR, str(error)) from None
        except HeadersTooLarge:
            raise Broken(Code.ENHANCE_YOUR_CALM, "the headers are too large", "headers") from None
        if learnt[1] is not self._table:
            self._changes += 1
        return learnt
