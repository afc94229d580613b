"""Whether stored contents are those that their md5 column was written for, as functions of a transaction."""

from __future__ import annotations

import msgspec

from nacos_tw.config.gray import BETA, TAG
from nacos_tw.config.model import ConfigKey, md5_of, named
from nacos_tw.config.statements import key_is
from nacos_tw.storage.txn import Row, Txn

ROWS = 500
"""Rows of a page."""
BYTES = 1024 * 1024
"""Bytes of contents of a page, unless a single one is larger."""

_NAMES = {
    "config_info": "''",
    "config_info_beta": f"'{BETA}'",
    "config_info_tag": "tag_id",
    "config_info_gray": "gray_name",
}
"""The tables with contents that clients get, and what says which copy a row is."""


class Checked(msgspec.Struct, frozen=True, gc=False):
    """
    A content as it is stored.

    @ivar name: which copy of the config, see L{nacos_tw.config.gray}.
    @ivar md5: what the row says that it is.
    @ivar actual: what it is.
    """

    table: str
    id: int
    key: ConfigKey
    name: str
    md5: str
    modified_ms: int
    content: str
    actual: str

    @property
    def whole(self) -> bool:
        """Whether both are the same. A row of a Nacos may have no md5, which says nothing."""
        return not self.md5 or self.md5 == self.actual

    @property
    def place(self) -> tuple[str, ConfigKey, str]:
        """Which one it is, whatever it holds."""
        return self.table, self.key, self.name

    def named(self) -> str:
        """As a message names it."""
        return named(self.key) + (f", copy {self.name}" if self.name else "")


def tables(txn: Txn) -> list[str]:
    """Those that this database has."""
    found = ["config_info"]
    if txn.columns.beta:
        found += ["config_info_beta", "config_info_tag"]
    if txn.columns.labelled:
        found.append("config_info_gray")
    return found


def page(txn: Txn, table: str, after_id: int) -> list[Checked]:
    """The next rows by id; none: that was all."""
    size = most = 0
    for (length,) in txn.all(f"SELECT length(content) FROM {table} WHERE id > ? ORDER BY id LIMIT ?", (after_id, ROWS)):
        size += length or 0
        if size > BYTES and most:
            break
        most += 1
    if not most:
        return []
    rows = txn.all(f"{_select(table)} WHERE id > ? ORDER BY id LIMIT ?", (after_id, most))
    return [_checked(txn, table, row) for row in rows]


def of_key(txn: Txn, key: ConfigKey) -> list[Checked]:
    """All contents of one config."""
    where, params = key_is(txn, key)
    return [
        _checked(txn, table, row) for table in tables(txn) for row in txn.all(f"{_select(table)} WHERE {where}", params)
    ]


def one(txn: Txn, table: str, key: ConfigKey, name: str) -> Checked | None:
    """One of them as it is now; None if there is none."""
    return next((row for row in of_key(txn, key) if (row.table, row.name) == (table, name)), None)


def mend(txn: Txn, row: Checked, content: str, md5: str) -> bool:
    """Put content and md5 into a row that does not hold what was written. @return: False if it is another by now."""
    return bool(
        txn.execute(
            f"UPDATE {row.table} SET content=?, md5=? WHERE id=? AND md5=? AND content=?",
            (content, md5, row.id, row.md5, row.content),
        )
    )


def _select(table: str) -> str:
    return f"SELECT id, tenant_id, group_id, data_id, {_NAMES[table]}, md5, gmt_modified, content FROM {table}"


def _checked(txn: Txn, table: str, row: Row) -> Checked:
    number, tenant, group, data_id, name, md5, modified, content = row
    if table == "config_info_tag":
        name = TAG + name
    content = content or ""
    return Checked(
        table, number, (tenant or "", group, data_id), name, md5 or "", txn.millis(modified), content, md5_of(content)
    )
