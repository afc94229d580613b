"""C{/v1/ns/raft}: the real state of our Raft part in the shapes of 1.4.0's old Raft (docs/spec/naming-v1.md#7)."""

from __future__ import annotations

from typing import ClassVar

import attrs
import msgspec
from klein import Klein

from nacos_tw.cluster.members import RAFT_GROUP, MemberList
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply, text_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1 import datums
from nacos_tw.http.v1.faces import Naming, Node
from nacos_tw.http.v1.shapes import Json
from nacos_tw.raft.status import RaftStatus

STOPPED = "caused: old raft protocol already stop;"
"""What 1.4.8 answers to the calls of the old protocol."""


def own_peer(status: RaftStatus, leader_due: int, heartbeat_due: int) -> Json:
    """This node as a C{RaftPeer}; times in milliseconds."""
    return _peer(status.node, status.vote or None, status.term, status.role, leader_due, heartbeat_due)


def _peer(ip: str, vote: str | None, term: int, state: str, leader_due: int, heartbeat_due: int) -> Json:
    return {
        "ip": ip,
        "voteFor": vote,
        "term": term,
        "leaderDueMs": leader_due,
        "heartbeatDueMs": heartbeat_due,
        "state": state,
    }


@attrs.frozen
class RaftV1:
    """
    What monitoring asks of C{/v1/ns/raft}; the calls that peers of the old protocol made are refused.

    @ivar leader_due: milliseconds without the leader until an election; C{heartbeat_due}: between two heartbeats.
    """

    prefix: ClassVar[str] = "/v1/ns/raft"
    app = Klein()
    guard: Guard
    naming: Naming
    node: Node
    members: MemberList
    leader_due: int = 1000
    heartbeat_due: int = 100

    @serve(app, "GET", "/peer", needs="open")
    def raft_peer(self, call: Call) -> Reply:
        """This node."""
        return json_reply(own_peer(self.node.status(), self.leader_due, self.heartbeat_due))

    @serve(app, "GET", "/state", needs="open")
    def raft_state(self, call: Call) -> Reply:
        """How many services there are, and all peers."""
        status = self.node.status()
        peers = [self._peer_json(address, status) for address in self._addresses(status)]
        return json_reply({"services": len(self.naming.registry.services), "peers": peers})

    @serve(app, "GET", "/leader", needs="open")
    def raft_leader(self, call: Call) -> Reply:
        """The leader as a JSON text within the JSON; the text C{null} while there is none."""
        status = self.node.status()
        leader = self._peer_json(status.leader, status) if status.leader else None
        return json_reply({"leader": msgspec.json.encode(leader).decode()})

    @serve(app, "GET", "/listeners", needs="admin")
    def raft_listeners(self, call: Call) -> Reply:
        """The keys of all that a node listens to."""
        return json_reply({"listeners": list(datums.listened_keys(self.naming))})

    @serve(app, "GET", "/datum", needs="admin")
    def raft_datum(self, call: Call) -> Reply:
        """What is stored under C{keys} (comma separated); unknown ones are left out."""
        keys = call.given("keys").split(",")
        found = (datums.datum(self.naming, key.strip()) for key in keys)
        return json_reply([datum for datum in found if datum is not None])

    @serve(app, "POST", "/vote", needs="open")
    @serve(app, "POST", "/beat", needs="open")
    @serve(app, "POST", "/datum", needs="open")
    @serve(app, "DELETE", "/datum", needs="open")
    @serve(app, "PUT", "/datum/reload", needs="open")
    @serve(app, "POST", "/datum/commit", needs="open")
    @serve(app, "DELETE", "/datum/commit", needs="open")
    def raft_stopped(self, call: Call) -> Reply:
        """The old protocol is not spoken."""
        return text_reply(STOPPED, call, 500)

    def _addresses(self, status: RaftStatus) -> list[str]:
        known = {member.address for member in self.members}
        return sorted(known | set(status.voters) | set(status.learners))

    def _peer_json(self, address: str, status: RaftStatus) -> Json:
        """A node as this one knows it: itself, the leader it follows, or what a member last reported."""
        if address == status.node:
            return own_peer(status, self.leader_due, self.heartbeat_due)
        member = self.members.get(address)
        extend = member.extend if member is not None else {}
        state = "LEADER" if address == status.leader else str(extend.get("raftRole", "FOLLOWER"))
        if state == "LEADER" and address != status.leader:
            state = "FOLLOWER"  # its report is older than what this node knows
        term = status.term if address == status.leader else _reported_term(extend, status.term)
        return _peer(address, None, term, state, self.leader_due, self.heartbeat_due)


def _reported_term(extend: Json, default: int) -> int:
    """The term in a member's extendInfo."""
    try:
        return int(extend["raftMetaData"]["metaDataMap"][RAFT_GROUP]["term"])
    except (KeyError, TypeError, ValueError):
        return default
