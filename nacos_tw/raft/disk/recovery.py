"""Reading the log folder at start: what is there, whether it is whole, and what must be mended.

Nothing is changed here, so a folder that is refused stays as it was found.
"""

from __future__ import annotations

import os

import attrs
from twisted.logger import Logger

from nacos_tw.errors import StartError, StoreDamaged
from nacos_tw.raft.core.messages import Entry, HardState
from nacos_tw.raft.disk.files import Disk
from nacos_tw.raft.disk.segment import ADVICE, Group, Segment, segment_name, segment_sequence
from nacos_tw.raft.disk.snapshots import SnapshotFile, snapshot_position
from nacos_tw.raft.disk.statefile import StateRecord, newest

_log = Logger()


@attrs.define
class Piece:
    """A segment in use: its file, its first group, and the highest index of an entry ever in it."""

    path: str
    sequence: int
    high: int


@attrs.define
class Found:
    """
    What the folder holds.

    @ivar pieces: the segments in use, oldest first; none in a new log.
    @ivar leftovers: files of segments that a later one made void; to be removed.
    @ivar entries: the log; the first of them has index C{base}.
    @ivar base: index of the first entry that the log holds or could hold.
    @ivar commit: the highest index that was known to be committed.
    @ivar sequence: the last group's number.
    @ivar salt: of the last segment.
    @ivar end: where the last segment's good groups end.
    @ivar torn: how many bytes of a torn write stand behind C{end}.
    @ivar snapshot: the newest usable one.
    @ivar restart: the snapshot is ahead of the log or contradicts it: the log begins anew behind it.
    """

    pieces: list[Piece] = attrs.field(factory=list)
    leftovers: list[str] = attrs.field(factory=list)
    entries: list[Entry] = attrs.field(factory=list)
    base: int = 1
    hard: HardState = HardState()
    boot: int = 0
    commit: int = 0
    sequence: int = 0
    salt: int = 0
    end: int = 0
    torn: int = 0
    snapshot: SnapshotFile | None = None
    restart: bool = False

    @property
    def last(self) -> int:
        """The last entry's index; C{base - 1} if there is none."""
        return self.base + len(self.entries) - 1

    def term_at(self, index: int) -> int | None:
        """The term of the entry at the index, if the log holds it."""
        return self.entries[index - self.base].term if self.base <= index <= self.last else None


def read_folder(folder: str, node: str, state: StateRecord, disk: Disk, cut_tail: bool = False) -> Found:
    """
    Read the whole log and the newest usable snapshot.

    @param state: the newest copy of the state file.
    @param cut_tail: an end that was saved once and is missing now counts as torn: there is no other copy.
    @raise StoreDamaged: something that was acknowledged is missing or damaged.
    @raise StartError: it belongs to another node, or has another format.
    """
    segments, leftovers = _read_segments(folder, node, state, disk, cut_tail)
    found = Found(leftovers=leftovers, hard=state.hard, boot=state.boot, sequence=state.synced)
    records = [(state.synced + 1, state.hard)]
    for segment in segments:
        _replay(segment, found, records)
    found.hard = newest(hard for _, hard in sorted(records, key=lambda record: record[0]))
    if segments:
        last = segments[-1]
        found.sequence, found.salt = last.sequence, last.head.salt
        found.end, found.torn = last.end, last.size - last.end
    found.snapshot = _choose_snapshot(folder, found, disk)
    if found.snapshot is not None:
        index, term = found.snapshot.meta.index, found.snapshot.meta.term
        found.restart = found.last < index or found.term_at(index) not in (None, term)
    return found


def _read_segments(
    folder: str, node: str, state: StateRecord, disk: Disk, cut_tail: bool
) -> tuple[list[Segment], list[str]]:
    """The segments that count, oldest first, and the paths of those that do not."""
    sequences = [number for name in disk.names(folder) if (number := segment_sequence(name)) is not None]
    if state.segment and state.segment not in sequences:
        raise StoreDamaged(f"{os.path.join(folder, segment_name(state.segment))}: the segment is missing; {ADVICE}")
    segments: list[Segment] = []
    while sequences:
        path = os.path.join(folder, segment_name(sequences.pop()))
        segment = Segment(path, disk.read(path))
        if segment.head.node != node:
            raise StartError(f"{path}: belongs to node {segment.head.node}, this is {node}")
        if segments and segment.end < segment.size:
            raise segment.damaged("a later segment follows")
        if segments and segment.sequence + 1 != segments[0].head.sequence:
            missing = os.path.join(folder, segment_name(segment.sequence + 1))
            raise StoreDamaged(f"{missing}: the segment is missing; {ADVICE}")
        segments.insert(0, segment)
        if segment.head.restart:
            break
    if segments and segments[-1].sequence < state.synced:
        if cut_tail:
            _log.warn(
                "{path}: {lost} groups at its end that were saved are missing; the node goes on without them",
                path=segments[-1].path,
                lost=state.synced - segments[-1].sequence,
            )
            return segments, [os.path.join(folder, segment_name(number)) for number in sequences]
        raise segments[-1].damaged(f"the groups up to {state.synced} were saved, but the file ends before them")
    return segments, [os.path.join(folder, segment_name(number)) for number in sequences]


def _replay(segment: Segment, found: Found, records: list[tuple[int, HardState]]) -> None:
    """Add what the segment holds."""
    head = segment.head
    if not found.pieces:
        found.base = head.index
    elif head.index != found.last + 1:
        raise StoreDamaged(f"{segment.path}: begins at entry {head.index}, not {found.last + 1}; {ADVICE}")
    high = head.index - 1
    for number, group in enumerate(segment.groups):
        found.boot = max(found.boot, group.boot)
        found.commit = max(found.commit, group.commit)
        if group.hard is not None:
            records.append((head.sequence + number, group.hard))
        if group.entries:
            _put(group, found, segment)
            high = max(high, found.last)
    found.pieces.append(Piece(segment.path, head.sequence, high))


def _put(group: Group, found: Found, segment: Segment) -> None:
    """Put the group's entries at their place; what stood from there on is replaced."""
    first = group.entries[0].index
    if first > found.last + 1 or group.entries[-1].index != first + len(group.entries) - 1:
        raise StoreDamaged(f"{segment.path}: entry {found.last + 1} is missing before entry {first}; {ADVICE}")
    if first <= found.base:
        found.base = first
    del found.entries[first - found.base :]
    found.entries.extend(group.entries)


def _choose_snapshot(folder: str, found: Found, disk: Disk) -> SnapshotFile | None:
    """The newest good snapshot, provided that the log goes on from it without a gap and holds
    everything that a newer, damaged one stood for."""
    names = [(position, name) for name in disk.names(folder) if (position := snapshot_position(name)) is not None]
    damage: StoreDamaged | None = None
    chosen = None
    for (index, term), name in sorted(names, reverse=True):
        try:
            chosen = SnapshotFile(os.path.join(folder, name), disk)
            break
        except StoreDamaged as error:
            damage = damage or error
            if found.term_at(index) != term:
                raise damage from None
    covered = chosen.meta.index if chosen is not None else 0
    if found.base > covered + 1:
        if chosen is not None:
            chosen.close()
        raise damage or StoreDamaged(
            f"{folder}: the log begins at entry {found.base}, and no snapshot holds what is before it; {ADVICE}"
        )
    return chosen
