"""The state file: what a node must not forget even if its log is damaged.

Term, vote, the recovering mark and the number of starts stand in every group of the log that changes
them, and in addition in two small files, C{state-0} and C{state-1}, written in turn and in place: a
torn write spoils at most the older of the two. The one with the highest number that reads well
counts. Whoever needs the newest hard state takes L{newest} of these and of the log's.

The file also says which segment must exist and up to which group the log was synced when it was
written, so that a log whose end was removed is noticed::

    "ntw-stat"  version u16  length u16  crc32 u32   msgpack StateRecord
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable

import msgspec

from nacos_tw.errors import StartError
from nacos_tw.raft.core.messages import HardState
from nacos_tw.raft.disk.files import Disk

MAGIC = b"ntw-stat"
VERSION = 1
NAMES = ("state-0", "state-1")
_HEAD = struct.Struct(">8sHHI")


class StateRecord(msgspec.Struct, frozen=True, array_like=True):
    """
    One copy.

    @ivar number: grows by one with each write.
    @ivar hard: term, vote and recovering mark.
    @ivar boot: how often this node was started.
    @ivar synced: the last group that was on disk when this was written.
    @ivar segment: the segment (its first group) that was being written; 0 before there is one.
    @ivar quarantined: the log and the snapshots are void and are being moved away.
    """

    number: int = 0
    hard: HardState = HardState()
    boot: int = 0
    synced: int = 0
    segment: int = 0
    quarantined: bool = False


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(StateRecord).decode


def newest(states: Iterable[HardState]) -> HardState:
    """The newest of hard states given from the oldest to the newest record: terms only grow, and a
    vote once given in a term stays."""
    best = HardState()
    for state in states:
        if (state.term, state.vote != "") >= (best.term, best.vote != ""):
            best = state
    return best


def encode_state(state: StateRecord) -> bytes:
    """The bytes of one copy."""
    body = _encode(state)
    return _HEAD.pack(MAGIC, VERSION, len(body), zlib.crc32(body, VERSION)) + body


def decode_state(data: bytes, path: str) -> StateRecord | None:
    """
    Read one copy.

    @return: the state; None if it is damaged.
    @raise StartError: it has another format version.
    """
    if len(data) < _HEAD.size:
        return None
    magic, version, length, crc = _HEAD.unpack_from(data)
    body = data[_HEAD.size : _HEAD.size + length]
    if magic != MAGIC or len(body) != length or zlib.crc32(body, version) != crc:
        return None
    if version != VERSION:
        raise StartError(f"{path}: state format {version}; this version of the server reads format {VERSION}")
    return _decode(body)


class StateFile:
    """The two copies in a folder. C{state} is the newest good one; None if there is none."""

    def __init__(self, folder: str, disk: Disk) -> None:
        self._folder = folder
        self._disk = disk
        self.state: StateRecord | None = None
        present = set(disk.names(folder))
        self._present = [name for name in NAMES if name in present]
        for name in self._present:
            path = os.path.join(folder, name)
            state = decode_state(disk.read(path), path)
            if state is not None and (self.state is None or state.number > self.state.number):
                self.state = state

    def write(self, state: StateRecord) -> None:
        """Put the state on disk in place of the older copy; its number is set here."""
        number = self.state.number + 1 if self.state is not None else 1
        state = msgspec.structs.replace(state, number=number)
        name = NAMES[number % 2]
        fd = self._disk.open(os.path.join(self._folder, name), create=True)
        try:
            self._disk.append(fd, encode_state(state), 0)
        finally:
            self._disk.close(fd)
        if name not in self._present:
            self._disk.sync_folder(self._folder)
            self._present.append(name)
        self.state = state

    def write_both(self, state: StateRecord) -> None:
        """Put the state on disk in both copies."""
        self.write(state)
        self.write(state)
