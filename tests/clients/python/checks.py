"""What the programs here compare, and wait for."""

from __future__ import annotations

import time
from collections.abc import Callable

REQUEST = 30
"""Seconds that the client may wait for an answer (3 by itself), on a machine that is busy."""


def same(wanted: object, found: object) -> None:
    """Fail unless they are."""
    if wanted != found:
        raise AssertionError(f"wanted {wanted!r}, found {found!r}")


def soon(what: str, holds: Callable[[], object]) -> None:
    """Wait until it holds."""
    end = time.monotonic() + 60
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"not in time: {what}")
        time.sleep(0.05)
