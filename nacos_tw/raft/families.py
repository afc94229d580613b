"""The Raft part in the metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from nacos_tw.metrics.exposition import Family, counter, gauge
from nacos_tw.raft.status import PeerStatus, RaftStatus

_CONTRADICTIONS = "How often this node's state was not the cluster's, and was set aside."
_OF_PEERS: tuple[tuple[str, str, Callable[[PeerStatus], float]], ...] = (
    ("connected", "Whether the link to the peer stands.", lambda peer: int(peer.connected)),
    ("lag_entries", "Entries that the peer has yet to get, at the leader.", lambda peer: peer.lag),
    ("rtt_seconds", "Last round trip to the peer.", lambda peer: peer.rtt_seconds),
)


def raft_families(status: RaftStatus) -> Iterator[Family]:
    """The state of the Raft part."""
    yield gauge("nacos_raft_leader", "Whether this node leads.", int(status.role == "LEADER"))
    yield gauge("nacos_raft_has_leader", "Whether this node knows a leader.", int(bool(status.leader)))
    yield gauge("nacos_raft_healthy", "Whether the Raft part can do its work.", int(status.healthy))
    yield gauge("nacos_raft_recovering", "Whether a lost log is being fetched.", int(status.recovering))
    yield counter("nacos_raft_contradictions_total", _CONTRADICTIONS, status.contradictions)
    yield gauge("nacos_raft_term", "Term.", status.term)
    yield gauge("nacos_raft_commit_index", "Highest committed entry.", status.commit)
    yield gauge("nacos_raft_applied_index", "Highest applied entry.", status.applied)
    yield gauge("nacos_raft_last_index", "Highest entry in the log.", status.last_index)
    yield gauge("nacos_raft_leader_commit_index", "Highest commit index that a leader told.", status.leader_commit)
    yield gauge("nacos_raft_log_bytes", "Size of log and snapshot on disk.", status.log_bytes)
    peers = [({"peer": name}, peer) for name, peer in sorted(status.peers.items())]
    for name, text, number in _OF_PEERS:
        yield Family(f"nacos_raft_peer_{name}", "gauge", text, [(labels, number(peer)) for labels, peer in peers])


def link_family(counters: Mapping[str, int]) -> Family:
    """
    What became of connections to the Raft port.

    @param counters: see L{nacos_tw.raft.net.peers.COUNTERS}.
    """
    samples = [({"event": name}, number) for name, number in counters.items()]
    return Family("nacos_raft_links_total", "counter", "What happened on connections of the Raft port.", list(samples))
