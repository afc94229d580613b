"""A simulated node: a core while it is up, a disk always."""

from __future__ import annotations

from collections.abc import Iterable

from nacos_tw.raft.core.core import Core, IncomingChunk, Ready
from nacos_tw.raft.core.marks import Mark
from nacos_tw.raft.core.messages import AnyMessage, Configuration, Entry, HardState, SnapshotMeta
from nacos_tw.raft.net.starts import Start


class Disk:
    """What survives a crash."""

    __slots__ = ("commit", "entries", "hard", "mark", "partial", "seen", "snapshot", "starts", "state")

    def __init__(self) -> None:
        self.starts = 0
        self.seen: dict[str, Start] = {}
        """Of the other nodes' starts."""
        self.commit = 0
        self.mark: Mark | None = None
        """Of a part of the state that keeps itself on disk: what was applied to it."""
        self.hard = HardState()
        self.snapshot: SnapshotMeta | None = None
        self.state = b""
        self.entries: list[Entry] = []
        self.partial: tuple[SnapshotMeta, bytes] | None = None

    def copy(self) -> Disk:
        """A copy of all that is there."""
        other = Disk()
        other.starts, other.seen = self.starts, dict(self.seen)
        other.commit, other.mark, other.hard = self.commit, self.mark, self.hard
        other.snapshot, other.state, other.entries = self.snapshot, self.state, list(self.entries)
        return other

    def save(
        self, hard: HardState | None, entries: tuple[Entry, ...], chunk: IncomingChunk | None, commit: int
    ) -> None:
        """What L{nacos_tw.raft.disk.store.Store} does with a Ready."""
        if chunk is None:
            self.commit = max(self.commit, commit)
        if hard is not None:
            self.hard = hard
        if entries:
            first = entries[0].index
            if self.entries and first <= self.entries[-1].index:
                del self.entries[max(0, first - self.entries[0].index) :]
            end = self.entries[-1].index if self.entries else self.snapshot.index if self.snapshot else 0
            assert first == end + 1, f"a gap on disk: {first} after {end}"
            self.entries.extend(entries)
        if chunk is not None:
            self._save_chunk(chunk)

    def term(self, index: int) -> int | None:
        """The term of the entry at C{index}, -1 if a snapshot covers it, None when there is none."""
        if self.snapshot is not None and index <= self.snapshot.index:
            return -1
        if not self.entries or not self.entries[0].index <= index <= self.entries[-1].index:
            return None
        return self.entries[index - self.entries[0].index].term

    def _save_chunk(self, chunk: IncomingChunk) -> None:
        before = b"" if not chunk.offset or self.partial is None else self.partial[1]
        assert len(before) == chunk.offset, "a chunk is missing"
        self.partial = (chunk.meta, before + chunk.data)
        if chunk.done:
            self.install(chunk.meta, self.partial[1])
            self.partial = None

    def install(self, meta: SnapshotMeta, state: bytes) -> None:
        """A snapshot of the leader is complete: the log restarts there."""
        same = any(entry.index == meta.index and entry.term == meta.term for entry in self.entries)
        self.entries = [entry for entry in self.entries if same and entry.index > meta.index]
        self.snapshot, self.state = meta, state
        if self.mark is None or self.mark.index < meta.index:
            self.mark = Mark(meta.index, meta.term)


class Member:
    """
    One node: a core while it is up, a disk always.

    @ivar number: of its folders that were empty; its name and this are its id.
    @ivar run: drawn for this start.
    @ivar forgot: whether its disk was ever put back, or lied.
    """

    __slots__ = (
        "applied", "asked", "contradictions", "core", "disk", "forgot", "frozen", "life", "name", "number", "pending",
        "run", "saving", "state", "ticking",
        "wiped", "wanted",
    )  # fmt: skip

    def __init__(self, name: str, wanted: Configuration) -> None:
        self.name = name
        self.wanted = wanted
        self.disk = Disk()
        self.core: Core | None = None
        self.life = 0
        self.wiped = self.number = self.run = 0
        self.forgot = False
        self.contradictions: list[str] = []
        self.frozen = False
        self.saving = False
        self.pending: list[tuple[Ready, Iterable[tuple[str, AnyMessage]]]] = []
        self.applied = 0
        self.state = 0
        self.ticking = 0.0
        self.asked: dict[int, tuple[bytes, int]] = {}
