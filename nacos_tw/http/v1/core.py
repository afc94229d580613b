"""C{/v1/core}: the members of the cluster and the Raft group (docs/spec/naming-v1.md#8)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import msgspec
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.cluster import requests
from nacos_tw.cluster.members import parse_report
from nacos_tw.cluster.operations.members import Members
from nacos_tw.cluster.operations.node import Nodes
from nacos_tw.cluster.operations.orders import Orders
from nacos_tw.cluster.problems import LeaveUnsupported, LookupUnsupported, OrderFailed
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import PLAIN, Reply, json_reply, text_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.shared_words import order_words
from nacos_tw.http.v1.cluster_shapes import log_level
from nacos_tw.http.v1.phrases_cluster import lookup_words


class OrderV1(msgspec.Struct):
    """The body of C{POST /ops/raft}."""

    command: str = ""
    value: str | None = None
    groupId: str | None = None  # noqa: N815 (wire name)


def envelope(data: Any = None, code: int = 200, message: str | None = None) -> Reply:
    """C{{"code", "message", "data"}}; the HTTP status is always 200 here."""
    return json_reply({"code": code, "message": message, "data": data})


@attrs.frozen
class ClusterCoreV1:
    """C{/v1/core/cluster} and C{/v1/core/ops}."""

    prefix: ClassVar[str] = "/v1/core"
    app = Klein()
    guard: Guard
    members: Members
    node: Nodes
    orders: Orders

    # -- members

    @serve(app, "GET", "/cluster/nodes", needs=rule_of(Members.nodes))
    def cluster_nodes(self, call: Call) -> Reply:
        """All members, sorted; with C{keyword} those whose address starts with it."""
        found = self.members.nodes(call, requests.Nodes(call.get("keyword")))
        return envelope([member.as_json() for member in found])

    @serve(app, "GET", "/cluster/self", needs=rule_of(Members.own))
    def cluster_self(self, call: Call) -> Reply:
        """This node."""
        return envelope(self.members.own(call, requests.Asking()).as_json())

    @serve(app, "GET", "/cluster/simple/nodes", needs=rule_of(Members.reachable))
    def simple_nodes(self, call: Call) -> Reply:
        """The addresses of the members that are not down."""
        return envelope(self.members.reachable(call, requests.Asking()))

    @serve(app, "GET", "/cluster/health", needs=rule_of(Members.own))
    def cluster_health(self, call: Call) -> Reply:
        """The name of this node's own state."""
        return envelope(self.members.own(call, requests.Asking()).state)

    @serve(app, "POST", "/cluster/report", needs=rule_of(Members.is_member))
    def cluster_report(self, call: Call) -> Reply:
        """Whether the sender is a member."""
        try:
            report = parse_report(call.body)
        except ValueError:
            return envelope(code=400, message="Node information is illegal")
        if not report.ip or report.port <= 0:
            return envelope(code=400, message="Node information is illegal")
        return envelope("true" if self.members.is_member(call, requests.Reported(report)) else "false")

    @serve(app, "POST", "/cluster/switch/lookup", needs=rule_of(Members.switch_lookup))
    def switch_lookup(self, call: Call) -> Reply:
        """C{type=file} is how it is; an address server is not asked in this version."""
        try:
            self.members.switch_lookup(call, requests.LookupKind(call.get("type")))
        except LookupUnsupported as error:
            return envelope(code=500, message=lookup_words(error))
        return envelope()

    @serve(app, "POST", "/cluster/server/leave", needs=rule_of(Members.leave))
    def server_leave(self, call: Call) -> Reply:
        """Refused, as by 2.5.1: v3 removes members."""
        try:
            self.members.leave(call, requests.Asking())
        except LeaveUnsupported:
            return envelope(code=405, message="/v1/core/cluster/server/leave API not allow to use temporarily.")
        return envelope()

    # -- operations

    @serve(app, "POST", "/ops/raft", needs=rule_of(Orders.order))
    async def ops_raft(self, call: Call) -> Reply:
        """C{transferLeader} and C{doSnapshot}; C{value} is the C{ip:raftPort} of the member that shall do it."""
        order: OrderV1 = call.json(OrderV1)
        try:
            await self.orders.order(call, requests.Order(order.command, order.value, order.groupId))
        except OrderFailed as error:
            return envelope(code=500, message=order_words(error))
        return envelope()

    @serve(app, "GET", "/ops/idInfo", needs=rule_of(Members.id_generators))
    def id_info(self, call: Call) -> Reply:
        """Nothing: there are no id generators here."""
        return envelope(self.members.id_generators(call, requests.Asking()))

    @serve(app, "PUT", "/ops/log", needs=rule_of(Nodes.set_log_level))
    def ops_log(self, call: Call) -> Reply:
        """Set a log's level; the answer is the bare text C{200}."""
        self.node.set_log_level(call, log_level(call))
        return text_reply("200", call)


@attrs.frozen
class ConfigLogV1:
    """C{/v1/cs/ops/log}, the same under the prefix of configs."""

    prefix: ClassVar[str] = "/v1/cs/ops"
    app = Klein()
    guard: Guard
    node: Nodes

    @serve(app, "PUT", "/log", needs=rule_of(Nodes.set_log_level))
    def config_ops_log(self, call: Call) -> Reply:
        """Set a log's level; the answer is the bare text C{200}."""
        self.node.set_log_level(call, log_level(call))
        return Reply(200, b"200", PLAIN)
