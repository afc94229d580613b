"""Moves a damaged SQLite file out of the way, so that it can be examined."""

from __future__ import annotations

import os
import re
import shutil

KEPT = 2
"""How many are kept of each folder."""
SUFFIXES = ("", "-wal", "-shm")
_NAME = re.compile(r"damaged-(\d+)")


def move_away(path: str) -> str:
    """
    Move the file, and what SQLite keeps beside it, into a new folder C{damaged-<n>} there. Nobody may have it open.

    @return: the folder.
    @raise OSError: it cannot be done.
    """
    folder = os.path.dirname(path)
    numbers = sorted(int(match[1]) for name in os.listdir(folder) if (match := _NAME.fullmatch(name)))
    target = os.path.join(folder, f"damaged-{numbers[-1] + 1 if numbers else 1}")
    os.mkdir(target, mode=0o750)
    for suffix in SUFFIXES[1:] + SUFFIXES[:1]:  # the file itself last: what a crash leaves is still recognised
        if os.path.exists(path + suffix):
            os.rename(path + suffix, os.path.join(target, os.path.basename(path) + suffix))
    for number in numbers[: -KEPT + 1]:
        shutil.rmtree(os.path.join(folder, f"damaged-{number}"), ignore_errors=True)
    return target
