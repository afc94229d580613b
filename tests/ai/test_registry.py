"""The port on which MCP servers are read in the form of the official registry."""

from __future__ import annotations

from typing import Any

import msgspec

from nacos_tw.http.call import Call
from nacos_tw.http.registry.answers import RegistryAnswers
from tests.ai.case import STDIO, AiCase

REMOTE = {
    "name": "com.x/y", "protocol": "mcp-streamable", "description": "d", "version": "1.0",
    "remoteServerConfig": {"exportPath": "/mcp"}, "repository": {"url": "https://x", "source": "github"},
}  # fmt: skip


class RegistryTests(AiCase):
    """Every path."""

    def setUp(self) -> None:
        super().setUp()
        self.answers = RegistryAnswers(self.ai.mcp_registry, self.ai.mcp)

    def ask(self, target: str, status: int = 200) -> Any:
        reply = self.answers.answer(Call.make("GET", target, path=target.partition("?")[0]))
        self.assertEqual(reply.status, status, reply.body)
        return msgspec.json.decode(reply.body)

    def remote(self, version: str = "1.0", port: str = "8080") -> None:
        data = {"address": "10.0.0.1", "port": port, "transportProtocol": "http"}
        self.data(
            "PUT" if self.keys() else "POST", "/mcp", serverSpecification={**REMOTE, "version": version},
            endpointSpecification={"type": "DIRECT", "data": data}, overrideExisting="true",
        )  # fmt: skip

    def test_server(self) -> None:
        """What an MCP client needs to connect; what has no value is not there."""
        self.remote()
        at = self.data("GET", "/mcp", mcpName="com.x/y")["versionDetail"]["release_date"]
        server = {
            "name": "com.x/y", "description": "d", "repository": REMOTE["repository"], "version": "1.0",
            "remotes": [{"type": "streamable-http", "url": "http://10.0.0.1:8080/mcp"}],
        }  # fmt: skip
        official = {"publishedAt": at, "updatedAt": at, "isLatest": True, "status": "active"}
        wanted = {"server": server, "_meta": {"io.modelcontextprotocol.registry/official": official}}
        for version in ("1.0", "latest"):
            self.assertEqual(self.ask(f"/v0/servers/com.x%2Fy/versions/{version}"), wanted)
        self.assertEqual(self.ask("/v0/servers"), {"servers": [wanted], "metadata": {"count": 1}})
        self.remote(port="80")
        found = self.ask("/v0.1/servers/com.x%2Fy/versions/latest")["server"]
        self.assertEqual(found["remotes"][0]["url"], "http://10.0.0.1/mcp")

    def test_versions(self) -> None:
        """All of them, one of which is the latest."""
        for version in ("1.0", "2.0"):
            self.remote(version)
        found = self.ask("/v0/servers/com.x%2Fy/versions")["servers"]
        self.assertEqual([each["server"]["version"] for each in found], ["1.0", "2.0"])
        flags = [each["_meta"]["io.modelcontextprotocol.registry/official"]["isLatest"] for each in found]
        self.assertEqual(flags, [False, True])

    def test_cursor(self) -> None:
        """Whoever follows the cursors sees every server of every namespace once."""
        for name, namespace in (("a", ""), ("b", ""), ("c", "dev"), ("d", "dev"), ("e", "")):
            spec = {**STDIO, "name": name, "packages": [{"identifier": name}]}
            self.data("POST", "/mcp", serverSpecification=spec, namespaceId=namespace)
        seen, cursor = [], ""
        while True:
            page = self.ask(f"/v0/servers?limit=2&cursor={cursor}")
            self.assertEqual(page["metadata"]["count"], len(page["servers"]))
            seen += [each["server"]["name"] for each in page["servers"]]
            cursor = page["metadata"].get("nextCursor", "")
            if not cursor:
                break
        self.assertEqual(seen, ["a", "b", "e", "c", "d"])
        names = [each["server"]["name"] for each in self.ask("/v0/servers?namespaceId=dev&search=d")["servers"]]
        self.assertEqual(names, ["d"])

    def test_refusals(self) -> None:
        """What is not there, and what is no page."""
        self.assertEqual(self.ask("/v0/servers/q/versions", 404), {"error": "Server not found"})
        self.assertEqual(self.ask("/v0/servers/q/versions/1", 404), {"error": "Server not found"})
        self.assertEqual(self.ask("/v0/x", 404), {"error": "Not found"})
        for query, said in (
            ("cursor=x", "cursor must be numeric"),
            ("cursor=-1", "cursor must be >= 0"),
            ("limit=-1", "limit must be >= 0"),
            ("limit=101", "limit must <= 100"),
        ):
            found = self.ask(f"/v0/servers?{query}", 400)
            self.assertEqual((found["code"], found["data"]), (20002, said))
