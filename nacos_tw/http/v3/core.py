"""C{/v3/admin/core}, C{/v3/console/health}, C{/v3/console/server}: the cluster and the node
(docs/spec/http-v2-v3.md#5.4 and #5.6)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.cluster.operations.members import Members
from nacos_tw.cluster.operations.node import Nodes
from nacos_tw.cluster.operations.orders import Orders
from nacos_tw.cluster.requests import Asking
from nacos_tw.cluster.requests import Nodes as Wanted
from nacos_tw.http.api import cluster
from nacos_tw.http.api.cluster import ADDRESS, KIND, LEVEL, ORDER, STATE, member_json
from nacos_tw.http.api.codes import PARAMETER_MISSING
from nacos_tw.http.api.parameters import text
from nacos_tw.http.api.results import OK, result
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.node_state import state_json
from nacos_tw.http.reply import Reply, json_reply

KEYWORD = text("keyword", "Members whose addresses begin so.")


@attrs.frozen
class CoreV3:
    """For operators."""

    prefix: ClassVar[str] = "/v3/admin/core"
    app = Klein()
    guard: Guard
    members: Members
    nodes: Nodes
    orders: Orders

    @api(app, "GET", "/state", does=Nodes.state, gives="Texts by name")
    def state(self, call: Call) -> dict[str, str | None]:
        """This node's version and mode."""
        return state_json(self.nodes.state(call, Asking()))

    @api(app, "GET", "/state/liveness", does=Nodes.alive)
    def liveness(self, call: Call) -> Reply:
        """Whether the process answers."""
        self.nodes.alive(call, Asking())
        return OK

    @api(app, "GET", "/state/readiness", "/ops/readiness", does=Nodes.readiness)  # the second one is the Java client's
    def readiness(self, call: Call) -> Reply:
        """Whether the node can do its work; if not, with status 200 and the reason."""
        return cluster.ready(self.nodes, call, 200)

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

    @api(app, "POST", "/ops/raft", does=Orders.order, takes=ORDER, body="json", gives="Nothing")
    async def raft(self, call: Call) -> Reply | None:
        """Hand over the lead, or save a snapshot."""
        order = cluster.order(call)
        if cluster.is_object(call) and not order.command:
            return _missing("Raft command")
        await self.orders.order(call, order)
        return None

    @api(app, "GET", "/ops/ids", does=Members.id_generators, gives="Generators of ids: none")
    def ids(self, call: Call) -> list[dict[str, str]]:
        """The generators of ids; there are none here."""
        found = self.members.id_generators(call, Asking())
        return [{"resource": name, "info": info} for name, info in found.items()]

    @api(app, "PUT", "/ops/log", does=Nodes.set_log_level, takes=LEVEL, body="json", gives="Nothing")
    def log(self, call: Call) -> Reply | None:
        """Set a log's level."""
        level = cluster.level(call)
        if not (level.log and level.level):
            return _missing("Log level" if level.log else "Log name")
        self.nodes.set_log_level(call, level)
        return None


def _missing(what: str) -> Reply:
    return result(f"{what} is required", PARAMETER_MISSING, 400)


@attrs.frozen
class ConsoleCoreV3:
    """For a browser."""

    prefix: ClassVar[str] = "/v3/console"
    app = Klein()
    guard: Guard
    members: Members
    nodes: Nodes

    @api(app, "GET", "/health/liveness", does=Nodes.alive)
    def liveness(self, call: Call) -> Reply:
        """Whether the process answers."""
        self.nodes.alive(call, Asking())
        return OK

    @api(app, "GET", "/health/readiness", does=Nodes.readiness)
    def readiness(self, call: Call) -> Reply:
        """Whether the node can do its work; if not, with status 500 and the reason."""
        return cluster.ready(self.nodes, call, 500)

    @api(app, "GET", "/server/state", does=Nodes.state, gives="Texts by name, without a wrapper")
    def state(self, call: Call) -> Reply:
        """This node's version and mode."""
        return json_reply(state_json(self.nodes.state(call, Asking())))

    @api(app, "GET", "/core/cluster/nodes", does=Members.nodes, takes=(KEYWORD,), gives="Members")
    def members_of(self, call: Call) -> list[dict[str, Any]]:
        """The members, or those whose addresses begin with a text."""
        return [member_json(each) for each in self.members.nodes(call, Wanted(KEYWORD(call)))]
