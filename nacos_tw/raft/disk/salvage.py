"""Reading what is left of a log that may be damaged: as far as it is whole from its beginning. Nothing is changed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import attrs

from nacos_tw.errors import StartError, StoreDamaged
from nacos_tw.raft.core.messages import Entry, HardState
from nacos_tw.raft.disk.files import Disk
from nacos_tw.raft.disk.quarantine import damaged_folders
from nacos_tw.raft.disk.segment import Group, decode_head, salvage, segment_sequence
from nacos_tw.raft.disk.snapshots import SnapshotFile, snapshot_position
from nacos_tw.raft.disk.statefile import StateFile, newest


@attrs.define
class Remains:
    """
    What a folder of log files still holds.

    @ivar entries: those that follow on the snapshot, or on nothing, without a gap.
    @ivar beyond: how many good entries there are behind a gap; they are of no use.
    @ivar hard: the newest term and vote in it.
    """

    folder: str
    snapshot: SnapshotFile | None = None
    entries: list[Entry] = attrs.field(factory=list)
    beyond: int = 0
    hard: HardState = HardState()

    @property
    def last(self) -> int:
        """The last index of what is whole."""
        if self.entries:
            return self.entries[-1].index
        return self.snapshot.meta.index if self.snapshot is not None else 0

    @property
    def term(self) -> int:
        """The term of that."""
        if self.entries:
            return self.entries[-1].term
        return self.snapshot.meta.term if self.snapshot is not None else 0

    @property
    def place(self) -> tuple[int, int]:
        """How far it goes: of two logs the one with the later term is further, as in an election."""
        return self.term, self.last

    def close(self) -> None:
        """Close the snapshot."""
        if self.snapshot is not None:
            self.snapshot.close()


def all_remains(folder: str, disk: Disk) -> list[Remains]:
    """What the folder holds, and the logs in it that were set aside; the furthest first."""
    places = [folder, *(os.path.join(folder, f"damaged-{number}") for number in damaged_folders(folder, disk))]
    found = [read_remains(place, disk) for place in places]
    return sorted(found, key=lambda remains: remains.place, reverse=True)


def read_remains(folder: str, disk: Disk) -> Remains:
    """What one folder holds."""
    remains = Remains(folder, _newest_snapshot(folder, disk))
    records = []
    state = StateFile(folder, disk).state
    if state is not None:
        records.append((state.synced + 1, state.hard))
    entries: list[Entry] = []
    whole, expected = True, 0
    for sequence, group in _groups(folder, disk):
        if group.hard is not None:
            records.append((sequence, group.hard))
        if expected and sequence != expected:
            whole = False
        expected = sequence + 1
        if whole and group.entries:
            whole = _put(entries, group.entries, remains.snapshot)
        if not whole:
            remains.beyond += len(group.entries)
    remains.hard = newest(hard for _, hard in sorted(records, key=lambda record: record[0]))
    covered = remains.snapshot.meta.index if remains.snapshot is not None else 0
    if entries and entries[0].index <= covered + 1:
        remains.entries = [entry for entry in entries if entry.index > covered]
    else:
        remains.beyond += len(entries)
    return remains


def _put(entries: list[Entry], more: list[Entry], snapshot: SnapshotFile | None) -> bool:
    """Put entries at their place; what stood from there on is replaced. @return: False if there is a gap before."""
    first = more[0].index
    if entries and first > entries[-1].index + 1:
        if snapshot is None or first > snapshot.meta.index + 1:
            return False
        entries.clear()  # the log began anew behind the snapshot
    while entries and entries[-1].index >= first:
        entries.pop()
    entries.extend(more)
    return True


def _groups(folder: str, disk: Disk) -> Iterator[tuple[int, Group]]:
    """All good groups of the segments that count, in order."""
    names = sorted((number, name) for name in disk.names(folder) if (number := segment_sequence(name)) is not None)
    files = [disk.read(os.path.join(folder, name)) for _, name in names]
    begin = 0
    for place, data in enumerate(files):
        try:
            if decode_head(data, "")[0].restart:
                begin = place  # what is before it is void
        except StartError:
            continue
    for data in files[begin:]:
        yield from salvage(data)


def _newest_snapshot(folder: str, disk: Disk) -> SnapshotFile | None:
    names = [(position, name) for name in disk.names(folder) if (position := snapshot_position(name)) is not None]
    for _, name in sorted(names, reverse=True):
        try:
            return SnapshotFile(os.path.join(folder, name), disk)
        except StoreDamaged:
            continue
    return None
