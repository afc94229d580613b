"""The connected clients in v2 and v3 (docs/spec/http-v2-v3.md#4 and #5.4)."""

from __future__ import annotations

import time
from typing import Any

from nacos_tw.cluster.operations.connections import Balance, ConnectedClients, ConnectionInfo, Loads, Reset
from nacos_tw.cluster.requests import Asking
from nacos_tw.http.api.parameters import REQUEST, boolean, integer, share, text
from nacos_tw.http.call import Call

COUNT = integer("count", "How many clients stay.", needed=REQUEST)
SERVER = text("redirectAddress", "Where the others are to go, ip:port; anywhere if it is missing.")
CONNECTION = text("connectionId", "The client.", needed=REQUEST)
FACTOR = share("loaderFactor", "How far from the mean a node may be, as a part of it.", 0.1)
FORCE = boolean("force", "Nothing depends on it.")


def connection_json(client: ConnectionInfo, port: int = 0) -> dict[str, Any]:
    """A client, as Nacos shows a connection."""
    return {
        "traced": False,
        "abilityTable": client.abilities,
        "metaInfo": {
            "connectType": "GRPC",
            "clientIp": client.ip,
            "remoteIp": client.remote_ip,
            "remotePort": client.remote_port,
            "localPort": port,
            "version": client.version,
            "connectionId": client.id,
            "createTime": client.since,
            "lastActiveTime": int((time.time() - client.idle) * 1000),
            "appName": client.app,
            "tenant": client.namespace or None,
            "labels": client.labels,
            "module": client.module,
            "subscribes": client.subscribes,
            "listens": client.listens,
        },
        "connected": True,
    }


def current(clients: ConnectedClients, call: Call) -> dict[str, Any]:
    """The clients of this node by their ids."""
    return {each.id: connection_json(each) for each in clients.current(call, Asking())}


def loads_json(found: Loads, detail: list[dict[str, Any]]) -> dict[str, Any]:
    """@param detail: what is written of each node."""
    counts = [each.clients for each in found.nodes]
    total, nodes = sum(counts), len(counts)
    return {
        "total": total,
        "min": min(counts),
        "avg": total // nodes,
        "max": max(counts),
        "memberCount": found.members,
        "metricsCount": nodes,
        "threshold": total / nodes * 1.1,
        "detail": detail,
        "completed": nodes == found.members,
    }


def reload_current(clients: ConnectedClients, call: Call) -> str:
    """All but so many clients of this node go elsewhere."""
    clients.reset(call, Reset(keep=COUNT(call), server=SERVER(call)))
    return "success"


def reload_client(clients: ConnectedClients, call: Call) -> str:
    """One client goes elsewhere; one that is not here is fine."""
    clients.reset(call, Reset(CONNECTION(call), server=SERVER(call)))
    return "success"


async def reload_cluster(clients: ConnectedClients, call: Call) -> str:
    """Clients of full nodes go to empty ones."""
    return "Ok" if await clients.balance(call, Balance(FACTOR(call))) else "Fail"
