"""The Raft log on disk. Everything here blocks; the writer thread calls it.

Why a format of our own: a log must tell a torn tail (the last write before a crash, which nobody was
told of) from a damaged middle (entries that were acknowledged). SQLite's WAL cannot: at the first
frame with a bad checksum it stops reading, and silently drops every committed transaction behind it.
A save here is one write and one sync, and nothing is ever checkpointed.

The files of a data folder:
  - C{owner}: the node that the folder belongs to; C{lock}: locked while a node runs, with its pid;
  - C{log-<sequence>.seg}: the log, see L{nacos_tw.raft.disk.segment};
  - C{snapshot-<index>-<term>.snap}: see L{nacos_tw.raft.disk.snapshots}; the newest good one counts;
  - C{state-0}, C{state-1}: term, vote and what must exist, see L{nacos_tw.raft.disk.statefile};
  - C{starts}: what is known of the other nodes' starts, see L{nacos_tw.raft.disk.startsfile};
  - C{damaged-<n>/}: logs that were set aside, see L{nacos_tw.raft.disk.quarantine}.

The order of steps makes each crash point harmless: a hard state is in the state file before it is in
the log; a segment is complete before it has its name, and on disk before the state file demands it;
an incoming snapshot is on disk before the log is begun anew behind it, and that before the old log is
removed; segments are removed oldest first, each removal synced.
"""

from __future__ import annotations

import errno
import os
import threading
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from twisted.logger import Logger

from nacos_tw.errors import StartError
from nacos_tw.raft.core.messages import Entry, HardState, SnapshotMeta
from nacos_tw.raft.disk.files import Disk, explain
from nacos_tw.raft.disk.folder import check_owner, lock_folder, remove_in_order
from nacos_tw.raft.disk.quarantine import read_state, void_log
from nacos_tw.raft.disk.recovery import Found, Piece, read_folder
from nacos_tw.raft.disk.segment import Group, SegmentHead, encode_group, encode_head, new_salt, segment_name
from nacos_tw.raft.disk.snapshotfolder import SnapshotFolder
from nacos_tw.raft.disk.snapshots import SnapshotDraft
from nacos_tw.raft.disk.statefile import StateFile, StateRecord

SEGMENT_BYTES = 8 * 1024 * 1024
ROOM = 64 * 1024
"""Bytes that a disk must take after it refused some."""


