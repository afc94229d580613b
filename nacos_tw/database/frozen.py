"""The embedded database as it is at one moment, row by row."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from nacos_tw.storage.sqlite import SQLiteFile
from nacos_tw.storage.sqlite_txn import Snapshot

OWN = ("applied", "applied_term")
"""Rows of C{meta} that each node writes when it commits, which others do at other entries."""
AT_ONCE = 64
"""Rows that are read at a time."""

_encode = msgspec.msgpack.Encoder().encode


class FrozenDatabase:
    """
    An L{IFrozen<nacos_tw.interfaces.IFrozen>} of all tables.

    @raise nacos_tw.errors.Unavailable: the file cannot be read.
    """

    def __init__(self, file: SQLiteFile) -> None:
        self._file = file
        self._state: Snapshot | None = file.read_snapshot()

    def items(self) -> Iterator[bytes]:
        """
        Each row with its table and its values in the order of the columns' names, by primary key: a file of an older
        version may have them in another order.
        """
        state = self._state
        assert state is not None
        try:
            tables = state.txn.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
            for (table,) in sorted(tables):
                yield from self._rows(state, table)
        except Exception as error:
            self._file.suspect(error)
            raise

    def _rows(self, state: Snapshot, table: str) -> Iterator[bytes]:
        described = state.txn.all(f"PRAGMA table_info('{table}')")
        columns = ", ".join(sorted(f'"{row[1]}"' for row in described))
        keys = [f'"{row[1]}"' for row in sorted(described, key=lambda row: row[5]) if row[5]]
        order = ", ".join(keys or ["rowid"])
        for row in state.rows(f'SELECT {columns} FROM "{table}" ORDER BY {order}', AT_ONCE):
            if table != "meta" or row[0] not in OWN:
                yield _encode((table, *row))

    def close(self) -> None:
        """See L{IFrozen.close<nacos_tw.interfaces.IFrozen.close>}."""
        state, self._state = self._state, None
        if state is not None:
            state.close()
