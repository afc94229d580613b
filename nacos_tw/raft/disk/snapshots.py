"""Snapshot files: the state machine's whole state up to one entry of the log.

A file C{snapshot-<index>-<term>.snap}::

    head    "ntw-snap"  version u16  zeros
    body    the state, as it came
    foot    msgpack Foot: what it stands for, the body's length, a crc32 for each block of the body
    tail    length of foot u32  crc32 of foot u32  "ntw-snap"

The foot comes last because a body that arrives in chunks has no known length before its end. It gets
its name by a rename after it was synced; a file called C{.tmp} is a leftover and means nothing.
Blocks are checked at each read, so that damage is never sent on to another node.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
import zlib

import msgspec

from nacos_tw.errors import StoreDamaged
from nacos_tw.raft.core.messages import SnapshotMeta
from nacos_tw.raft.disk.files import Disk
from nacos_tw.raft.disk.segment import ADVICE

MAGIC = b"ntw-snap"
VERSION = 1
BLOCK = 64 * 1024
"""Bytes of the body under one checksum."""
_HEAD = struct.pack(">8sH6x", MAGIC, VERSION)
_TAIL = struct.Struct(">II8s")
_NAME = re.compile(r"snapshot-(\d{16})-(\d+)\.snap")


class Foot(msgspec.Struct, frozen=True, array_like=True):
    """What a snapshot file says of its body."""

    meta: SnapshotMeta
    length: int
    checksums: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Foot).decode


def snapshot_name(meta: SnapshotMeta) -> str:
    """The file name of the snapshot."""
    return f"snapshot-{meta.index:016d}-{meta.term}.snap"


def snapshot_position(name: str) -> tuple[int, int] | None:
    """Index and term in a snapshot's file name; None if it is no such name."""
    match = _NAME.fullmatch(name)
    return (int(match[1]), int(match[2])) if match else None


class SnapshotFile:
    """A snapshot on disk, open for reading. The whole of it is checked when it is opened."""

    def __init__(self, path: str, disk: Disk) -> None:
        """@raise StoreDamaged: it is damaged."""
        self.path = path
        self._disk = disk
        self._fd = disk.open(path)
        try:
            self._foot = self._read_foot(disk.size(path))
            self.meta = self._foot.meta
            for offset in range(0, self._foot.length, BLOCK):
                self.read(offset, BLOCK)
        except BaseException:
            self.close()
            raise

    @property
    def length(self) -> int:
        """The state's length in bytes."""
        return self._foot.length

    def close(self) -> None:
        """Close the file."""
        self._disk.close(self._fd)

    def read(self, offset: int, size: int) -> bytes:
        """
        A part of the state; shorter than C{size} only at the end.

        @raise StoreDamaged: a block of it is damaged.
        """
        start = offset - offset % BLOCK
        end = min(self._foot.length, -(-(offset + size) // BLOCK) * BLOCK)
        if start >= end:
            return b""
        data = self._disk.read_at(self._fd, end - start, len(_HEAD) + start)
        if _checksums(data) != self._foot.checksums[start // BLOCK * 4 : -(-end // BLOCK) * 4]:
            raise self._damaged(len(_HEAD) + start)
        return data[offset - start : offset - start + size]

    def _read_foot(self, size: int) -> Foot:
        tail_at = size - _TAIL.size
        if tail_at < len(_HEAD) or self._disk.read_at(self._fd, len(_HEAD), 0) != _HEAD:
            raise self._damaged(0)
        length, crc, magic = _TAIL.unpack(self._disk.read_at(self._fd, _TAIL.size, tail_at))
        body = self._disk.read_at(self._fd, length, tail_at - length) if length <= tail_at else b""
        if magic != MAGIC or not body or zlib.crc32(body) != crc:
            raise self._damaged(tail_at)
        return _decode(body)

    def _damaged(self, offset: int) -> StoreDamaged:
        return StoreDamaged(f"{self.path}: the snapshot is damaged at byte {offset}; {ADVICE}")


class SnapshotDraft:
    """A snapshot that is being written, under a temporary name."""

    def __init__(self, folder: str, meta: SnapshotMeta, disk: Disk, prefix: str) -> None:
        self.meta = meta
        self.size = 0
        self.final = os.path.join(folder, snapshot_name(meta))
        self.path = os.path.join(folder, f"{prefix}-{snapshot_name(meta)}.tmp")
        self._disk = disk
        self._fd = disk.create(self.path)

    def write(self, offset: int, data: bytes) -> None:
        """
        Write a part of the state. What was behind it is forgotten.

        @raise ValueError: it would leave a hole.
        """
        if offset > self.size:
            raise ValueError(f"chunk at {offset}, but only {self.size} bytes are there")
        self._disk.write(self._fd, data, len(_HEAD) + offset)
        self.size = offset + len(data)

    def finish(self) -> None:
        """Write the foot, put it all on the medium and close it. It has no final name yet."""
        at = len(_HEAD)
        parts = (self._disk.read_at(self._fd, min(BLOCK, self.size - o), at + o) for o in range(0, self.size, BLOCK))
        body = _encode(Foot(self.meta, self.size, b"".join(map(_checksums, parts))))
        self._disk.write(self._fd, _HEAD, 0)
        self._disk.truncate(self._fd, at + self.size)
        foot = body + _TAIL.pack(len(body), zlib.crc32(body), MAGIC)
        self._disk.append(self._fd, foot, at + self.size)
        self._disk.close(self._fd)

    def drop(self) -> None:
        """Give it up, before L{finish}. What cannot be removed now is removed at the next start."""
        self._disk.close(self._fd)
        with contextlib.suppress(OSError):
            self._disk.remove(self.path)


def _checksums(data: bytes) -> bytes:
    """The crc32 of each block, packed."""
    view = memoryview(data)
    return b"".join(zlib.crc32(view[o : o + BLOCK]).to_bytes(4, "big") for o in range(0, len(data), BLOCK))
