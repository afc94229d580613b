"""C{/v2/ns/operator}, C{/v2/ns/ops} and C{/v2/ns/health}: for operators (docs/spec/http-v2-v3.md#2)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.http.api.operator import HEALTH, ONLY_STATUS, SWITCH, counts_json, health, switch
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.metrics.machine import Machine
from nacos_tw.naming.operations.counting import Counting
from nacos_tw.naming.operations.health import HealthOperations
from nacos_tw.naming.operations.switches import SwitchOperations
from nacos_tw.naming.requests import Asking
from nacos_tw.naming.switches import Switches

PREFIXES = "/v2/ns/operator", "/v2/ns/ops"


@attrs.frozen
class OperatorV2:
    """Switches and metrics. Built for each of the two prefixes."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    switches: SwitchOperations
    counting: Counting
    machine: Machine

    @api(app, "GET", "/switches", does=SwitchOperations.all, gives="The switches")
    def all(self, call: Call) -> Switches:
        """All switches."""
        return self.switches.all(call, Asking())

    @api(app, "PUT", "/switches", does=SwitchOperations.change, takes=SWITCH)
    async def change(self, call: Call) -> str:
        """Change one switch; an unknown one changes nothing."""
        await self.switches.change(call, switch(call))
        return "ok"

    @api(app, "GET", "/metrics", does=Counting.counts, takes=(ONLY_STATUS,), gives="The status, and counts")
    def metrics(self, call: Call) -> dict[str, Any]:
        """The status of the server; with onlyStatus=false how much there is, too."""
        found = counts_json(self.counting.counts(call, Asking()))
        if ONLY_STATUS(call):
            return {"status": found["status"]}
        machine = self.machine
        return {**found, "cpu": machine.cpu(), "load": machine.load(), "mem": machine.memory()}


@attrs.frozen
class HealthByHandV2:
    """Health that is set by hand."""

    prefix: ClassVar[str] = "/v2/ns/health"
    app = Klein()
    guard: Guard
    operations: HealthOperations

    @api(app, "PUT", "", "/instance", does=HealthOperations.set, takes=HEALTH)
    async def set(self, call: Call) -> str:
        """Set an instance's health, in a cluster whose health checker is NONE."""
        await self.operations.set(call, health(call))
        return "ok"
