"""Puts the contents of a SQLite file aside for an operator to examine, and goes on with an empty one."""

from __future__ import annotations

import os
import shutil
import tempfile

from nacos_tw.storage.damaged import new_folder, remove_old
from nacos_tw.storage.sqlite import SQLiteFile


def quarantine(file: SQLiteFile) -> str:
    """
    Copy a file to C{damaged-<n>/} beside it, then empty it. Not within a transaction.

    @return: the copy's folder.
    @raise nacos_tw.errors.NacosError, OSError: the disk refused; the file is as it was.
    """
    folder, name = os.path.split(file.path)
    target = new_folder(folder)
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
    remove_old(folder)
    return target
