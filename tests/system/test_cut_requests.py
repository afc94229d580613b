"""Clients that close the connection once they have sent a request: what takes several steps is done to its end."""

from __future__ import annotations

import io
import json
import socket
import zipfile
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from tests.system.nodes import wait_for
from tests.system.shared import NodeCase

CONFIGS = "/nacos/v1/cs/configs"
METADATA = "/nacos/v2/ns/instance/metadata/batch"
MANY = 1200
"""Configs of an archive: a command imports 500."""
GROUP = "cut-requests"
"""Theirs alone: other tests have configs at the same node."""
BOUNDARY = "xXx-boundary-xXx"
FORM = "application/x-www-form-urlencoded"


def archive() -> bytes:
    """A form with many configs."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        for number in range(MANY):
            files.writestr(f"{GROUP}/c{number}", f"content {number}")
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="policy"\r\n\r\nABORT\r\n--{BOUNDARY}\r\n'
        'Content-Disposition: form-data; name="file"; filename="a.zip"\r\nContent-Type: application/zip\r\n\r\n'
    )
    return head.encode() + packed.getvalue() + f"\r\n--{BOUNDARY}--\r\n".encode()


class CutRequestTests(NodeCase):
    """At one node. Each looks until it sees all that was asked for, which takes as long as the machine is busy."""

    def cut(self, method: str, path: str, params: dict[str, Any], body: bytes = b"", kind: str = FORM) -> None:
        """A request, and nobody who waits for its answer."""
        head = (
            f"{method} {path}?{urlencode(params)} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((self.node.host, self.node.port), 30) as client:
            client.sendall(head.encode() + body)

    def seen(self, what: Callable[[], Any], why: str) -> None:
        wait_for(what, why=why)

    def namespace(self) -> str:
        """A new one."""
        name = self.name.replace("_", "-")
        fields = {"customNamespaceId": name, "namespaceName": name}
        self.assertEqual(self.node.request("POST", "/nacos/v1/console/namespaces", fields).body, b"true")
        return name

    def count(self, tenant: str) -> int:
        """Configs of a namespace."""
        asked = {"search": "accurate", "dataId": "", "group": "", "tenant": tenant, "pageNo": 1, "pageSize": 1}
        found: int = self.node.request("GET", CONFIGS, asked).json["totalCount"]
        return found

    def test_import(self) -> None:
        """An archive of several commands."""
        tenant = self.namespace()
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        self.cut("POST", CONFIGS, {"import": "true", "namespace": tenant}, archive(), kind)
        self.seen(lambda: self.count(tenant) == MANY, "all configs of the archive")

    def test_clone(self) -> None:
        """Many configs into another namespace."""
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        self.node.request("POST", CONFIGS, {"import": "true", "namespace": ""}, archive(), kind, timeout=120)
        asked = {"search": "accurate", "dataId": "", "group": GROUP, "tenant": "", "pageNo": 1}
        pages = [self.node.request("GET", CONFIGS, {**asked, "pageNo": n, "pageSize": 500}).json for n in (1, 2, 3)]
        ids = [each["id"] for page in pages for each in page["pageItems"]]
        self.assertEqual(len(ids), MANY)
        tenant = self.namespace()
        body = json.dumps([{"cfgId": each} for each in ids]).encode()
        self.cut("POST", CONFIGS, {"clone": "true", "tenant": tenant, "policy": "ABORT"}, body, "application/json")
        self.seen(lambda: self.count(tenant) == MANY, "all copies")

    def test_metadata(self) -> None:
        """Of the ephemeral instances and of the persistent ones, which are two commands."""
        self.add("10.0.0.1", ephemeral="true")
        self.add("10.0.0.2", ephemeral="false")
        self.cut("PUT", METADATA, {"serviceName": self.name, "metadata": '{"k":"v"}'})
        hosts = lambda: self.node.hosts(self.name).values()  # noqa: E731
        self.seen(lambda: [each["metadata"].get("k") for each in hosts()] == ["v", "v"], "metadata of both")

    def test_user(self) -> None:
        """The password is hashed first, in a thread."""
        self.cut("POST", "/nacos/v1/auth/users", {"username": self.name, "password": "secret"})
        asked = {"pageNo": 1, "pageSize": 100, "search": "blur", "username": self.name}
        self.seen(lambda: self.node.request("GET", "/nacos/v1/auth/users", asked).json["totalCount"], "the user")

    def test_config_described(self) -> None:
        """What is stored is read first."""
        config = {"dataId": self.name, "groupName": "g"}
        published = self.node.request("POST", "/nacos/v3/admin/cs/config", {**config, "content": "1"})
        self.assertEqual(published.status, 200, published)
        self.cut("PUT", "/nacos/v3/admin/cs/config/metadata", {**config, "desc": "told", "configTags": "a,b"})
        read = lambda: self.node.request("GET", "/nacos/v3/admin/cs/config", config).json["data"]  # noqa: E731
        self.seen(lambda: read()["desc"] == "told", "the description")
        self.assertEqual(read()["content"], "1")

    def test_mcp_server(self) -> None:
        """Several configs, a service and its instance, after it is known that there is none of that name."""
        name = self.name.replace("_", "-")
        spec = {"name": name, "protocol": "mcp-sse", "versionDetail": {"version": "1.0"}}
        data = {"address": "10.0.0.1", "port": "8080", "transportProtocol": "http"}
        fields = {
            "serverSpecification": json.dumps(spec),
            "toolSpecification": json.dumps({"tools": [{"name": "t", "inputSchema": {"type": "object"}}]}),
            "endpointSpecification": json.dumps({"type": "DIRECT", "data": data}),
        }
        self.cut("POST", "/nacos/v3/admin/ai/mcp", {}, urlencode(fields).encode())

        def found() -> Any:
            answer = self.node.request("GET", "/nacos/v3/admin/ai/mcp", {"mcpName": name})
            return answer.json["data"] if answer.status == 200 else {}

        self.seen(lambda: found()["backendEndpoints"], "the server's endpoint")
        self.assertEqual([each["name"] for each in found()["toolSpec"]["tools"]], ["t"])

    def test_audited(self) -> None:
        """Its line says how it ended, not that the client was gone."""
        self.cut("POST", "/nacos/v1/auth/users", {"username": self.name, "password": "secret"})

        def line() -> str | None:
            with open(f"{self.node.home}/logs/audit.log", encoding="utf-8") as file:
                return next((each for each in file if self.name in each), None)

        self.assertIn("result=ok", wait_for(line, why="the line"))
