"""The AI registries, by the clients that other people wrote."""

from __future__ import annotations

import os
import sys

from tests.system.clients import ClientCase, need
from tests.system.nodes import RealCluster, RealNode

PYTHON = "3.2.0"
STAGES = "mcp", "direct", "agents", "prompts", "skills"
JAVA = "mcp", "direct", "agents", "batch", "prompts", "skills", "agentspecs", "shutdown"
MAINTAINER = "mcp", "versions", "agents", "prompts", "skills", "drafts"
LOGINS = "nacos.core.auth.enabled=true\nnacos.core.auth.admin.password=first-P@ss"


class AiClientTests(ClientCase):
    """Against a node that stands alone."""

    def node(self, properties: str = "") -> RealNode:
        """One for the test."""
        started = RealCluster(1, properties)
        self.addCleanup(started.close)
        started.start()
        return started.nodes[0]

    def deps(self, name: str) -> list[str]:
        """The beginning of a command that runs one of the Java programs, with what it needs."""
        need("java", "mvn")
        self.copy(name)
        fetched = os.path.join(self.folder, "fetched")
        self.fetch("mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={fetched}")
        home = os.path.join(self.folder, "home")
        patience = "-Dnacos.remote.client.grpc.timeout=30000"
        return ["java", patience, f"-Duser.home={home}", f"-DJM.LOG.PATH={home}", "-cp", f"{fetched}/*"]

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
        self.passes([*command, "AiTrial.java", node.address], JAVA)

    def test_java_maintainer(self) -> None:
        """What operators do, by the maintainer client, where logins are asked for."""
        command = self.deps("maintainer_ai")
        node = self.node(LOGINS)
        self.passes([*command, "AiMaintainerTrial.java", node.address, "first-P@ss"], MAINTAINER)
