"""
The clocks of a node: durations are measured by a clock that cannot be changed, and shown times never go back.

The wall clock may be changed while a node runs: by hand, by NTP after a long absence, by a virtual machine that
resumes, or by 8 hours when a hardware clock in local time was taken for UTC.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

Seconds = Callable[[], float]


def make_monotonic(reactor: Any, monotonic: Seconds = time.monotonic) -> None:
    """
    From now on, a reactor's timers go by the monotonic clock.

    Twisted's go by the wall clock: where that is set back by an hour, everything that is due waits an hour longer.
    C{reactor.seconds} goes on from where it is, so that calls that wait already keep their time; it is not the wall
    clock any more, and says nothing that could be shown.

    @param reactor: any that is a Twisted C{ReactorBase}. Once is enough; more is harmless.
    """
    if reactor.seconds is monotonic or getattr(reactor.seconds, "monotonic", False):
        return
    began = reactor.seconds() - monotonic()

    def seconds() -> float:
        return began + monotonic()

    seconds.monotonic = True  # type: ignore[attr-defined]
    reactor.seconds = seconds


class Onward:
    """
    The wall clock, for times that clients compare with earlier ones: when it is set back, this goes on at its pace from
    where it was, until the wall clock has caught up or the node is started again.
    """

    def __init__(self, wall: Seconds = time.time, monotonic: Seconds = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._ahead = wall() - monotonic()

    def __call__(self) -> float:
        """Seconds since 1970, never fewer than before."""
        now = self._monotonic()
        self._ahead = max(self._ahead, self._wall() - now)
        return self._ahead + now


onward = Onward()
"""The process's."""
