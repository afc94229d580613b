"""Keeps the write-ahead log (WAL) of a SQLite file from growing without limit while commits go on."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable

WAL_BYTES = 64 * 1024 * 1024
"""Bytes that the log of a file may have, about."""
TURN = 0.05
"""Seconds for which a checkpoint that empties the log waits for others, and may hold up who writes."""
TURNS = 10
"""How often it tries."""


class Wal:
    """
    The log of one file. What was written to it is moved into the file by checkpoints, in a thread.

    It is only written to from its start again when all of it was moved and nobody reads from it, which never comes
    about by itself while commits go on. So one that has half of the length that it may have is emptied: when nearly
    all was moved, the writer waits while the rest is.
    """

    def __init__(self, path: str, most: int, connect: Callable[[], sqlite3.Connection]) -> None:
        """@param most: bytes that it may have, about."""
        self._path = path
        self._most = most
        self._connect = connect
        self._moved = 0

    def size(self) -> int:
        """Its length in bytes."""
        return size_of(self._path)

    @property
    def grown(self) -> bool:
        """Whether it is a quarter of what it may have longer than when it was last moved."""
        size = self.size()
        self._moved = min(self._moved, size)
        return size - self._moved >= self._most // 4

    def move(self, empty: bool) -> None:
        """
        Move it into the file; both are durable then.

        @param empty: empty it, too, even if it is short.
        @raise OSError, sqlite3.Error: the disk failed.
        """
        size = self.size()
        _sync_file(self._path)
        connection = self._connect()
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if empty or size >= self._most // 2:
                size = self._empty(connection)
        finally:
            # Not the last one to close, so SQLite leaves the log alone here.
            connection.close()
        self._moved = size

    def _empty(self, connection: sqlite3.Connection) -> int:
        """Empty it, if readers let that be done. @return: its length now, as far as it was moved."""
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()  # what was written during the one before
        connection.execute(f"PRAGMA busy_timeout={int(TURN * 1000)}")
        for _ in range(TURNS):
            size = self.size()
            if not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                return 0
        return size


def size_of(path: str) -> int:
    """The length of a file; 0 if it is not there."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _sync_file(path: str) -> None:
    """Bring a file's data to the disk; one that is not there has none. (Never the database file itself: closing a
    descriptor of it would end SQLite's locks on it.)"""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
