"""C{/v1/core}: the members of the cluster and the Raft group (docs/spec/naming-v1.md#8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import attrs
import msgspec
from klein import Klein
from twisted.internet.defer import maybeDeferred

from nacos_tw.cluster.members import RAFT_GROUP, MemberList, parse_report
from nacos_tw.errors import BadParameter
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply, text_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.faces import Ask, Millis, Node

RAFT_OPS = "raft-ops"
"""The kind of question under which a command for another node's Raft part travels."""

UNSUPPORTED = frozenset({"removePeer", "removePeers", "changePeers", "resetPeers", "restRaftCluster"})
"""Commands that change the membership."""


class Order(msgspec.Struct):
    """The body of C{POST /ops/raft}, and of the question L{RAFT_OPS}."""

    command: str = ""
    value: str | None = None
    groupId: str | None = None  # noqa: N815 (wire name)


class Outcome(msgspec.Struct):
    """How an order went: C{code} 200, or 500 and the reason."""

    code: int = 200
    message: str | None = None
    data: Any = None


def envelope(data: Any = None, code: int = 200, message: str | None = None) -> Reply:
    """C{{"code", "message", "data"}}; the HTTP status is always 200 here."""
    return json_reply({"code": code, "message": message, "data": data})


@attrs.frozen
class ClusterCoreV1:
    """
    C{/v1/core/cluster} and C{/v1/core/ops}.

    @ivar set_log_level: called with a log's name and level, raises BadParameter for what it does not know;
        None when levels cannot be changed.
    """

    prefix: ClassVar[str] = "/v1/core"
    app = Klein()
    guard: Guard
    members: MemberList
    node: Node
    ask: Ask
    millis: Millis
    set_log_level: Callable[[str, str], None] | None = None

    # -- members

    def _members(self) -> list[dict[str, Any]]:
        self.members.see_self(self.node.status(), self.millis())
        return [member.as_json() for member in self.members]

    @serve(app, "GET", "/cluster/nodes", needs="read:cluster")
    def cluster_nodes(self, call: Call) -> Reply:
        """All members, sorted; with C{keyword} those whose address starts with it."""
        keyword = call.get("keyword")
        return envelope([member for member in self._members() if member["address"].startswith(keyword)])

    @serve(app, "GET", "/cluster/self", needs="read:cluster")
    def cluster_self(self, call: Call) -> Reply:
        """This node."""
        return envelope(self.members.see_self(self.node.status(), self.millis()).as_json())

    @serve(app, "GET", "/cluster/simple/nodes", needs="read:cluster")
    def simple_nodes(self, call: Call) -> Reply:
        """The addresses of the members that are not down."""
        return envelope(self.members.reachable())

    @serve(app, "GET", "/cluster/health", needs="read:cluster")
    def cluster_health(self, call: Call) -> Reply:
        """The name of this node's own state."""
        return envelope(self.members.see_self(self.node.status(), self.millis()).state)

    @serve(app, "POST", "/cluster/report", needs="open")
    def cluster_report(self, call: Call) -> Reply:
        """
        Whether the sender is a member. Nothing is taken from it: anyone can send this, and our nodes report over
        their own links.
        """
        try:
            report = parse_report(call.body)
        except ValueError:
            return envelope(code=400, message="Node information is illegal")
        if not report.ip or report.port <= 0:
            return envelope(code=400, message="Node information is illegal")
        return envelope("true" if self.members.get(report.address) is not None else "false")

    @serve(app, "POST", "/cluster/switch/lookup", needs="write:cluster")
    def switch_lookup(self, call: Call) -> Reply:
        """C{type=file} is how it is; an address server is not asked in this version."""
        kind = call.get("type")
        if kind == "file":
            return envelope()
        if kind == "address-server":
            return envelope(code=500, message="address-server is not supported in this version, just: [file]")
        return envelope(
            code=500,
            message=f"The addressing mode exists : {kind}, just support : [[file, address-server]]",
        )

    @serve(app, "POST", "/cluster/server/leave", needs="write:cluster")
    def server_leave(self, call: Call) -> Reply:
        """Members leave by cluster.conf, not by this; the answer is 2.5.1's."""
        return envelope(code=405, message="/v1/core/cluster/server/leave API not allow to use temporarily.")

    # -- operations

    @serve(app, "POST", "/ops/raft", needs="admin")
    async def ops_raft(self, call: Call) -> Reply:
        """C{transferLeader} and C{doSnapshot}; C{value} is the C{ip:raftPort} of the member that shall do it."""
        order: Order = call.json(Order)
        if order.groupId and order.groupId != RAFT_GROUP:
            return envelope(code=500, message=f"not this raft group : {order.groupId}")
        outcome = await self._obey(order)
        return envelope(outcome.data, outcome.code, outcome.message)

    async def asked_raft_ops(self, peer: str, body: bytes) -> bytes:
        """
        Do what another member was ordered to have done here.

        @param body: an L{Order} as JSON.
        @return: the L{Outcome} as JSON.
        """
        try:
            order = msgspec.json.decode(body, type=Order)
        except msgspec.MsgspecError as error:
            return msgspec.json.encode(Outcome(500, str(error)))
        return msgspec.json.encode(await self._obey(order, passed_on=True))

    async def _obey(self, order: Order, passed_on: bool = False) -> Outcome:
        if order.command == "transferLeader":
            return await self._transfer(order, passed_on)
        if order.command == "doSnapshot":
            return await self._snapshot(order, passed_on)
        if order.command in UNSUPPORTED:
            return Outcome(500, f"{order.command} is not supported in this version: the members are cluster.conf's")
        return Outcome(500, f"Not support command : {order.command}")

    async def _transfer(self, order: Order, passed_on: bool) -> Outcome:
        """The leader hands over to the member in C{value}, or to the one that is furthest."""
        status = self.node.status()
        target = self._named(order.value)
        if order.value and (target is None or target not in status.voters):
            return Outcome(500, f"Fail to transfer leader of group {RAFT_GROUP}, {order.value} is not a voter")
        if not status.leader:
            return Outcome(500, f"Fail to get leader of group {RAFT_GROUP}, Unknown leader")
        if status.leader != self.members.own_address:
            return await self._pass_on(status.leader, order, passed_on)
        if target == status.leader:
            return Outcome()
        if await maybeDeferred(self.node.transfer, target) is False:
            return Outcome(500, f"Fail to transfer leader of group {RAFT_GROUP}: no voter can take over now")
        return Outcome()

    async def _snapshot(self, order: Order, passed_on: bool) -> Outcome:
        """The member in C{value}, or this one, saves a snapshot."""
        target = self._named(order.value) if order.value else self.members.own_address
        if target is None:
            return Outcome(500, f"Fail to snapshot group {RAFT_GROUP}, {order.value} is not a member")
        if target != self.members.own_address:
            return await self._pass_on(target, order, passed_on)
        await self.node.take_snapshot()
        return Outcome()

    async def _pass_on(self, peer: str, order: Order, passed_on: bool) -> Outcome:
        """Have another member do it; once, so that two nodes that disagree cannot play ball with it."""
        if passed_on:
            return Outcome(500, f"{self.members.own_address} is not the one to do this, {peer} is")
        try:
            return msgspec.json.decode(await self.ask(peer, RAFT_OPS, msgspec.json.encode(order)), type=Outcome)
        except Exception as error:  # unreachable, too late, or another version's answer
            return Outcome(500, f"{peer} did not do it: {error}")

    def _named(self, value: str | None) -> str | None:
        """The node id of the member with that Raft address, or that id."""
        for member in self.members:
            if member.raft_address == value:
                return member.address
        return value if value and self.members.get(value) is not None else None

    @serve(app, "GET", "/ops/idInfo", needs="read:cluster")
    def id_info(self, call: Call) -> Reply:
        """Nothing: there are no id generators here, ids come from the log and the database."""
        return envelope({})

    @serve(app, "PUT", "/ops/log", needs="admin")
    def ops_log(self, call: Call) -> Reply:
        """Set a log's level; the answer is the bare text C{200}."""
        change_log_level(self.set_log_level, call)
        return text_reply("200", call)


def change_log_level(change: Callable[[str, str], None] | None, call: Call) -> None:
    """
    What C{/ops/log} and C{/operator/log} do.

    @raise BadParameter: levels cannot be changed, or name or level is unknown.
    """
    name, level = call.given("logName"), call.given("logLevel")
    if change is None:
        raise BadParameter("log levels cannot be changed on this node")
    change(name, level)
