"""
Several configs in one transaction (imports and batches).

On a shared database others write the same configs at the same time. So that none waits for one that waits for it, all
take their locks in one order: the rows that are there, by their ids; then new ones, by their keys; then the counters of
quotas. (Where quotas are kept, a new config's counters come before it, with one config as with several.)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nacos_tw.config.commands import Quotas
from nacos_tw.config.results import RefusalError
from nacos_tw.config.store_usage import LateUsage
from nacos_tw.storage.txn import Txn


@contextmanager
def all_or_none(txn: Txn) -> Iterator[None]:
    """All that is done in the block is taken back when something is refused. The transaction goes on then."""
    txn.execute("SAVEPOINT several_configs")
    try:
        yield
    except RefusalError:
        txn.execute("ROLLBACK TO SAVEPOINT several_configs")
        txn.execute("RELEASE SAVEPOINT several_configs")
        raise
    # Behind any other error there is no savepoint any more: the database has taken back everything.
    txn.execute("RELEASE SAVEPOINT several_configs")


@contextmanager
def counting(txn: Txn, quotas: Quotas | None) -> Iterator[LateUsage | None]:
    """
    What counts the new configs of the block.

    @return: None where each is counted at once: the next one's place depends on it, or nobody else writes.
    """
    usage = LateUsage() if txn.for_update and quotas is None else None
    yield usage
    if usage is not None:
        usage.write(txn)
