"""What a core does with what its leader sends: entries, commit index, snapshot (paper, 5.3, 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nacos_tw.raft.core.leads import begins, lead_at
from nacos_tw.raft.core.messages import (
    AppendEntries,
    AppendResponse,
    Entry,
    InstallSnapshot,
    SnapshotMeta,
    SnapshotResponse,
)
from nacos_tw.raft.core.ready import IncomingChunk, Role

if TYPE_CHECKING:
    from nacos_tw.raft.core.core import Core

_OTHER = "entry {index}, which a majority had acknowledged, is another one in the log of the leader {leader}"


class Follower:
    """
    The receiving part of a core.

    @ivar seen: the last confirmation round received from the leader of this term.
    @ivar target: while recovering: the index to reach before voting again; -1 when the leader has not told it yet.
    """

    __slots__ = ("_core", "_incoming", "seen", "target")

    def __init__(self, core: Core) -> None:
        self._core = core
        self._incoming: tuple[SnapshotMeta, int] | None = None
        self.seen = 0
        self.target = -1

    def reset(self) -> None:
        """A new term: another leader's rounds and another leader's snapshot bytes."""
        self.seen = 0
        self._incoming = None

    def on_append(self, sender: str, message: AppendEntries, now: float) -> None:
        """Entries, or a heartbeat."""
        core = self._core
        entries = message.entries
        prev = message.prev_index
        if (entries and not _in_order(message)) or prev < 0 or not self._hear(sender, now):
            return
        told = self._meet(sender, message, now)
        if message.round > self.seen:
            self._take_beats(message)
        if core.outbox.chunk is not None and core.outbox.chunk.done:
            return  # the log restarts with this Ready; entries after it must not be saved before it
        log = core.log
        if self._contradicts(sender, message):
            return
        if prev > core.commit and not log.same(prev, message.prev_term, message.lead):
            if log.term(prev) == message.prev_term:
                index, term = log.before_lead(prev)
            else:
                index, term = log.agreement(prev, message.prev_term)
            if index < core.commit:
                index, term = core.commit, log.term(core.commit) or 0
            core.send_now(sender, AppendResponse(core.term, False, index, term, self.seen))
            return
        if entries:
            self._store(entries, prev)
        last = prev + len(entries)
        self._acknowledge(sender, last, bool(entries))
        if core.recovering and self.target < 0:
            self.target = told
        core.commit_to(min(message.commit, last))

    def _meet(self, sender: str, message: AppendEntries, now: float) -> int:
        """
        Note what the leader says of itself and of this node.

        @return: the index up to which something may be committed that this node acknowledged before this start.
        """
        core = self._core
        if message.acked > core.log.last_index:
            core.went_back(f"its leader {sender} had its word for more", core.term, now)
        # What this node has once acknowledged to this leader may be committed by that, though not yet.
        told = max(message.commit, message.acked)
        if core.met is None:
            core.met = core.term, told
        core.leader_commit = max(core.leader_commit, message.commit)
        return told

    def on_snapshot(self, sender: str, message: InstallSnapshot, now: float) -> None:
        """A chunk of a snapshot."""
        core = self._core
        meta = message.meta
        if meta.index <= 0 or message.offset < 0 or not self._hear(sender, now) or core.outbox.chunk is not None:
            return
        known = min(meta.index, core.commit)
        if known and core.log.contradicts_snapshot(meta, known):
            core.contradict(_OTHER.format(index=known, leader=sender))
            return
        if meta.index <= core.commit or core.log.same(meta.index, meta.term, lead_at(meta.leads, meta.index)):
            core.commit_to(meta.index)
            self._incoming = None
            core.send_persisted(sender, SnapshotResponse(core.term, meta.index, 0, True, self.seen))
            return
        wanted = 0
        if self._incoming is not None and self._incoming[0] == meta:
            wanted = self._incoming[1]
        if message.offset != wanted:
            core.send_now(sender, SnapshotResponse(core.term, meta.index, wanted, False, self.seen))
            return
        wanted += len(message.data)
        self._incoming = None if message.done else (meta, wanted)
        self._take_chunk(IncomingChunk(meta, message.offset, message.data, message.done))
        core.send_persisted(sender, SnapshotResponse(core.term, meta.index, wanted, message.done, self.seen))

    def check_recovered(self) -> None:
        """
        A node that lost its log may vote again when it has, on disk, everything that it can have
        acknowledged before: all that its leader had committed when it began to catch up, and an entry
        of that leader's own term, before which nothing can be missing.
        """
        target, core = self.target, self._core
        if 0 <= target <= core.commit <= core.persistence.stable and core.log.term(core.commit) == core.term:
            core.recovering, core.setback = False, ""
            core.dirty = True

    def _hear(self, sender: str, now: float) -> bool:
        """The leader of this term was heard; return whether C{sender} can be that."""
        core = self._core
        if core.role is not Role.FOLLOWER:
            if core.role is Role.LEADER:
                return False
            core.become_follower(core.term, sender)
        elif sender != core.leader:
            if core.leader:
                return False
            core.become_follower(core.term, sender)
        core.last_heard = now
        if not core.leader_lost:
            # What still comes in after the leader's link closed was sent by a process that is gone.
            core.deadline = now + core.election.patience
        return True

    def _take_chunk(self, chunk: IncomingChunk) -> None:
        """Queue a piece of the leader's snapshot for the disk; with the last one the log restarts."""
        core = self._core
        core.outbox.chunk = chunk
        core.dirty = True
        if not chunk.done:
            return
        meta = chunk.meta
        core.persistence.restart(meta.index, min(core.commit, core.log.last_index))
        core.log.restart(meta)
        core.delivery.restore(meta.index)
        core.commit = meta.index
        core.log_changed()

    def _contradicts(self, sender: str, message: AppendEntries) -> bool:
        """
        Whether the leader's log has other entries than this node knows to be committed. No leader can, unless nodes
        that had acknowledged them have lost them.
        """
        core = self._core
        log, commit = core.log, core.commit
        at = message.prev_index
        if 0 < at <= commit and log.contradicts(at, message.prev_term, message.lead):
            core.contradict(_OTHER.format(index=at, leader=sender))
            return True
        if at >= commit:
            return False
        lead = message.lead
        for entry in message.entries[: commit - at]:
            begun = begins(entry)
            lead = lead if begun is None else begun
            own = log.entry(entry.index)
            if (own is not None and own != entry) or log.contradicts(entry.index, entry.term, lead):
                core.contradict(_OTHER.format(index=entry.index, leader=sender))
                return True
        return False

    def _take_beats(self, message: AppendEntries) -> None:
        """Take the payloads of rounds not seen yet, if none before them is missing."""
        beats = message.beats
        last = message.round
        if last - len(beats) > max(self.seen, message.floor):
            return
        core = self._core
        new = last - self.seen
        core.outbox.beats.extend(beats[-new:] if new < len(beats) else beats)
        core.dirty = True
        self.seen = last

    def _store(self, entries: Sequence[Entry], prev: int) -> None:
        """Take entries into the log; what contradicts them goes, but never anything committed."""
        core = self._core
        log = core.log
        if prev != log.last_index:
            at = max(0, core.commit - prev)
            for entry in entries[at:]:
                if log.entry(entry.index) != entry:
                    break
                at += 1
            entries = entries[at:]
            if not entries:
                return
            first = entries[0].index
            if first <= log.last_index:
                log.truncate(first)
                core.persistence.truncate(first)
        log.append(entries)
        core.log_changed()

    def _acknowledge(self, sender: str, last: int, entries: bool) -> None:
        """
        Answer that the logs agree up to C{last}. The answer to a heartbeat need not wait for the
        disk: it speaks only of what is there already.
        """
        core = self._core
        stable = core.persistence.stable
        if core.persistence.durable.term == core.term and (stable >= last or not entries):
            core.send_now(sender, AppendResponse(core.term, True, min(last, stable), 0, self.seen))
        else:
            core.send_persisted(sender, AppendResponse(core.term, True, last, 0, self.seen))


def _in_order(message: AppendEntries) -> bool:
    """Whether the entries' indexes follow C{prev_index}, and their terms do not fall or pass the leader's."""
    index = message.prev_index
    term = message.prev_term
    for entry in message.entries:
        index += 1
        if entry.index != index or entry.term < term:
            return False
        term = entry.term
    return term <= message.term
