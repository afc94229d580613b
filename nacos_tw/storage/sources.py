"""Which of several databases is used: what the probes found, and what follows from it. Pure."""

from __future__ import annotations

import enum
from collections.abc import Sequence

import attrs

PERIOD = 10.0
"""Seconds between looks at a database that is well."""
FIRST_RETRY = 0.25
LONGEST_RETRY = 5.0
"""Seconds until the next look at one that is not: the first, doubled up to the longest."""


class State(enum.Enum):
    """What the last look at a database found."""

    UNKNOWN = "UNKNOWN"
    WRITABLE = "WRITABLE"
    READ_ONLY = "READ_ONLY"
    DOWN = "DOWN"


@attrs.define
class Source:
    """
    One database.

    @ivar host: shown in health and log.
    @ivar reason: why it cannot be used; "" if it can.
    @ivar failures: looks in a row that failed.
    @ivar denied: whether the settings are to blame: a wrong user, password or database.
    """

    host: str
    state: State = State.UNKNOWN
    reason: str = ""
    failures: int = 0
    denied: bool = False

    @property
    def pause(self) -> float:
        """Seconds until it is worth another look."""
        if not self.failures:
            return PERIOD
        return float(min(FIRST_RETRY * 2 ** min(self.failures - 1, 10), LONGEST_RETRY))


class Sources:
    """
    All of them, in the order of the settings: the first one that takes writes is the master.

    @ivar master: index of the one in use, None while there is none.
    """

    def __init__(self, hosts: Sequence[str]) -> None:
        self.all = [Source(host) for host in hosts]
        self.master: int | None = None
        self._last = 0

    def report(self, index: int, state: State, reason: str = "", denied: bool = False) -> bool:
        """
        Take note of a look at one.

        @return: whether the master is another one now (or there is none any more, or one again).
        """
        source = self.all[index]
        source.state = state
        source.reason = reason
        source.denied = denied
        source.failures = source.failures + 1 if state is State.DOWN else 0
        before = self.master
        self.master = self._first_writable()
        if self.master is not None:
            self._last = self.master
        return self.master != before

    @property
    def reader(self) -> int | None:
        """The one to read from: the master, else the first that only takes reads."""
        return self.master if self.master is not None else self._first(State.READ_ONLY)

    @property
    def known(self) -> bool:
        """Whether each has been looked at."""
        return all(source.state is not State.UNKNOWN for source in self.all)

    def why(self) -> str:
        """Why there is no master."""
        if not self.known and not any(source.state is State.DOWN for source in self.all):
            return "the database is being connected to"
        if any(source.state is State.READ_ONLY for source in self.all):
            return "no database takes writes: all are read-only or down"
        down = next((source for source in self.all if source.reason), None)
        return down.reason if down else "the database is not available"

    def trouble(self) -> str:
        """Why there is no master, and which host says so; "" if there is one."""
        if self.master is not None:
            return ""
        down = next((source for source in self.all if source.state is State.DOWN and source.reason), None)
        return f"database {down.host}: {down.reason}" if down else self.why()

    def denied(self) -> str:
        """As L{trouble}, if there is no master and the settings of one are to blame; else ""."""
        found = next((source for source in self.all if source.denied), None)
        return f"database {found.host}: {found.reason}" if found and self.master is None else ""

    def health(self) -> str:
        """As C{/v1/cs/health} says it (docs/spec/config-v1.md#7.1), with the reason behind it."""
        if self.master is None:
            source = self.all[self._last]
            return f"DOWN:master db ({source.host}) down. {source.reason}"
        for source in self.all:
            if source.state is State.DOWN:
                return f"WARN:slave db ({source.host}) down. {source.reason}"
        return "UP"

    def _first_writable(self) -> int | None:
        """Those before it must have been looked at: they come first."""
        for index, source in enumerate(self.all):
            if source.state in (State.WRITABLE, State.UNKNOWN):
                return index if source.state is State.WRITABLE else None
        return None

    def _first(self, state: State) -> int | None:
        return next((index for index, source in enumerate(self.all) if source.state is state), None)
