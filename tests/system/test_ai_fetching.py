"""What a node fetches because a user says so: tools of real MCP servers, the list of a registry of other people's."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from typing import Any

from tests.system.ai_clients import AiClientCase
from tests.system.nodes import RealNode, wait_for

PROPERTIES = (
    "nacos.ai.resource.import.allow-user-url=true\nnacos.console.ai.mcp.import.allowed-private-addresses=127.0.0.1"
)
MCP = "/nacos/v3/console/ai/mcp"
TOKEN = "for-sums"


class FetchingTests(AiClientCase):
    """One node, which may ask this machine."""

    def program(self, *command: str) -> str:
        """A server, which tells its port; the address where it is."""
        process = subprocess.Popen(
            command, cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        assert process.stdout is not None
        self.addCleanup(process.stdout.close)
        return f"http://127.0.0.1:{int(process.stdout.readline())}"

    def asked(self, node: RealNode, method: str, path: str, **fields: Any) -> Any:
        """The answer's JSON."""
        return json.loads(node.request(method, MCP + path, fields).body)

    def tools(self, node: RealNode, transport: str, base: str, endpoint: str, token: str = "") -> Any:
        """The tools of a running server, by name; {} if they are refused."""
        fields = {"transportType": transport, "baseUrl": base, "endpoint": endpoint, "authToken": token}
        found = self.asked(node, "GET", "/importToolsFromMcp", **fields).get("data")
        return {each["name"]: each for each in found} if isinstance(found, list) else {}

    def offered(self, python: str) -> None:
        """By each transport; nothing without the token, or by the other transport."""
        node = self.node(PROPERTIES)
        for kind, transport, other, endpoint in (
            ("sse", "mcp-sse", "mcp-streamable", "/sse"),
            ("streamable", "mcp-streamable", "mcp-sse", "/mcp"),
            ("stateless", "mcp-streamable", "mcp-sse", "/mcp"),
        ):
            base = self.program(python, "server.py", kind, TOKEN)
            asked = functools.partial(self.tools, node, transport, base, endpoint, TOKEN)
            wait_for(asked)  # one that starts on a busy machine may need longer than the node waits for it
            found = asked()
            self.assertEqual(set(found), {"add", "greet"}, kind)
            schema = found["add"]["inputSchema"]
            self.assertEqual((found["add"]["description"], schema["required"]), ("Adds two numbers.", ["one"]))
            self.assertEqual(schema["properties"]["other"]["default"], 0)
            for token in ("", "other"):
                self.assertEqual(self.tools(node, transport, base, endpoint, token), {})
            self.assertEqual(self.tools(node, other, base, endpoint, TOKEN), {})

    def test_tools(self) -> None:
        """Of a server of the package that this node itself uses."""
        self.copy("mcp_tools")
        self.offered(sys.executable)

    def test_older_tools(self) -> None:
        """Of one of the generation before."""
        python = self.packages(sys.executable, "nacos-mcp-wrapper-python==1.1.0", "mcp<2")
        self.copy("mcp_tools")
        self.offered(python)

    def test_registry(self) -> None:
        """Its pages, all of them; what is published is found as it was there."""
        python = self.packages(self.newer_python(13), "mcp-registry-sdk==0.1.0", "jsonschema>=4.25")
        self.copy("mcp_registry")
        url = f"{self.program(python, 'registry.py')}/v0.1/servers"
        node = self.node(PROPERTIES)
        space = {"namespaceId": "imported", "importType": "url", "data": url}
        found = self.asked(node, "POST", "/import/validate", **space)["data"]
        self.assertEqual([each["serverName"] for each in found["servers"]], ["com.example/maps", "com.example/files"])
        self.assertTrue(found["hasMore"])
        found = self.asked(node, "POST", "/import/validate", **space, limit="-1", search="n")["data"]
        wanted = {"com.example/events": "valid", "com.example/nothing": "invalid", "com.example/notes": "valid"}
        self.assertEqual({each["serverName"]: each["status"] for each in found["servers"]}, wanted)
        found = self.asked(node, "POST", "/import/execute", **space, limit="-1", skipInvalid="true")["data"]
        self.assertEqual((found["totalCount"], found["successCount"], found["failedCount"]), (5, 4, 1))
        for name, protocol, endpoint in (
            ("maps", "mcp-streamable", ("mcp.example", 443, "/v1/mcp")), ("files", "stdio", None),
            ("events", "mcp-sse", ("sse.example", 8080, "/sse")),
            ("notes", "mcp-streamable", ("mcp.example", 443, "/v1/mcp")),
        ):  # fmt: skip
            detail = self.asked(node, "GET", "", namespaceId="imported", mcpName=f"com.example/{name}")["data"]
            self.assertEqual((detail["protocol"], detail["versionDetail"]["version"]), (protocol, "1.0.0"))
            there = [(each["address"], each["port"], each["path"]) for each in detail["backendEndpoints"] or []]
            self.assertEqual(there, [endpoint] if endpoint else [])
        self.assertEqual(detail["repository"], {"url": "https://github.com/a/b", "source": "github"})
