"""C{/v3/admin/core/cluster/member}, C{/v3/admin/core/raft} and the same for a browser: the members as the log has them,
and changes of them (docs/api-v2-v3.md#members)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.cluster.operations.membership import GroupView, Membership
from nacos_tw.cluster.operations.node import Nodes
from nacos_tw.cluster.operations.orders import Orders
from nacos_tw.cluster.requests import Asking, MemberChange, Order, Verb
from nacos_tw.http.api.parameters import REQUEST, boolean, text
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard

ADMIN, CONSOLE = "/v3/admin/core", "/v3/console/core"

MEMBER = text("member", "The member: its address, Raft address, name or id.", needed=REQUEST)
SUCCESSOR = text("member", "The voter that shall lead; the one that is furthest where it is empty.")
ADDRESS = text("address", "The address ip:port at which it serves.", needed=REQUEST)
NEW_ADDRESS = text("address", "The address ip:port; the old one where it is empty.")
RAFT_ADDRESS = text(
    "raftAddress", "The address ip:port of its Raft port; the usual one (port - 1000) where it is empty."
)
ID = text("id", "The id that the node has made, if it is known.")
VOTER = boolean("voter", "Whether it becomes a voter as soon as it has caught up.")
FORCE = boolean("force", "Whether it is done although no live majority would be left.")


def view_json(view: GroupView) -> dict[str, Any]:
    """The members."""
    return {
        "members": [
            {
                "name": each.name,
                "id": each.id,
                "address": each.http,
                "raftAddress": each.raft,
                "role": "voter" if each.voter else "learner",
                "joining": each.joining,
                "leader": each.leads,
                "lag": each.lag,
                "connected": each.connected,
                "state": each.state,
                "version": each.version,
            }
            for each in view.members
        ],
        "leader": view.leader,
        "term": view.term,
        "configIndex": view.config_index,
        "settled": view.settled,
        "removed": [{"name": name, "id": id} for name, id in view.removed],
        "difference": view.difference,
        "gone": view.gone,
    }


@attrs.frozen
class MembershipV3:
    """The members of the log. Built for operators and for a browser."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    membership: Membership
    nodes: Nodes
    orders: Orders

    async def _change(self, call: Call, change: MemberChange) -> dict[str, Any]:
        return view_json(await self.membership.change(call, change))

    @api(app, "GET", "/cluster/member/list", does=Membership.view, gives="The members, and the leader")
    def listed(self, call: Call) -> dict[str, Any]:
        """The members as this node's log has them."""
        return view_json(self.membership.view(call, Asking()))

    @api(
        app,
        "POST",
        "/cluster/member",
        does=Membership.change,
        takes=(ADDRESS, RAFT_ADDRESS, ID, VOTER, FORCE),
        gives="The members",
    )
    async def add(self, call: Call) -> dict[str, Any]:
        """Add a node, as a learner."""
        fields = ADDRESS(call), RAFT_ADDRESS(call), ID(call), VOTER(call), FORCE(call)
        return await self._change(call, MemberChange(Verb.ADD, "", *fields))

    @api(
        app,
        "PUT",
        "/cluster/member",
        does=Membership.change,
        takes=(MEMBER, ADDRESS, RAFT_ADDRESS, FORCE),
        gives="The members",
    )
    async def update(self, call: Call) -> dict[str, Any]:
        """Change a member's address."""
        change = MemberChange(Verb.UPDATE, MEMBER(call), ADDRESS(call), RAFT_ADDRESS(call), force=FORCE(call))
        return await self._change(call, change)

    @api(app, "DELETE", "/cluster/member", does=Membership.change, takes=(MEMBER, FORCE), gives="The members")
    async def remove(self, call: Call) -> dict[str, Any]:
        """Remove a member; a leader hands over first."""
        return await self._change(call, MemberChange(Verb.REMOVE, MEMBER(call), force=FORCE(call)))

    @api(app, "PUT", "/cluster/member/promote", does=Membership.change, takes=(MEMBER, FORCE), gives="The members")
    async def promote(self, call: Call) -> dict[str, Any]:
        """Promote a learner that has caught up: it becomes a voter."""
        return await self._change(call, MemberChange(Verb.PROMOTE, MEMBER(call), force=FORCE(call)))

    @api(app, "PUT", "/cluster/member/demote", does=Membership.change, takes=(MEMBER, FORCE), gives="The members")
    async def demote(self, call: Call) -> dict[str, Any]:
        """Demote a voter: it becomes a learner; a leader hands over first."""
        return await self._change(call, MemberChange(Verb.DEMOTE, MEMBER(call), force=FORCE(call)))

    @api(
        app,
        "PUT",
        "/cluster/member/replace",
        does=Membership.change,
        takes=(MEMBER, NEW_ADDRESS, RAFT_ADDRESS, ID, FORCE),
        gives="The members",
    )
    async def replace(self, call: Call) -> dict[str, Any]:
        """Replace a dead member by another node, which becomes a voter once it has caught up."""
        fields = NEW_ADDRESS(call), RAFT_ADDRESS(call), ID(call)
        return await self._change(call, MemberChange(Verb.REPLACE, MEMBER(call), *fields, force=FORCE(call)))

    @api(app, "GET", "/raft/leader", does=Nodes.leader, gives="The leader; nothing while there is none")
    def leader(self, call: Call) -> dict[str, Any] | None:
        """The leader."""
        found = self.nodes.leader(call, Asking())
        return None if found is None else {"address": found.address, "term": found.term, "role": found.role}

    @api(app, "PUT", "/raft/leader", does=Orders.order, takes=(SUCCESSOR,), gives="Nothing")
    async def transfer(self, call: Call) -> None:
        """Hand over the lead."""
        await self.orders.order(call, Order("transferLeader", SUCCESSOR(call) or None))
