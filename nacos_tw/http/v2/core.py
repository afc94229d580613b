"""C{/v2/core} and C{/v2/console/health}: the cluster and the node (docs/spec/http-v2-v3.md#4)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.cluster.operations.members import Members
from nacos_tw.cluster.operations.node import Nodes
from nacos_tw.cluster.operations.orders import Orders
from nacos_tw.cluster.problems import LeaveUnsupported, OrderFailed
from nacos_tw.cluster.requests import Asking
from nacos_tw.http.api import cluster
from nacos_tw.http.api.cluster import ADDRESS, KIND, LEVEL, ORDER, STATE, member_json
from nacos_tw.http.api.parameters import text
from nacos_tw.http.api.results import OK
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply
from nacos_tw.http.shared_words import order_words

ADDRESSES = text("addresses", "Members, with commas between them.")


def rest(data: Any = None, code: int = 200, message: str | None = None) -> Reply:
    """The wrapper of older routes, in which 200 is success."""
    return json_reply({"code": code, "message": message, "data": data})


@attrs.frozen
class CoreV2:
    """The cluster."""

    prefix: ClassVar[str] = "/v2/core"
    app = Klein()
    guard: Guard
    members: Members
    nodes: Nodes
    orders: Orders

    @api(app, "GET", "/cluster/node/self", does=Members.own, gives="This node")
    def own(self, call: Call) -> dict[str, Any]:
        """This node as a member."""
        return member_json(self.members.own(call, Asking()))

    @api(app, "GET", "/cluster/node/list", does=Members.nodes, takes=(ADDRESS, STATE), gives="Members")
    def listed(self, call: Call) -> Reply:
        """The members, or those of an address or a state."""
        return cluster.listed(self.members, call)

    @api(app, "GET", "/cluster/node/self/health", does=Members.own, gives="A state")
    def health(self, call: Call) -> str:
        """The state of this node."""
        return self.members.own(call, Asking()).state

    @api(app, "PUT", "/cluster/node/list", does=Members.is_member, body="json", gives="true")
    def told(self, call: Call) -> Reply:
        """Accept a report of members; it changes nothing."""
        return cluster.noted_members(self.members, call)

    @api(app, "PUT", "/cluster/lookup", does=Members.switch_lookup, takes=(KIND,), gives="true")
    def lookup(self, call: Call) -> bool:
        """Set how members are looked up; only file is accepted."""
        return cluster.switch_lookup(self.members, call)

    @api(app, "DELETE", "/cluster/nodes", does=Members.leave, takes=(ADDRESSES,), gives="Nothing")
    def leave(self, call: Call) -> Reply:
        """Refused: v3 removes members (/v3/admin/core/cluster/member)."""
        try:
            self.members.leave(call, Asking())
        except LeaveUnsupported:
            return rest(code=405, message="/v2/core/cluster/nodes API not allow to use temporarily.")
        return rest()

    @api(app, "POST", "/ops/raft", does=Orders.order, takes=ORDER, body="json", gives="Nothing")
    async def raft(self, call: Call) -> Reply:
        """Hand over the lead, or save a snapshot."""
        try:
            await self.orders.order(call, cluster.order(call))
        except OrderFailed as error:
            return rest(code=500, message=order_words(error))
        return rest()

    @api(app, "GET", "/ops/ids", does=Members.id_generators, gives="Generators of ids: none")
    def ids(self, call: Call) -> Reply:
        """The generators of ids; there are none here."""
        found = self.members.id_generators(call, Asking())
        return rest([{"resource": name, "info": info} for name, info in found.items()])

    @api(app, "PUT", "/ops/log", does=Nodes.set_log_level, takes=LEVEL, body="json", gives="Nothing")
    def log(self, call: Call) -> Reply:
        """Set a log's level."""
        self.nodes.set_log_level(call, cluster.level(call))
        return rest()


@attrs.frozen
class HealthV2:
    """For probes."""

    prefix: ClassVar[str] = "/v2/console/health"
    app = Klein()
    guard: Guard
    nodes: Nodes

    @api(app, "GET", "/liveness", does=Nodes.alive)
    def liveness(self, call: Call) -> Reply:
        """Whether the process answers."""
        self.nodes.alive(call, Asking())
        return OK

    @api(app, "GET", "/readiness", does=Nodes.readiness)
    def readiness(self, call: Call) -> Reply:
        """Whether the node can do its work; if not, with status 200 and the reason."""
        return cluster.ready(self.nodes, call, 200)
