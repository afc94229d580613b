"""Quotas and usage (docs/spec/config-v1.md#6)."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.identity import WRITE
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.config import store_capacity
from nacos_tw.config.capacity_requests import CapacityChange, CapacityOf
from nacos_tw.config.commands import EnsureCapacity, Quotas, SetCapacity
from nacos_tw.config.configs import Configs
from nacos_tw.config.limits import Limits
from nacos_tw.config.rows import Capacity

AGGREGATES = 10_000
AGGREGATE_SIZE = 1024
"""What is shown for limits of aggregated configs, which there are none of."""


class Capacities(Operations):
    """Of a namespace, a group, or the whole cluster."""

    __slots__ = ("_configs", "_limits", "_millis")

    def __init__(self, configs: Configs, limits: Limits, millis: Callable[[], int], audit: AuditLog) -> None:
        """@param millis: the wall clock, in epoch milliseconds."""
        super().__init__(audit)
        self._configs = configs
        self._limits = limits
        self._millis = millis

    @operation(Rule("read", "configs"))
    def find(self, caller: Caller, request: CapacityOf) -> Deferred[Capacity]:
        """
        Its limits, those of the settings where it sets none, and its usage. A row is made if there is none and the
        caller may write; others see what would stand there.
        """
        if caller.identity.may(WRITE, request.resource()):
            found = self._configs.write(EnsureCapacity(request.group, request.tenant, self._millis()))
        else:
            found = self._configs.query(store_capacity.shown, request.group, request.tenant)
        return found.addCallback(in_force, self._limits.quotas)

    @operation(Rule("admin", "", recorded=True))
    def change(self, caller: Caller, request: CapacityChange) -> Deferred[bool]:
        """Set some of its limits."""
        return self._configs.write(
            SetCapacity(
                request.group,
                request.tenant,
                self._millis(),
                request.quota,
                request.max_size,
                request.max_aggr_count,
                request.max_aggr_size,
            )
        )


def in_force(row: Capacity, quotas: Quotas) -> Capacity:
    """A row, with the settings' values for limits that it does not set."""
    default = quotas.tenant if row.tenant else quotas.group if row.group else quotas.cluster
    return Capacity(
        row.id,
        row.group,
        row.tenant,
        row.quota or default,
        row.usage,
        row.max_size or quotas.max_size,
        row.max_aggr_count or AGGREGATES,
        row.max_aggr_size or AGGREGATE_SIZE,
        row.created_ms,
        row.modified_ms,
    )
