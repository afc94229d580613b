"""Snapshots of the state machine: taking them, sending them, taking over the leader's.

The log forgets what a snapshot covers, so its size on disk stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.errors import StoreDamaged
from nacos_tw.raft.core.core import Core, IncomingChunk
from nacos_tw.raft.core.messages import SnapshotMeta
from nacos_tw.raft.disk.snapshots import SnapshotDraft
from nacos_tw.raft.disk.store import Store
from nacos_tw.raft.disk.writer import DirectWriter, Writer
from nacos_tw.raft.sessions import Sessions

TRAILING_BYTES = 4 * 1024 * 1024
"""Bytes of entries kept behind a snapshot, at most."""
MOST_BYTES = 64 * 1024 * 1024
"""Bytes of new entries after which a snapshot is due in any case: entries are in memory until then."""
CHUNK = 1024 * 1024
"""Bytes of a snapshot in one message."""
OVERDUE = 4
"""So many times what makes a snapshot due is written before the one that is being sent is replaced."""


class Compaction:
    """
    The snapshots of one node.

    @ivar core: the node's core.
    @ivar store: its disk; what touches it runs in the writer's thread.
    @ivar bytes: bytes of entries since the last snapshot, about.
    """

    log = Logger()

    def __init__(
        self,
        core: Core,
        store: Store,
        writer: Writer | DirectWriter,
        sessions: Sessions,
        threshold: int,
        trailing: int,
        seconds: Callable[[], float],
        drain: Callable[[], None],
    ) -> None:
        """
        @param threshold: bytes of new entries after which a snapshot is due, or its own size if that is more, up to
            L{MOST_BYTES}.
        @param trailing: entries kept behind a snapshot, for followers that are a little behind.
        @param drain: works through what the core has to say.
        """
        self.core = core
        self.store = store
        self.bytes = 0
        self._writer = writer
        self._sessions = sessions
        self._threshold = threshold
        self._trailing = trailing
        self._seconds = seconds
        self._drain = drain
        self._taking = False
        self._damaged = False
        self._size = 0

    @property
    def due(self) -> bool:
        """
        Whether enough has come since the last one. One that is being sent is given time, but not for ever: the
        follower may never take it.
        """
        if self._taking:
            return False
        full = max(self._threshold, min(self._size, MOST_BYTES))
        return self._damaged or self.bytes > full and (not self.core.sending_snapshot or self.bytes > OVERDUE * full)

    def applied(self, index: int, size: int) -> None:
        """Entries up to C{index} were applied, of so many bytes: take a snapshot if that makes one due."""
        self.bytes += size
        if self.due:
            self.take(index)

    def take(self, applied: int) -> Deferred[Any]:
        """
        Save the state as of the last applied entry, and let the log forget what it covers.

        @return: fires when it is done, or when it failed, which is logged.
        """
        core = self.core
        meta = core.snapshot_meta(applied)
        if meta is None or self._taking:
            return succeed(None)
        self._taking, self._damaged = True, False
        captured = self._sessions.capture()
        self.bytes = 0
        first = self._first_kept(meta.index)
        store = self.store

        def prepare() -> tuple[SnapshotDraft, int]:
            found = captured()
            return store.begin_snapshot(meta, found.parts), found.length

        def prepared(found: tuple[SnapshotDraft, int]) -> Deferred[None]:
            draft, self._size = found
            return self._writer.run(partial(store.publish, draft))

        def written(_: None) -> Deferred[Any]:
            core.snapshot_taken(meta, first)
            return self._writer.run(partial(store.compact, first))

        def ended(result: Any) -> Any:
            self._taking = False
            return result

        # A large state takes its time: saves go on beside it.
        done = self._writer.in_thread(prepare).addCallback(prepared)
        return done.addCallback(written).addBoth(ended).addErrback(self._failed)

    def _first_kept(self, index: int) -> int:
        """The first of the entries that stay behind a snapshot of that index."""
        first, size = index + 1, 0
        for entry in reversed(self.core.log.tail(max(1, index - self._trailing))):
            if entry.index > index:
                continue
            size += len(entry.data)
            if size > TRAILING_BYTES:
                break
            first = entry.index
        return first

    def _failed(self, failure: Failure) -> None:
        """The log goes on without it; a disk that takes nothing at all shows at the next save."""
        self.log.error("raft: a snapshot could not be written: {error}", error=failure.value)

    def send(self, peer: str, index: int, offset: int) -> None:
        """Read a chunk of the current snapshot and hand it to the core for a follower."""
        core, store = self.core, self.store

        def read() -> tuple[SnapshotMeta, bytes, bool]:
            meta = store.snapshot
            if meta is None or meta.index != index:
                raise LookupError("the snapshot was replaced")
            return (meta, *store.read_chunk(index, offset, CHUNK))

        def ready(found: tuple[SnapshotMeta, bytes, bool]) -> None:
            meta, data, last = found
            core.send_chunk(peer, meta, offset, data, last, self._seconds())
            self._drain()

        def gone(failure: Failure) -> None:
            self.log.info("raft: no snapshot chunk for {peer}: {error}", peer=peer, error=failure.value)
            self._damaged |= failure.check(StoreDamaged) is not None

        self._writer.run(read).addCallbacks(ready, gone)

    def receive(self, chunk: IncomingChunk) -> Deferred[bytes | None]:
        """
        Write a chunk of the leader's snapshot.

        @return: fires with the whole state when the chunk was the last one, else with None; fails
            when the disk refuses.
        """
        store = self.store

        def write() -> bytes | None:
            store.append_chunk(chunk.meta, chunk.offset, chunk.data, chunk.done)
            return store.read_snapshot() if chunk.done else None

        return self._writer.run(write)

    def took_over(self, size: int) -> None:
        """The state was replaced by a snapshot of that many bytes."""
        self._size, self.bytes = size, 0
