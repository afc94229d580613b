"""
One row of config_info at a time: insert, update, remove; with its labels, history row (docs/spec/config-v1.md#5.4) and
the counters.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypeAlias

from nacos_tw.config import details, store_capacity
from nacos_tw.config.commands import Publish, Remove
from nacos_tw.config.model import DEFAULT_TYPE, ConfigKey, labels_of, md5_of
from nacos_tw.config.problems import CasConflict
from nacos_tw.config.results import DONE, ByWhom, RefusalError, Result, Written
from nacos_tw.config.statements import Statements, statements
from nacos_tw.config.store_usage import Counting
from nacos_tw.errors import Alike, Duplicate, Unavailable
from nacos_tw.memo import BoundedMemo
from nacos_tw.storage.txn import Txn

ATTEMPTS = 50
"""Insertions of a config that others insert and remove at the same time: for each that fails, one has succeeded."""

Ids: TypeAlias = BoundedMemo[ConfigKey, int]
"""
Ids of configs by their keys, for a file that nobody else writes to. A config may have gone since, or come again with
another id: then its row is not found by this one, as no id is given twice.
"""


class Counted(ByWhom, Protocol):
    """The same of a config itself, of which there may be one less now."""

    @property
    def counted(self) -> bool: ...


def find(txn: Txn, key: ConfigKey) -> int | None:
    """The id of a config, None if there is none."""
    tenant, group, data_id = key
    wanted = (data_id, group, tenant)
    row = txn.one(statements(txn).find, wanted)
    return None if row is None or row[1:] != wanted else row[0]


def lock(txn: Txn, numbers: Iterable[int]) -> None:
    """Lock the rows with these ids, as everybody who writes several does first: by their order."""
    if txn.for_update:
        for number in sorted(set(numbers)):
            txn.one(f"SELECT id FROM config_info WHERE id=?{txn.for_update}", (number,))


def publish(txn: Txn, command: Publish, usage: Counting | None = None, ids: Ids | None = None) -> Result:
    """
    As L{Publish}.

    @param usage: counts a config that has come; None: it is counted at once.
    @param ids: those that are known of late, and where they are remembered.
    """
    number = None if ids is None else ids.get(command.key)
    if number is None:
        number = find(txn, command.key)
        if ids is not None and number is not None:
            ids.keep(command.key, number)
    md5 = put(txn, command, number, usage)
    secret = command.encrypted_data_key or ""
    written = Written(command.key, command.content, md5, command.at_ms, command.type, secret)
    return Result(True, (command.key,), written=written)


def put(txn: Txn, command: Publish, number: int | None, usage: Counting | None = None) -> str:
    """
    Insert or update.

    @param number: the id, as L{find} gave it.
    @param usage: as in L{publish}.
    @return: the content's md5.
    @raise RefusalError: nothing was changed.
    @raise nacos_tw.errors.Alike: the database takes it for another config; nothing was changed.
    """
    sql = statements(txn)
    md5 = md5_of(command.content)
    if command.quotas is not None:
        store_capacity.check_size(txn, command.key, command.content, command.quotas)
    if number is not None and _update(txn, sql, command, number, md5):
        return md5
    if command.quotas is not None:
        store_capacity.check_room(txn, command.key, command.quotas)
    for _ in range(ATTEMPTS):
        try:
            _insert(txn, sql, command, md5, usage)
            return md5
        except Duplicate:
            tenant, group, data_id = command.key
            row = txn.one(sql.find_now, (data_id, group, tenant))
        if row is not None and row[1:] != (data_id, group, tenant):
            raise Alike("config", command.key, (row[3] or "", row[2], row[1]))
        if row is not None and _update(txn, sql, command, row[0], md5):
            return md5
    raise Unavailable("the config is being written and removed at the same time, try later")


def _update(txn: Txn, sql: Statements, command: Publish, number: int, md5: str) -> bool:
    """Replace the row. @return: False if it is gone."""
    at = txn.datetime(command.at_ms)
    operation = _operation(txn, command, "U", number)
    if operation is None:
        return False
    if command.cas_md5 is None:
        if not txn.execute(sql.keep, operation):
            return False
    elif not txn.execute(sql.keep_if, (*operation, command.cas_md5)):
        if txn.one(f"SELECT id FROM config_info WHERE id=?{txn.for_update}", (number,)) is None:
            return False
        raise RefusalError(CasConflict(command.key))
    values = (
        command.content, md5, at, command.src_user, command.src_ip, command.app_name, command.desc, command.use,
        command.effect, command.type, command.schema,
    )  # fmt: skip
    if txn.columns.encrypted_data_key:
        values = (*values, command.encrypted_data_key or "")  # type: ignore[assignment]
    txn.execute(sql.update, (*values, number))
    if command.tags is not None:
        txn.execute("DELETE FROM config_tags_relation WHERE id=?", (number,))
        _label(txn, command.key, number, command.tags)
    return True


def _insert(txn: Txn, sql: Statements, command: Publish, md5: str, usage: Counting | None) -> None:
    """
    Add the row.

    @raise Duplicate: it is there already; nothing was changed.
    """
    tenant, group, data_id = command.key
    at = txn.datetime(command.at_ms)
    content = command.content
    secret: tuple[str, ...] = (command.encrypted_data_key or "",)
    row = (
        data_id, group, tenant, content, md5, at, at, command.src_user, command.src_ip, command.app_name,
        command.desc, command.use, command.effect, DEFAULT_TYPE if command.type is None else command.type,
        command.schema,
    )  # fmt: skip
    txn.execute(sql.insert, row + secret if txn.columns.encrypted_data_key else row)
    number = txn.last_id
    if command.tags:
        _label(txn, command.key, number, command.tags)
    history = (
        0, data_id, group, tenant, command.app_name, content, md5, command.src_ip, command.src_user, at, at, "I",
    )  # fmt: skip
    more = (details.of_new(command),) if sql.detailed else ()
    txn.execute(sql.write, history + (secret if txn.columns.history_encrypted_data_key else ()) + more)
    if command.counted and usage is not None:
        usage.add(txn, command.key, at)
    elif command.counted:
        store_capacity.add_usage(txn, command.key, 1, at)


def _operation(txn: Txn, operation: ByWhom, kind: str, number: int) -> tuple[Any, ...] | None:
    """The parameters of L{Statements.keep}; None if the row is gone."""
    at = txn.datetime(operation.at_ms)
    values = (operation.src_ip, operation.src_user, at, at, kind)
    if not details.wanted(txn):
        return (*values, number)
    found = details.of_row(txn, number)
    return None if found is None else (*values, found, number)


def _label(txn: Txn, key: ConfigKey, number: int, tags: str) -> None:
    tenant, group, data_id = key
    for label in labels_of(tags):
        txn.execute(
            "INSERT INTO config_tags_relation (id, tag_name, tag_type, data_id, group_id, tenant_id)"
            " VALUES (?, ?, NULL, ?, ?, ?)",
            (number, label, data_id, group, tenant),
        )


def remove(txn: Txn, command: Remove) -> Result:
    """As L{Remove} without a tag."""
    number = find(txn, command.key)
    if number is None or not remove_row(txn, number, command.key, command):
        return DONE
    return Result(True, (command.key,))


def remove_row(txn: Txn, number: int, key: ConfigKey, operation: Counted) -> bool:
    """Remove a config by its id. @return: False if it is gone."""
    at = txn.datetime(operation.at_ms)
    kept = _operation(txn, operation, "D", number)
    if kept is None or not txn.execute(statements(txn).keep, kept):
        return False
    txn.execute("DELETE FROM config_info WHERE id=?", (number,))
    txn.execute("DELETE FROM config_tags_relation WHERE id=?", (number,))
    if operation.counted:
        store_capacity.add_usage(txn, key, -1, at)
    return True
