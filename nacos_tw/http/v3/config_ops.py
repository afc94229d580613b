"""The rest of C{/v3/admin/cs}: quotas, metrics, what operators do (docs/spec/http-v2-v3.md#5.3)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.cluster.operations.node import Nodes
from nacos_tw.cluster.requests import LogLevel
from nacos_tw.config.capacity_requests import CapacityChange, CapacityOf
from nacos_tw.config.operations.capacities import Capacities
from nacos_tw.config.operations.localcache import LocalCache
from nacos_tw.config.requests import NoParameters
from nacos_tw.http.api.parameters import NAMESPACE, REQUEST, integer, text
from nacos_tw.http.api.problems import NotGiven
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard

GROUP = text("groupName", "The group; of all groups together where it is empty.")
LIMITS = (
    integer("quota", "How many configs there may be."),
    integer("maxSize", "How many bytes a content may have."),
    integer("maxAggrCount", "Kept as it is."),
    integer("maxAggrSize", "Kept as it is."),
)
NO_LIMIT = "The parameters quota, maxSize, maxAggrCount, maxAggrSize cannot be empty at the same time"
LOG_NAME = text("logName", "The log.", needed=REQUEST)
LOG_LEVEL = text("logLevel", "Its level.", needed=REQUEST)


def whose(call: Call) -> tuple[str, str]:
    """Group and namespace whose quota is meant: one of them is named."""
    group, namespace = call.params.get("groupName"), call.params.get("namespaceId")
    if group is None and not namespace:
        raise NotGiven("At least one of the parameters (groupName or namespaceId) must be provided")
    return group or "", "" if group else namespace or ""


@attrs.frozen
class ConfigOpsV3:
    """For operators."""

    prefix: ClassVar[str] = "/v3/admin/cs"
    app = Klein()
    guard: Guard
    capacities: Capacities
    local_cache: LocalCache
    nodes: Nodes

    @api(app, "GET", "/capacity", does=Capacities.find, takes=(GROUP, NAMESPACE), gives="Limits and usage")
    async def capacity(self, call: Call) -> dict[str, Any]:
        """The quota and the usage of a group or a namespace."""
        row = await self.capacities.find(call, CapacityOf(*whose(call)))
        return {
            "id": str(row.id),
            "quota": row.quota,
            "usage": row.usage,
            "maxSize": row.max_size,
            "maxAggrCount": row.max_aggr_count,
            "maxAggrSize": row.max_aggr_size,
            "gmtCreate": None,
            "gmtModified": None,
            **({"tenant": row.tenant} if row.tenant else {"groupName": row.group or ""}),
        }

    @api(app, "POST", "/capacity", does=Capacities.change, takes=(GROUP, NAMESPACE, *LIMITS), gives="true")
    async def set_capacity(self, call: Call) -> bool:
        """Set some limits of a group or a namespace."""
        group, namespace = whose(call)
        wanted = [limit.given(call) for limit in LIMITS]
        if wanted == [None] * len(LIMITS):
            raise NotGiven(NO_LIMIT)
        await self.capacities.change(call, CapacityChange(group, namespace, *wanted))
        return True

    @api(app, "POST", "/ops/localCache", does=LocalCache.compare, gives="A text")
    def compare(self, call: Call) -> str:
        """Begin to compare what this node serves with the database."""
        self.local_cache.compare(call, NoParameters())
        return "Local cache updated from store successfully!"

    @api(app, "PUT", "/ops/log", does=Nodes.set_log_level, takes=(LOG_NAME, LOG_LEVEL), gives="A text")
    def log_level(self, call: Call) -> str:
        """Set a log's level."""
        level = LogLevel(LOG_NAME(call), LOG_LEVEL(call))
        self.nodes.set_log_level(call, level)
        return f"Log level updated successfully! Module: {level.log}, Log Level: {level.level}"
