"""README's walk-through as a reader pastes it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile

from twisted.trial.unittest import SynchronousTestCase

from tests.docs.pages import ROOT, between, blocks
from tests.system.nodes import RealNode, apart, free_port

README = ROOT / "README.md"
PARTS = ("start", "register", "kill", "return")
PORTS = ("8841", "8842", "8843")


def walk_through() -> str:
    """All its parts, one after the other."""
    text = []
    for part in PARTS:
        found = re.search(
            r"```sh\n(.*?)```", README.read_text("utf-8").partition(f"<!-- walk-through: {part} -->")[2], re.S
        )
        assert found is not None, part
        text.append(f"echo '--- {part}'\n{found[1]}")
    return "".join(text)


class WalkThroughTests(SynchronousTestCase):
    """Real nodes, by the commands of the page."""

    def test_three_nodes(self) -> None:
        """Registered at a follower, listed by all three; the leader is killed and nobody loses anything."""
        script = walk_through()
        ports: list[int] = []
        while len(ports) < 3:
            ports += [port for port in (free_port(),) if apart(port, ports)]
        home = tempfile.mkdtemp(prefix="nacos-tw-walk-")
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        # Ports that are free here; the page finds a node's folder by the last digit of its port.
        names = dict(zip(PORTS, map(str, ports), strict=True))
        script = script.replace("server.port=884$n", "server.port=$(port $n)").replace(
            "884[123]", "|".join(names.values())
        )
        script = script.replace("grep -o '", "grep -oE '").replace("node${leader#884}", "node$(number $leader)")
        for old, new in names.items():
            script = script.replace(old, new)
        # A reader is not so quick that a node may not have it yet.
        listing = 'curl -s "http://127.0.0.1:$port/nacos/v1/ns/instance/list?serviceName=orders"'
        self.assertEqual(script.count(f"  {listing}; echo"), 1)
        script = script.replace(f"  {listing}", f"  until {listing} | grep -q 10.0.0.7; do sleep 0.1; done; {listing}")
        cases = "".join(f"{old[-1]}) echo {new};; " for old, new in names.items())
        backwards = "".join(f"{new}) echo {old[-1]};; " for old, new in names.items())
        helpers = f"port() {{ case $1 in {cases}esac; }}\nnumber() {{ case $1 in {backwards}esac; }}\n"
        shared = f"export NACOS_TW_VENV={os.environ.get('NACOS_TW_VENV', sys.prefix)}"
        script = re.sub(r"export NACOS_TW_VENV=\S+", shared, script)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("NACOS_", "SERVER_", "MODE"))}
        self.addCleanup(self.stop_all, home)
        with open(os.path.join(home, "output"), "w+") as output:
            done = subprocess.run(
                ["sh", "-c", helpers + script], cwd=ROOT, env={**kept, "HOME": home}, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, timeout=600,
            )  # fmt: skip
            output.seek(0)
            said = output.read()
        self.assertEqual(done.returncode, 0, said)
        _, start, register, kill, back = re.split(r"^--- \w+$", said, flags=re.MULTILINE)
        self.assertTrue(start.endswith("OK\n"), said)
        self.assertEqual(register.count('"ip":"10.0.0.7"'), 3, said)
        self.assertIn("\nok\n", register)
        self.assertIn("\nok\n", kill, said)
        self.assertEqual((kill.count('"ip":"10.0.0.7"'), kill.count('"ip":"10.0.0.8"')), (1, 1), said)
        self.assertEqual(kill.count('"state":"LEADER"'), 1, said)
        self.assertEqual((back.count('"ip":"10.0.0.7"'), back.count('"ip":"10.0.0.8"')), (1, 1), said)
        self.assertEqual(back.count("Send shutdown request"), 3, said)

    def stop_all(self, home: str) -> None:
        """Kill what a failed walk has left over."""
        for number in (1, 2, 3):
            node = RealNode(os.path.join(home, "nacos-demo", f"node{number}"), 0)
            if os.path.exists(os.path.join(node.home, "data", "nacos.pid")):
                node.kill()

    def test_parts_are_whole(self) -> None:
        """Each part is one block between its two marks."""
        text = README.read_text("utf-8")
        self.assertEqual(re.findall(r"<!-- walk-through: (\w+) -->", text), list(PARTS))
        self.assertEqual(text.count("<!-- end -->"), len(PARTS))
        for part in PARTS:
            self.assertIn(f"<!-- walk-through: {part} -->\n```sh\n", text)
        self.assertEqual(len([block for block in blocks(README, "sh") if re.search(r"\$demo|8841", block)]), len(PARTS))
        self.assertEqual(between(README, "<!-- figures -->", "<!-- end figures -->").count("<!--"), 0)
