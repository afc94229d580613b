"""
Reading configs for the console and for export: full rows, search, ids (docs/spec/config-v1.md#3.3, #3.6, #3.9, #5.5,
#8).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nacos_tw.config.model import ConfigKey, Item
from nacos_tw.config.problems import ConfigInvalid
from nacos_tw.config.requests import Search
from nacos_tw.config.rows import Brief, Sized
from nacos_tw.config.statements import key_is
from nacos_tw.paging import Page, offset
from nacos_tw.storage.exact import binary, exactly
from nacos_tw.storage.txn import Row, Txn

LARGEST_PAGE = 64 * 1024 * 1024
"""Bytes of the contents of one page."""
MAX_MARKS = 500
"""Parameters of one list in a statement."""


def full_row(txn: Txn, key: ConfigKey) -> Item | None:
    """A config with all its columns and labels (show=all, catalog)."""
    where, params = key_is(txn, key)
    row = txn.one(f"SELECT {columns(txn)} FROM config_info WHERE {where}", params)
    if row is None:
        return None
    labels = txn.all("SELECT tag_name FROM config_tags_relation WHERE id=? ORDER BY nid", (row[0],))
    return item(txn, row, ",".join(label for (label,) in labels) if labels else None)


def rows_by_ids(txn: Txn, ids: Iterable[int]) -> list[Item]:
    """Configs by their ids, in the order of ids; unknown ones are left out, each comes once (export and clone)."""
    return [item(txn, row) for row in _by_ids(txn, columns(txn), ids)]


def keys_by_ids(txn: Txn, ids: Iterable[int]) -> list[ConfigKey]:
    """The names of configs by their ids, likewise."""
    return [(row[0] or "", row[1], row[2]) for row in _by_ids(txn, "tenant_id, group_id, data_id", ids)]


def sizes_by_ids(txn: Txn, ids: Iterable[int]) -> list[Sized]:
    """Configs by their ids, likewise, without their contents."""
    return [_one_sized(row) for row in _by_ids(txn, _sized(txn), ids)]


def _by_ids(txn: Txn, wanted: str, ids: Iterable[int]) -> list[Row]:
    """Those columns of configs by their ids."""
    found: list[Row] = []
    numbers = sorted({number for number in ids if 0 <= number < 2**63})
    for start in range(0, len(numbers), MAX_MARKS):
        part = numbers[start : start + MAX_MARKS]
        found += txn.all(f"SELECT {wanted} FROM config_info WHERE id IN ({marks(part)}) ORDER BY id", part)
    return found


def search(txn: Txn, wanted: Search, page_no: int, page_size: int) -> Page[Item]:
    """
    A page of configs with their contents, by id; each config once, whatever labels it has.

    @raise ConfigInvalid: see L{offset}; or the contents of the page are more than L{LARGEST_PAGE}.
    """
    start = offset(page_no, page_size)
    where, params = _where(txn, wanted)
    counted = txn.one(f"SELECT COUNT(*) FROM config_info c WHERE {where}", params)
    total = counted[0] if counted else 0
    if start >= total:
        return Page(total, page_no, page_size, [])
    # The ids first: rows that the offset passes over are not read whole.
    rows = txn.all(
        f"SELECT {_sized(txn, 'c.')} FROM config_info c JOIN (SELECT id FROM config_info c WHERE {where}"
        " ORDER BY id LIMIT ? OFFSET ?) p ON p.id=c.id ORDER BY c.id",
        (*params, page_size, start),
    )
    found = [_one_sized(row) for row in rows]
    if len(found) > 1 and sum(one.size for one in found) > LARGEST_PAGE:
        raise ConfigInvalid("pageSize", "bytes", page_size, LARGEST_PAGE)
    return Page(total, page_no, page_size, rows_by_ids(txn, [one.id for one in found]))


def export_page(txn: Txn, wanted: Search, after_id: int, limit: int) -> list[Sized]:
    """The next configs for an export, by id: call it with the last one's id until it gives none."""
    where, params = _where(txn, wanted)
    rows = txn.all(
        f"SELECT {_sized(txn, 'c.')} FROM config_info c WHERE {where} AND c.id>? ORDER BY c.id LIMIT ?",
        (*params, after_id, limit),
    )
    return [_one_sized(row) for row in rows]


def configs_of(txn: Txn, tenant: str) -> list[Brief]:
    """All configs of a namespace (history/configs)."""
    where, params = exactly(txn, tenant_id=tenant)
    rows = txn.all(
        f"SELECT id, group_id, data_id, md5, app_name, type, gmt_modified FROM config_info WHERE {where} ORDER BY id",
        params,
    )
    return [
        Brief(number, (tenant, group, data_id), md5 or "", app_name, kind, txn.millis(modified))
        for number, group, data_id, md5, app_name, kind, modified in rows
    ]


