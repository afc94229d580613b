"""Snapshots for backups: made of what is committed now, and read in pieces while the node goes on serving."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from nacos_tw.errors import Unavailable
from nacos_tw.raft.compaction import Compaction
from nacos_tw.raft.core.messages import SnapshotMeta
from nacos_tw.raft.disk.writer import DirectWriter, Writer

LIMIT = 30.0
"""Seconds that a snapshot may take."""
LOOK = 0.05


class Images:
    """@param applied: the index of the last entry that this node has applied."""

    def __init__(
        self,
        compaction: Compaction,
        writer: Writer | DirectWriter,
        clock: IReactorTime,
        seconds: Callable[[], float],
        applied: Callable[[], int],
        reason: Callable[[], str],
    ) -> None:
        self._compaction = compaction
        self._writer = writer
        self._clock = clock
        self._seconds = seconds
        self._applied = applied
        self._reason = reason

    async def save(self) -> SnapshotMeta:
        """
        A snapshot on disk that holds all that this node had heard to be committed when it was asked for.

        @raise Unavailable: it is not in order, or the snapshot could not be written.
        """
        if why := self._reason():
            raise Unavailable(why)
        core = self._compaction.core
        wanted, end = max(core.commit, core.leader_commit), self._seconds() + LIMIT
        while self._seconds() < end:
            meta = self._compaction.store.snapshot
            if meta is not None and meta.index >= wanted:
                return meta
            if self._applied() >= wanted:
                await self._compaction.take(self._applied())
                meta = self._compaction.store.snapshot
                if meta is not None and meta.index >= wanted:
                    return meta
            pause: Deferred[None] = Deferred()
            self._clock.callLater(LOOK, pause.callback, None)
            await pause
        raise Unavailable("the snapshot was not written in time; the node's log says why")

    def read(self, index: int, offset: int, size: int) -> Deferred[bytes]:
        """A piece of the snapshot at C{index}; shorter than C{size} only at the end. Fails with L{LookupError} when it
        is gone."""

        def read() -> bytes:
            return self._compaction.store.read_chunk(index, offset, size)[0]

        return self._writer.run(read)
