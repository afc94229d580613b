"""The snapshots in a data folder: the current one, the one before it, and one that is arriving.

Nothing here locks: L{nacos_tw.raft.disk.store.Store} lets one thread in at a time, but for L{SnapshotFolder.begin}.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from nacos_tw.raft.core.messages import SnapshotMeta
from nacos_tw.raft.disk.files import Disk, explain
from nacos_tw.raft.disk.folder import remove_in_order
from nacos_tw.raft.disk.snapshots import SnapshotDraft, SnapshotFile, snapshot_position


class SnapshotFolder:
    """The snapshots of one node."""

    def __init__(self, folder: str, disk: Disk, current: SnapshotFile | None) -> None:
        """@param current: the newest good one that is there."""
        self._folder = folder
        self._disk = disk
        self._files = [current] if current else []
        self._arriving: SnapshotDraft | None = None

    @property
    def current(self) -> SnapshotMeta | None:
        """What the current snapshot stands for; None if there is none."""
        return self._files[0].meta if self._files else None

    def covers(self, index: int) -> bool:
        """Whether the current snapshot goes as far as that."""
        return self.current is not None and index <= self.current.index

    def begin(self, meta: SnapshotMeta, parts: Iterable[bytes]) -> SnapshotDraft:
        """
        Write and sync a snapshot under a temporary name. Any thread may call it.

        @raise OSError: the disk refused; nothing is left behind.
        """
        try:
            draft = SnapshotDraft(self._folder, meta, self._disk, "own")
            try:
                for part in parts:
                    draft.write(draft.size, part)
                draft.finish()
            except BaseException:
                draft.drop()
                raise
        except OSError as error:
            raise OSError(error.errno, f"cannot write a snapshot in {self._folder}: {explain(error)}") from error
        return draft

    def arrive(self, meta: SnapshotMeta, offset: int, data: bytes, done: bool) -> bool:
        """
        Take a chunk of a snapshot; one of another snapshot, or at 0, begins anew.

        @param offset: where the chunk belongs; at most what has arrived so far.
        @return: whether it was the last one, and the snapshot is the current one now.
        """
        draft = self._arriving
        if draft is None or draft.meta != meta or offset == 0:
            if draft is not None:
                draft.drop()
            draft = self._arriving = SnapshotDraft(self._folder, meta, self._disk, "incoming")
        draft.write(offset, data)
        if done:
            draft.finish()
            self._arriving = None
            self.adopt(draft)
        return done

    def adopt(self, draft: SnapshotDraft) -> None:
        """A finished snapshot gets its name and becomes the current one."""
        self._disk.rename(draft.path, draft.final)
        self._disk.sync_folder(self._folder)
        self._files.insert(0, SnapshotFile(draft.final, self._disk))

    def prune(self) -> None:
        """Keep the current snapshot and the one before it."""
        for file in self._files[2:]:
            file.close()
        del self._files[2:]
        names = [(place, name) for name in self._disk.names(self._folder) if (place := snapshot_position(name))]
        current = (self._files[0].meta.index, self._files[0].meta.term)
        older = sorted(item for item in names if item[0] < current)
        newer = [item for item in names if item[0] > current]
        gone = [os.path.join(self._folder, name) for _, name in newer + older[:-1]]
        remove_in_order(self._folder, gone, self._disk)

    def read_chunk(self, index: int, offset: int, size: int) -> tuple[bytes, bool]:
        """See L{Store.read_chunk<nacos_tw.raft.disk.store.Store.read_chunk>}."""
        for file in self._files:
            if file.meta.index == index:
                data = file.read(offset, size)
                return data, offset + len(data) >= file.length
        raise LookupError(f"no snapshot at {index}")

    def read(self) -> bytes:
        """The current snapshot's whole state. Raises L{LookupError} if there is none."""
        if not self._files:
            raise LookupError("no snapshot")
        return self._files[0].read(0, self._files[0].length)

    def close(self) -> None:
        """Close the files; what has not arrived in full is forgotten."""
        for file in self._files:
            file.close()
        self._files.clear()
        if self._arriving is not None:
            self._arriving.drop()
            self._arriving = None
