"""What a L{Core<nacos_tw.raft.core.core.Core>} wants done, and the small values around it."""

from __future__ import annotations

import enum
from typing import Protocol

import msgspec

from nacos_tw.raft.core.messages import AnyMessage, Entry, HardState, SnapshotMeta


class Role(enum.Enum):
    """What a node is in its term. A pre-candidate asks whether it would be elected, without
    raising its term (thesis, 9.6)."""

    FOLLOWER = "FOLLOWER"
    PRE_CANDIDATE = "PRE_CANDIDATE"
    CANDIDATE = "CANDIDATE"
    LEADER = "LEADER"


class Timing(msgspec.Struct, frozen=True):
    """The core's times, in seconds."""

    election: float = 1.0
    """Timeouts are drawn from [election, 2 * election)."""
    heartbeat: float = 0.1
    """The leader's idle heartbeat period."""
    hurried: float = 0.03
    """After the leader's link closed, or at start with a majority connected, the timeout is drawn
    from [hurried, 3 * hurried), doubled with each attempt that fails."""


class Dice(Protocol):
    """Where the core takes random numbers from; C{random.Random} is one."""

    def random(self) -> float:
        """A number in [0, 1)."""


class IncomingChunk(msgspec.Struct, frozen=True):
    """A piece of the leader's snapshot for the disk. Offset 0 starts the file anew; with C{done} it
    is complete, the log on disk restarts at C{meta}, and once that is durable the driver restores the
    machine and calls C{applied(meta.index)}: nothing is given to apply before that call."""

    meta: SnapshotMeta
    offset: int
    data: bytes
    done: bool


Outgoing = tuple[tuple[str, AnyMessage], ...]


class Ready(msgspec.Struct, frozen=True):
    """Work for the driver. The order of the fields is the order of the work."""

    token: int
    """For L{Core.persisted} once C{hard}, C{entries} and C{snapshot} are on disk (if there are any)."""
    hard: HardState | None
    """To save."""
    entries: tuple[Entry, ...]
    """To save; the first index may be at or below the last saved one: the log continues from there."""
    messages_now: Outgoing
    """May go out at once: they promise nothing that a crash could take back."""
    messages: Outgoing
    """Only after this Ready and all earlier ones are on disk: votes, acknowledgements."""
    committed: tuple[Entry, ...]
    """To apply, in order; of bounded size, the next L{Core.ready} gives more."""
    snapshot: IncomingChunk | None
    """To save, after C{entries}."""
    snapshot_reads: tuple[tuple[str, int, int], ...]
    """(peer, snapshot index, offset): to read from the current snapshot, for L{Core.send_chunk}."""
    confirmed: int
    """The highest confirmation round that a majority has acknowledged; 0: none since the last Ready."""
    beats: tuple[bytes, ...]
    """Payloads of confirmation rounds that the leader sent to this node."""
    commit: int
    """The highest index known to be committed; to be noted with the next save, so that a restart knows it."""
    role_changed: bool
    """Whether role, term or leader differ from what they were at the last Ready."""
