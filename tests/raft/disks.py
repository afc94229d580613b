"""A disk in memory that crashes, fails and forgets what was not synced, and a model of the log."""

from __future__ import annotations

import copy
import errno
import os
import random
from collections.abc import Callable, Sequence

import nacos_tw
from nacos_tw.raft.core.messages import Configuration, Entry, HardState, SnapshotMeta
from nacos_tw.raft.disk.files import Disk
from nacos_tw.raft.disk.store import Store

FOLDER = "/data"
NODE = "10.0.0.1:8848"
PAGE = 64
CONFIG = Configuration((NODE,))


class Crash(BaseException):
    """The power went off."""


class Inode:
    """A file's bytes now, and those that would survive a power loss."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray(data)
        self.durable = bytes(data)


class MemoryDisk(Disk):
    """
    Files in memory.

    @ivar crash_at: the number of the changing call, counted from 1, before which the power goes off;
        0 for never.
    @ivar fail_at: the number of the changing call that fails with C{fail_with}; 0 for never.
    """

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self.names_now = {path: Inode(data) for path, data in (files or {}).items()}
        self.names_durable = dict(self.names_now)
        self.pending: list[dict[str, Inode | None]] = []
        self.folders = {os.path.dirname(path) for path in self.names_now}
        self.fds: dict[int, Inode] = {}
        self.locked: dict[int, str] = {}
        self.calls = self.crash_at = self.fail_at = 0
        self.fail_with = errno.EIO

    def image(self) -> dict[str, bytes]:
        """What a process that starts now would read."""
        return {path: bytes(inode.data) for path, inode in self.names_now.items()}

    def after_power_loss(self, dice: random.Random) -> MemoryDisk:
        """A disk as it may be found: any part of what was not synced is there or not."""
        names = dict(self.names_durable)
        for change in self.pending:
            if dice.random() < 0.5:
                _apply(change, names)
        return MemoryDisk({path: _survivor(inode, dice) for path, inode in names.items()})

    def _step(self) -> None:
        self.calls += 1
        if self.calls == self.crash_at:
            raise Crash
        if self.calls == self.fail_at:
            raise OSError(self.fail_with, os.strerror(self.fail_with))

    def _rename(self, change: dict[str, Inode | None]) -> None:
        _apply(change, self.names_now)
        self.pending.append(change)

    def make_folder(self, path: str) -> None:
        self._step()
        self.folders.add(path)

    def names(self, folder: str) -> list[str]:
        paths = [*self.names_now, *self.folders]
        return sorted(os.path.basename(path) for path in paths if os.path.dirname(path) == folder)

    def lock(self, path: str, text: bytes) -> int:
        if path in self.locked.values():
            raise BlockingIOError
        fd = self.open(path, create=True)
        self.locked[fd] = path
        self.fds[fd].data[:] = text
        return fd

    def create(self, path: str) -> int:
        self._step()
        self._rename({path: Inode()})
        return self._descriptor(self.names_now[path])

    def open(self, path: str, create: bool = False) -> int:
        if path not in self.names_now:
            if create:
                return self.create(path)
            raise FileNotFoundError(errno.ENOENT, "no such file", path)
        return self._descriptor(self.names_now[path])

    def _descriptor(self, inode: Inode) -> int:
        fd = max(self.fds, default=2) + 1
        self.fds[fd] = inode
        return fd

    def close(self, fd: int) -> None:
        del self.fds[fd]
        self.locked.pop(fd, None)

    def read(self, path: str) -> bytes:
        return bytes(self.names_now[path].data)

    def read_at(self, fd: int, size: int, offset: int) -> bytes:
        return bytes(self.fds[fd].data[offset : offset + size])

    def write(self, fd: int, data: bytes, offset: int) -> None:
        self._step()
        now = self.fds[fd].data
        now.extend(bytes(max(0, offset - len(now))))
        now[offset : offset + len(data)] = data

    def sync(self, fd: int) -> None:
        self._step()
        self.fds[fd].durable = bytes(self.fds[fd].data)

    def truncate(self, fd: int, size: int) -> None:
        self._step()
        del self.fds[fd].data[size:]

    def size(self, path: str) -> int:
        inode = self.names_now.get(path)
        return len(inode.data) if inode is not None else 0

    def rename(self, old: str, new: str) -> None:
        self._step()
        self._rename({old: None, new: self.names_now[old]})

    def remove(self, path: str) -> None:
        self._step()
        self._rename({path: None})

    def remove_folder(self, path: str) -> None:
        for name in self.names(path):
            self.remove(os.path.join(path, name))
        self.folders.discard(path)

    def sync_folder(self, path: str) -> None:
        self._step()
        rest = []
        for change in self.pending:
            if any(os.path.dirname(name) == path for name in change):
                _apply(change, self.names_durable)
            else:
                rest.append(change)
        self.pending = rest


def _apply(change: dict[str, Inode | None], names: dict[str, Inode]) -> None:
    for path, inode in change.items():
        if inode is None:
            names.pop(path, None)
        else:
            names[path] = inode


def _survivor(inode: Inode, dice: random.Random) -> bytes:
    """The file after a power loss: old or new, page by page; never written pages are zero."""
    old, new = inode.durable, bytes(inode.data)
    if old == new:
        return old
    size = dice.choice((len(old), len(new), dice.randint(min(len(old), len(new)), max(len(old), len(new)))))
    data = bytearray()
    for at in range(0, size, PAGE):
        page = dice.choice((old, new))[at : at + PAGE]
        data += page + bytes(PAGE - len(page))
    return bytes(data[:size])


class Model:
    """What a log must hold: the same operations as L{Store}, on lists."""

    def __init__(self) -> None:
        self.hard = HardState()
        self.base = 1
        self.entries: list[Entry] = []
        self.snapshot: SnapshotMeta | None = None
        self.body = b""

    @property
    def last(self) -> int:
        return self.base + len(self.entries) - 1

    @property
    def covered(self) -> int:
        return self.snapshot.index if self.snapshot is not None else 0

    def copy(self) -> Model:
        other = copy.copy(self)
        other.entries = list(self.entries)
        return other

    def save(self, hard: HardState | None, entries: Sequence[Entry]) -> None:
        self.hard = hard or self.hard
        if entries:
            del self.entries[entries[0].index - self.base :]
            self.entries.extend(entries)

    def write_snapshot(self, meta: SnapshotMeta, data: bytes) -> None:
        if meta.index > self.covered:
            self.snapshot, self.body = meta, data

    def install(self, meta: SnapshotMeta, data: bytes) -> None:
        place = meta.index - self.base
        if 0 <= place < len(self.entries) and self.entries[place].term == meta.term:
            del self.entries[: place + 1]
        else:
            self.entries.clear()
        self.base = meta.index + 1
        self.snapshot, self.body = meta, data

    def compact(self, first: int) -> None:
        first = min(first, self.covered + 1)
        if first > self.base:
            del self.entries[: first - self.base]
            self.base = first

    def check_log(self, store: Store) -> bool:
        """Whether the store has this log and this snapshot."""
        first = store.entries[0].index if store.entries else store.last + 1
        indexes = [entry.index for entry in store.entries]
        return (
            indexes == list(range(first, store.last + 1))
            and store.snapshot == self.snapshot
            and (self.snapshot is None or store.read_snapshot() == self.body)
            and store.last == self.last
            and first <= self.base
            and store.entries[len(store.entries) - len(self.entries) :] == self.entries
        )


Operation = tuple[Callable[[Model], None], Callable[[Store], None]]


def save(hard: HardState | None, entries: Sequence[Entry]) -> Operation:
    """One save."""
    return lambda model: model.save(hard, entries), lambda store: store.save(hard, entries)


def snapshot(index: int, term: int, body: bytes) -> Operation:
    """A snapshot of one's own."""
    meta = SnapshotMeta(index, term, CONFIG)
    return lambda model: model.write_snapshot(meta, body), lambda store: store.write_snapshot(meta, body)


def compact(first: int) -> Operation:
    """Forget entries."""
    return lambda model: model.compact(first), lambda store: store.compact(first)


def install(index: int, term: int, body: bytes, chunk: int = 50) -> Operation:
    """A snapshot from the leader, in chunks."""
    meta = SnapshotMeta(index, term, CONFIG)

    def send(store: Store) -> None:
        for offset in range(0, len(body), chunk):
            store.append_chunk(meta, offset, body[offset : offset + chunk], offset + chunk >= len(body))

    return lambda model: model.install(meta, body), send


def entries(first: int, count: int, term: int, size: int = 20) -> list[Entry]:
    """Entries whose data tell what they are."""
    return [Entry(index, term, 1, b"%d/%d " % (index, term) + b"." * size) for index in range(first, first + count)]


def environment() -> dict[str, str]:
    """The environment for a child process that imports this package."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(nacos_tw.__file__)))
    return {**os.environ, "PYTHONPATH": root}
