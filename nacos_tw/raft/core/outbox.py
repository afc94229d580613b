"""Where the work for the driver gathers until it takes it."""

from __future__ import annotations

from nacos_tw.raft.core.messages import AnyMessage, Entry, HardState
from nacos_tw.raft.core.ready import IncomingChunk, Ready, Role

Known = tuple[Role, int, str]
"""Role, term and leader."""


class Outbox:
    """
    What goes into the next Ready besides what is to be saved and applied.

    @ivar token: of the next Ready.
    @ivar at_once: messages that promise nothing, with whom they are for.
    @ivar after_persist: those that may leave only when all of the memory of then is on disk.
    @ivar reads: (peer, index, offset): pieces of the snapshot to read.
    @ivar beats: payloads of the leader's confirmation rounds.
    @ivar chunk: a piece of the leader's snapshot for the disk.
    @ivar confirmed: the newest confirmation round that a majority acknowledged since the last Ready, else 0.
    """

    __slots__ = ("_known", "after_persist", "at_once", "beats", "chunk", "confirmed", "reads", "token")

    def __init__(self, known: Known) -> None:
        self._known = known
        self.token = 1
        self._clear()

    def _clear(self) -> None:
        self.at_once: list[tuple[str, AnyMessage]] = []
        self.after_persist: list[tuple[str, AnyMessage]] = []
        self.reads: list[tuple[str, int, int]] = []
        self.beats: list[bytes] = []
        self.chunk: IncomingChunk | None = None
        self.confirmed = 0

    def take(
        self,
        hard: HardState | None,
        entries: tuple[Entry, ...],
        committed: tuple[Entry, ...],
        commit: int,
        known: Known,
    ) -> Ready | None:
        """
        All that has gathered, with what is to be saved and applied; None when there is nothing.

        @param known: role, term and leader as they are now.
        """
        changed = known != self._known
        waiting = self.at_once or self.after_persist or self.reads or self.beats or self.confirmed
        if not (waiting or changed or committed or entries or hard is not None or self.chunk is not None):
            return None
        work = Ready(
            self.token,
            hard,
            entries,
            tuple(self.at_once),
            tuple(self.after_persist),
            committed,
            self.chunk,
            tuple(self.reads),
            self.confirmed,
            tuple(self.beats),
            commit,
            changed,
        )
        self._known = known
        self.token += 1
        self._clear()
        return work
