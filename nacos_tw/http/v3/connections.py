"""
C{/v3/admin/core/connection} and the same for a browser: the connected clients of all nodes, what each uses, and sending
some of them from any node to another (docs/api-v2-v3.md).
"""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.cluster.operations.connections import ConnectionInfo
from nacos_tw.cluster.operations.everywhere import (
    ConnectionSearch,
    ConnectionsEverywhere,
    OneConnection,
    Relocation,
)
from nacos_tw.http.api.connections import CONNECTION, connection_json
from nacos_tw.http.api.parameters import PAGE_NO, PAGE_SIZE, REQUEST, integer, text
from nacos_tw.http.api.problems import Lacking
from nacos_tw.http.api.results import page_json
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard

ADMIN, CONSOLE = "/v3/admin/core/connection", "/v3/console/core/connection"

KEYWORD = text("keyword", "A part of the id, an address, the version, the application, or name=value of a label.")
MODULE = text("module", "Only clients of it: naming, config, lock, ai.")
WHERE = text("node", "Only clients of the node with that address.")
SOURCE = text("node", "The address of the node that they are connected to.", needed=REQUEST)
CLIENTS = text("connectionIds", "The clients, separated by commas; all but count where it is empty.")
KEPT = integer("count", "How many clients stay; has to be there where no clients are named.")
TARGET = text("redirectAddress", "The address of the member where they are to go; any where it is empty.")


def row_json(address: str, client: ConnectionInfo) -> dict[str, Any]:
    """A client, and the node that it is connected to."""
    shown = connection_json(client)
    shown["metaInfo"]["publishes"] = client.publishes
    return {"node": address, **shown}


@attrs.frozen
class ConnectionsV3:
    """Connections of all nodes. Built for operators and for a browser."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    connections: ConnectionsEverywhere

    @api(
        app, "GET", "/list", does=ConnectionsEverywhere.find, takes=(KEYWORD, MODULE, WHERE, PAGE_NO, PAGE_SIZE),
        gives="A page of connections, the nodes that answered, and those that did not",
    )  # fmt: skip
    async def listed(self, call: Call) -> dict[str, Any]:
        """A page of the clients that are connected to any node, by address."""
        search = ConnectionSearch(KEYWORD(call), MODULE(call), WHERE(call), PAGE_NO(call), PAGE_SIZE(call))
        found = await self.connections.find(call, search)
        return {
            **page_json(found.page, lambda row: row_json(*row)),
            "nodes": [
                {"address": each.address, "total": each.total, "matching": each.matching} for each in found.nodes
            ],
            "silent": found.silent,
        }

    @api(app, "GET", "", does=ConnectionsEverywhere.uses, takes=(CONNECTION,), gives="The connection")
    async def one(self, call: Call) -> dict[str, Any]:
        """One client of any node, with what it publishes, subscribes to and listens to."""
        found = await self.connections.uses(call, OneConnection(CONNECTION(call)))
        assert found.client is not None
        uses = found.uses
        return {
            **row_json(found.address, found.client),
            "publishes": [
                {
                    "namespaceId": each.namespace,
                    "groupName": each.group,
                    "serviceName": each.service,
                    "instances": each.instances,
                }
                for each in uses.publishes
            ],
            "subscribes": [
                {
                    "namespaceId": each.namespace,
                    "groupName": each.group,
                    "serviceName": each.service,
                    "clusters": each.clusters,
                }
                for each in uses.subscribes
            ],
            "listens": [
                {"namespaceId": each.namespace or "public", "groupName": each.group, "dataId": each.data_id}
                for each in uses.listens
            ],
        }

    @api(
        app, "POST", "/move", does=ConnectionsEverywhere.relocate, takes=(SOURCE, CLIENTS, KEPT, TARGET),
        gives="How many were asked",
    )  # fmt: skip
    async def move(self, call: Call) -> dict[str, int]:
        """Ask clients of a node to go to another: the given ones, or all but C{count}."""
        clients = tuple(each.strip() for each in CLIENTS(call).split(",") if each.strip())
        kept = KEPT.given(call)
        if not clients and kept is None:
            raise Lacking(KEPT.name, KEPT.java, False)
        return {
            "asked": await self.connections.relocate(call, Relocation(SOURCE(call), clients, kept or 0, TARGET(call)))
        }
