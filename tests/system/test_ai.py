"""The AI registries, by the clients that other people wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.request import urlopen

from tests.system.ai_clients import LOGINS, PASSWORD, AiClientCase
from tests.system.nodes import free_port, wait_for

PYTHON = "3.2.0"
STAGES = "mcp", "direct", "agents", "prompts", "skills"
JAVA = "mcp", "direct", "agents", "batch", "prompts", "skills", "agentspecs", "shutdown"
MAINTAINER = "mcp", "versions", "agents", "prompts", "skills", "drafts", "agentspecs", "versions of agentspecs"
PYTHON_MAINTAINER = "servers", "versions", "agents", "refusals"
ROUTED = ("router",)


class AiClientTests(AiClientCase):
    """Each has names or a namespace of its own."""

    def test_python(self) -> None:
        """Nacos's own client: every method of its service for AI."""
        packages = self.python(PYTHON)
        node = self.node()
        self.copy("python_ai")
        self.passes([sys.executable, "trial.py", node.address, self.folder], STAGES, PYTHONPATH=packages)

    def test_java(self) -> None:
        """The one for Java likewise; it has several endpoints at once, and specs of agents, which are configs to it."""
        command = self.deps("java_ai")
        node = self.node()
        self.passes([*command, "AiTrial", node.address], JAVA)

    def test_java_maintainer(self) -> None:
        """What operators do, by the maintainer client, where logins are asked for."""
        command = self.deps("maintainer_ai")
        node = self.node(LOGINS)
        self.passes([*command, "AiMaintainerTrial", node.address, PASSWORD], MAINTAINER)

    def test_python_maintainer(self) -> None:
        """nacos-maintainer-sdk-python likewise: all that it has."""
        client = "nacos-maintainer-sdk-python==0.5.3"
        python = self.packages(sys.executable, client, f"nacos-sdk-python=={PYTHON}", "a2a-sdk<0.4")
        node = self.node(LOGINS)
        self.copy("python_maintainer")
        self.passes([python, "trial.py", node.address, PASSWORD, self.folder], PYTHON_MAINTAINER)

    def test_wrapper_and_router(self) -> None:
        """A real MCP server registers itself, is seen at the registry's port, and is found and called by a router."""
        wrapper = self.packages(sys.executable, "nacos-mcp-wrapper-python==1.1.0", "mcp<2")
        router = self.packages(self.newer_python(), "nacos-mcp-router==0.2.2", "mcp<2")
        registry, port = free_port(), free_port()
        node = self.node(f"{LOGINS}\nnacos.ai.mcp.registry.enabled=true\nnacos.ai.registry.port={registry}")
        self.copy("mcp")
        home = {**os.environ, "HOME": self.folder}
        command = [wrapper, "server.py", node.address, PASSWORD, str(port)]
        with open(os.path.join(self.folder, "server.out"), "w") as output:
            server = subprocess.Popen(command, cwd=self.folder, env=home, stdout=output, stderr=output)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        wanted = f"http://127.0.0.1:{port}/mcp".encode()
        wait_for(lambda: wanted in urlopen(f"http://127.0.0.1:{registry}/v0/servers").read(), 300)
        self.passes([router, "router.py", node.address, PASSWORD], ROUTED, HOME=self.folder)
