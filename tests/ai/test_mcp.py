"""MCP servers over v3: what is answered, and what is stored of them."""

from __future__ import annotations

from typing import Any

from msgspec.json import decode, encode
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.caller import KnownCaller
from nacos_tw.access.identity import EVERYBODY, NOBODY, Identity, Permission
from nacos_tw.access.rules import NotAllowed
from nacos_tw.ai import mcp_import
from nacos_tw.ai.mcp_model import BasicInfo, EndpointSpec, VersionDetail
from nacos_tw.ai.requests import Listing, McpEndpoint, McpWrite, OneMcp
from nacos_tw.config.commands import Publish
from nacos_tw.errors import Unavailable
from nacos_tw.naming.commands import Health
from tests.ai.case import DIRECT, SSE, STDIO, TOOLS, AiCase

MCP = "/mcp"
SERVICE = ("public", "mcp-endpoints@@weather::1.0.0")
CALLER = KnownCaller(EVERYBODY, "10.0.0.1", "test")


def version(number: str, **more: Any) -> dict[str, Any]:
    """The server, of another version."""
    return {**SSE, "versionDetail": {"version": number}, **more}


class McpTests(AiCase):
    """What operators do."""

    def create(self, **fields: Any) -> str:
        given = {"serverSpecification": SSE, "toolSpecification": TOOLS, "endpointSpecification": DIRECT, **fields}
        return self.data("POST", MCP, **given)

    def test_create(self) -> None:
        """Four documents and a service are one entry; the detail has all of it."""
        server = self.create()
        self.assertEqual(len(self.entries), 1)
        self.assertEqual(
            self.keys(),
            [
                ("mcp-server", f"{server}-1.0.0-mcp-server.json"),
                ("mcp-server-versions", f"{server}-mcp-versions.json"),
                ("mcp-tools", f"{server}-1.0.0-mcp-tools.json"),
            ],
        )
        versions = self.stored("mcp-server-versions", f"{server}-mcp-versions.json")
        self.assertEqual(versions["latestPublishedVersion"], "1.0.0")
        self.assertEqual(
            versions["versionDetails"],
            [{"version": "1.0.0", "release_date": versions["versionDetails"][0]["release_date"], "is_latest": True}],
        )
        self.assertRegex(versions["versionDetails"][0]["release_date"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        stored = self.stored("mcp-server", f"{server}-1.0.0-mcp-server.json")
        self.assertEqual(stored["toolsDescriptionRef"], f"{server}-1.0.0-mcp-tools.json")
        self.assertEqual(stored["capabilities"], ["TOOL"])
        self.assertNotIn("frontProtocol", stored)
        self.assertEqual(self.stored("mcp-tools", f"{server}-1.0.0-mcp-tools.json"), TOOLS)
        found = self.data("GET", MCP, mcpName="weather")
        self.assertEqual(found["toolSpec"], TOOLS)
        self.assertEqual(
            found["backendEndpoints"],
            [{"protocol": "http", "address": "10.0.0.1", "port": 8080, "path": None, "headers": None}],
        )
        self.assertEqual(found["frontendEndpoints"], [])
        self.assertEqual(found["versionDetail"]["is_latest"], True)
        self.assertEqual((found["id"], found["namespaceId"], found["version"]), (server, "public", "1.0.0"))
        self.assertEqual(self.data("GET", MCP, mcpId=server), found)
        service = self.naming.registry.services[SERVICE]
        self.assertEqual(service.metadata, {"__nacos.ai.mcp.service__": "true"})
        self.assertEqual(service.clusters["DEFAULT"].checker.__struct_config__.tag, "NONE")
        self.assertFalse(self.instances(SERVICE)[0].ephemeral)

    def test_tags(self) -> None:
        """Plain readers of configs find servers by their name."""
        server = self.create()
        row = self.successResultOf(
            self.ai.mcp._servers._documents.row(("", "mcp-server-versions", f"{server}-mcp-versions.json"))
        )
        assert row is not None
        self.assertEqual(row.tags, "nacos.internal.config=mcp,mcpServerName=weather")
        self.assertEqual((row.app_name, row.type, row.src_user), ("weather", "json", "nacos"))

    def test_local(self) -> None:
        """A local server has no endpoints; the members are there, and null."""
        self.data("POST", MCP, serverSpecification=STDIO)
        found = self.data("GET", MCP, mcpName="local")
        self.assertEqual((found["backendEndpoints"], found["frontendEndpoints"], found["toolSpec"]), (None, None, None))
        self.assertEqual((found["capabilities"], found["localServerConfig"]), ([], {"a": {}}))

    def test_list(self) -> None:
        """By a name or a part of it, page by page."""
        for name in ("b", "a", "ab"):
            self.data("POST", MCP, serverSpecification={**STDIO, "name": name})
        names = lambda **fields: [each["name"] for each in self.data("GET", f"{MCP}/list", **fields)["pageItems"]]  # noqa: E731
        self.assertEqual(names(), ["a", "ab", "b"])
        self.assertEqual(names(mcpName="b"), ["b"])
        self.assertEqual(names(mcpName="b", search="blur"), ["ab", "b"])
        self.assertEqual(names(pageNo="2", pageSize="2"), ["b"])
        self.assertEqual(names(namespaceId="other"), [])
        item = self.data("GET", f"{MCP}/list", mcpName="a")["pageItems"][0]
        self.assertEqual((item["version"], item["versionDetail"]["version"]), ("1.0.0", "1.0.0"))
        self.assertEqual(len(item["versionDetails"]), 1)

    def test_versions(self) -> None:
        """A new version is added; it describes the server when it is the latest."""
        server = self.create()
        fields = {"serverSpecification": version("2.0.0", description="new"), "endpointSpecification": DIRECT}
        self.data("PUT", MCP, latest="false", **fields)
        found = self.data("GET", MCP, mcpName="weather")
        self.assertEqual(
            (found["version"], [each["version"] for each in found["allVersions"]]), ("1.0.0", ["1.0.0", "2.0.0"])
        )
        self.assertEqual(self.data("GET", f"{MCP}/list")["pageItems"][0]["description"], "forecasts")
        self.data("PUT", MCP, **fields)
        item = self.data("GET", f"{MCP}/list")["pageItems"][0]
        self.assertEqual((item["id"], item["latestPublishedVersion"], item["description"]), (server, "2.0.0", "new"))
        self.assertEqual([each["is_latest"] for each in item["versionDetails"]], [False, True])
        self.assertIsNone(self.data("GET", MCP, mcpName="weather")["toolSpec"])
        self.assertEqual(self.data("GET", MCP, mcpName="weather", version="1.0.0")["toolSpec"], TOOLS)

    def test_endpoints_override(self) -> None:
        """Endpoints by address add up, unless the new one is to be the only one."""
        self.create()
        other = {"type": "DIRECT", "data": {"address": "10.0.0.2", "port": "80"}}
        self.data("PUT", MCP, serverSpecification=SSE, endpointSpecification=other)
        self.assertEqual([each.ip for each in self.instances(SERVICE)], ["10.0.0.1", "10.0.0.2"])
        self.data("PUT", MCP, serverSpecification=SSE, endpointSpecification=other, overrideExisting="true")
        self.assertEqual([each.ip for each in self.instances(SERVICE)], ["10.0.0.2"])
        self.assertEqual(self.data("GET", MCP, mcpName="weather")["toolSpec"], None)

    def test_reference(self) -> None:
        """A service that is there has the endpoints: the healthy ones of it."""
        key = ("public", "g@@s")
        for ip in ("10.0.0.3", "10.0.0.2", "10.0.0.4"):
            self.register(key, ip, ephemeral=False)
        self.do(Health([(self.instances(key)[2].number, False)]))
        reference = {"type": "REF", "data": {"namespaceId": "public", "groupName": "g", "serviceName": "s"}}
        spec = {**SSE, "remoteServerConfig": {"exportPath": "/sse", "frontEndpointConfigList": [
            {"endpointType": "REF", "endpointData": {"groupName": "g", "serviceName": "s"}, "path": "/r"},
            {"endpointType": "DIRECT", "endpointData": "example.org", "protocol": "https", "path": "/d"},
            {"endpointType": "BACKEND"},
        ]}}  # fmt: skip
        self.data("POST", MCP, serverSpecification=spec, endpointSpecification=reference)
        found = self.data("GET", MCP, mcpName="weather")
        rows = lambda name: [(each["address"], each["port"], each["path"]) for each in found[name]]  # noqa: E731
        back = [("10.0.0.2", 80, "/sse"), ("10.0.0.3", 80, "/sse")]
        self.assertEqual(rows("backendEndpoints"), back)
        self.assertEqual(
            rows("frontendEndpoints"),
            [("10.0.0.2", 80, "/r"), ("10.0.0.3", 80, "/r"), ("example.org", 443, "/d"), *back],
        )
        self.assertEqual(found["remoteServerConfig"]["serviceRef"]["serviceName"], "s")

    def test_removal(self) -> None:
        """One version, and then all of it; nothing is left."""
        self.create()
        self.data("PUT", MCP, serverSpecification=version("2.0.0"), endpointSpecification=DIRECT)
        self.data("DELETE", MCP, mcpName="weather", version="2.0.0")
        found = self.data("GET", MCP, mcpName="weather")
        self.assertEqual((found["version"], found["versionDetail"]["is_latest"]), ("1.0.0", True))
        self.assertEqual(list(self.naming.registry.services), [SERVICE])
        self.data("DELETE", MCP, mcpName="weather")
        self.assertEqual((self.keys(), list(self.naming.registry.services)), ([], []))
        self.refused(
            404, 50000, "Mcp server [ID: null] not found in namespace [public]. Response: null (name: weather)",
            "GET", MCP, mcpName="weather",
        )  # fmt: skip
        self.create()

    def test_refusals(self) -> None:
        """In the words of Nacos."""
        server = self.create()
        endpoints = {"endpointSpecification": DIRECT}
        cases: list[tuple[int, int, str, str, dict[str, Any]]] = [
            (400, 20002, "Request parameter `search` should be `accurate` or `blur`.", "GET /list", {"search": "x"}),
            (400, 10000, "Required parameter 'mcpId' or 'mcpName' type String at lease one is not present", "GET", {}),
            (400, 10000, "Required parameter 'serverSpecification' type McpServerBasicInfo is not present", "POST", {}),
            (400, 20002, "serverSpecification or toolSpecification is invalid. Can't be parsed.", "POST",
             {"serverSpecification": "{"}),
            (400, 20002, "serverSpecification or toolSpecification is invalid. Can't be parsed.", "POST",
             {"serverSpecification": STDIO, "toolSpecification": "[]"}),
            (400, 10000, "request parameter `endpointSpecification` is required if mcp server type not `local`.",
             "POST", {"serverSpecification": SSE}),
            (400, 20002, "Version must be specified in parameter `serverSpecification` ", "POST",
             {"serverSpecification": {"name": "n", "protocol": "stdio"}}),
            (400, 10000,
             "`namespaceId`, `groupName`, `serviceName` should be in remoteServerConfig data if type is `REF`", "POST",
             {"serverSpecification": {**SSE, "name": "n"}, "endpointSpecification": {"type": "REF", "data": {}}}),
            (409, 20005, "mcp server `weather` has existed, please update it rather than create.", "POST",
             {"serverSpecification": SSE, **endpoints}),
            (400, 20002, "parameter `serverSpecification.id` is not match uuid pattern,  must obey uuid pattern",
             "POST", {"serverSpecification": {**STDIO, "id": "x"}}),
            (400, 20002, "parameter `serverSpecification.id` conflict with exist mcp server id", "POST",
             {"serverSpecification": {**STDIO, "id": server}}),
            (404, 50001, f"mcp server `{server}` for version `9` not found", "GET",
             {"mcpName": "weather", "version": "9"}),
        ]  # fmt: skip
        for status, code, said, what, fields in cases:
            method, _, more = what.partition(" ")
            self.refused(status, code, said, method, MCP + more, **fields)
        self.assertEqual(len(self.entries), 1)

    def test_names(self) -> None:
        """A name that breaks the rules is refused as by Nacos's check of parameters."""
        for name, why in (
            ("a b", "illegal characters should not appear in the param."),
            ("a" * 129, "the param length should not exceed 128."),
        ):
            for method, path in (("GET", MCP), ("DELETE", MCP), ("POST", MCP)):
                fields = {"serverSpecification": {**STDIO, "name": name}} if method == "POST" else {"mcpName": name}
                reply = self.call(method, f"/v3/admin/ai{path}", **fields)
                found = decode(reply.body)
                said = f"Param 'mcpName' is illegal, {why}"
                self.assertEqual((reply.status, found["code"], found["data"]), (400, 20002, said), (method, name))

    def test_renamed(self) -> None:
        """By its id a server is called otherwise; the old name is free, and gets an id of its own."""
        server = self.data("POST", MCP, serverSpecification=STDIO)
        self.data("PUT", MCP, mcpId=server, serverSpecification={**STDIO, "name": "other"})
        self.assertEqual(self.data("GET", MCP, mcpName="other")["id"], server)
        again = self.data("POST", MCP, serverSpecification=STDIO)
        self.assertNotEqual(again, server)
        self.refused(
            409, 20005, "mcp server `other` has existed, please update it rather than create.",
            "PUT", MCP, mcpId=again, serverSpecification={**STDIO, "name": "other"},
        )  # fmt: skip

    def test_audit(self) -> None:
        """Who wrote is told; who read is not."""
        self.create()
        self.data("GET", MCP, mcpName="weather")
        self.assertEqual([line["name"] for line in self.audit_lines()], ["weather"])

    def audit_lines(self) -> list[dict[str, str]]:
        return [line[-1] for line in self.audit.lines]

    def test_foreign(self) -> None:
        """What somebody wrote there as a plain config that is no server is passed over."""
        self.log_.propose(b"c" + _encoded(Publish(("", "mcp-server-versions", "x"), "no json", "json", 1)))
        self.assertEqual(self.data("GET", f"{MCP}/list")["totalCount"], 0)


def _encoded(command: Any) -> bytes:
    from nacos_tw.database.commands import encode as of

    return of(command)


class RaceTests(AiCase):
    """Two write at once."""

    def write(self, spec: dict[str, Any]) -> McpWrite:
        info = BasicInfo(name=spec["name"], protocol="stdio", version_detail=VersionDetail(version="1"))
        return McpWrite(tenant="", name=spec["name"], spec=info)

    def test_changed_between(self) -> None:
        """A version that came between what was read and what is written is not lost."""
        self.data("POST", MCP, serverSpecification=STDIO)
        inner = self.together
        raced: list[bool] = []

        def together(commands: Any) -> Any:
            if not raced:
                raced.append(True)
                self.data("PUT", MCP, serverSpecification={**STDIO, "versionDetail": {"version": "2"}})
            return inner(commands)

        self.ai.mcp._writer._propose = together
        self.data("PUT", MCP, serverSpecification={**STDIO, "versionDetail": {"version": "3"}})
        found = self.data("GET", MCP, mcpName="local")
        self.assertEqual([each["version"] for each in found["allVersions"]], ["1.0.0", "2", "3"])

    def test_created_between(self) -> None:
        """Of two that create the same server one is refused, and its endpoint is not there."""
        inner = self.together
        raced: list[bool] = []

        def together(commands: Any) -> Any:
            if not raced:
                raced.append(True)
                self.data("POST", MCP, serverSpecification=SSE, endpointSpecification=DIRECT)
            return inner(commands)

        self.ai.mcp._writer._propose = together
        other = {"type": "DIRECT", "data": {"address": "10.0.0.9", "port": "80"}}
        self.refused(
            409, 20005, "mcp server `weather` has existed, please update it rather than create.",
            "POST", MCP, serverSpecification=SSE, endpointSpecification=other,
        )  # fmt: skip
        self.assertEqual([each.ip for each in self.instances(SERVICE)], ["10.0.0.1"])

    def test_older_members(self) -> None:
        """Until every member knows this kind of write there is none; later it does not matter who is away."""
        self.level = 2
        failed = self.ai.mcp.create(CALLER, self.write(STDIO))
        self.failureResultOf(failed, Unavailable)
        self.level = 3
        self.successResultOf(self.ai.mcp.create(CALLER, self.write(STDIO)))
        self.level = 0
        self.successResultOf(self.ai.mcp.create(CALLER, self.write({"name": "second"})))


class ExternalTests(AiCase):
    """With configs that are not in the log: what a server needs is there before it, and goes after it."""

    embedded = False

    def test_order(self) -> None:
        """The endpoint is registered first, and removed last."""
        seen: list[tuple[bool, bool]] = []
        write = self.configs.backend.write

        def written(command: Any) -> Any:
            seen.append((bool(self.instances(SERVICE)), bool(self.keys())))
            return write(command)

        self.configs.backend.write = written  # type: ignore[method-assign]
        self.data("POST", MCP, serverSpecification=SSE, endpointSpecification=DIRECT)
        self.data("PUT", MCP, serverSpecification=SSE, endpointSpecification=DIRECT)
        self.data("DELETE", MCP, mcpName="weather")
        self.assertEqual(seen, [(True, False), (True, True), (True, True)])
        self.assertEqual((self.keys(), self.instances(SERVICE)), ([], []))


class RightsTests(AiCase):
    """What permissions name."""

    def test_rights(self) -> None:
        """One server's, by its name."""
        may = Identity("bob", False, [Permission("r", ":DEFAULT_GROUP:ai/local", "rw")], user=True)
        bob = KnownCaller(may, "10.0.0.1", "test")
        info = BasicInfo(name="local", protocol="stdio", version_detail=VersionDetail(version="1"))
        self.successResultOf(self.ai.mcp.create(bob, McpWrite(tenant="", name="local", spec=info)))
        self.ai.mcp.detail(bob, OneMcp(tenant="", name="local"))
        for caller, request in (
            (bob, OneMcp(tenant="", name="other")),
            (bob, OneMcp(tenant="", id="1")),
            (bob, OneMcp(tenant="dev", name="local")),
            (KnownCaller(NOBODY), OneMcp(tenant="", name="local")),
        ):
            self.assertRaises(NotAllowed, self.ai.mcp.detail, caller, request)
        self.assertRaises(NotAllowed, self.ai.mcp.page, bob, Listing(tenant=""))


class EndpointTests(AiCase):
    """Endpoints that clients have."""

    def test_comes_and_goes(self) -> None:
        """It is one of the version's as long as the connection lives."""
        info = BasicInfo(name="weather", protocol="mcp-sse", version_detail=VersionDetail(version="1.0.0"))
        self.successResultOf(self.ai.mcp.release(CALLER, McpWrite(tenant="", name="weather", spec=info)))
        self.clients.connected("c1")
        mine = McpEndpoint(tenant="", name="weather", client="c1", address="10.0.0.7", port=80)
        self.successResultOf(self.ai.mcp_endpoints.register(CALLER, mine))
        backend = lambda: [each["address"] for each in self.data("GET", MCP, mcpName="weather")["backendEndpoints"]]  # noqa: E731
        self.assertEqual(backend(), ["10.0.0.7"])
        self.assertEqual(self.instances(SERVICE)[0].metadata, {"_mcp_server_version": "1.0.0"})
        self.clients.ended("c1")
        self.assertEqual(backend(), [])


class ImportingTests(AiCase):
    """Documents that are told of, and published."""

    DOCUMENT = {"servers": [
        {"name": "a", "version": "1", "packages": [{"identifier": "p"}]},
        {"name": "b c", "version": "1", "packages": []},
        {"name": "d", "version": "1", "remotes": [{"type": "sse", "url": "http://10.0.0.1:8080/sse"}]},
    ]}  # fmt: skip

    def test_import(self) -> None:
        """What is wrong ends it, unless it is passed over; what is there is left alone, unless it is to be replaced."""
        given = {"importType": "file", "data": self.DOCUMENT}
        found = self.data("POST", f"{MCP}/import/validate", **given)
        self.assertEqual([each["status"] for each in found["servers"]], ["valid", "invalid", "valid"])
        self.assertEqual((found["valid"], found["validCount"], found["invalidCount"]), (False, 2, 1))
        found = self.data("POST", f"{MCP}/import/execute", **given)
        self.assertEqual([each["status"] for each in found["results"]], ["success", "failed"])
        self.assertIn("characters", found["results"][1]["errorMessage"])
        found = self.data("POST", f"{MCP}/import/execute", skipInvalid="true", **given)
        self.assertEqual([each["status"] for each in found["results"]], ["skipped", "failed", "success"])
        self.assertEqual(found["results"][0]["conflictType"], "existing")
        found = self.data(
            "POST", f"{MCP}/import/execute", overrideExisting="true", selectedServers=mcp_import.id_of("d"), **given
        )
        self.assertEqual([(each["serverName"], each["status"]) for each in found["results"]], [("d", "success")])
        detail = self.data("GET", MCP, mcpName="d")
        self.assertEqual((detail["id"], detail["protocol"]), (mcp_import.id_of("d"), "mcp-sse"))
        self.assertEqual([each["address"] for each in detail["backendEndpoints"]], ["10.0.0.1"])
        self.assertEqual(self.data("GET", MCP, mcpName="a")["packages"], [{"identifier": "p"}])

    def test_refusals(self) -> None:
        """In the words of Nacos."""
        for code, said, fields in (
            (10000, "Required parameter 'importType' is not present", {}),
            (20002, "importType must be one of: json, url, file", {"importType": "x", "data": "{}"}),
            (10000, "Required parameter 'data' is not present", {"importType": "json"}),
            (20002, "data is invalid. Can't be parsed.", {"importType": "json", "data": "{"}),
        ):
            self.refused(400, code, said, "POST", f"{MCP}/import/validate", **fields)


class ImportTests(SynchronousTestCase):
    """Documents of registries."""

    def test_remote(self) -> None:
        """The first address says how it is reached."""
        document = {"name": "io.example/w", "description": "d", "version": "1.2", "remotes": [
            {"type": "streamable-http", "url": "https://example.org/mcp?a=b"}]}  # fmt: skip
        (found,) = mcp_import.parsed(encode(document)).candidates
        self.assertEqual(found.errors, [])
        self.assertEqual((found.spec.protocol, found.spec.wanted_version), ("mcp-streamable", "1.2"))
        self.assertEqual(found.spec.remote_server_config.export_path, "/mcp?a=b")  # type: ignore[union-attr]
        data = {"address": "example.org", "port": "443", "transportProtocol": "https"}
        self.assertEqual(found.endpoints, EndpointSpec(type="DIRECT", data=data))

    def test_package(self) -> None:
        """A server with packages is local, whatever addresses it has."""
        document = {"servers": [{"server": {"name": "a", "version": "1", "packages": [{"identifier": "p"}]}}],
                    "metadata": {"nextCursor": "c2"}}  # fmt: skip
        found = mcp_import.parsed(encode(document))
        self.assertEqual((found.candidates[0].spec.protocol, found.cursor), ("stdio", "c2"))
        self.assertIsNone(found.candidates[0].endpoints)

    def test_wrong(self) -> None:
        """What is wrong with each is told."""
        document = [{"name": "a b", "version": "1"}, {"version": "1", "remotes": [{"type": "x", "url": "y"}]}, 7]
        self.assertEqual(
            [each.errors for each in mcp_import.parsed(encode(document)).candidates],
            [
                [
                    "name has characters that it may not have, or is too long",
                    "neither packages nor remotes are given",
                ],
                ["name is missing", "the transport 'x' is not known", "the address 'y' cannot be used"],
                ["it is no object"],
            ],
        )
