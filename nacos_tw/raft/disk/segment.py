"""Segment files: the append-only pieces of the Raft log.

A file C{log-<sequence>.seg} is named by the sequence number (16 digits) of its first group, because
indexes go back when a leader overwrites a follower's tail, and sequence numbers never do::

    file   head group group ...
    head   "ntw-log\\n"  version u16  length u16  crc32 u32   msgpack SegmentHead
    group  magic u16  flags u16  length u32  sequence u64  crc32 u32   msgpack Group

All numbers are big-endian. A group is what one save wrote, in one write, synced before the next one
is written. Its checksum covers its header too and starts from the segment's salt, a random number,
so that bytes which a client sends can never look like a group. A segment appears under its name by a
rename after its head and first group were synced, so neither can ever be torn.

After a bad group the rest of the file is searched for a good one. None: the bad one was the last
write before a crash, nobody was told that it is saved, and it may be cut off. One: the file was
damaged later, and entries that were acknowledged are gone.
"""

from __future__ import annotations

import os
import re
import struct
import zlib

import msgspec

from nacos_tw.errors import StartError, StoreDamaged
from nacos_tw.raft.core.messages import Entry, HardState

MAGIC = b"ntw-log\n"
VERSION = 1
_HEAD = struct.Struct(">8sHHI")
_GROUP = struct.Struct(">HHIQ")
_CRC = struct.Struct(">I")
_GROUP_MAGIC = 0x9E4C
_MARK = struct.pack(">HH", _GROUP_MAGIC, 0)
_OVERHEAD = _GROUP.size + _CRC.size
_NAME = re.compile(r"log-(\d{16})\.seg")

ADVICE = "acknowledged writes behind it cannot be read"
"""What every message about damage ends with."""


class SegmentHead(msgspec.Struct, frozen=True, array_like=True):
    """What a segment says of itself: the node, its first group's sequence, the index of the first
    entry that can follow, whether the log before it is void, and the checksums' salt."""

    node: str
    sequence: int
    index: int
    restart: bool
    salt: int


class Group(msgspec.Struct, frozen=True, array_like=True):
    """What one save wrote. Entries at indexes that exist already replace the log from there. C{commit} is the highest
    index that was known to be committed then; those entries stand in this group or before it."""

    hard: HardState | None
    entries: list[Entry]
    boot: int = 0
    commit: int = 0


_encode = msgspec.msgpack.Encoder().encode
_decode_head = msgspec.msgpack.Decoder(SegmentHead).decode
_decode_group = msgspec.msgpack.Decoder(Group).decode


def segment_name(sequence: int) -> str:
    """The file name of the segment whose first group has this sequence number."""
    return f"log-{sequence:016d}.seg"


def segment_sequence(name: str) -> int | None:
    """The sequence number in a segment's file name; None if it is no such name."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None


def new_salt() -> int:
    """A salt for a new segment."""
    return int.from_bytes(os.urandom(4), "big")


def encode_head(head: SegmentHead) -> bytes:
    """The bytes that a segment begins with."""
    body = _encode(head)
    return _HEAD.pack(MAGIC, VERSION, len(body), zlib.crc32(body, VERSION)) + body


def encode_group(group: Group, sequence: int, salt: int) -> bytes:
    """The bytes of one group."""
    body = _encode(group)
    header = _GROUP.pack(_GROUP_MAGIC, 0, len(body), sequence)
    return b"".join((header, _CRC.pack(zlib.crc32(body, zlib.crc32(header, salt))), body))


def decode_head(data: bytes, path: str) -> tuple[SegmentHead, int]:
    """
    Read a segment's head.

    @return: the head and the offset of the first group.
    @raise StoreDamaged: it is damaged. @raise StartError: it has another format version.
    """
    if len(data) >= _HEAD.size:
        magic, version, length, crc = _HEAD.unpack_from(data)
        end = _HEAD.size + length
        body = data[_HEAD.size : end]
        if magic == MAGIC and len(body) == length and zlib.crc32(body, version) == crc:
            if version != VERSION:
                raise StartError(f"{path}: log format {version}; this version of the server reads format {VERSION}")
            return _decode_head(body), end
    raise StoreDamaged(f"{path}: the head of the segment is damaged at byte 0; {ADVICE}")


class Segment:
    """A segment as read from disk: its head, its good groups, and where they end.

    C{end < size} means that a bad group begins at C{end}."""

    __slots__ = ("end", "groups", "head", "path", "size")

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.size = len(data)
        self.groups: list[Group] = []
        self.head, self.end = decode_head(data, path)
        view = memoryview(data)
        while self.end < self.size:
            length = _valid(view, self.end, self.head.salt, self.sequence + 1)
            if length is None:
                self._judge(data, view)
                return
            start = self.end + _OVERHEAD
            self.groups.append(_decode_group(view[start : start + length]))
            self.end = start + length
        if not self.groups:
            raise self.damaged("the first group is missing")

    @property
    def sequence(self) -> int:
        """The sequence number of the last good group."""
        return self.head.sequence + len(self.groups) - 1

    def damaged(self, what: str) -> StoreDamaged:
        """The error for this file."""
        return StoreDamaged(f"{self.path}: damaged at byte {self.end} (group {self.sequence + 1}): {what}; {ADVICE}")

    def _judge(self, data: bytes, view: memoryview) -> None:
        """A bad group stands at C{end}: refuse it unless it can be a torn last write."""
        if not self.groups:
            raise self.damaged("the first group of a segment is never torn by a crash")
        behind = data.find(_MARK, self.end + 1)
        while behind >= 0:
            if _valid(view, behind, self.head.salt, None) is not None:
                raise self.damaged(f"acknowledged entries stood here, as a good group follows at byte {behind}")
            behind = data.find(_MARK, behind + 1)


def _valid(view: memoryview, offset: int, salt: int, sequence: int | None) -> int | None:
    """The payload's length if a good group (with this sequence number, if given) is at the offset."""
    if len(view) - offset < _OVERHEAD:
        return None
    magic, flags, length, found = _GROUP.unpack_from(view, offset)
    start = offset + _OVERHEAD
    if magic != _GROUP_MAGIC or flags or start + length > len(view) or (sequence is not None and found != sequence):
        return None
    (crc,) = _CRC.unpack_from(view, offset + _GROUP.size)
    good = zlib.crc32(view[start : start + length], zlib.crc32(view[offset : offset + _GROUP.size], salt)) == crc
    return length if good else None


def salvage(data: bytes) -> list[tuple[int, Group]]:
    """Every good group of a possibly damaged segment, each with its sequence number; none if the
    head, and with it the salt, is lost."""
    try:
        head, offset = decode_head(data, "")
    except StartError:
        return []
    found = []
    view = memoryview(data)
    while offset >= 0:
        length = _valid(view, offset, head.salt, None)
        if length is None:
            offset = data.find(_MARK, offset + 1)
            continue
        start = offset + _OVERHEAD
        found.append((_GROUP.unpack_from(view, offset)[3], _decode_group(view[start : start + length])))
        offset = start + length
    return found
