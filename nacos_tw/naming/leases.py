"""When each ephemeral instance was last heard of, as this node knows it."""

from __future__ import annotations

import sys
import time
from array import array
from collections.abc import Callable, Iterable


class Leases:
    """
    The lease table: instance number to the time of its last beat.

    It is in memory only. Every node keeps one, fed by the writes that it applies and by the beats that the leader
    passes on, but only the leader's decides anything.

    @ivar last: instance number to L{now} at its last beat; the same dict for as long as the table lives.
    """

    __slots__ = ("_seconds", "_wall", "last")

    def __init__(
        self,
        seconds: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """
        @param seconds: a clock that nobody sets: a jump would expire every instance at once.
        @param wall: seconds since the epoch, for L{last_beat_millis} only.
        """
        self.last: dict[int, float] = {}
        self._seconds = seconds
        self._wall = wall

    def __len__(self) -> int:
        return len(self.last)

    def now(self) -> float:
        """The present on the clock that L{last} is counted by."""
        return self._seconds()

    def start(self, number: int) -> None:
        """A lease begins, or a write has refreshed it."""
        self.last[number] = self._seconds()

    def start_many(self, numbers: Iterable[int]) -> None:
        """Likewise."""
        self.last.update(dict.fromkeys(numbers, self._seconds()))

    def renew(self, number: int) -> bool:
        """
        One beat has come.

        @return: whether there is such a lease.
        """
        if number not in self.last:
            return False
        self.last[number] = self._seconds()
        return True

    def renew_many(self, numbers: Iterable[int] | bytes) -> None:
        """
        Beats have come. Numbers without a lease are left out: an instance that was removed meanwhile must not get
        an entry that nobody would ever end.

        @param numbers: the numbers, or an C{array('Q')} of them as bytes.
        @raise ValueError: C{bytes} whose length is not a multiple of eight; nothing was renewed.
        """
        last = self.last
        if isinstance(numbers, bytes):
            if len(numbers) == 8:  # a node that stands alone notes each beat for itself
                self.renew(int.from_bytes(numbers, sys.byteorder))
                return
            numbers = array("Q", numbers)
        last.update(dict.fromkeys(last.keys() & numbers, self._seconds()))

    def end(self, number: int) -> None:
        """The instance is gone."""
        self.last.pop(number, None)

    def fresh_all(self, numbers: Iterable[int] | None = None) -> None:
        """
        Every lease gets a full term from now, as a new leader gives it.

        @param numbers: the leases that there should be; others are forgotten. None for those that there are.
        """
        fresh = dict.fromkeys(self.last if numbers is None else numbers, self._seconds())
        self.last.clear()
        self.last.update(fresh)

    def excuse(self, seconds: float) -> None:
        """Take this many seconds, in which this node could not listen, out of every lease's silence."""
        now = self._seconds()
        self.last.update({number: min(now, last + seconds) for number, last in self.last.items()})

    def last_beat_millis(self, number: int) -> int:
        """The last beat's time in milliseconds since the epoch, for display; 0 without a lease."""
        last = self.last.get(number)
        if last is None:
            return 0
        return int((self._wall() - (self._seconds() - last)) * 1000)
