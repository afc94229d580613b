"""The AI registries, by the clients that other people wrote."""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import sys
from urllib.request import urlopen

from tests.system.clients import ClientCase, need
from tests.system.nodes import RealCluster, RealNode, free_port, wait_for

PYTHON = "3.2.0"
STAGES = "mcp", "direct", "agents", "prompts", "skills"
JAVA = "mcp", "direct", "agents", "batch", "prompts", "skills", "agentspecs", "shutdown"
MAINTAINER = "mcp", "versions", "agents", "prompts", "skills", "drafts"
ROUTED = ("router",)
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

    def packages(self, python: str, *wanted: str) -> str:
        """The Python of an environment with these packages, kept in the user's cache."""
        folder = os.path.expanduser(f"~/.cache/nacos-tw-test/{re.sub('[=<>]+', '-', wanted[0])}")
        if not os.path.isdir(folder):
            self.fetch(python, "-m", "venv", f"{folder}.new")
            self.fetch(f"{folder}.new/bin/python", "-m", "pip", "install", "-q", *wanted, within=900)
            shutil.rmtree(folder, ignore_errors=True)
            os.rename(f"{folder}.new", folder)
        return os.path.join(folder, "bin", "python")

    def newer_python(self) -> str:
        """A Python from 3.12 on, which the router needs: one of this machine's, else one that uv fetches."""
        named = map(shutil.which, ("python3.14", "python3.13", "python3.12", "python3"))
        versions = sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/3.1[2-9].*/bin/python")))
        for each in filter(None, (sys.executable, *named, *versions)):
            asked = [each, "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))"]
            if subprocess.run(asked, capture_output=True).returncode == 0:
                return each
        uv = os.path.join(os.path.dirname(self.packages(sys.executable, "uv>=0.5")), "uv")
        self.fetch(uv, "python", "install", "3.12")
        return subprocess.run([uv, "python", "find", "3.12"], capture_output=True, text=True).stdout.strip()

    def test_wrapper_and_router(self) -> None:
        """A real MCP server registers itself, is seen at the registry's port, and is found and called by a router."""
        wrapper = self.packages(sys.executable, "nacos-mcp-wrapper-python==1.1.0", "mcp<2")
        router = self.packages(self.newer_python(), "nacos-mcp-router==0.2.2", "mcp<2")
        registry, port = free_port(), free_port()
        node = self.node(f"{LOGINS}\nnacos.ai.mcp.registry.enabled=true\nnacos.ai.registry.port={registry}")
        self.copy("mcp")
        home = {**os.environ, "HOME": self.folder}
        command = [wrapper, "server.py", node.address, "first-P@ss", str(port)]
        with open(os.path.join(self.folder, "server.out"), "w") as output:
            server = subprocess.Popen(command, cwd=self.folder, env=home, stdout=output, stderr=output)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        wanted = f"http://127.0.0.1:{port}/mcp".encode()
        wait_for(lambda: wanted in urlopen(f"http://127.0.0.1:{registry}/v0/servers").read(), 300)
        self.passes([router, "router.py", node.address, "first-P@ss"], ROUTED, HOME=self.folder)
