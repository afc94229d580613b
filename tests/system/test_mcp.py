"""The node as an MCP server: the client of the official package calls its tools."""

from __future__ import annotations

import asyncio
from typing import Any

from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from twisted.trial.unittest import SynchronousTestCase

from tests.system.login_nodes import LOGINS, LoginCluster, create, log_in, logs
from tests.system.nodes import RealNode

PROPERTIES = f"{LOGINS}\nnacos.core.auth.admin.password=first-P@ss\nnacos.ai.mcp.enabled=true"
ONE = {"dataId": "a.yaml", "group": "g"}
TOOLS = {
    "cluster_state", "list_namespaces", "list_configs", "read_config", "config_history", "diff_config",
    "config_listeners", "publish_config", "list_services", "service_instances", "service_subscribers",
}  # fmt: skip


class McpTests(SynchronousTestCase):
    """One node that asks for logins."""

    def test_tools(self) -> None:
        """What an administrator does, and what users with few rights may; with both generations of the protocol."""
        cluster = LoginCluster(1, PROPERTIES)
        self.addCleanup(cluster.close)
        cluster.start()
        node = cluster.nodes[0]
        cluster.ready_for()
        create(node, "reader", "reader-P@ss1", (":g:config/*", "r"))
        instance = {"serviceName": "shop", "ip": "10.0.0.1", "port": 80, "ephemeral": "false"}
        token = log_in(node, "nacos", "first-P@ss")
        self.assertEqual(node.request("POST", "/nacos/v1/ns/instance", {**instance, "accessToken": token}).status, 200)
        for mode in ("legacy", "auto"):
            asyncio.run(self.as_administrator(node, mode, token))
        asyncio.run(self.as_reader(node, log_in(node, "reader", "reader-P@ss1")))
        refused = node.request("POST", "/nacos/mcp", body=b"{}", headers={"Content-Type": "application/json"})
        self.assertEqual(refused.status, 403)
        self.assertEqual(node.request("GET", f"/nacos/mcp?accessToken={token}").status, 405)
        lines = logs(node, "audit.log")
        for wanted in ("MCP publish_config", "MCP read_config", "MCP cluster_state"):
            self.assertIn(wanted, lines)
        self.assertNotIn("x: 1", lines)

    def client(self, node: RealNode, mode: str, token: str) -> Client:
        http = create_mcp_http_client(headers={"Authorization": f"Bearer {token}"})
        return Client(streamable_http_client(f"{node.url}/nacos/mcp", http_client=http), mode=mode)

    async def as_administrator(self, node: RealNode, mode: str, token: str) -> None:
        """Everything."""
        async with self.client(node, mode, token) as client:
            listed = await client.list_tools()
            self.assertEqual({each.name for each in listed.tools}, TOOLS)
            state = await self.call(client, "cluster_state")
            self.assertEqual(state["trouble"], "")
            self.assertEqual([each["state"] for each in state["members"]], ["UP"])
            now = await client.call_tool("read_config", ONE)
            md5 = "" if now.is_error else now.structured_content["md5"]
            content = f"x: 1\nmode: {mode}\n"
            self.assertTrue((await self.call(client, "publish_config", **ONE, content=content, md5=md5))["published"])
            late = await client.call_tool("publish_config", {**ONE, "content": "late", "md5": md5})
            self.assertTrue(late.is_error)
            self.assertEqual((await self.call(client, "read_config", **ONE))["content"], content)
            diff = await client.call_tool("diff_config", {**ONE, "content": "x: 1\n"})
            self.assertIn(f"+mode: {mode}", diff.content[0].text)
            self.assertEqual((await self.call(client, "list_configs", namespace=""))["total"], 1)
            self.assertTrue((await self.call(client, "config_history", **ONE))["history"])
            self.assertEqual((await self.call(client, "config_listeners", **ONE))["listeners"], [])
            services = (await self.call(client, "list_services"))["services"]
            self.assertEqual([(each["service"], each["instances"]) for each in services], [("shop", 1)])
            found = await self.call(client, "service_instances", service="shop")
            self.assertEqual([each["ip"] for each in found["instances"]], ["10.0.0.1"])
            self.assertEqual((await self.call(client, "service_subscribers", service="shop"))["subscribers"], [])
            self.assertIn("", [each["id"] for each in (await self.call(client, "list_namespaces"))["namespaces"]])

    async def as_reader(self, node: RealNode, token: str) -> None:
        """Reads configs of one group, and nothing else."""
        async with self.client(node, "legacy", token) as client:
            self.assertNotIn("publish_config", {each.name for each in (await client.list_tools()).tools})
            md5 = (await self.call(client, "read_config", **ONE))["md5"]
            for name, arguments in (
                ("publish_config", {**ONE, "content": "y", "md5": md5}), ("service_instances", {"service": "shop"}),
                ("list_configs", {}), ("read_config", {"dataId": "a.yaml", "group": "other"}),
            ):  # fmt: skip
                self.assertTrue((await client.call_tool(name, arguments)).is_error, name)
            self.assertEqual((await self.call(client, "read_config", **ONE))["md5"], md5)

    async def call(self, client: Client, name: str, **arguments: Any) -> Any:
        """What a call that succeeds gives."""
        found = await client.call_tool(name, arguments)
        self.assertFalse(found.is_error, (name, found.content))
        return found.structured_content
