"""The port in the form of the official MCP registry, read by clients of that registry which other people wrote."""

from __future__ import annotations

import functools
import json

from tests.system.ai_clients import AiClientCase
from tests.system.nodes import RealNode, free_port

PYTHON = "pages", "versions", "sync"
JAVA = "health", "list", "one", "versions"


@functools.cache
def registry_port() -> int:
    """The registry's, of the one node of these tests."""
    return free_port()


class RegistryClientTests(AiClientCase):
    """One node, and a part of the names for each client."""

    def registry(self) -> tuple[RealNode, str]:
        """The node, and the address of its registry."""
        port = registry_port()
        node = self.node(f"nacos.ai.mcp.registry.enabled=true\nnacos.ai.registry.port={port}")
        return node, f"http://127.0.0.1:{port}"

    def publish(self, node: RealNode, method: str, **spec: object) -> None:
        """What an operator does."""
        endpoint = {"type": "DIRECT", "data": {"address": "10.0.0.1", "port": "8443", "transportProtocol": "https"}}
        fields = {"serverSpecification": json.dumps(spec), "endpointSpecification": json.dumps(endpoint)}
        answer = node.request(method, "/nacos/v3/admin/ai/mcp", fields)
        self.assertEqual(answer.status, 200, answer.body)

    def test_python(self) -> None:
        """mcp-registry-sdk: every read, by strict models of the registry's schema; a copy that is kept up with."""
        python = self.packages(self.newer_python(13), "mcp-registry-sdk==0.1.0", "jsonschema>=4.25")
        node, url = self.registry()
        self.copy("mcp_registry")
        self.passes([python, "trial.py", node.address, url], PYTHON)

    def test_java(self) -> None:
        """LangChain4j's client: every method."""
        command = self.deps("mcp_registry_java")
        node, url = self.registry()
        package = {"registryType": "npm", "identifier": "p", "version": "1.2.3"}
        version = {"version": "1.0.0"}
        self.publish(node, "POST", name="org.java/local", protocol="stdio", packages=[package], versionDetail=version)
        for method, version in (("POST", {"version": "1.0.0"}), ("PUT", {"version": "2.0.0"})):
            self.publish(
                node, method, name="org.java/sums", protocol="mcp-streamable", description="Sums",
                versionDetail=version, remoteServerConfig={"exportPath": "/mcp"},
            )  # fmt: skip
        self.passes([*command, "RegistryTrial", url, "org.java/sums"], JAVA)
