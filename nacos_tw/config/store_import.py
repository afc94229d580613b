"""Many configs at once: import and clone (docs/spec/config-v1.md#8.3)."""

from __future__ import annotations

from collections import Counter

from nacos_tw.config.commands import ABORT, OVERWRITE, Import, ImportItem, Publish
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.results import Result
from nacos_tw.config.rows import Imported
from nacos_tw.config.store_rows import find, lock, put
from nacos_tw.config.store_several import all_or_none, counting
from nacos_tw.storage.txn import Txn


def run(txn: Txn, command: Import) -> Result:
    """As L{Import}."""
    imported = Imported()
    if command.quotas is None:
        return Result(imported, _run(txn, command, imported))
    with all_or_none(txn):  # a refused item takes back those before it
        return Result(imported, _run(txn, command, imported))


def _run(txn: Txn, command: Import, imported: Imported) -> tuple[ConfigKey, ...]:
    wanted = _wanted(txn, command, imported)
    lock(txn, (number for _, number in wanted if number is not None))
    times = Counter(item.key for item, _ in wanted)
    changed = tuple(item.key for item, _ in wanted)
    if txn.for_update:
        # Others insert the same ones at the same time. Where nobody else writes, ids go by the order of the command.
        wanted.sort(key=lambda one: one[0].key)
    with counting(txn, command.quotas) as usage:
        for item, number in wanted:
            if times[item.key] > 1:
                number = find(txn, item.key)
            put(txn, _publish(command, item), number, usage)
            imported.succeeded += 1
    return changed


def _wanted(txn: Txn, command: Import, imported: Imported) -> list[tuple[ImportItem, int | None]]:
    """Those to write, each with the id of the row that is there. The others are noted."""
    wanted: list[tuple[ImportItem, int | None]] = []
    named: set[ConfigKey] = set()
    for position, item in enumerate(command.items):
        number = find(txn, item.key)
        there = number is not None or item.key in named
        if there and command.policy == ABORT:
            imported.failed.append(item.key)
            imported.skipped.extend(later.key for later in command.items[position + 1 :])
            break
        if there and command.policy != OVERWRITE:
            imported.skipped.append(item.key)
            continue
        named.add(item.key)
        wanted.append((item, number))
    return wanted


def _publish(command: Import, item: ImportItem) -> Publish:
    return Publish(
        item.key,
        item.content,
        item.type,
        command.at_ms,
        app_name=item.app_name,
        desc=item.desc,
        src_ip=command.src_ip,
        src_user=command.src_user,
        encrypted_data_key=item.encrypted_data_key,
        quotas=command.quotas,
        counted=command.counted,
    )
