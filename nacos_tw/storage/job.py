"""A transaction that a caller waits for: how far it is, and the deadline for its next step."""

from __future__ import annotations

import enum
import threading
import time
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from nacos_tw.errors import Unavailable

LEAST = 0.05
"""Seconds that a try has, however late it comes."""


class Phase(enum.Enum):
    """How far a job is."""

    WAITING = "WAITING"
    WORKING = "WORKING"
    COMMITTING = "COMMITTING"
    ABANDONED = "ABANDONED"
    DONE = "DONE"


class Abandoned(Unavailable):
    """Nobody waits for the transaction any more; it is rolled back."""


class Job:
    """
    One call of C{interact} or C{query}.

    The phase is shared by the pool's thread and the reactor's; who changes it holds the lock, so
    that a job is either given up or committed.

    @ivar index: of the database that it was last tried on.
    @ivar deadline: C{time.monotonic} by which the database must have answered something.
    """

    __slots__ = (
        "_lock", "args", "deadline", "fn", "index", "name", "phase", "result", "started", "timer", "tries", "writes",
    )  # fmt: skip

    def __init__(self, name: str, fn: Callable[..., Any], args: tuple[Any, ...], writes: bool, wait: float) -> None:
        self.name = name
        self.fn = fn
        self.args = args
        self.writes = writes
        self.started = time.monotonic()
        self.deadline = self.started + wait
        self.result: Deferred[Any] = Deferred()
        self.timer: Any = None
        self.tries = 0
        self.index: int | None = None
        self.phase = Phase.WAITING
        self._lock = threading.Lock()

    def begin(self, patience: float, heard: float) -> None:
        """
        A thread takes it up.

        @param patience: seconds in which the database must answer for the first time. If nothing was heard from it
            since the job was given, they began then: all that waits for a dead database fails within one such time.
        @param heard: when the database last answered anybody.
        @raise Abandoned: nobody waits for it any more.
        """
        with self._lock:
            self._check()
            self.phase = Phase.WORKING
            self.tries += 1
            now = time.monotonic()
            if self.tries == 1:
                self.deadline = (now if heard > self.started else self.started) + patience
            self.deadline = max(self.deadline, now + LEAST)

    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()

    def moved(self, patience: float) -> None:
        """The database answered; it has as long again. @raise Abandoned: nobody waits any more."""
        with self._lock:
            self._check()
            self.deadline = time.monotonic() + patience

    def commit(self, patience: float) -> None:
        """From here on it cannot be given up. @raise Abandoned: it was, before."""
        with self._lock:
            self._check()
            self.phase = Phase.COMMITTING
            self.deadline = time.monotonic() + patience

    def finish(self) -> None:
        """It is done; its result is on the way to the reactor."""
        with self._lock:
            self.phase = Phase.DONE

    def again(self) -> bool:
        """Put it back for a second try; False if it has had that, or nobody waits any more."""
        with self._lock:
            if self.phase is not Phase.WORKING or self.tries >= 2:
                return False
            self.phase = Phase.WAITING
            return True

    def abandon(self) -> Phase:
        """Give it up, if that is possible yet. @return: the phase before."""
        with self._lock:
            before = self.phase
            if before in (Phase.WAITING, Phase.WORKING):
                self.phase = Phase.ABANDONED
            return before

    def _check(self) -> None:
        if self.phase is Phase.ABANDONED:
            raise Abandoned("the database does not answer")