def count(txn: Txn, tenant: str | None = None) -> int:
    """How many configs there are, in a namespace or (None) in all."""
    if tenant is None:
        row = txn.one("SELECT COUNT(*) FROM config_info")
    else:
        where, params = exactly(txn, tenant_id=tenant)
        row = txn.one(f"SELECT COUNT(*) FROM config_info WHERE {where}", params)
    return row[0] if row else 0


# -- conditions


def _where(txn: Txn, wanted: Search) -> tuple[str, list[Any]]:
    conditions: list[str] = []
    params: list[Any] = []

    def add(condition: str, values: Iterable[str]) -> None:
        conditions.append(condition)
        params.extend(values)

    add(*exactly(txn, c__tenant_id=wanted.tenant))
    for column, value in (("c.data_id", wanted.data_id), ("c.group_id", wanted.group)):
        if value:
            add(*match(txn, column, value, wanted.blur))
    if wanted.app_name:
        add(*match(txn, "c.app_name", wanted.app_name, False))
    if wanted.content:
        add(*match(txn, "c.content", wanted.content, wanted.blur))
    if wanted.types:
        add(f"c.type IN ({marks(wanted.types)})", wanted.types)
    if wanted.labels:
        each = [match(txn, "t.tag_name", label, wanted.blur) for label in wanted.labels]
        add(
            "EXISTS (SELECT 1 FROM config_tags_relation t WHERE t.id=c.id AND"
            f" ({' OR '.join(condition for condition, _ in each)}))",
            [value for _, values in each for value in values],
        )
    return " AND ".join(conditions), params


def match(txn: Txn, column: str, text: str, blur: bool) -> tuple[str, list[str]]:
    """
    The condition that a column is a text or, with C{blur} and C{*} in it, like it; and its parameters. Cases are told
    apart on all databases.
    """
    if not blur or "*" not in text:
        return exactly(txn, **{column.replace(".", "__"): text})
    if txn.dialect == "sqlite":
        # GLOB, unlike LIKE, can use the index on a column that tells cases apart.
        return f"{column} GLOB ?", [text.replace("[", "[[]").replace("?", "[?]")]
    pattern = like(text)
    if txn.dialect == "postgresql":
        return f"{column} LIKE ? ESCAPE '!'", [pattern]
    return f"({column} LIKE ? ESCAPE '!' AND {binary(txn, column)} LIKE ? ESCAPE '!')", [pattern, pattern]


def like(text: str) -> str:
    """A text whose only wildcard is C{*} as a pattern of LIKE with the escape character C{!}."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_").replace("*", "%")


def marks(values: Any) -> str:
    """C{?, ?, ?} for so many values."""
    return ", ".join("?" * len(values))


# -- rows

_ITEM = (
    "id", "tenant_id", "group_id", "data_id", "content", "md5", "gmt_create", "gmt_modified", "src_user", "src_ip",
    "app_name", "c_desc", "c_use", "effect", "type", "c_schema",
)  # fmt: skip


def columns(txn: Txn, prefix: str = "") -> str:
    """The columns that L{item} takes."""
    secret = f"{prefix}encrypted_data_key" if txn.columns.encrypted_data_key else "''"
    return ", ".join([*(prefix + name for name in _ITEM), secret])


def _sized(txn: Txn, prefix: str = "") -> str:
    """The columns of a L{Sized}. SQLite's length of a text is in characters, and ends at a NUL."""
    content = f"{prefix}content"
    size = f"LENGTH(CAST({content} AS BLOB))" if txn.dialect == "sqlite" else f"OCTET_LENGTH({content})"
    return f"{prefix}id, {prefix}tenant_id, {prefix}group_id, {prefix}data_id, {size}"


def _one_sized(row: Row) -> Sized:
    number, tenant, group, data_id, size = row
    return Sized(number, (tenant or "", group, data_id), size)


def item(txn: Txn, row: Row, tags: str | None = None) -> Item:
    """A row of L{columns}."""
    number, tenant, group, data_id, content, md5, created, modified, *rest, secret = row
    src_user, src_ip, app_name, desc, use, effect, kind, schema = rest
    return Item(
        number, (tenant or "", group, data_id), content, md5 or "", txn.millis(created), txn.millis(modified),
        src_user, src_ip, app_name, desc, use, effect, kind, schema, secret or "", tags,
    )  # fmt: skip
