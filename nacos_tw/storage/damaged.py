"""Folders C{damaged-<n>} beside a SQLite file, in which damaged ones are kept for an operator to examine."""

from __future__ import annotations

import os
import re
import shutil

KEPT = 2
"""How many of them are kept in each folder."""
SUFFIXES = ("", "-wal", "-shm")
_NAME = re.compile(r"damaged-(\d+)")


def new_folder(folder: str) -> str:
    """
    Make the next C{damaged-<n>} in a folder.

    @raise OSError: it cannot be made.
    """
    target = os.path.join(folder, f"damaged-{max(_numbers(folder), default=0) + 1}")
    os.mkdir(target, mode=0o750)
    return target


def remove_old(folder: str) -> None:
    """Keep the newest ones only; one that cannot be removed stays."""
    for number in sorted(_numbers(folder))[:-KEPT]:
        shutil.rmtree(os.path.join(folder, f"damaged-{number}"), ignore_errors=True)


def move_away(path: str) -> str:
    """
    Move a file, and what SQLite keeps beside it, into a new folder there. Nobody may have it open.

    @return: the folder.
    @raise OSError: it cannot be done.
    """
    folder = os.path.dirname(path)
    target = new_folder(folder)
    for suffix in SUFFIXES[1:] + SUFFIXES[:1]:  # the file itself last: what a crash leaves is still recognised
        if os.path.exists(path + suffix):
            os.rename(path + suffix, os.path.join(target, os.path.basename(path) + suffix))
    remove_old(folder)
    return target


def _numbers(folder: str) -> list[int]:
    return [int(match[1]) for name in os.listdir(folder) if (match := _NAME.fullmatch(name))]
