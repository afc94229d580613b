"""The state machine's side of the log: what is applied to it, and from where it goes on after a start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.errors import NacosError
from nacos_tw.raft.answers import Answers
from nacos_tw.raft.core.messages import COMMAND, Entry, SnapshotMeta
from nacos_tw.raft.disk.store import Store
from nacos_tw.raft.sessions import Part, Sessions

Marked = Callable[[int, "dict[str, Part]"], None]
"""Given the index of an entry and the parts of the state that it has led to."""

Applied = Callable[[int, int, "list[Any]"], Answers]
"""Given session, first count and results of this node's own commands: those who wait for them."""


class Applying:
    """
    What one node has applied.

    @ivar index: of the last entry that is part of the state.
    @ivar doubted: whether an entry may be applied in part.
    @ivar on_mark: called with the state after an entry that says that it is to be hashed.
    """

    def __init__(self, node: str, sessions: Sessions) -> None:
        self.index = 0
        self.doubted = False
        self.on_mark: Marked = lambda index, parts: None
        self._node = node
        self._sessions = sessions

    def restore(self, store: Store) -> None:
        """
        The state from what is on disk, unless it is further than the snapshot there: what was applied once was
        committed, so it holds whatever the disk has lost since.
        """
        sessions = self._sessions
        if sessions.lost or self.doubted:  # a part that keeps its state on disk itself was refused there
            sessions.reset()
            self.index = 0
            self.doubted = False
        if store.snapshot is not None and store.snapshot.index > self.index:
            self.take_over(store.read_snapshot(), store.snapshot)

    def take_over(self, state: bytes, meta: SnapshotMeta) -> None:
        """Replace the state by a snapshot, if that is further."""
        if meta.index > self.index:
            self._sessions.restore(state, meta.index, meta.term)
            self.index = meta.index

    def quarantine(self) -> list[str]:
        """The state is not the cluster's: nothing is applied. Gives where what was on disk is kept."""
        self.index = 0
        return self._sessions.quarantine()

    def apply(self, entries: tuple[Entry, ...], applied: Applied, answers: Answers) -> None:
        """
        Apply committed entries, but for those that the state holds already.

        @param applied: called for each entry with commands of this node.
        @param answers: where what it returns is added.
        """
        apply, node, known = self._sessions.apply, self._node, self.index
        for entry in entries:
            if entry.kind == COMMAND and entry.index > known:
                origin, session, first, results = apply(entry.data, entry.index, entry.term)
                if origin == node:
                    answers.extend(applied(session, first, results))
                if self._sessions.marked():
                    self._freeze(entry.index)
        self.index = max(known, entries[-1].index)

    def _freeze(self, index: int) -> None:
        """What durable machines hold back is made visible first: others have it in one go with other entries."""
        try:
            self._sessions.flush()
            parts = self._sessions.freeze()
        except NacosError:
            return  # a disk that refuses is told by the flush at the end
        self.on_mark(index, parts)
