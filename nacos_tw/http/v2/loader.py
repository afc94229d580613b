"""C{/v2/core/loader}: the connected clients, and sending them to other nodes (docs/spec/http-v2-v3.md#4)."""

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
from nacos_tw.http.reply import PLAIN, Reply, json_reply


def load_json(node: Load) -> dict[str, Any]:
    """A node."""
    return {
        "address": node.address,
        "metric": {
            "sdkConCount": str(node.clients),
            "conCount": str(node.clients),
            "load": str(node.load),
            "cpu": str(node.cpu),
        },
    }


def said(text: str) -> Reply:
    """A text."""
    return Reply(200, text.encode(), PLAIN)


@attrs.frozen
class LoaderV2:
    """Connections."""

    prefix: ClassVar[str] = "/v2/core/loader"
    app = Klein()
    guard: Guard
    clients: ConnectedClients

    @api(app, "GET", "/current", does=ConnectedClients.current, gives="Id to connection; bare")
    def current(self, call: Call) -> Reply:
        """The clients that are connected to this node."""
        return json_reply(connections.current(self.clients, call))

    @api(app, "GET", "/cluster", does=ConnectedClients.loads, gives="Counts, and each node; bare")
    async def cluster(self, call: Call) -> Reply:
        """How many clients are connected to each node."""
        found = await self.clients.loads(call, Asking())
        return json_reply(loads_json(found, [load_json(each) for each in found.nodes]))

    @api(
        app,
        "GET",
        "/reloadCurrent",
        does=ConnectedClients.reset,
        takes=(COUNT, SERVER),
        gives="A text; bare",
    )
    def reload_current(self, call: Call) -> Reply:
        """Send clients of this node to others, until C{count} are left."""
        return said(connections.reload_current(self.clients, call))

    @api(
        app,
        "GET",
        "/smartReloadCluster",
        does=ConnectedClients.balance,
        takes=(FACTOR, FORCE),
        gives="A text; bare",
    )
    async def reload_cluster(self, call: Call) -> Reply:
        """Send clients of full nodes to empty ones."""
        return said(await connections.reload_cluster(self.clients, call))

    @api(
        app,
        "GET",
        "/reloadClient",
        does=ConnectedClients.reset,
        takes=(CONNECTION, SERVER),
        gives="A text; bare",
    )
    def reload_client(self, call: Call) -> Reply:
        """Send one client of this node to another."""
        return said(connections.reload_client(self.clients, call))
