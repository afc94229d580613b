"""C{/v3/admin/core/loader}: the connected clients, and sending them to other nodes (docs/spec/http-v2-v3.md#5.4)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.cluster.operations.connections import ConnectedClients, Load
from nacos_tw.cluster.requests import Asking
from nacos_tw.http.api import connections
from nacos_tw.http.api.connections import CONNECTION, COUNT, FACTOR, FORCE, SERVER, loads_json
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard


def load_json(node: Load) -> dict[str, Any]:
    """A node."""
    return {
        "address": node.address,
        "sdkConCount": node.clients,
        "conCount": node.clients,
        "load": str(node.load),
        "cpu": str(node.cpu),
    }


@attrs.frozen
class LoaderV3:
    """Connections."""

    prefix: ClassVar[str] = "/v3/admin/core/loader"
    app = Klein()
    guard: Guard
    clients: ConnectedClients

    @api(app, "GET", "/current", does=ConnectedClients.current, gives="Id to connection")
    def current(self, call: Call) -> dict[str, Any]:
        """The clients that are connected to this node."""
        return connections.current(self.clients, call)

    @api(app, "GET", "/cluster", does=ConnectedClients.loads, gives="Counts, and each node")
    async def cluster(self, call: Call) -> dict[str, Any]:
        """How many clients are connected to each node."""
        found = await self.clients.loads(call, Asking())
        return loads_json(found, [load_json(each) for each in found.nodes])

    @api(app, "POST", "/reloadCurrent", does=ConnectedClients.reset, takes=(COUNT, SERVER), gives="A text")
    def reload_current(self, call: Call) -> str:
        """Send clients of this node to others, until C{count} are left."""
        return connections.reload_current(self.clients, call)

    @api(app, "POST", "/smartReloadCluster", does=ConnectedClients.balance, takes=(FACTOR, FORCE), gives="A text")
    async def reload_cluster(self, call: Call) -> str:
        """Send clients of full nodes to empty ones."""
        return await connections.reload_cluster(self.clients, call)

    @api(app, "POST", "/reloadClient", does=ConnectedClients.reset, takes=(CONNECTION, SERVER), gives="A text")
    def reload_client(self, call: Call) -> str:
        """Send one client of this node to another."""
        return connections.reload_client(self.clients, call)
