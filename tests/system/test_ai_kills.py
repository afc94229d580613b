"""MCP servers, each several configs and a service, written while nodes are killed: there whole, or not at all."""

from __future__ import annotations

import http.client
import json
import signal
import threading
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.system.nodes import RealCluster, RealNode, wait_for

MCP = "/nacos/v3/admin/ai/mcp"
WRITES = 40
"""Servers that are created while a node dies and comes back."""


def creation(name: str) -> dict[str, str]:
    """A server with tools and an endpoint: three configs, a service and an instance."""
    spec = {"name": name, "protocol": "mcp-sse", "versionDetail": {"version": "1.0"}}
    tools = {"tools": [{"name": "t", "description": name, "inputSchema": {"type": "object"}}]}
    data = {"address": "10.0.0.1", "port": "8080", "transportProtocol": "http"}
    return {
        "serverSpecification": json.dumps(spec),
        "toolSpecification": json.dumps(tools),
        "endpointSpecification": json.dumps({"type": "DIRECT", "data": data}),
    }


class KillTests(SynchronousTestCase):
    """Three nodes."""

    def test_whole_or_not_at_all(self) -> None:
        """Whatever node is killed in the middle; what was acknowledged is there."""
        cluster = RealCluster(3)
        self.addCleanup(cluster.close)
        cluster.start()
        acknowledged: list[str] = []
        tried: list[str] = []

        def write() -> None:
            for number in range(WRITES):
                name = f"s{number}"
                tried.append(name)
                node = cluster.nodes[number % 3]
                try:
                    if node.request("POST", MCP, creation(name)).status == 200:
                        acknowledged.append(name)
                except (OSError, http.client.HTTPException):
                    continue  # it was killed

        writer = threading.Thread(target=write)
        writer.start()
        for node in (cluster.nodes[0], cluster.nodes[1]):
            before = len(tried)
            wait_for(lambda before=before: len(tried) >= min(before + 10, WRITES) or not writer.is_alive())  # type: ignore[misc]
            node.signal(signal.SIGKILL)
            wait_for(lambda node=node: not node.running)  # type: ignore[misc]
            node.start()
        writer.join()
        self.assertTrue(acknowledged)
        for node in cluster.nodes:
            wait_for(lambda node=node: self.servers(node) >= set(acknowledged))  # type: ignore[misc]
        # What nobody was told of may still be on its way.
        shown = wait_for(lambda: self.alike(cluster.nodes))
        for name in tried:
            for node in cluster.nodes:
                self.check(node, name, name in shown)

    def alike(self, nodes: list[RealNode]) -> set[str] | None:
        """The names that all nodes list; None: they differ."""
        first, *others = [self.servers(node) for node in nodes]
        return first if all(each == first for each in others) else None

    def servers(self, node: RealNode) -> set[str]:
        """The names that a node lists."""
        answer = node.request("GET", f"{MCP}/list", {"pageSize": 100})
        if answer.status != 200:
            raise ValueError(answer)
        return {each["name"] for each in answer.json["data"]["pageItems"]}

    def check(self, node: RealNode, name: str, there: bool) -> None:
        """Configs, service and instance, as readers of any of them see them."""
        instances = node.request(
            "GET", "/nacos/v1/ns/instance/list",
            {"serviceName": f"mcp-endpoints@@{name}::1.0", "groupName": "mcp-endpoints"},
        ).json["hosts"]  # fmt: skip
        self.assertEqual([each["ip"] for each in instances], ["10.0.0.1"] if there else [], f"{name} at {node.address}")
        answer = node.request("GET", MCP, {"mcpName": name})
        self.assertEqual(answer.status, 200 if there else 404, name)
        if there:
            detail: dict[str, Any] = answer.json["data"]
            self.assertEqual(detail["toolSpec"]["tools"][0]["description"], name)
            self.assertEqual([each["address"] for each in detail["backendEndpoints"]], ["10.0.0.1"])
