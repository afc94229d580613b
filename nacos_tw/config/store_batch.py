"""Configs that belong together, written at once: those of an MCP server, an agent, a prompt."""

from __future__ import annotations

from nacos_tw.config.commands import Batch, Change, Publish
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.problems import CasConflict
from nacos_tw.config.results import RefusalError, Result
from nacos_tw.config.store_rows import find, put, remove_row
from nacos_tw.storage.txn import Txn

ABSENT = "-"
"""No content has this md5: what has come meanwhile is not what was expected."""


def run_batch(txn: Txn, command: Batch) -> Result:
    """As L{Batch}."""
    changed: list[ConfigKey] = []
    txn.execute("SAVEPOINT batch_items")
    try:
        for change in command.changes:
            if _apply(txn, command, change):
                changed.append(change.key)
    except RefusalError:
        txn.execute("ROLLBACK TO SAVEPOINT batch_items")
        raise
    finally:
        txn.execute("RELEASE SAVEPOINT batch_items")
    return Result(True, tuple(changed))


def _apply(txn: Txn, command: Batch, change: Change) -> bool:
    """@return: whether anything differs now. @raise RefusalError: it is not as expected."""
    number = find(txn, change.key)
    if change.expected is not None and (number is None) != (change.expected == ""):
        raise RefusalError(CasConflict(change.key))
    if change.content is not None:
        put(txn, _publish(command, change, change.content), number)
        return True
    if number is None:
        return False
    if change.expected:
        row = txn.one(f"SELECT md5 FROM config_info WHERE id=?{txn.for_update}", (number,))
        if row is None or row[0] != change.expected:
            raise RefusalError(CasConflict(change.key))
    return remove_row(txn, number, change.key, command)


def _publish(command: Batch, change: Change, content: str) -> Publish:
    return Publish(
        change.key,
        content,
        change.type,
        command.at_ms,
        app_name=change.app_name,
        tags=change.tags,
        desc=change.desc,
        src_ip=command.src_ip,
        src_user=command.src_user,
        cas_md5=ABSENT if change.expected == "" else change.expected,
        quotas=command.quotas,
        counted=command.counted,
    )
