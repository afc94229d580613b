"""Tools for the cluster and its namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from nacos_tw.access.caller import Caller
from nacos_tw.cluster.requests import Asking, Nodes
from nacos_tw.http.api.parts import ClusterParts
from nacos_tw.http.mcp.tool import Nothing, Tool
from nacos_tw.namespaces.operations import Namespaces
from nacos_tw.namespaces.requests import All


@attrs.frozen
class ClusterTools:
    """@ivar does: the operations."""

    does: ClusterParts
    namespaces: Namespaces | None

    def tools(self) -> Iterator[Tool]:
        """All of them."""
        yield Tool("cluster_state", "Whether the node that is asked can do its work, who leads, and the state of every "
                   "member.", Nothing, self.state)  # fmt: skip
        if self.namespaces is not None:
            yield Tool("list_namespaces", "List the namespaces.", Nothing, self.list)

    def state(self, caller: Caller, given: Nothing) -> dict[str, Any]:
        """As this node sees it."""
        members = self.does.members.nodes(caller, Nodes())
        leader = self.does.nodes.leader(caller, Asking())
        return {
            "version": self.does.nodes.state(caller, Asking()).version,
            "node": self.does.members.own(caller, Asking()).address,
            "trouble": self.does.nodes.readiness(caller, Asking()),
            "leader": "" if leader is None else leader.address,
            "members": [{"address": each.address, "state": each.state, "trouble": each.fault} for each in members],
        }

    async def list(self, caller: Caller, given: Nothing) -> dict[str, Any]:
        """The public one has no id here."""
        assert self.namespaces is not None
        found = await self.namespaces.all(caller, All())
        return {"namespaces": [{"id": each.id, "name": each.name, "configs": each.configs} for each in found]}
