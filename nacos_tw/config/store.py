"""
Changes of the configuration centre, as SQL in the caller's transaction.

On SQLite this is the replicated state machine: the same commands make the same rows and ids on every node, and times
come from the command alone. On MySQL many nodes run it at once. What makes it right there:

 - A config's row is locked by its id before it is read and written (the SELECT of the history row does it), so that the
   history row is what the update replaces, and a casMd5 is compared with what it replaces.
 - The row is looked for without a lock first: under REPEATABLE READ (links prefer READ COMMITTED) looking with
   one for what is not there would lock the gap on MySQL, and two publishers of new configs wait for each other.
 - Two that insert the same config: the second gets L{Duplicate} when the first has committed, finds the row by a
   read that sees what was committed meanwhile, and updates; or inserts again, where a third has removed it. On MySQL
   that read takes the lock that the failed insert holds already. On PostgreSQL it must take none: two that share a
   row's lock and both want to write it wait for each other.
 - The counters come last, behind all rows of configs, and the cluster's before the others: all go the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.config import store_batch, store_capacity, store_gray, store_history, store_import
from nacos_tw.config.commands import (
    Batch,
    Command,
    CountUsage,
    EnsureCapacity,
    Import,
    Publish,
    PublishBeta,
    PublishGray,
    PublishTag,
    Remove,
    RemoveGray,
    RemoveMany,
    SetCapacity,
    StopBeta,
    TrimHistory,
)
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.results import RefusalError
from nacos_tw.config.results import Result as Result
from nacos_tw.config.store_rows import Ids, publish, remove, remove_row
from nacos_tw.config.store_usage import Usage
from nacos_tw.storage.txn import Txn

MAX_ID = 2**63 - 1


def apply(txn: Txn, command: Command, usage: Usage | None = None, ids: Ids | None = None) -> Result:
    """
    Run a command. Nothing is committed here.

    @param usage: takes what a L{Publish} adds to the counters; None: they are written at once.
    @param ids: of configs, for a L{Publish} with C{usage}.
    @return: what came of it. When C{value} is an exception, the transaction is as it was before the command.
    @raise nacos_tw.errors.NacosError: the database failed or refused a value: roll the transaction back.
    """
    try:
        if usage is not None and type(command) is Publish:
            return publish(txn, command, usage, ids)
        return _WAYS[type(command)](txn, command)
    except RefusalError as refusal:
        return Result(refusal.error)


def _remove(txn: Txn, command: Remove) -> Result:
    if command.tag:
        return store_gray.remove_tag(txn, command)
    return remove(txn, command)


def _remove_many(txn: Txn, command: RemoveMany) -> Result:
    # All are locked, by their order, before the first is counted off: who writes one of them counts behind that, too.
    rows = {number: _locked(txn, number) for number in sorted(set(command.ids)) if 0 <= number <= MAX_ID}
    changed = []
    for number in dict.fromkeys(command.ids):
        row = rows.get(number)
        if row is not None and remove_row(txn, number, row, command):
            changed.append(row)
    return Result(len(changed), tuple(changed))


def _locked(txn: Txn, number: int) -> ConfigKey | None:
    row = txn.one(f"SELECT tenant_id, group_id, data_id FROM config_info WHERE id=?{txn.for_update}", (number,))
    return None if row is None else (row[0], row[1], row[2])


_WAYS: dict[type, Callable[[Txn, Any], Result]] = {
    Publish: publish,
    PublishBeta: store_gray.publish_beta,
    PublishTag: store_gray.publish_tag,
    PublishGray: store_gray.publish_gray,
    RemoveGray: store_gray.remove_gray,
    Remove: _remove,
    RemoveMany: _remove_many,
    StopBeta: store_gray.stop_beta,
    Import: store_import.run,
    Batch: store_batch.run_batch,
    EnsureCapacity: store_capacity.ensure,
    SetCapacity: store_capacity.set_limits,
    CountUsage: store_capacity.count_usage,
    TrimHistory: store_history.trim,
}
