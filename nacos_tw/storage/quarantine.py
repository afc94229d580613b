"""Puts the contents of a SQLite file aside for an operator to examine, and goes on with an empty one."""

from __future__ import annotations

import os
import re
import shutil
import tempfile

from nacos_tw.storage.sqlite import SQLiteFile

KEPT = 2
"""How many copies are kept."""
_NAME = re.compile(r"damaged-(\d+)")


def quarantine(file: SQLiteFile) -> str:
    """
    Copy a file to C{damaged-<n>/} beside it, then empty it. Not within a transaction.

    @return: the copy's folder.
    @raise nacos_tw.errors.NacosError, OSError: the disk refused; the file is as it was.
    """
    folder, name = os.path.split(file.path)
    numbers = sorted(int(match[1]) for found in os.listdir(folder) if (match := _NAME.fullmatch(found)))
    target = os.path.join(folder, f"damaged-{numbers[-1] + 1 if numbers else 1}")
    os.mkdir(target, mode=0o750)
    try:
        with file.read_snapshot() as state:
            state.save(os.path.join(target, name))
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    with tempfile.TemporaryDirectory(prefix="image-", dir=folder) as empty:
        path = os.path.join(empty, name)
        SQLiteFile(path).close()
        file.load(path)
    for number in [*numbers, numbers[-1] + 1 if numbers else 1][:-KEPT]:
        shutil.rmtree(os.path.join(folder, f"damaged-{number}"), ignore_errors=True)
    return target
