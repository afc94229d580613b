"""When a node that starts begins to serve clients: until then they are told to try another (300)."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

PATIENCE = 10.0
"""Seconds after its start from which a node serves what it can, though it is not ready: it has no majority, or no
database, and there may be no other node to go to."""


class Opening:
    """Whether the start is over: once it is, it stays so."""

    __slots__ = ("_clock", "_open", "_readiness", "_until")

    def __init__(self, clock: IReactorTime, readiness: Callable[[], str]) -> None:
        """
        @param readiness: why the node cannot serve; "" when it can.
        """
        self._clock = clock
        self._readiness = readiness
        self._until = clock.seconds() + PATIENCE
        self._open = False

    def __call__(self) -> bool:
        """Whether clients are served."""
        if not self._open:
            self._open = self._clock.seconds() >= self._until or not self._readiness()
        return self._open
