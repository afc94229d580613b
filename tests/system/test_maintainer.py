"""
What operators use, over v3, against three nodes that ask for logins: Nacos's own maintainer client for Java, and
nacos-cli. What is changed at one node is read at each.
"""

from __future__ import annotations

import os
import subprocess

from tests.system.clients import ClientCase, need
from tests.system.nodes import RealNode, wait_for
from tests.system.shared import shared

LOGINS = "nacos.core.auth.enabled=true\nnacos.core.auth.admin.password=first\n"
STAGES = (
    "state", "probes", "namespaces", "members", "ids", "logs", "raft", "loader", "metrics", "cache", "services",
    "clusters", "instances", "partly", "clients", "counted", "removal", "configs", "found", "listeners", "removed",
    "beta", "clones", "history", "spaceless",
)  # fmt: skip
CLI = "@nacos-group/cli@1.1.4"


class MaintainerTests(ClientCase):
    """
    The program in C{tests/clients/maintainer}: every method but three. This client reads the lists of clients, of
    checkers and of types of selectors without the wrapper that they come in, so it is not asked for those.
    """

    def run_java(self, version: str) -> None:
        """Each stage."""
        command = self.jvm(self.jars("maintainer", f"-Dnacos.version={version}"))
        addresses = ",".join(node.address for node in shared(3, LOGINS).nodes)
        namespace = f"of-{version.replace('.', '-')}"
        self.passes((*command, "MaintainerTrial", addresses, "first", namespace), STAGES)

    def test_3_1(self) -> None:
        """The line that came first."""
        self.run_java("3.1.0")

    def test_3_2(self) -> None:
        """The newest one."""
        self.run_java("3.2.1-2026.03.30")


class CliTests(ClientCase):
    """Configs, as the tool publishes, finds and reads them; it has nothing for naming and for nodes."""

    def run_cli(self, node: RealNode, password: str, *command: str, given: str = "") -> tuple[int, str]:
        """Its status and all that it says."""
        tool = os.path.join(self.folder, "node_modules", ".bin", "nacos-cli")
        where = ("--host", node.host, "--port", str(node.port), "-u", "nacos", "-p", password)
        done = subprocess.run(
            [tool, *where, *command], capture_output=True, text=True, timeout=300, input=given,
            env={**os.environ, "HOME": self.folder},
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def says(self, node: RealNode, *command: str) -> str:
        """What it says when it succeeds."""
        status, said = self.run_cli(node, "first", *command)
        self.assertEqual(status, 0, said)
        return said

    def test_configs(self) -> None:
        """Published from a file and from input, listed, found, read at each node; a wrong password gets nothing."""
        need("node", "npm")
        self.fetch("npm", "install", "--no-audit", "--no-fund", "--silent", CLI)
        nodes = shared(3, LOGINS).nodes
        filename = os.path.join(self.folder, "orders.yaml")
        with open(filename, "w", encoding="utf-8") as file:
            file.write("greeting: hello\n")
        said = self.says(nodes[0], "config-set", "orders.yaml", "cli", "--file", filename)
        self.assertIn("published successfully", said)
        status, said = self.run_cli(nodes[1], "first", "-n", "cli", "config-set", "bills", "cli", given="for=bills")
        self.assertEqual(status, 0, said)
        for node in nodes:
            for wanted, command in (
                ("greeting: hello", ("config-get", "orders.yaml", "cli")),
                ("orders.yaml", ("config-list", "--group", "cli")),
                ("orders.yaml", ("config-list", "--data-id", "ord*", "--group", "c*", "--page", "1", "--size", "5")),
                ("for=bills", ("-n", "cli", "config-get", "bills", "cli")),
                ("Total: 1", ("-n", "cli", "config-list")),
            ):
                wait_for(lambda node=node, wanted=wanted, command=command: wanted in self.says(node, *command))  # type: ignore[misc]
            self.assertNotIn("bills", self.says(node, "config-list", "--group", "cli"))
            _, said = self.run_cli(node, "wrong", "config-get", "orders.yaml", "cli")
            self.assertNotIn("greeting", said)
