"""The port on which MCP servers are read in the form of the official registry."""

from __future__ import annotations

from typing import Any

import msgspec

from nacos_tw.http.call import Call
from nacos_tw.http.registry.answers import RegistryAnswers, moment
from nacos_tw.http.registry.shapes import OFFICIAL, repository, time_of
from tests.ai.case import STDIO, AiCase

REMOTE = {
    "name": "com.x/y", "protocol": "mcp-streamable", "description": "d", "version": "1.0",
    "remoteServerConfig": {"exportPath": "/mcp"}, "repository": {"url": "https://x", "source": "github"},
}  # fmt: skip


class RegistryTests(AiCase):
    """Every path."""

    def setUp(self) -> None:
        super().setUp()
        self.answers = RegistryAnswers(self.ai.mcp_registry)

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
        updated = time_of(self.now)
        server = {
            "name": "com.x/y", "description": "d", "repository": REMOTE["repository"], "version": "1.0",
            "remotes": [{"type": "streamable-http", "url": "http://10.0.0.1:8080/mcp"}],
        }  # fmt: skip
        official = {"publishedAt": at, "updatedAt": updated, "isLatest": True, "status": "active"}
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
        self.assertEqual([each["server"]["version"] for each in found], ["2.0", "1.0"])
        flags = [each["_meta"][OFFICIAL]["isLatest"] for each in found]
        self.assertEqual(flags, [True, False])
        self.assertEqual(self.ask("/v0/servers/com.x%2Fy")["server"]["version"], "2.0")

    def test_one_version(self) -> None:
        """A list is of the latest versions, or of those that have the one that is asked for."""
        for version in ("1.0", "2.0"):
            self.remote(version)
        for query, wanted in (
            ("", ["2.0"]),
            ("?version=latest", ["2.0"]),
            ("?version=1.0", ["1.0"]),
            ("?version=3", []),
        ):
            found = self.ask(f"/v0.1/servers{query}")["servers"]
            self.assertEqual([each["server"]["version"] for each in found], wanted, query)

    def test_updated_since(self) -> None:
        """What was written since then, as the answers before told the time."""
        self.remote()
        first = self.ask("/v0/servers")["servers"][0]["_meta"][OFFICIAL]["updatedAt"]
        self.assertEqual(self.ask(f"/v0/servers?updated_since={first}")["metadata"], {"count": 1})
        self.now += 1
        later = time_of(self.now)
        self.assertEqual(self.ask(f"/v0/servers?updated_since={later}")["servers"], [])
        self.remote(port="81")
        found = self.ask(f"/v0/servers?updated_since={later}")["servers"]
        self.assertEqual([each["_meta"][OFFICIAL]["updatedAt"] for each in found], [later])
        self.assertEqual(moment("1970-01-01t01:00:00.0025+01:00", "x"), 2)

    def test_deleted(self) -> None:
        """What somebody has marked as deleted is there only for who asks for it."""
        self.data("POST", "/mcp", serverSpecification={**STDIO, "name": "x/a", "status": "deleted"})
        self.data("POST", "/mcp", serverSpecification={**STDIO, "name": "x/b"})
        for path in ("/v0/servers/x%2Fa", "/v0/servers/x%2Fa/versions", "/v0/servers/x%2Fa/versions/latest"):
            self.ask(path, 404)
            self.ask(f"{path}?include_deleted=true")
        for query, wanted in (
            ("", ["x/b"]), ("?include_deleted=true", ["x/a", "x/b"]),
            ("?updated_since=2000-01-01T00:00:00Z", ["x/a", "x/b"]),
        ):  # fmt: skip
            found = self.ask(f"/v0/servers{query}")["servers"]
            self.assertEqual([each["server"]["name"] for each in found], wanted)

    def test_shapes(self) -> None:
        """What clients would refuse is not said so: empty and long descriptions, packages as they were released."""
        package = {"registry_type": "npm", "identifier": "p", "version": None}
        spec = {**STDIO, "name": "x/a", "description": "", "packages": [package], "repository": {"url": None}}
        self.data("POST", "/mcp", serverSpecification=spec)
        self.data("POST", "/mcp", serverSpecification={**STDIO, "name": "X/b", "description": "d" * 101})
        a, b = (each["server"] for each in self.ask("/v0/servers?search=x/")["servers"][::-1])
        self.assertEqual(a["description"], "x/a")
        self.assertNotIn("repository", a)
        self.assertEqual(a["packages"], [{"registryType": "npm", "identifier": "p", "transport": {"type": "stdio"}}])
        self.assertEqual(b["description"], "d" * 99 + "\u2026")
        self.assertEqual(repository({"url": "https://h/x"}), {"url": "https://h/x", "source": "h"})

    def test_health(self) -> None:
        """What clients ask before all else."""
        self.assertEqual(self.ask("/v0/health"), {"status": "ok"})
        self.assertEqual(self.ask("/v0.1/ping"), {"pong": True})

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
            ("updated_since=x", "updated_since must be a time of RFC 3339, such as 2025-08-07T13:15:04Z"),
        ):
            found = self.ask(f"/v0/servers?{query}", 400)
            self.assertEqual((found["code"], found["data"]), (20002, said))
