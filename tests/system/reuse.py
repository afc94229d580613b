"""Nodes that tests use one after the other: those that were used last go on, the others are ended."""

from __future__ import annotations

import atexit
import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar

MOST = 3
"""So many clusters run at a time in a process: idle ones beat, and take processor time from the tests."""


class Closable(Protocol):
    """What runs."""

    def close(self) -> None:
        """End it."""


P = ParamSpec("P")
T = TypeVar("T", bound=Closable)

_running: OrderedDict[tuple[Any, ...], Closable] = OrderedDict()


def reused(start: Callable[P, T]) -> Callable[P, T]:
    """
    A function that gives what it has started for the same arguments before, if that still runs. Who has called it for
    a test, in C{setUp}, may use what it got until the test is done; then it may be ended, when others are asked for.
    """

    @functools.wraps(start)
    def started(*args: P.args, **kwargs: P.kwargs) -> T:
        key = (start, args, tuple(sorted(kwargs.items())))
        found = _running.get(key)
        if found is None:
            while len(_running) >= MOST:
                _running.popitem(last=False)[1].close()
            found = _running[key] = start(*args, **kwargs)
        _running.move_to_end(key)
        return found  # type: ignore[return-value]

    return started


@atexit.register
def _end() -> None:
    while _running:
        _running.popitem()[1].close()
