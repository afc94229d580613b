"""The queries by which a node's cache follows the database, as functions of a transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from nacos_tw.config import store_gray, store_index
from nacos_tw.config.gray import Copy, Entry, LabelledCopy
from nacos_tw.config.gray_rules import by_labels
from nacos_tw.config.model import ConfigKey, CopyRow, md5_of
from nacos_tw.config.statements import KEY_IS, key_is
from nacos_tw.config.store_index import Indexed
from nacos_tw.storage.exact import binary, text_of
from nacos_tw.storage.sqlite import SQLiteFile
from nacos_tw.storage.txn import Txn

KEYS = 50
"""Configs asked for by one statement."""
PAGE = 2000
"""Rows of a page."""
PAGE_BYTES = 4 * 1024 * 1024
"""Bytes of contents of a page, unless a single one is larger."""
MOST_CHANGED = 10_000

_KEY = ("tenant_id", "group_id", "data_id")


# -- by key


def entries(txn: Txn, keys: Sequence[ConfigKey]) -> list[Entry]:
    """The configs with these keys and all their copies, with contents. Those that are not there are left out."""
    entries: dict[ConfigKey, Entry] = {}
    wanted = set(keys)
    for start in range(0, len(keys), KEYS):
        where, params = _these(keys[start : start + KEYS])
        for row in txn.all(f"SELECT {store_index._columns(txn)}, content FROM config_info WHERE {where}", params):
            found = store_index._indexed(txn, row)
            if found.key in wanted:  # else another that the database takes for it
                entries[found.key] = _entry(txn, found)
        copies = store_gray._copies(txn, f"({where})", params, True, False)
        add_copies(entries, [_true(txn, copy) for copy in copies if copy.key in wanted])
    return list(entries.values())


def add_copies(entries: dict[ConfigKey, Entry], copies: Iterable[CopyRow], contents: bool = True) -> None:
    """Put copies for some into the entries of their configs; one whose config is gone gets an entry of its own."""
    for row in copies:
        entry = entries.get(row.key)
        if entry is None:
            entry = entries[row.key] = Entry(key=row.key)
        if row.label:
            _add_labelled(entry, row, contents)
            continue
        copy = Copy(
            md5=row.md5,
            modified_ms=row.modified_ms,
            encrypted_data_key=row.encrypted_data_key,
            content=_whole(row.content.encode(), row.md5) if contents else None,
            ips=addresses(row.beta_ips),
        )
        if row.tag is None:
            entry.beta = copy
        else:
            entry.tags = {**(entry.tags or {}), row.tag: copy}


def _add_labelled(entry: Entry, row: CopyRow, contents: bool) -> None:
    understood = by_labels(row.rule)
    if understood is not None:
        priority, conditions = understood
        entry.add(
            LabelledCopy(
                md5=row.md5,
                modified_ms=row.modified_ms,
                encrypted_data_key=row.encrypted_data_key,
                content=_whole(row.content.encode(), row.md5) if contents else None,
                name=row.label,
                rule=row.rule,
                priority=priority,
                conditions=conditions,
            )
        )


def addresses(beta_ips: str) -> frozenset[str]:
    """The addresses of a comma list."""
    return frozenset(ip for part in beta_ips.split(",") if (ip := part.strip()))


def content(txn: Txn, key: ConfigKey, name: str, md5: str) -> bytes | None:
    """
    One content.

    @param name: which copy, see L{nacos_tw.config.gray}.
    @return: in UTF-8; None if there is none with that md5, be it that the disk has changed it.
    """
    if name:
        found = store_gray.named_copy(txn, key, name)
        return None if found is None or found.md5 != md5 else _whole(found.content.encode(), md5)
    where, params = key_is(txn, key)
    row = txn.one(f"SELECT content, md5 FROM config_info WHERE {where}", params)
    if row is None or (row[1] or md5) != md5:
        return None
    return _whole(row[0].encode(), md5)


def _whole(found: bytes, md5: str) -> bytes | None:
    """The content, if it is what the md5 says: never is a client given one with the md5 of another."""
    return found if hashlib.md5(found, usedforsecurity=False).hexdigest() == md5 else None


def _true(txn: Txn, copy: CopyRow) -> CopyRow:
    """A copy with the md5 that is to be believed, see L{_entry}."""
    return copy if txn.dialect == "sqlite" else msgspec.structs.replace(copy, md5=md5_of(copy.content))


class StoredContents:
    """Contents read from the embedded database itself. Provides L{nacos_tw.config.cache.IContents}."""

    def __init__(self, file: SQLiteFile) -> None:
        self._file = file

    def content(self, key: ConfigKey, name: str, md5: str) -> bytes | None:
        """As L{nacos_tw.config.cache.IContents.content}; not while a transaction of the file is open."""
        with self._file.reading() as txn:
            return content(txn, key, name, md5)


# -- all of them, by pages


def entries_page(txn: Txn, after_id: int) -> tuple[int, list[Entry]]:
    """
    The next configs by id, with contents, their copies left out.

    @return: the last one's id and the configs; none: that was all.
    """
    size = most = 0
    for (length,) in txn.all(
        "SELECT length(content) FROM config_info WHERE id > ? ORDER BY id LIMIT ?", (after_id, PAGE)
    ):
        size += length or 0
        if size > PAGE_BYTES and most:
            break
        most += 1
    found = store_index.content_page(txn, after_id, most) if most else []
    return found[-1].id if found else after_id, [_entry(txn, row) for row in found]


def copy_entries(txn: Txn) -> dict[ConfigKey, Entry]:
    """All configs that have copies for some, with nothing but these, without contents."""
    entries: dict[ConfigKey, Entry] = {}
    add_copies(entries, store_gray.copies_index(txn), contents=False)
    return entries


def index(txn: Txn) -> Iterable[Entry]:
    """All configs, without contents: what an embedded database's cache starts with."""
    entries: dict[ConfigKey, Entry] = {}
    last = 0
    while found := store_index.index_page(txn, last, PAGE):
        for row in found:
            entries[row.key] = Entry(
                key=row.key,
                md5=row.md5,
                modified_ms=row.modified_ms,
                type=row.type,
                encrypted_data_key=row.encrypted_data_key,
            )
        last = found[-1].id
    add_copies(entries, store_gray.copies_index(txn), contents=False)
    return entries.values()


