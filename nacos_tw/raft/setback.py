"""What a driver does when it turns out that its disk is an older copy."""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import Logger

from nacos_tw.raft.core.core import Core
from nacos_tw.raft.disk.store import Store
from nacos_tw.raft.disk.writer import DirectWriter, Writer


class Setback:
    """Tells the operator, once for each time, and lets the count of starts go on where the others saw it last."""

    log = Logger()

    def __init__(self, writer: Writer | DirectWriter, store: Callable[[], Store]) -> None:
        """@param store: gives the open store."""
        self._writer = writer
        self._store = store
        self._said = ""
        self._counted = 0

    def remembered(self, core: Core, peer: str, count: int, term: int, now: float) -> None:
        """
        A peer in C{term} has seen C{count} starts of this node, or that one as another.

        The count continues behind it, so that the next start, which is an honest one, is ahead again. That is on disk
        before the mark that the node recovers, as saves are made in order.
        """
        store = self._store()
        if count < max(store.boot, self._counted):
            if core.recovering:
                core.went_back("", term, now)  # a second peer tells it, in a higher term perhaps
            return
        self._counted = count + 1
        self._writer.run(lambda: store.count_start(count + 1)).addErrback(lambda failure: None)  # the writer says it
        if not core.went_back(f"{peer} has seen start {count} of this node", term, now):
            self.log.warn(
                "raft: {peer} has seen start {count} of this node: its folder is an older copy. That comes too late: "
                "this node leads already. What the cluster has lost by that is reported where it is found",
                peer=peer, count=count,
            )  # fmt: skip

    def look(self, core: Core) -> None:
        """The core may have found out, or have recovered."""
        if core.setback != self._said:
            self._said = core.setback
            if self._said:
                self.log.error(
                    "raft: this node's disk has gone back to an older state: {why}. It does not vote until it has what "
                    "the leader has", why=self._said,
                )  # fmt: skip
            elif not core.recovering:
                self.log.info("raft: this node has what it had forgotten, and votes again")
