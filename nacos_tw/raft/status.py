"""What a node knows of its Raft part, as plain values for the answers over HTTP and between members."""

from __future__ import annotations

import attrs


@attrs.frozen
class PeerStatus:
    """Another member, as this node's Raft part sees it."""

    connected: bool
    """Whether the link on 7848 stands."""
    match: int = 0
    """The highest index known to be in the peer's log; 0 unless this node leads."""
    lag: int = 0
    """Entries that the peer has yet to get; 0 unless this node leads."""
    rtt_seconds: float = 0.0
    """The last measured round trip; 0 when none was measured."""


@attrs.frozen
class RaftStatus:
    """The state of a node's Raft part at one moment."""

    node: str
    """This node's id, C{ip:port} of its HTTP address."""
    role: str
    """C{LEADER}, C{FOLLOWER} or C{CANDIDATE}."""
    term: int
    vote: str
    """Whom this node voted for in C{term}; "" for nobody."""
    leader: str
    """The id of the leader that this node follows (or is); "" when it knows none."""
    commit: int
    applied: int
    last_index: int
    leader_commit: int
    """The highest commit index that a leader told; never below C{commit}'s truth for long."""
    voters: tuple[str, ...] = ()
    learners: tuple[str, ...] = ()
    healthy: bool = True
    """Whether the Raft part can do its work: has a leader, keeps up, and its disk takes writes."""
    reason: str = ""
    """Why it is not healthy, for people; "" when healthy."""
    recovering: bool = False
    """Whether the node has lost its log and waits for the leader's before it votes again."""
    contradictions: int = 0
    """How often since its start the node's state was not the cluster's, and was set aside."""
    log_bytes: int = 0
    """Size of log and snapshot on disk."""
    peers: dict[str, PeerStatus] = attrs.field(factory=dict)
