"""Configs that belong together, written at once: those of an MCP server, an agent, a prompt."""

from __future__ import annotations

from nacos_tw.config.commands import Batch, Change, Publish
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.problems import CasConflict
from nacos_tw.config.results import RefusalError, Result
from nacos_tw.config.store_rows import find, lock, put, remove_row
from nacos_tw.config.store_several import all_or_none, counting
from nacos_tw.config.store_usage import LateUsage
from nacos_tw.storage.txn import Txn

ABSENT = "-"
"""No content has this md5: what has come meanwhile is not what was expected."""


def run_batch(txn: Txn, command: Batch) -> Result:
    """As L{Batch}."""
    changes = command.changes
    found = {change.key: find(txn, change.key) for change in changes} if txn.for_update else {}
    lock(txn, (number for number in found.values() if number is not None))
    if txn.for_update:  # others write the same ones at the same time
        changes = sorted(changes, key=lambda change: (change.content is None, change.key))
    changed: list[ConfigKey] = []
    with all_or_none(txn), counting(txn, command.quotas) as usage:
        for change in changes:
            if change.content is None and usage is not None:
                usage.write(txn)  # what goes is counted at once
            if _apply(txn, command, change, usage):
                changed.append(change.key)
    return Result(True, tuple(changed))


def _apply(txn: Txn, command: Batch, change: Change, usage: LateUsage | None) -> bool:
    """@return: whether anything differs now. @raise RefusalError: it is not as expected."""
    number = find(txn, change.key)
    if change.expected is not None and (number is None) != (change.expected == ""):
        raise RefusalError(CasConflict(change.key))
    if change.content is not None:
        put(txn, _publish(command, change, change.content), number, usage)
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
