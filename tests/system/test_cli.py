"""nacos-cli, which speaks v3 only, against a node that asks for logins."""

from __future__ import annotations

import os
import subprocess

from tests.system.clients import ClientCase, need
from tests.system.nodes import RealCluster

PACKAGE = "@nacos-group/cli@1.1.4"
LOGINS = "nacos.core.auth.enabled=true\nnacos.core.auth.admin.password=first\n"


class CliTests(ClientCase):
    """Configs, as the tool publishes, finds and reads them."""

    def run_cli(self, port: int, password: str, *command: str) -> tuple[int, str]:
        """Its status and all that it says."""
        tool = os.path.join(self.folder, "node_modules", ".bin", "nacos-cli")
        where = ("--host", "127.0.0.1", "--port", str(port), "-u", "nacos", "-p", password)
        done = subprocess.run(
            [tool, *where, *command], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
            env={**os.environ, "HOME": self.folder},
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def test_configs(self) -> None:
        """Published, listed, read; a wrong password gets nothing."""
        need("node", "npm")
        self.fetch("npm", "install", "--no-audit", "--no-fund", "--silent", PACKAGE)
        started = RealCluster(1, LOGINS)
        self.addCleanup(started.close)
        started.start()
        port = started.nodes[0].port
        filename = os.path.join(self.folder, "orders.yaml")
        with open(filename, "w", encoding="utf-8") as file:
            file.write("greeting: hello\n")
        status, said = self.run_cli(port, "first", "config-set", "orders.yaml", "shop", "--file", filename)
        self.assertEqual(status, 0, said)
        self.assertIn("published successfully", said)
        for command, wanted in (
            (("config-list",), ("Total: 1", "orders.yaml", "shop")),
            (("config-get", "orders.yaml", "shop"), ("greeting: hello",)),
        ):
            status, said = self.run_cli(port, "first", *command)
            self.assertEqual(status, 0, said)
            for each in wanted:
                self.assertIn(each, said)
        _, said = self.run_cli(port, "wrong", "config-get", "orders.yaml", "shop")
        self.assertNotIn("greeting", said)
