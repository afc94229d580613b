"""A timer whose deadline can be moved."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

LATE = 0.02
"""Seconds after which a timer counts as late."""


class Alarm:
    """
    Calls a function about when a deadline is reached.

    Where the process got no turn for a while (a busy machine, a long task), what other nodes sent meanwhile has not
    been read yet, but the reactor runs timers first: others would be taken for silent. So a timer that is late lets
    the reactor read once before it rings.
    """

    def __init__(self, clock: IReactorTime, seconds: Callable[[], float], ring: Callable[[], None]) -> None:
        """
        @param seconds: the clock of the deadlines.
        @param ring: called at the deadline that was set last, or earlier.
        """
        self._clock = clock
        self._seconds = seconds
        self._ring = ring
        self._timer: IDelayedCall | None = None
        self._set_to = 0.0

    def set(self, deadline: float) -> None:
        """Ring at C{deadline}, which may be infinite; a timer that is early is left alone."""
        timer = self._timer
        if deadline == float("inf"):
            return
        if timer is not None and timer.active():
            if self._set_to <= deadline:
                return
            timer.reset(max(0.0, deadline - self._seconds()))
        else:
            self._timer = self._clock.callLater(max(0.0, deadline - self._seconds()), self._due)
        self._set_to = deadline

    def _due(self) -> None:
        if self._seconds() - self._set_to > LATE:
            self._timer = self._clock.callLater(0, self._ring)
        else:
            self._ring()

    def cancel(self) -> None:
        """Do not ring."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
