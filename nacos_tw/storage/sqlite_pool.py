"""Threads with connections to a SQLite file, for what takes its time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from nacos_tw.storage.errors import Deadlock
from nacos_tw.storage.sqlite_txn import SQLiteTxn, sqlite_problem

if TYPE_CHECKING:
    from twisted.enterprise.adbapi import ConnectionPool

T = TypeVar("T")

BUSY = 5.0
"""Seconds to wait for another connection's write."""
READERS = 4
"""Most threads, each with a connection."""


def make_pool(path: str, synchronous: str, reactor: Any) -> ConnectionPool:
    """Threads for the file; the first begins when there is work."""
    from twisted.enterprise.adbapi import ConnectionPool

    def configure(connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA case_sensitive_like=ON")

    pool = ConnectionPool(
        "sqlite3",
        path,
        timeout=BUSY,
        isolation_level=None,
        check_same_thread=False,
        cp_min=0,
        cp_max=READERS,
        cp_openfun=configure,
        cp_reactor=reactor,
    )
    pool.start()
    return pool


def work(connection: Any, fn: Callable[..., T], args: tuple[Any, ...], writes: bool) -> T:
    """One transaction in a thread of the pool."""
    raw: sqlite3.Connection = connection
    for begin in ("BEGIN", "BEGIN IMMEDIATE"):
        try:
            return _attempt(raw, begin, fn, args, writes)
        except Deadlock:
            # It had read before another connection wrote; as a writer from the start it waits for its turn.
            if begin != "BEGIN" or not writes:
                raise
    raise AssertionError("unreachable")


def _attempt(raw: sqlite3.Connection, begin: str, fn: Callable[..., T], args: tuple[Any, ...], writes: bool) -> T:
    try:
        raw.execute(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
        raw.execute(begin)
        result = fn(SQLiteTxn(raw), *args)
        raw.execute("COMMIT")
        return result
    except sqlite3.Error as error:
        trouble = sqlite_problem(error)
    finally:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
    raise trouble