def index_of(txn: Txn, keys: Sequence[ConfigKey]) -> list[Indexed]:
    """These rows, without contents."""
    found: list[Indexed] = []
    wanted = set(keys)
    for start in range(0, len(keys), KEYS):
        where, params = _these(keys[start : start + KEYS])
        rows = txn.all(f"SELECT {store_index._columns(txn)}, NULL FROM config_info WHERE {where}", params)
        found += [one for row in rows if (one := store_index._indexed(txn, row)).key in wanted]
    return found


def entry_count(txn: Txn) -> int:
    """How many configs there are."""
    row = txn.one("SELECT COUNT(*) FROM config_info")
    return 0 if row is None else int(row[0])


# -- what has changed, by the history


def newest(txn: Txn) -> int:
    """The last history row's nid, 0 if there is none."""
    row = txn.one("SELECT MAX(nid) FROM his_config_info")
    return 0 if row is None or row[0] is None else int(row[0])


def changed_keys(txn: Txn, after_nid: int) -> list[ConfigKey] | None:
    """
    The configs that were inserted, updated or removed after that history row; each write of a config has one.

    @return: None: too many.
    """
    columns = ", ".join(binary(txn, name) for name in _KEY)
    found = txn.all(
        f"SELECT DISTINCT {columns} FROM his_config_info WHERE nid > ? LIMIT {MOST_CHANGED + 1}", (after_nid,)
    )
    if len(found) > MOST_CHANGED:
        return None
    return [(text_of(tenant), text_of(group), text_of(data_id)) for tenant, group, data_id in found]


# -- rows to values


def _these(keys: Sequence[ConfigKey]) -> tuple[str, list[Any]]:
    """
    The condition for rows with these keys, and for those that MySQL takes for the same; both databases use the unique
    index for each.
    """
    where = " OR ".join([f"({KEY_IS})"] * len(keys))
    return where, [value for tenant, group, data_id in keys for value in (data_id, group, tenant)]


def _entry(txn: Txn, row: Indexed) -> Entry:
    assert row.content is not None
    found: bytes | None = row.content.encode()
    md5 = row.md5
    if txn.dialect == "sqlite":
        found = _whole(row.content.encode(), md5)
    else:
        # Others write to a shared database: as Nacos does, believe the content and not the column.
        md5 = md5_of(row.content)
    return Entry(
        key=row.key,
        md5=md5,
        modified_ms=row.modified_ms,
        type=row.type,
        encrypted_data_key=row.encrypted_data_key,
        content=found,
    )
