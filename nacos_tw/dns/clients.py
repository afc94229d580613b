"""How many queries one client may send. No I/O."""

from __future__ import annotations

from nacos_tw.memo import RecentlyUsed

REMEMBERED = 10_000
"""Addresses."""


class Allowance:
    """So many queries a second for each address, and as many at once after a pause."""

    def __init__(self, rate: int) -> None:
        """@param rate: 0: as many as they like."""
        self._rate = rate
        self._left: RecentlyUsed[str, tuple[float, float]] = RecentlyUsed(REMEMBERED)

    def takes(self, address: str, now: float) -> bool:
        """Count a query. @param now: monotonic seconds. @return: whether it is answered."""
        if not self._rate:
            return True
        left, since = self._left.get(address, (float(self._rate), now))
        left = min(float(self._rate), left + (now - since) * self._rate)
        taken = left >= 1
        self._left.use(address, (left - 1 if taken else left, now))
        return taken
