"""
Queues of logins that wait until others from the same address are decided.

A certain number of logins from one address is checked at a time without delay. While these are not decided, the next
ones wait in a queue; so many users behind one proxy, whose passwords are right, are all let in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from nacos_tw.auth.problems import TooManyAtATime
from nacos_tw.auth.throttle import LONGEST_WAIT

MOST = 500
"""Logins that stand in line for one address."""


class LoginQueues:
    """The lines of a node, by address."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._lines: dict[str, deque[Deferred[None]]] = {}

    def place(self, address: str) -> Deferred[None]:
        """
        Stand in line.

        @return: fires when it is one's turn; fails with Unavailable when that takes too long.
        @raise Unavailable: the line is too long.
        """
        line = self._lines.setdefault(address, deque())
        if len(line) >= MOST:
            raise TooManyAtATime()
        place: Deferred[None] = Deferred(line.remove)
        line.append(place)
        return place.addTimeout(LONGEST_WAIT, self._clock, _too_late)

    def decided(self, address: str, room: Callable[[], bool]) -> None:
        """One from there is: those whose turn it is go on, as long as there is room."""
        line = self._lines.get(address)
        while line and room():
            line.popleft().callback(None)
        if line is not None and not line:
            self._lines.pop(address, None)


def _too_late(value: object, seconds: float) -> None:
    raise TooManyAtATime()
