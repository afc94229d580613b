"""Open files: as many as the operating system allows, and some kept back for what must go on when they run out."""

from __future__ import annotations

import contextlib
import io
import os
import resource
from collections.abc import Iterator

WANTED = 1_048_576
"""More are not asked for: some systems have no limit, and look through all that there may be."""
KEPT = 8
"""Descriptors that mending the log may need at a time."""
SPARE = 512
"""Descriptors that connections of clients leave to files, links, probes and the database; half of them where there are
fewer than twice as many."""


def raise_limit() -> int:
    """
    Let this process open as many files as its hard limit allows.

    @return: how many that are.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(hard, WANTED)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return WANTED if soft == resource.RLIM_INFINITY else soft
    for number in (wanted, 10240):  # macOS takes no more than that, whatever its hard limit says
        if number <= soft:
            continue
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))
            return number
    return soft


def connections(wanted: int) -> int:
    """How many connections of clients fit, if C{wanted} are allowed: some descriptors are for other things."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, soft - min(SPARE, soft // 2)))


class Room:
    """
    How many connections of clients fit, of all ports together.

    @ivar taken: those that are open.
    """

    __slots__ = ("most", "taken")

    def __init__(self) -> None:
        self.most = connections(WANTED)
        self.taken = 0

    @property
    def full(self) -> bool:
        """Whether one more would be one too many."""
        return self.taken >= self.most


class Reserve:
    """
    A few descriptors that are kept open on nothing, so that they can be given up for what must not fail. They are
    files, which end with what holds them.
    """

    def __init__(self, size: int = KEPT) -> None:
        self._size = size
        self._spare: list[io.FileIO] = []

    def open(self) -> None:
        """Take them, as far as there are some."""
        with contextlib.suppress(OSError):
            while len(self._spare) < self._size:
                self._spare.append(io.FileIO(os.devnull))

    def close(self) -> None:
        """Give them back for good."""
        while self._spare:
            self._spare.pop().close()

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Within the block the descriptors are free; what is still free then is taken back."""
        self.close()
        try:
            yield
        finally:
            self.open()
