"""What the driver of a node's Raft part is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import attrs

from nacos_tw.raft.core.core import Timing
from nacos_tw.raft.core.messages import MemberRecord
from nacos_tw.raft.disk.files import Disk
from nacos_tw.raft.disk.store import SEGMENT_BYTES
from nacos_tw.settings.settings import RaftSettings


class Random(Protocol):
    """Where randomness comes from; C{random.Random} is one."""

    def random(self) -> float:
        """A number in [0, 1)."""

    def getrandbits(self, bits: int, /) -> int:
        """A number of that many bits."""


@attrs.frozen
class NodeOptions:
    """What a node's Raft part is given; times in seconds, sizes in bytes."""

    node: str
    voters: tuple[str, ...]
    folder: str
    members: tuple[MemberRecord, ...] = ()
    """What is known of the voters besides their names, for a log that begins."""
    shown: str = ""
    """What L{RaftNode.status<nacos_tw.raft.node.RaftNode.status>} calls this node, if not by C{node}."""
    timing: Timing = Timing()
    request_timeout: float = 5.0
    patience: float = 2.0
    """How long a write waits for a leader to appear before it is refused at once."""
    snapshot_bytes: int = 8 * 1024 * 1024
    """Bytes of new entries after which a snapshot is taken (or its own size, if that is more)."""
    append_bytes: int = 512 * 1024
    """About how much of the log goes into one message; one larger entry still fits."""
    trailing: int = 1000
    """Entries kept behind a snapshot, so that a slow follower need not get all of it."""
    mend_every: float = 5.0
    segment_bytes: int = SEGMENT_BYTES
    """When to begin the next file of the log."""
    disk: Disk | None = None
    """Where the folder is, if not on the real disk."""
    must_wait: bool = False
    """Whether a new cluster waits until L{nacos_tw.raft.node.RaftNode.found} says with whom it begins."""
    alone: bool = attrs.field(default=attrs.Factory(lambda self: len(self.voters) == 1, takes_self=True))
    """Whether there is no other node."""


def node_options(
    settings: RaftSettings,
    node: str,
    members: Sequence[MemberRecord],
    folder: str,
    shown: str,
    *,
    alone: bool,
    must_wait: bool = False,
) -> NodeOptions:
    """
    What the settings say, for a node of that name in the log and its data folder.

    @param members: with whom a log begins; C{must_wait}: see L{NodeOptions.must_wait}.
    """
    return NodeOptions(
        node=node,
        voters=tuple(member.name for member in members),
        members=tuple(members),
        alone=alone,
        must_wait=must_wait,
        folder=folder,
        shown=shown,
        timing=Timing(settings.election, settings.heartbeat),
        request_timeout=settings.request_timeout,
        patience=2 * settings.election,
        snapshot_bytes=settings.snapshot_bytes,
        append_bytes=settings.append_bytes,
        segment_bytes=settings.segment_bytes,
    )
