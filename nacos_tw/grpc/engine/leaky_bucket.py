"""Leaky buckets, for what a peer may do now and then but not all the time."""

from __future__ import annotations

import msgspec


class LeakyBucket(msgspec.Struct, eq=False, gc=False):
    """
    Counts up at each event and down with time.

    @ivar most: events at once; C{rate}: events per second that may go on for ever.
    """

    most: float
    rate: float
    _count: float = 0.0
    _at: float = 0.0

    def exceeded(self, now: float) -> bool:
        """
        Count one event.

        @param now: seconds of a monotonic clock.
        @return: whether that is one too many.
        """
        if now > self._at:
            self._count = max(0.0, self._count - (now - self._at) * self.rate)
            self._at = now
        self._count += 1
        return self._count > self.most
