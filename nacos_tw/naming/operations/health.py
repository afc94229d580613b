"""Health that is set by hand, and how much there is (docs/spec/naming-v1.md#5.6 and #5.8)."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.naming import checkers, queries
from nacos_tw.naming.commands import Health
from nacos_tw.naming.operations.replicated import Replicated
from nacos_tw.naming.requests import Asking, HealthByHand


class HealthOperations(Operations):
    """Setting it, for instances that nobody checks, and this node's greeting."""

    __slots__ = ("_naming",)

    def __init__(self, naming: Replicated) -> None:
        self._naming = naming

    @operation(Rule("write", "naming"))
    def set(self, caller: Caller, request: HealthByHand) -> Deferred[Any]:
        """
        Set an instance's health; an unknown address is fine.

        @raise HealthIsChecked: its cluster is checked, or there is none.
        """
        service = self._naming.registry.services.get(request.service)
        found = queries.health_targets(service, request.service, request.cluster, request.ip, request.port)
        if not found:
            return succeed(None)
        return self._naming.change(Health([(number, request.healthy) for number in found]))

    @operation(Rule("open"))
    def services(self, caller: Caller, request: Asking) -> int:
        """How many services there are in the replicated state."""
        return len(self._naming.registry.services)

    @operation(Rule("open"))
    def checkers(self, caller: Caller, request: Asking) -> dict[str, dict[str, Any]]:
        """Every type of checker with its defaults."""
        return checkers.defaults()
