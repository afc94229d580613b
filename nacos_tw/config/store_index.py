"""
What the cache of a node reads: pages over all configs, the rows of some, and what changed lately.

Every change of a config writes a history row with its time, and history has an index on that: so the recent changes,
removals too, are asked of history. (config_info of MySQL has no such index.)
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from nacos_tw.config.model import DEFAULT_TYPE, ConfigKey, CopyRow, md5_of
from nacos_tw.config.statements import key_is
from nacos_tw.config.store_gray import copies
from nacos_tw.storage.exact import binary, text_of
from nacos_tw.storage.txn import Row, Txn


class Indexed(msgspec.Struct, frozen=True, gc=False):
    """
    What the cache knows of a config. C{modified_ms}: in ms.

    @ivar content: None in L{index_page}.
    """

    id: int
    key: ConfigKey
    md5: str
    modified_ms: int
    type: str = DEFAULT_TYPE
    encrypted_data_key: str = ""
    content: str | None = None


class Cached(msgspec.Struct, frozen=True, gc=False):
    """All that clients may get of a key: C{main} is None if there is no config, but copies are possible."""

    key: ConfigKey
    main: Indexed | None
    beta: CopyRow | None
    tags: dict[str, CopyRow]


def index_page(txn: Txn, after_id: int, limit: int) -> list[Indexed]:
    """The next configs by id, without contents: call it with the last one's id until it gives none."""
    return _page(txn, after_id, limit, "NULL")


def content_page(txn: Txn, after_id: int, limit: int) -> list[Indexed]:
    """The same with contents."""
    return _page(txn, after_id, limit, "content")


def _page(txn: Txn, after_id: int, limit: int, content: str) -> list[Indexed]:
    rows = txn.all(
        f"SELECT {_columns(txn)}, {content} FROM config_info WHERE id>? ORDER BY id LIMIT ?", (after_id, limit)
    )
    return [_indexed(txn, row) for row in rows]


def rows(txn: Txn, keys: Iterable[ConfigKey]) -> list[Cached]:
    """The keys as they are stored now, each once, in their order, with contents, beta and tag copies."""
    return [_cached(txn, key) for key in dict.fromkeys(keys)]


def _cached(txn: Txn, key: ConfigKey) -> Cached:
    where, params = key_is(txn, key)
    row = txn.one(f"SELECT {_columns(txn)}, content FROM config_info WHERE {where}", params)
    beta = None
    tags = {}
    for copy in copies(txn, key):
        if copy.label:
            continue
        if copy.tag is None:
            beta = copy
        else:
            tags[copy.tag] = copy
    return Cached(key, None if row is None else _indexed(txn, row), beta, tags)


def all_keys(txn: Txn) -> list[tuple[ConfigKey, str]]:
    """Every config's key and md5, by id."""
    found = txn.all("SELECT tenant_id, group_id, data_id, md5 FROM config_info ORDER BY id")
    return [((tenant or "", group, data_id), md5 or "") for tenant, group, data_id, md5 in found]


def changed_since(txn: Txn, since_ms: int) -> list[ConfigKey]:
    """
    Keys that were written or removed at that time (in ms) or later, by the clocks of the writers: go back far enough to
    cover their differences. Copies too; one that was removed from a database of 1.4, whose history does not know
    copies, is not among them: compare L{nacos_tw.config.store_gray.copies_index}.
    """
    tables = ["his_config_info"]
    if txn.columns.labelled:
        tables.append("config_info_gray")
    if txn.columns.beta:
        tables += ["config_info_beta", "config_info_tag"]
    since = txn.datetime(since_ms)
    columns = ", ".join(binary(txn, name) for name in ("tenant_id", "group_id", "data_id"))
    found: dict[ConfigKey, None] = {}
    for table in tables:
        for tenant, group, data_id in txn.all(
            f"SELECT DISTINCT {columns} FROM {table} WHERE gmt_modified>=?", (since,)
        ):
            found[(text_of(tenant), text_of(group), text_of(data_id))] = None
    return list(found)


def _columns(txn: Txn) -> str:
    secret = "encrypted_data_key" if txn.columns.encrypted_data_key else "''"
    return f"id, tenant_id, group_id, data_id, md5, gmt_modified, type, {secret}"


def _indexed(txn: Txn, row: Row) -> Indexed:
    number, tenant, group, data_id, md5, modified, kind, secret, content = row
    if not md5 and content is not None:
        md5 = md5_of(content)
    key = (tenant or "", group, data_id)
    return Indexed(number, key, md5 or "", txn.millis(modified), kind or DEFAULT_TYPE, secret or "", content)
