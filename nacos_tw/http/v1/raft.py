"""C{/v1/ns/raft}: the real state of our Raft part in the shapes of 1.4.0's old Raft (docs/spec/naming-v1.md#7)."""

from __future__ import annotations

from typing import ClassVar

import attrs
import msgspec
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.cluster.operations.node import Nodes, Peer
from nacos_tw.cluster.requests import Asking as AskingNode
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply, text_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.cluster_shapes import peer_json
from nacos_tw.http.v1.datums import datum, listened_keys
from nacos_tw.http.v1.shapes import Json
from nacos_tw.naming.operations.datums import Datums
from nacos_tw.naming.operations.health import HealthOperations
from nacos_tw.naming.requests import Asking

STOPPED = "caused: old raft protocol already stop;"
"""What 1.4.8 answers to the calls of the old protocol."""


@attrs.frozen
class RaftV1:
    """
    What monitoring asks of C{/v1/ns/raft}; the calls that peers of the old protocol made are refused.

    @ivar leader_due: milliseconds without the leader until an election; C{heartbeat_due}: between two heartbeats.
    """

    prefix: ClassVar[str] = "/v1/ns/raft"
    app = Klein()
    guard: Guard
    node: Nodes
    datums: Datums
    health: HealthOperations
    leader_due: int = 1000
    heartbeat_due: int = 100

    @serve(app, "GET", "/peer", needs=rule_of(Nodes.raft))
    def raft_peer(self, call: Call) -> Reply:
        """This node."""
        return json_reply(self._json(self.node.raft(call, AskingNode())))

    @serve(app, "GET", "/state", needs=rule_of(Nodes.peers))
    def raft_state(self, call: Call) -> Reply:
        """How many services there are, and all peers."""
        peers = [self._json(peer) for peer in self.node.peers(call, AskingNode())]
        return json_reply({"services": self.health.services(call, Asking()), "peers": peers})

    @serve(app, "GET", "/leader", needs=rule_of(Nodes.leader))
    def raft_leader(self, call: Call) -> Reply:
        """The leader as a JSON text within the JSON; the text C{null} while there is none."""
        leader = self.node.leader(call, AskingNode())
        return json_reply({"leader": msgspec.json.encode(leader and self._json(leader)).decode()})

    @serve(app, "GET", "/listeners", needs=rule_of(Datums.keys))
    def raft_listeners(self, call: Call) -> Reply:
        """The keys of all that a node listens to."""
        return json_reply({"listeners": list(listened_keys(self.datums.keys(call, Asking())))})

    @serve(app, "GET", "/datum", needs=rule_of(Datums.find))
    def raft_datum(self, call: Call) -> Reply:
        """What is stored under C{keys} (comma separated); unknown ones are left out."""
        keys = call.given("keys").split(",")
        found = (datum(self.datums, call, key.strip()) for key in keys)
        return json_reply([each for each in found if each is not None])

    @serve(app, "POST", "/vote", needs=rule_of(Nodes.alive))
    @serve(app, "POST", "/beat", needs=rule_of(Nodes.alive))
    @serve(app, "POST", "/datum", needs=rule_of(Nodes.alive))
    @serve(app, "DELETE", "/datum", needs=rule_of(Nodes.alive))
    @serve(app, "PUT", "/datum/reload", needs=rule_of(Nodes.alive))
    @serve(app, "POST", "/datum/commit", needs=rule_of(Nodes.alive))
    @serve(app, "DELETE", "/datum/commit", needs=rule_of(Nodes.alive))
    def raft_stopped(self, call: Call) -> Reply:
        """The old protocol is not spoken."""
        self.node.alive(call, AskingNode())
        return text_reply(STOPPED, call, 500)

    def _json(self, peer: Peer) -> Json:
        return peer_json(peer, self.leader_due, self.heartbeat_due)
