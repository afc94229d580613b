"""
Comparison with exactly one text: what C{column=?} does in SQLite, but not in MySQL.

MySQL compares by the column's collation. One that ignores case takes C{app.yaml} for C{App.yaml}, one that ignores
accents takes C{é} for C{e}, and nearly all ignore blanks at the end.
"""

from __future__ import annotations

from nacos_tw.storage.txn import Txn


def exactly(txn: Txn, **columns: str) -> tuple[str, list[str]]:
    """
    The condition that columns are these texts, and its parameters. Indexes on the columns are used.

    @param columns: names to texts; C{c__name} stands for C{c.name}.
    """
    names = [name.replace("__", ".") for name in columns]
    conditions = [f"{name}=?" for name in names]
    if txn.dialect != "mysql":
        return " AND ".join(conditions), list(columns.values())
    conditions += [f"{binary(txn, name)}=?" for name in names]
    return " AND ".join(conditions), [*columns.values()] * 2


def binary(txn: Txn, column: str) -> str:
    """An expression for the column's text that is the same for the same text alone. See L{text_of}."""
    return column if txn.dialect != "mysql" else f"CAST(CONVERT({column} USING utf8mb4) AS BINARY)"


def text_of(value: str | bytes | None) -> str:
    """The text of a L{binary} expression; "" for NULL."""
    return value.decode() if isinstance(value, bytes) else value or ""


def counted_by(txn: Txn, rows: str, column: str) -> dict[str, int]:
    """
    How many rows there are by the texts of a column.

    @param rows: what comes after FROM.
    """
    what = binary(txn, column)
    return {text_of(name): number for name, number in txn.all(f"SELECT {what}, COUNT(*) FROM {rows} GROUP BY {what}")}
