"""How often something was done, and how long it took, by kind."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Tally:
    """
    One row. Times in seconds.

    @ivar count: how often; C{seconds}: how long in all; C{most}: at most since L{Tally.rotated} was called before last.
    """

    __slots__ = ("_before", "_present", "count", "seconds")

    def __init__(self) -> None:
        self.count = 0
        self.seconds = self._present = self._before = 0.0

    @property
    def most(self) -> float:
        """The longest of late."""
        return max(self._present, self._before)

    def rotated(self) -> None:
        """What was the longest before the last call of this is forgotten."""
        self._before, self._present = self._present, 0.0


class Tallies(dict[K, Tally], Generic[K]):
    """Rows by key. Keys must be few: routes and types that are known, never what a client sent."""

    ROTATION = 60.0
    """Seconds for which a longest time stands, at least; twice that at most."""

    def __init__(self) -> None:
        super().__init__()
        self._rotated = 0.0

    def add(self, key: K, seconds: float) -> None:
        """It was done once more."""
        tally = self.get(key)
        if tally is None:
            tally = self[key] = Tally()
        tally.count += 1
        tally.seconds += seconds
        if seconds > tally._present:
            tally._present = seconds

    def rotate(self, now: float) -> None:
        """Called whenever they are read. C{now}: of a monotonic clock."""
        if now - self._rotated >= self.ROTATION:
            self._rotated = now
            for tally in self.values():
                tally.rotated()
