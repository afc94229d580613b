"""The log in memory: it stores and compares, and knows nothing of sending or saving."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter

import msgspec

from nacos_tw.raft.core.leads import Leads, lead_at
from nacos_tw.raft.core.messages import CONFIG, Configuration, Entry, SnapshotMeta

_OVERHEAD = 24
"""Bytes of an entry besides its data, for size limits."""

_term_of = attrgetter("term")
_decode = msgspec.msgpack.Decoder(Configuration).decode


def decode_config(data: bytes) -> Configuration | None:
    """The configuration in a CONFIG entry; None when it is none that could act."""
    try:
        config = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not config.voters:
        return None
    # The number of the lead is the entry's, not the configuration's: the next one must not begin that lead again.
    return config if config.lead is None else msgspec.structs.replace(config, lead=None)


class Log:
    """
    Entries with consecutive indexes from C{first} to C{last_index}, after (or around) a snapshot.

    @ivar snapshot: the newest snapshot on this node; None before the first.
    @ivar last_index: of the last entry, else of the snapshot, else 0.
    @ivar last_term: its term.
    @ivar config: the newest configuration in log or snapshot, committed or not; None before the first.
    @ivar leads: which lead each entry is of.
    """

    __slots__ = (
        "_base",
        "_base_term",
        "_configs",
        "_entries",
        "config",
        "last_index",
        "last_term",
        "leads",
        "snapshot",
    )

    def __init__(self, snapshot: SnapshotMeta | None = None, entries: Sequence[Entry] = ()) -> None:
        """
        @param entries: may begin before the snapshot's end. What the snapshot contradicts is dropped.
        @raise ValueError: there is a gap between them.
        """
        self.snapshot = snapshot
        end = snapshot.index if snapshot else 0
        kept = list(entries)
        if kept:
            first = kept[0].index
            if first > end + 1 or any(entry.index != first + at for at, entry in enumerate(kept)):
                raise ValueError(f"entries from {first} do not continue a snapshot up to {end}")
            at = end - first
            if snapshot and at >= 0 and (at >= len(kept) or kept[at].term != snapshot.term):
                kept = []
        self._entries = kept
        self._base = kept[0].index - 1 if kept else end
        self._base_term: int | None = None
        if self._base == end:
            self._base_term = snapshot.term if snapshot else 0
        elif self._base == 0:
            self._base_term = 0
        self._configs: list[tuple[int, Configuration]] = [(end, snapshot.config)] if snapshot else []
        self.leads = Leads()
        later = [entry for entry in kept if entry.index > end]
        if snapshot and snapshot.leads:
            self.leads.restart(snapshot.leads)
        else:
            self.leads.note(kept[: len(kept) - len(later)])
        self._note(later)
        self._note_end()

    @property
    def first(self) -> int:
        """The index of the first entry that is kept (C{last_index + 1} when there is none)."""
        return self._base + 1

    @property
    def config_index(self) -> int:
        """The index of the entry (or snapshot) that C{config} is from; 0 when there is none."""
        return self._configs[-1][0] if self._configs else 0

    def config_at(self, index: int) -> Configuration | None:
        """The configuration in force at C{index}, which is not before the snapshot's end."""
        found = None
        for at, config in self._configs:
            if at > index:
                break
            found = config
        return found

    def named_since(self, index: int, node: str) -> bool:
        """Whether C{node} is a voter in the configuration in force at C{index} or in a later one."""
        configs = self._configs
        last = len(configs) - 1
        return any(
            node in config.voters for at, (_, config) in enumerate(configs) if at == last or configs[at + 1][0] > index
        )

    def term(self, index: int) -> int | None:
        """The term of the entry at C{index} (0 at 0); None when it is not known here."""
        at = index - self._base
        if at > 0:
            return self._entries[at - 1].term if at <= len(self._entries) else None
        return self._base_term if at == 0 else None

    def same(self, index: int, term: int, lead: int) -> bool:
        """
        Whether this log's entry at C{index} is the one of that term and lead, and so all before it.

        @param lead: 0: not known; then the term alone must do.
        """
        if self.term(index) != term:
            return False
        own = self.leads.at(index) if lead else 0
        return not own or own == lead

    def contradicts(self, index: int, term: int, lead: int) -> bool:
        """Whether this log is known to have another entry at C{index} than the one of that term and lead."""
        own = self.leads.at(index) if lead else 0
        if own and own != lead:
            return True
        known = self.term(index)
        if known is not None:
            return known != term
        return index < self._base and self._base_term is not None and term > self._base_term

    def contradicts_snapshot(self, meta: SnapshotMeta, index: int) -> bool:
        """Whether a snapshot is known to hold another entry at C{index}, which is not behind its end."""
        if index == meta.index and self.contradicts(index, meta.term, 0):
            return True
        own, lead = self.leads.at(index), lead_at(meta.leads, index)
        return bool(own and lead and own != lead) or (self.term(index) or 0) > meta.term

    def entry(self, index: int) -> Entry | None:
        """The entry at C{index}, if it is kept."""
        at = index - self._base - 1
        return self._entries[at] if 0 <= at < len(self._entries) else None

    def slice(self, first: int, last: int, limit: int) -> tuple[Entry, ...]:
        """Entries from C{first} to C{last}, both included: at least one if there is one, and no more
        than about C{limit} bytes."""
        start = first - self._base - 1
        entries = self._entries
        end = min(last - self._base, len(entries))
        if end - start == 1:
            return (entries[start],)
        size = 0
        for at in range(start, end):
            size += len(entries[at].data) + _OVERHEAD
            if size > limit and at > start:
                end = at
                break
        return tuple(entries[start:end])

    def tail(self, first: int) -> tuple[Entry, ...]:
        """All entries from C{first} on."""
        return tuple(self._entries[max(0, first - self._base - 1) :])

    def append(self, entries: Sequence[Entry]) -> None:
        """Add entries that continue the log."""
        self._entries.extend(entries)
        self._note(entries)
        self._note_end()

    def truncate(self, index: int) -> None:
        """Drop the entries from C{index} on, which is after the snapshot."""
        del self._entries[index - self._base - 1 :]
        while self._configs and self._configs[-1][0] >= index:
            self._configs.pop()
        self.config = self._configs[-1][1] if self._configs else None
        self.leads.truncate(index)
        self._note_end()

    def restart(self, meta: SnapshotMeta) -> None:
        """Replace everything by a snapshot."""
        self.snapshot = meta
        self._entries = []
        self._base, self._base_term = meta.index, meta.term
        self._configs = [(meta.index, meta.config)]
        self.config = meta.config
        self.leads.restart(meta.leads)
        self._note_end()

    def compact(self, meta: SnapshotMeta, first: int) -> None:
        """There is a newer snapshot of this very log; forget the entries before C{first}."""
        self.snapshot = meta
        later = [pair for pair in self._configs if pair[0] > meta.index]
        self._configs = [(meta.index, meta.config), *later]
        self.config = self._configs[-1][1]
        base = min(first - 1, meta.index)
        if base > self._base:
            term = self.term(base)
            del self._entries[: base - self._base]
            self._base, self._base_term = base, term

    def agreement(self, index: int, term: int) -> tuple[int, int]:
        """
        Where a log whose entry at C{index} has C{term} may agree with this one at best.

        @return: index and term of the last entry here that is at or before C{index} and of C{term}
            or an earlier one. If that could only be before the first kept entry, some index there, and 0.
        """
        base = self._base
        if index < base:
            return index, 0
        count = bisect_right(self._entries, term, 0, min(index - base, len(self._entries)), key=_term_of)
        if count:
            return base + count, self._entries[count - 1].term
        if self._base_term is not None and self._base_term <= term:
            return base, self._base_term
        return base - 1, 0

    def before_lead(self, index: int) -> tuple[int, int]:
        """Index and term of the entry before the first one of the lead that the entry at C{index} is of; 0, 0 if that
        is not known here."""
        before = self.leads.begin(index) - 1
        term = self.term(before) if before >= 0 else None
        return (before, term) if term is not None else (0, 0)

    def _note(self, entries: Sequence[Entry]) -> None:
        self.leads.note(entries)
        for entry in entries:
            if entry.kind == CONFIG:
                config = decode_config(entry.data)
                if config is not None:
                    self._configs.append((entry.index, config))
        self.config = self._configs[-1][1] if self._configs else None

    def _note_end(self) -> None:
        self.last_index = self._base + len(self._entries)
        self.last_term = self._entries[-1].term if self._entries else (self._base_term or 0)
