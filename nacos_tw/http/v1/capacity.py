"""C{/v1/cs/capacity}: quotas and usage (docs/spec/config-v1.md#6)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein
from twisted.internet.defer import Deferred, succeed

from nacos_tw.access.operations import rule_of
from nacos_tw.config.capacity_requests import CapacityChange, CapacityOf
from nacos_tw.config.operations.capacities import Capacities
from nacos_tw.config.rows import Capacity
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.config_replies import result

NEITHER = "The parameter group and tenant cannot be empty at the same time"
BLANK_TENANT = "tenant cannot be an empty string"
NOTHING = "The parameters quota, maxSize, maxAggrCount, maxAggrSize cannot be empty at the same time"


@attrs.frozen
class CapacityV1:
    """Of a namespace (C{tenant}) or of a group; the group "" is the whole cluster."""

    prefix: ClassVar[str] = "/v1/cs/capacity"
    app = Klein()
    guard: Guard
    capacities: Capacities

    @serve(app, "GET", "", needs=rule_of(Capacities.find))
    def capacity(self, call: Call) -> Deferred[Reply]:
        """Its limits and its usage."""
        group, tenant = call.params.get("group"), call.params.get("tenant")
        if group is None and not tenant:
            return succeed(_refused(NEITHER if tenant is None else BLANK_TENANT))
        found = self.capacities.find(call, CapacityOf(group or "", tenant or ""))
        return found.addCallback(lambda row: result(shown(row)))

    @serve(app, "POST", "", needs=rule_of(Capacities.change))
    def set_capacity(self, call: Call) -> Deferred[Reply]:
        """Set some of its limits."""
        params = call.params
        group, tenant = params.get("group"), params.get("tenant")
        if group is None and not tenant:
            return succeed(_refused(NEITHER if tenant is None else "parameter tenant is empty."))
        wanted = [_limit(call, name) for name in ("quota", "maxSize", "maxAggrCount", "maxAggrSize")]
        if wanted == [None] * 4:
            return succeed(_refused(NOTHING))
        done = self.capacities.change(call, CapacityChange(group or "", tenant or "", *wanted))
        what = f"tenant to {tenant}" if tenant else f"group to {group}"
        message = f"successfully updated the capacity information configuration of {what}"
        return done.addCallback(lambda _: result(True, message))


def _limit(call: Call, name: str) -> int | None:
    return call.integer(name) if call.params.get(name) else None


def _refused(message: str) -> Reply:
    return result(None, message, 400, 400)


def shown(row: Capacity) -> dict[str, Any]:
    """Limits and usage (docs/spec/config-v1.md#6)."""
    found = {
        "id": str(row.id),
        "quota": row.quota,
        "usage": row.usage,
        "maxSize": row.max_size,
        "maxAggrCount": row.max_aggr_count,
        "maxAggrSize": row.max_aggr_size,
        "gmtCreate": None,
        "gmtModified": None,
    }
    if row.tenant:
        return {**found, "tenant": row.tenant}
    return {**found, "group": row.group or ""}
