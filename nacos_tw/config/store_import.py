"""Many configs at once: import and clone (docs/spec/config-v1.md#8.3)."""

from __future__ import annotations

from nacos_tw.config.commands import ABORT, OVERWRITE, Import, ImportItem, Publish
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.results import RefusalError, Result
from nacos_tw.config.rows import Imported
from nacos_tw.config.store_rows import find, put
from nacos_tw.storage.txn import Txn


def run(txn: Txn, command: Import) -> Result:
    """As L{Import}."""
    imported = Imported()
    changed: list[ConfigKey] = []
    if command.quotas is None:
        _run(txn, command, imported, changed)
        return Result(imported, tuple(changed))
    # A refused item takes back those before it.
    txn.execute("SAVEPOINT import_items")
    try:
        _run(txn, command, imported, changed)
    except RefusalError:
        txn.execute("ROLLBACK TO SAVEPOINT import_items")
        raise
    finally:
        txn.execute("RELEASE SAVEPOINT import_items")
    return Result(imported, tuple(changed))


def _run(txn: Txn, command: Import, imported: Imported, changed: list[ConfigKey]) -> None:
    for position, item in enumerate(command.items):
        number = find(txn, item.key)
        if number is not None and command.policy == ABORT:
            imported.failed.append(item.key)
            imported.skipped.extend(later.key for later in command.items[position + 1 :])
            return
        if number is not None and command.policy != OVERWRITE:
            imported.skipped.append(item.key)
            continue
        put(txn, _publish(command, item), number)
        imported.succeeded += 1
        changed.append(item.key)


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
