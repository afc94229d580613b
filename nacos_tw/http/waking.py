"""
Requests that waited while the process stood still: stopped, or in a paused virtual machine.

Their clients have given up long ago and asked again, perhaps elsewhere, so these requests are not executed any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.logger import Logger

from nacos_tw.timers import Periodic

LOOK = 0.5
"""Seconds between two notes of the time."""
STALL = 3.0
"""Seconds without one after which the process counts as having stood still: clients of 1.x wait 3 s for an answer."""
RETURN = 15.0
"""Seconds after that in which clients that have given the node up connect anew, and only then end what they had: one of
2.x or 3.x tries all its nodes with pauses of up to 5 s, and waits 3 s at each."""
TURNS = 3
"""Turns of the reactor in which requests are late: a connection is accepted in one, and read in the next."""


running_time: Callable[[], float] = partial(time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
"""Seconds on a clock that never jumps; while the machine sleeps it goes on, where the system has such a one."""


class Waking(Periodic):
    """
    Notices that the process stood still, and counts all requests of the next turns of the reactor as late. They had
    come before, so the reactor reads them at once; those that are read later are answered as ever.
    """

    log = Logger()

    def __init__(self, clock: Any, seconds: Callable[[], float] = running_time) -> None:
        super().__init__(clock, LOOK, self._note)
        self._turns = clock
        self.seconds = seconds
        self._late = False
        self.until = float("inf")
        self._woke = float("-inf")

    def startService(self) -> None:
        """Begin to look."""
        super().startService()
        self._note()

    def stopService(self) -> Any:
        """Nothing is late any more."""
        self.until = float("inf")
        return super().stopService()

    def _note(self) -> None:
        if not self.late():
            self.until = self.seconds() + LOOK + STALL

    def late(self) -> bool:
        """Whether a request that is read now may have waited while the process stood still."""
        if self._late:
            return True
        stood = self.seconds() - self.until
        if stood <= 0:
            return False
        self._late = True
        self._woke = self.seconds()
        self._turns.callLater(0, self._turn_over, TURNS)
        self.log.warn(
            "this node stood still for {seconds:.1f} s: requests that waited are answered with 503",
            seconds=stood + STALL,
        )
        return True

    def lately(self) -> bool:
        """Whether it stood still so shortly ago that connections end whose clients have given it up, and come again."""
        return self.late() or self.seconds() - self._woke < RETURN

    def _turn_over(self, left: int) -> None:
        if left > 1:
            self._turns.callLater(0, self._turn_over, left - 1)
            return
        self._late = False
        self.until = self.seconds() + LOOK + STALL
