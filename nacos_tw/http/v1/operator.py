"""C{/v1/ns/operator} and C{/v1/ns/ops}: metrics, switches, push, members (docs/spec/naming-v1.md#6)."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.cluster import requests as cluster
from nacos_tw.cluster.operations.members import Members
from nacos_tw.cluster.operations.node import Nodes
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply, ok_reply, raw_json_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.cluster_shapes import log_level, peer_json
from nacos_tw.metrics.operations import AskingMetrics, Metrics
from nacos_tw.naming.operations.services import Services
from nacos_tw.naming.operations.status import Status
from nacos_tw.naming.operations.switches import SwitchOperations
from nacos_tw.naming.requests import Asking, OneService, SwitchChange
from nacos_tw.push.operations import Pushes, PushState

OPERATOR = "/v1/ns/operator"
OPS = "/v1/ns/ops"


@attrs.frozen
class OperatorV1:
    """The operator's questions. Built twice, once for each prefix."""

    app = Klein()
    guard: Guard
    status: Status
    services: Services
    switches: SwitchOperations
    node: Nodes
    members: Members
    metrics: Metrics
    pushes: Pushes
    prefix: str = OPERATOR

    # -- metrics and switches

    @serve(app, "GET", "/metrics", needs=rule_of(Status.status))
    def operator_metrics(self, call: Call) -> Reply:
        """
        The status first. Without C{onlyStatus} the answer of 1.4, which clients know; with C{onlyStatus=true} the
        status alone, and with C{false} the counts of 2.5.1 too.
        """
        status, reason = self.status.status(call, Asking())
        answer: dict[str, Any] = {"status": status}
        if call.get("onlyStatus") and call.spring("onlyStatus"):
            return json_reply(answer)
        totals = self.status.totals(call, Asking())
        answer["serviceCount"] = totals.services
        answer["instanceCount"] = totals.instances
        answer["raftNotifyTaskCount"] = 0
        answer["responsibleServiceCount"] = totals.services  # every node answers for all, as 1.4 does with Distro off
        answer["responsibleInstanceCount"] = totals.instances
        if call.get("onlyStatus"):
            answer.update(self.status.clients(call, Asking()))
        load = self.metrics.machine(call, AskingMetrics())
        answer["cpu"], answer["load"], answer["mem"] = load.cpu, load.average, load.memory
        if reason:
            answer["reason"] = reason
        return json_reply(answer)

    @serve(app, "GET", "/switches", needs=rule_of(SwitchOperations.all))
    def get_switches(self, call: Call) -> Reply:
        """All switches."""
        return raw_json_reply(msgspec.json.encode(self.switches.all(call, Asking())))

    @serve(app, "PUT", "/switches", needs=rule_of(SwitchOperations.change))
    async def put_switches(self, call: Call) -> Reply:
        """Change one entry, on all nodes, or with C{debug=true} on this one; an unknown entry changes nothing."""
        entry, value = call.given("entry"), call.given("value")
        await self.switches.change(call, SwitchChange(entry, value, call.spring("debug")))
        return ok_reply(call)

    @serve(app, "GET", "/push/state", needs=rule_of(Pushes.state))
    def push_state(self, call: Call) -> Reply:
        """How UDP pushes went; the details are what services of all namespaces were told."""
        return json_reply(self.pushes.state(call, PushState(call.spring("detail"), call.spring("reset"))))

    @serve(app, "PUT", "/log", needs=rule_of(Nodes.set_log_level))
    def operator_log(self, call: Call) -> Reply:
        """Set a log's level."""
        self.node.set_log_level(call, log_level(call))
        return ok_reply(call)

    # -- members

    def _members(self, call: Call, only_up: bool = False) -> list[dict[str, Any]]:
        return [member.as_json() for member in self.members.servers(call, cluster.Nodes("", only_up))]

    @serve(app, "GET", "/servers", needs=rule_of(Members.servers))
    def servers(self, call: Call) -> Reply:
        """All members, or with C{healthy=true} those that are up."""
        return json_reply({"servers": self._members(call, call.spring("healthy"))})

    @serve(app, "GET", "/distro/status", needs=rule_of(Members.servers))
    def distro_status(self, call: Call) -> Reply:
        """All members; nothing for an action other than C{view}."""
        return json_reply({"status": self._members(call)} if call.get("action", "view") == "view" else {})

    @serve(app, "GET", "/distro/server", needs=rule_of(Services.detail))
    def distro_server(self, call: Call) -> Reply:
        """Which member 1.4's Distro would hold responsible for a service."""
        key = call.service_key()
        self.services.detail(call, OneService(key))
        return json_reply({"responsibleServer": self.members.responsible(call, cluster.Responsible(key[1]))})

    @serve(app, "GET", "/distro/client", needs=rule_of(Members.responsible))
    def distro_client(self, call: Call) -> Reply:
        """Which member 2.x's Distro would hold responsible for a client."""
        tag = f"{call.given('ip')}:{call.given('port')}"
        return json_reply({"responsibleServer": self.members.responsible(call, cluster.Responsible(tag))})

    @serve(app, "GET", "/cluster/state", needs=rule_of(Nodes.raft))
    def cluster_state(self, call: Call) -> Reply:
        """This node as a peer of the old Raft; C{voteFor} only if it voted."""
        peer = peer_json(self.node.raft(call, cluster.Asking()), 1000, 100)
        return json_reply({name: value for name, value in peer.items() if value is not None})

    @serve(app, "GET", "/server/status", needs=rule_of(Nodes.alive))
    def server_status(self, call: Call) -> Reply:
        """Nodes of other versions tell their weights here; ours need none."""
        call.given("serverStatus")
        self.node.alive(call, cluster.Asking())
        return ok_reply(call)
