"""C{/v1/cs/capacity}: quotas and usage (docs/spec/config-v1.md#6)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein
from twisted.internet.defer import Deferred, succeed

from nacos_tw.access.identity import WRITE
from nacos_tw.config import store_capacity
from nacos_tw.config.commands import EnsureCapacity, Quotas, SetCapacity
from nacos_tw.config.configs import Configs
from nacos_tw.config.store_capacity import Capacity
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.resources import resource_of
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.config_reading import Limits
from nacos_tw.http.v1.config_replies import result
from nacos_tw.http.v1.faces import Millis

NEITHER = "The parameter group and tenant cannot be empty at the same time"
BLANK_TENANT = "tenant cannot be an empty string"
NOTHING = "The parameters quota, maxSize, maxAggrCount, maxAggrSize cannot be empty at the same time"
AGGREGATES = 10_000
AGGREGATE_SIZE = 1024
"""What is shown for limits of aggregated configs, which there are none of."""


@attrs.frozen
class CapacityV1:
    """Of a namespace (C{tenant}) or of a group; the group "" is the whole cluster."""

    prefix: ClassVar[str] = "/v1/cs/capacity"
    app = Klein()
    guard: Guard
    configs: Configs
    millis: Millis
    limits: Limits = Limits()

    @serve(app, "GET", "", needs="read:configs")
    def capacity(self, call: Call) -> Deferred[Reply]:
        """Its row, which is made if there is none and the caller may write; others see what would stand there."""
        group, tenant = call.params.get("group"), call.params.get("tenant")
        if group is None and not tenant:
            return succeed(_refused(NEITHER if tenant is None else BLANK_TENANT))
        if not call.identity.may(WRITE, resource_of("configs", call)):
            seen = self.configs.query(store_capacity.shown, group or "", tenant or "")
            return seen.addCallback(lambda row: result(shown(row, self.limits.quotas)))
        made = self.configs.write(EnsureCapacity(group or "", tenant or "", self.millis()))
        return made.addCallback(lambda row: result(shown(row, self.limits.quotas)))

    @serve(app, "POST", "", needs="admin")
    def set_capacity(self, call: Call) -> Deferred[Reply]:
        """Set some of its limits."""
        params = call.params
        group, tenant = params.get("group"), params.get("tenant")
        if group is None and not tenant:
            return succeed(_refused(NEITHER if tenant is None else "parameter tenant is empty."))
        wanted = [_limit(call, name) for name in ("quota", "maxSize", "maxAggrCount", "maxAggrSize")]
        if wanted == [None] * 4:
            return succeed(_refused(NOTHING))
        quota, size, aggregates, aggregate_size = wanted
        done = self.configs.write(
            SetCapacity(group or "", tenant or "", self.millis(), quota, size, aggregates, aggregate_size)
        )
        what = f"tenant to {tenant}" if tenant else f"group to {group}"
        message = f"successfully updated the capacity information configuration of {what}"
        return done.addCallback(lambda _: result(True, message))


def _limit(call: Call, name: str) -> int | None:
    return call.integer(name) if call.params.get(name) else None


def _refused(message: str) -> Reply:
    return result(None, message, 400, 400)


def shown(row: Capacity, quotas: Quotas) -> dict[str, Any]:
    """A row, with the properties' values for limits that it does not set."""
    default = quotas.tenant if row.tenant else quotas.group if row.group else quotas.cluster
    found = {
        "id": str(row.id),
        "quota": row.quota or default,
        "usage": row.usage,
        "maxSize": row.max_size or quotas.max_size,
        "maxAggrCount": row.max_aggr_count or AGGREGATES,
        "maxAggrSize": row.max_aggr_size or AGGREGATE_SIZE,
        "gmtCreate": None,
        "gmtModified": None,
    }
    if row.tenant:
        return {**found, "tenant": row.tenant}
    return {**found, "group": row.group or ""}
