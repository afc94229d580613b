"""What several routes of the cluster read and write alike."""

from __future__ import annotations

from nacos_tw.cluster import requests
from nacos_tw.cluster.operations.node import Peer
from nacos_tw.http.call import Call
from nacos_tw.http.v1.shapes import Json


def peer_json(peer: Peer, leader_due: int, heartbeat_due: int) -> Json:
    """A C{RaftPeer}; times in milliseconds."""
    return {
        "ip": peer.address,
        "voteFor": peer.vote,
        "term": peer.term,
        "leaderDueMs": leader_due,
        "heartbeatDueMs": heartbeat_due,
        "state": peer.role,
    }


def log_level(call: Call) -> requests.LogLevel:
    """What C{/ops/log} and C{/operator/log} ask for."""
    return requests.LogLevel(call.given("logName"), call.given("logLevel"))