class Store:
    """
    The log of one node.

    @ivar folder: the data folder.
    @ivar node: the node's name.
    @ivar hard: the hard state that was saved last.
    @ivar snapshot: what the current snapshot stands for; None if there is none.
    @ivar entries: the log as it was found; later saves do not change it, and the caller may take it. It
        may begin before the snapshot's end, and never leaves a gap behind it.
    @ivar commit: the highest index that is known to be committed, see L{save}.
    @ivar boot: how often this node was started, this time included; never the same number twice.
    @ivar failure: the disk error after which nothing is written any more.
    """

    log = Logger()

    def __init__(self, folder: str, node: str, found: Found, state: StateFile, disk: Disk, segment_bytes: int) -> None:
        """Not to be called; see L{open}."""
        self.hard = found.hard
        self.boot = found.boot + 1
        self.commit = self._noted = found.commit
        self.entries = found.entries
        self.failure: OSError | None = None
        self.folder = folder
        self.node = node
        self._disk = disk
        self._segment_bytes = segment_bytes
        self._state = state
        self._base = found.base
        self._terms = array("Q", [entry.term for entry in found.entries])
        self._pieces = found.pieces
        self._sequence = found.sequence
        self._salt = found.salt
        self._end = found.end
        self._fd = -1
        self._lock = -1
        self._size = 0
        self._mutex = threading.RLock()
        self._snapshots = SnapshotFolder(folder, disk, found.snapshot)

    @classmethod
    def open(
        cls,
        folder: str,
        node: str,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        disk: Disk | None = None,
        cut_tail: bool = False,
    ) -> Store:
        """
        Open the log of a node, creating what is missing, and count a start.

        @param node: its name, "ip:port".
        @param segment_bytes: when to begin the next file.
        @param cut_tail: go on without an end that was saved once and is missing now.
        @raise StoreDamaged: acknowledged entries are damaged or missing; the text names the file.
        @raise StartError: the folder cannot be used; one clear line says why.
        """
        disk = disk or Disk()
        try:
            lock = lock_folder(folder, disk)
            try:
                return cls._load(folder, node, segment_bytes, disk, lock, cut_tail)
            except BaseException:
                disk.close(lock)
                raise
        except OSError as error:
            raise StartError(f"cannot use the data folder {folder}: {explain(error)}") from error

    @staticmethod
    def quarantine(folder: str, disk: Disk | None = None) -> str:
        """
        Move a damaged log and its snapshots away. Term and vote stay; the next L{open} gives an
        empty log and C{hard.recovering}. The node must not be running.

        @return: the folder where the damaged files are now.
        """
        disk = disk or Disk()
        try:
            lock = lock_folder(folder, disk)
            try:
                return void_log(folder, disk)
            finally:
                disk.close(lock)
        except OSError as error:
            raise StartError(f"cannot set aside the log in {folder}: {explain(error)}") from error

    @classmethod
    def _load(cls, folder: str, node: str, segment_bytes: int, disk: Disk, lock: int, cut_tail: bool) -> Store:
        check_owner(folder, node, disk)
        state = read_state(folder, disk)
        found = read_folder(folder, node, state.state or StateRecord(), disk, cut_tail)
        store = cls(folder, node, found, state, disk, segment_bytes)
        try:
            store._mend(found)
        except BaseException:
            store._close_files()
            raise
        store._lock = lock
        return store

    def _mend(self, found: Found) -> None:
        """Remove what a crash left over, and make the log ready for the next group."""
        for name in self._disk.names(self.folder):
            if name.endswith(".tmp"):
                self._disk.remove(os.path.join(self.folder, name))
        if self._state.state is None:
            self._state.write_both(StateRecord(hard=self.hard))
        if not self._pieces:
            self._begin_segment(self._base, restart=False)
            return
        path = self._pieces[-1].path
        self._fd = self._disk.open(path)
        if found.torn:
            self.log.warn(
                "cut {torn} bytes of a torn write off {path} at {end}", torn=found.torn, path=path, end=found.end
            )
            self._disk.truncate(self._fd, found.end)
            self._disk.sync(self._fd)
        if found.restart and self.snapshot is not None:
            self.entries = []
            self._restart(self.snapshot)
        else:
            self._write_state()
            self._append(Group(self.hard, [], self.boot, self.commit))
            self._remove(found.leftovers)

    @property
    def snapshot(self) -> SnapshotMeta | None:
        """What the current snapshot stands for."""
        return self._snapshots.current

    @property
    def last(self) -> int:
        """The last entry's index, or the snapshot's."""
        return self._base + len(self._terms) - 1

    def save(self, hard: HardState | None, entries: Sequence[Entry], commit: int = 0) -> None:
        """
        Save a new hard state and entries, durably. An entry at an index that exists replaces the
        log from there.

        @param commit: the highest index known to be committed; those entries are saved already, or among these.
        @raise OSError: the disk refused; nothing more is written after that (L{failure}), as a
            second fsync may report success for data that the first one lost. Only L{open} can tell
            what is on disk.
        @raise ValueError: the entries do not follow the log.
        """
        if entries and not self._base <= entries[0].index <= self.last + 1:
            raise ValueError(f"entry {entries[0].index} does not follow a log of {self._base} to {self.last}")
        with self._writing():
            if hard is not None and hard != self.hard:
                self.hard = hard
                self._write_state()
            if self._end >= self._segment_bytes:
                self._begin_segment(self.last + 1, restart=False)
            self.commit = max(self.commit, commit)
            if hard is not None or entries or self.commit > self._noted:
                self._append(Group(hard, list(entries), self.boot, self.commit))
        if entries:
            del self._terms[entries[0].index - self._base :]
            self._terms.extend([entry.term for entry in entries])
            self._pieces[-1].high = max(self._pieces[-1].high, self.last)

    def begin_snapshot(self, meta: SnapshotMeta, parts: Iterable[bytes]) -> SnapshotDraft:
        """
        Write and sync a snapshot under a temporary name; it means nothing yet. This one method may
        be called from any thread, so that a large state does not hold up the log.

        @raise OSError: the disk refused. The log goes on.
        """
        return self._snapshots.begin(meta, parts)

    def write_snapshot(self, meta: SnapshotMeta, data: bytes) -> None:
        """Save a snapshot of this node's own state; it becomes the current one. One that is not
        newer than the current one is ignored."""
        self.publish(self.begin_snapshot(meta, (data,)))

    def publish(self, draft: SnapshotDraft) -> None:
        """Make the snapshot of L{begin_snapshot} the current one."""
        if draft.meta.index > self.last:
            raise ValueError(f"a snapshot up to {draft.meta.index} of a log that ends at {self.last}")
        with self._writing():
            if self._snapshots.covers(draft.meta.index):
                self._disk.remove(draft.path)
            else:
                self._snapshots.adopt(draft)
                self._snapshots.prune()

    def count_start(self, least: int) -> None:
        """
        Let L{boot} be at least that, durably.

        @raise OSError: see L{save}.
        """
        if least > self.boot:
            with self._writing():
                self.boot = least
                self._write_state()

    def append_chunk(self, meta: SnapshotMeta, offset: int, data: bytes, done: bool) -> None:
        """
        Take a chunk of a snapshot that the leader sends. With the last one it becomes the current
        snapshot, and the log goes on behind it: what it covers, and what contradicts it, is
        forgotten. A restart in between forgets the chunks.

        @param offset: where the chunk belongs; at most what has arrived so far.
        """
        if self._snapshots.covers(meta.index):
            return
        with self._writing():
            if self._snapshots.arrive(meta, offset, data, done):
                self._follow(meta)
                self._snapshots.prune()

    def read_chunk(self, index: int, offset: int, size: int) -> tuple[bytes, bool]:
        """
        A part of the current snapshot, or of the one before it, so that sending it can go on.

        @return: up to C{size} bytes, and whether they are the last.
        @raise LookupError: that snapshot is gone. @raise StoreDamaged: it is damaged.
        """
        with self._mutex:
            return self._snapshots.read_chunk(index, offset, size)

    def read_snapshot(self) -> bytes:
        """The current snapshot's whole state. Raises L{LookupError} if there is none."""
        with self._mutex:
            return self._snapshots.read()

    def compact(self, first: int) -> None:
        """Forget the entries before C{first} as far as the snapshot covers them: segments that hold
        nothing else are removed."""
        first = min(first, self.snapshot.index + 1 if self.snapshot is not None else 0)
        with self._writing():
            count = 0
            while self._pieces[count].high < first and count + 1 < len(self._pieces):
                count += 1
            self._remove([piece.path for piece in self._pieces[:count]])
            del self._pieces[:count]
        if first > self._base:
            del self._terms[: first - self._base]
            self._base = first

    def size_on_disk(self) -> int:
        """The bytes in the folder's files, without logs that were set aside; what it was at the last look if the disk
        does not say. Any thread may ask."""
        with suppress(OSError):
            names = [name for name in self._disk.names(self.folder) if "damaged-" not in name]
            self._size = sum(self._disk.size(os.path.join(self.folder, name)) for name in names)
        return self._size

    def sizes(self) -> dict[str, int]:
        """The bytes of the log, the snapshots and what was set aside, by these names. Any thread may ask."""
        found = {"log": 0, "snapshots": 0, "damaged": 0}
        with suppress(OSError):
            for name in self._disk.names(self.folder):
                path = os.path.join(self.folder, name)
                if name.startswith("damaged-"):
                    found["damaged"] += sum(
                        self._disk.size(os.path.join(path, inner)) for inner in self._disk.names(path)
                    )
                elif name.endswith(".seg"):
                    found["log"] += self._disk.size(path)
                elif ".snap" in name:
                    found["snapshots"] += self._disk.size(path)
        return found

    def try_room(self) -> None:
        """
        See whether the disk takes more than a few bytes: a log that opens, and is full at the next save, is of no use.

        @raise OSError: it does not.
        """
        path = os.path.join(self.folder, "room.tmp")
        try:
            self._disk.put_away(path, bytes(ROOM))
        except OSError as error:
            raise OSError(error.errno, f"cannot write in {self.folder}: {explain(error)}") from error

    def close(self) -> None:
        """Note how far the log goes, so that damage to its last group will be noticed too, and close.
        Another thread's work is waited for; what comes later is refused. A second call does nothing."""
        with self._mutex:
            if self._lock < 0:
                return
            try:
                if self.failure is None:
                    with self._writing():
                        self._write_state()
            finally:
                self._close_files()
                self._disk.close(self._lock)
                self._lock = -1
                self.failure = self.failure or OSError(errno.EBADF, f"the log in {self.folder} is closed")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Refuse to write after a failure; remember the first one."""
        with self._mutex:
            if self.failure is not None:
                raise OSError(errno.EIO, f"nothing is written any more since: {self.failure.strerror}")
            try:
                yield
            except OSError as error:
                if self.failure is None:
                    self.failure = OSError(error.errno, f"cannot write the log in {self.folder}: {explain(error)}")
                raise self.failure from error

    def _append(self, group: Group) -> None:
        data = encode_group(group, self._sequence + 1, self._salt)
        self._disk.append(self._fd, data, self._end)
        self._sequence += 1
        self._end += len(data)
        self._noted = group.commit

    def _write_state(self) -> None:
        segment = self._pieces[-1].sequence if self._pieces else 0
        self._state.write(StateRecord(hard=self.hard, boot=self.boot, synced=self._sequence, segment=segment))

    def _begin_segment(self, index: int, restart: bool) -> None:
        """Begin the next file; C{index} is the entry that follows."""
        sequence, salt = self._sequence + 1, new_salt()
        data = encode_head(SegmentHead(self.node, sequence, index, restart, salt))
        data += encode_group(Group(self.hard, [], self.boot, self.commit), sequence, salt)
        path = os.path.join(self.folder, segment_name(sequence))
        self._disk.put(path, data)
        if self._fd >= 0:
            self._disk.close(self._fd)
            self._fd = -1
        self._fd = self._disk.open(path)
        self._sequence, self._salt, self._end = sequence, salt, len(data)
        self._pieces.append(Piece(path, sequence, index - 1))
        self._write_state()

    def _follow(self, meta: SnapshotMeta) -> None:
        """Let the log go on behind the snapshot: with the entries there if it knows the last one
        that the snapshot covers, else anew."""
        place = meta.index - self._base
        if 0 <= place < len(self._terms) and self._terms[place] == meta.term:
            self.compact(meta.index + 1)
        else:
            self._restart(meta)

    def _restart(self, meta: SnapshotMeta) -> None:
        """Begin the log anew behind the snapshot."""
        del self._terms[:]
        self._base = meta.index + 1
        self._begin_segment(self._base, restart=True)
        self._remove([piece.path for piece in self._pieces[:-1]])
        del self._pieces[:-1]

    def _remove(self, paths: list[str]) -> None:
        remove_in_order(self.folder, paths, self._disk)

    def _close_files(self) -> None:
        self._snapshots.close()
        if self._fd >= 0:
            self._disk.close(self._fd)
            self._fd = -1
