"""Limits how many bytes of request bodies all connections together hold while they are received."""

from __future__ import annotations

from nacos_tw.http.reply import Reply
from nacos_tw.http.wire import refusal

SMALL = 2**16
"""Bytes of a body that may come in any case; they are not counted."""


def full() -> Reply:
    """The answer to a body for which there is no room."""
    return refusal(503, "too many large bodies are being received")


class BodyQuota:
    """
    What is held of larger bodies until they are complete, by all connections.

    @ivar used: bytes; C{most}: so many may be.
    """

    __slots__ = ("used", "most")

    def __init__(self, most: int) -> None:
        self.used = 0
        self.most = most

    def take(self, size: int) -> bool:
        """Hold so many bytes more; False if there is no room for them."""
        if self.used + size > self.most:
            return False
        self.used += size
        return True


class IncomingBody:
    """
    A body that is being received.

    @ivar head: of its request; C{lower_head}: the same in lower case.
    @ivar length: bytes that it has in all; C{have}: that have come, with those of later requests.
    """

    __slots__ = ("_quota", "_kept", "_parts", "have", "head", "length", "lower_head")

    def __init__(self, quota: BodyQuota, head: bytes, lower_head: bytes, length: int, have: int) -> None:
        self.head = head
        self.lower_head = lower_head
        self.length = length
        self.have = have
        self._quota = quota
        self._kept = 0
        self._parts: list[bytes] = []

    def add(self, data: bytes) -> bool:
        """Keep more of it; False if there is no room."""
        if self.length > SMALL:
            if not self._quota.take(len(data)):
                return False
            self._kept += len(data)
        self._parts.append(data)
        return True

    def joined(self) -> bytes:
        """All that was kept."""
        parts, self._parts = self._parts, []
        return b"".join(parts)

    def release(self) -> None:
        """It is complete, or never will be."""
        self._quota.used -= self._kept
        self._kept = 0
