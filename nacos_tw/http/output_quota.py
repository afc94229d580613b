"""Limits how many bytes of answers that clients have not read yet all connections together hold."""

from __future__ import annotations

from nacos_tw.http.counters import Counters

SMALL = 2**16
"""Bytes of an answer that may wait in any case; they are not counted."""


class OutputQuota:
    """
    What is held of larger answers until the clients have read them.

    @ivar used: bytes; C{most}: so many may be, or one answer that is larger.
    """

    __slots__ = ("counters", "used", "most")

    def __init__(self, most: int, counters: Counters) -> None:
        self.used = 0
        self.most = most
        self.counters = counters


class OutputShare:
    """What one connection holds of it."""

    __slots__ = ("_all", "_used")

    def __init__(self, quota: OutputQuota) -> None:
        self._all = quota
        self._used = 0

    def take(self, size: int) -> bool:
        """Hold so many bytes more; False if there is no room for them: then the connection is to be closed."""
        if size > SMALL:
            everything = self._all
            if everything.used and everything.used + size > everything.most:
                everything.counters.refused += 1
                return False
            everything.used += size
            self._used += size
        return True

    def release(self) -> None:
        """The client has read them, or never will."""
        self._all.used -= self._used
        self._used = 0
