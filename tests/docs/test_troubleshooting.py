"""docs/troubleshooting.md: its commands run, and the lines that it explains are ones that are said."""

from __future__ import annotations

import os
import re
import subprocess

from tests.docs.pages import ROOT, blocks
from tests.system.homes import Home

PAGE = ROOT / "docs" / "troubleshooting.md"
CONFIG = {"dataId": "orders.yaml", "group": "DEFAULT_GROUP", "content": "greeting: hello"}

LINES = (
    "is taken by another process", "is not in the list", "names no node", "damaged at byte", "the installation into",
    "there is no administrator yet", "the Raft log cannot be written", "no Raft link", "no leader: ",
)  # fmt: skip


class TroubleshootingTests(Home):
    """The page for a bad night."""

    def test_commands(self) -> None:
        """Each block runs on a node, says something, complains of nothing, and changes nothing."""
        node = self.node(members="127.0.0.1:{port} # this one\n")
        node.start("-m", "standalone")
        self.assertEqual(node.register("orders", "10.0.0.7").text, "ok")
        self.assertEqual(node.request("POST", "/nacos/v1/cs/configs", CONFIG).text, "true")
        first, *rest = blocks(PAGE, "sh")
        self.assertEqual(re.findall(r"^\w+=", first, re.MULTILINE), ["home=", "node="])
        self.assertGreater(len(rest), 10)
        before = os.stat(os.path.join(node.home, "data", "nacos.pid")).st_mtime_ns
        for block in rest:
            done = subprocess.run(
                ["sh", "-euc", f"home='{node.home}'\nnode={node.url}/nacos\n{block}"],
                capture_output=True, text=True, timeout=120,
            )  # fmt: skip
            self.assertEqual((done.returncode, done.stderr), (0, ""), block)
            self.assertTrue(done.stdout.strip(), block)
        self.assertEqual(os.stat(os.path.join(node.home, "data", "nacos.pid")).st_mtime_ns, before)
        self.assertEqual(node.readiness().text, "OK")
        self.assertEqual(node.request("GET", "/nacos/v1/cs/configs", CONFIG).text, CONFIG["content"])

    def test_lines(self) -> None:
        """What it says that stands in the logs is in the source."""
        text = PAGE.read_text("utf-8")
        sources = "".join(
            path.read_text("utf-8") for folder in ("nacos_tw", "bin") for path in (ROOT / folder).rglob("*.*")
            if path.suffix in (".py", ".sh")
        )  # fmt: skip
        for line in LINES:
            self.assertIn(line, text)
            self.assertIn(line, sources)
        for line in re.findall(r"IP-DISABLED|IP-ENABLED|AUTO-DELETE-IP|stood still|connections at most", text):
            self.assertIn(line, sources)
