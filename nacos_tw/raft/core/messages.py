"""Raft's messages and log entries, as frozen values.

Field names follow the Raft paper (Ongaro, Ousterhout 2014, figure 2 and 13) and Ongaro's thesis
(pre-vote: section 9.6, leadership transfer: 3.10). Nodes are named by their address in
cluster.conf, ``ip:port``. ``msgspec`` encodes them as arrays, so new fields go to the end, with a
default.
"""

from __future__ import annotations

import msgspec

NOOP = 0
"""Kind of an entry that only marks the start of a leader's term; its data is the number of that lead."""
COMMAND = 1
"""Kind of an entry that carries a batch of commands (see L{nacos_tw.raft.sessions})."""
CONFIG = 2
"""Kind of an entry that carries a L{Configuration}, msgpack-encoded."""


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One entry of the replicated log."""

    index: int
    term: int
    kind: int = COMMAND
    data: bytes = b""


class MemberRecord(msgspec.Struct, frozen=True, array_like=True):
    """
    One member, as the log has it.

    @ivar name: what the log calls it: its HTTP address when it joined; it stays when the address changes.
    @ivar id: what it made at its first start and keeps in its data folder; "" while it is not known.
    @ivar http: where it serves, C{ip:port}; "" while it is not known (then the name says it).
    @ivar raft: where its Raft port is, C{ip:port}; likewise.
    """

    name: str
    id: str = ""
    http: str = ""
    raft: str = ""


class Configuration(msgspec.Struct, frozen=True, array_like=True):
    """
    Who takes part: voters count for majorities, learners only receive the log.

    @ivar lead: in the very first entry of a cluster, the number of the lead that it begins.
    @ivar members: what is known of voters and learners besides their names.
    @ivar removed: the last members that were taken out.
    @ivar joining: the learners that are promoted as soon as they have caught up.
    @ivar proving: the learners that are promoted when they were well for a while, see L{nacos_tw.autopilot}.
    """

    voters: tuple[str, ...]
    learners: tuple[str, ...] = ()
    lead: int | None = None
    members: tuple[MemberRecord, ...] = ()
    removed: tuple[MemberRecord, ...] = ()
    joining: tuple[str, ...] = ()
    proving: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All voters and learners."""
        return self.voters + self.learners

    def record(self, name: str) -> MemberRecord:
        """What is known of that member."""
        return next((member for member in self.members if member.name == name), MemberRecord(name))


class HardState(msgspec.Struct, frozen=True, array_like=True):
    """What a node must never forget: its term, its vote in that term ("" for none), and whether it
    is still recovering from a lost log (it then neither votes nor stands)."""

    term: int = 0
    vote: str = ""
    recovering: bool = False


class SnapshotMeta(msgspec.Struct, frozen=True, array_like=True):
    """What a snapshot stands for: the log up to and including C{index}. C{leads}: where each of its last leads began,
    and that lead's number (see L{nacos_tw.raft.core.leads})."""

    index: int
    term: int
    config: Configuration
    leads: tuple[tuple[int, int], ...] = ()


class Message(msgspec.Struct, frozen=True, array_like=True, tag_field="type"):
    """Base of the messages between cores."""

    term: int


class RequestVote(Message, frozen=True, array_like=True, tag=1):
    """A candidate asks for a vote; with C{pre} it asks whether it would get one (no promise)."""

    last_index: int
    last_term: int
    pre: bool = False
    transfer: bool = False


class VoteResponse(Message, frozen=True, array_like=True, tag=2):
    """The answer. C{pre} echoes the request; a granted pre-vote echoes the term asked for."""

    pre: bool
    granted: bool


class AppendEntries(Message, frozen=True, array_like=True, tag=3):
    """The leader's entries after C{prev_index}, or none (a heartbeat).

    C{beats}: the payloads of the confirmation rounds that end with C{round}, one each
    (C{round} 0: none). Rounds up to C{floor} need no answer from this follower any more: it
    takes C{beats} when they continue what it has seen or C{floor}, and answers with the highest
    round that it took.

    C{lead}: the number of the lead that the entry at C{prev_index} is of (0: not known). A term names one lead only as
    long as no node forgets its vote; a folder that was restored from a copy has.

    C{acked}: how far this follower has told this leader that it has the log on disk; 0 where that is not said."""

    prev_index: int
    prev_term: int
    commit: int
    entries: tuple[Entry, ...] = ()
    round: int = 0
    beats: tuple[bytes, ...] = ()
    floor: int = 0
    lead: int = 0
    acked: int = 0


class AppendResponse(Message, frozen=True, array_like=True, tag=4):
    """The answer. On success C{match} is the last index known to equal the leader's log and on
    disk here. On failure C{match} is the index, and C{match_term} its term, at which the leader
    should try next (fast backtracking)."""

    success: bool
    match: int
    match_term: int = 0
    round: int = 0


class InstallSnapshot(Message, frozen=True, array_like=True, tag=5):
    """One chunk of the leader's snapshot."""

    meta: SnapshotMeta
    offset: int
    data: bytes
    done: bool
    round: int = 0


class SnapshotResponse(Message, frozen=True, array_like=True, tag=6):
    """The answer: C{offset} is the next byte wanted; C{installed} says that it is complete and on
    disk."""

    index: int
    offset: int
    installed: bool = False
    round: int = 0


class TimeoutNow(Message, frozen=True, array_like=True, tag=7):
    """The leader hands over: stand for election at once."""


AnyMessage = (
    RequestVote | VoteResponse | AppendEntries | AppendResponse | InstallSnapshot | SnapshotResponse | TimeoutNow
)
