"""C{/v3/admin/core/diagnostics}: what C{nacosctl doctor} asks of each node. Ours; Nacos has none."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.cluster.operations.diagnostics import Diagnostics
from nacos_tw.cluster.requests import Asking
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard


@attrs.frozen
class DiagnosticsV3:
    """For operators."""

    prefix: ClassVar[str] = "/v3/admin/core/diagnostics"
    app = Klein()
    guard: Guard
    diagnostics: Diagnostics

    @api(app, "GET", "/ports", does=Diagnostics.ports, gives="Ports by what they are for; 0: it has none")
    def ports(self, call: Call) -> dict[str, Any]:
        """Where this node listens."""
        return attrs.asdict(self.diagnostics.ports(call, Asking()))

    @api(app, "GET", "/database", does=Diagnostics.storage, gives="The kind, and what was found of each database")
    async def database(self, call: Call) -> dict[str, Any]:
        """Connect to this node's databases, and tell how they are."""
        found = await self.diagnostics.storage(call, Asking())
        databases = [
            {
                "host": each.host,
                "port": each.port,
                "used": each.used,
                "state": each.state,
                "reason": each.reason,
                "version": each.version,
                "collation": each.collation,
                "advice": each.advice,
                "roundTripMillis": each.millis,
            }
            for each in found.databases
        ]
        return {"kind": found.kind, "trouble": found.trouble, "databases": databases}
