"""nacosctl doctor, alarm, compact, check, debug: what helps when something is wrong."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile

from tests.system.ctl import LOGINS, CtlCase, ctl
from tests.system.nodes import wait_for
from tests.system.shared import shared


class TroubleTests(CtlCase):
    """One node that asks for logins."""

    properties = LOGINS

    def setUp(self) -> None:
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="nacos-tw-ctl-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.admin = ("-u", "nacos", "-p", "first")

    def test_well(self) -> None:
        """Nothing is bad, and everything that was looked at can be shown."""
        self.ctl(*self.admin, "doctor")
        checks = {row["check"] for row in self.rows(*self.admin, "doctor")}
        self.assertEqual(checks, {"leader", "port HTTP", "port gRPC", "ready", "clock", "version"})
        self.assertEqual(self.rows(*self.admin, "alarm", "list"), [])
        self.assertEqual(self.rows(*self.admin, "alarm", "disarm"), [])

    def test_compact(self) -> None:
        """A snapshot is on the disk, at once."""
        self.ctl(*self.admin, "config", "put", self.name, "--content", "x")
        self.ctl(*self.admin, "compact")
        names = os.listdir(os.path.join(self.node.home, "data", "raft"))
        self.assertTrue([name for name in names if name.endswith(".snap")], names)

    def test_perf(self) -> None:
        """Counts and times; nothing of it is left; a limit that cannot be held is told by 6."""
        short = ("check", "perf", "--seconds", "0.3", "--clients", "2")
        write, read = self.rows(*self.admin, *short, "--write-p99", "60000", "--read-p99", "60000")
        self.assertEqual((write["errors"], read["errors"], write["passed"]), (0, 0, True))
        self.assertGreater(write["count"], 0)
        self.ctl(*self.admin, *short, "--write-p99", "0.001", status=6)
        self.assertEqual(self.rows(*self.admin, "config", "list", "-g", "NACOSCTL_CHECK"), [])

    def test_dump(self) -> None:
        """Settings, logs and what the node says; no password, no hash, no token."""
        path = os.path.join(self.folder, "a.tar.gz")
        self.ctl(*self.admin, "debug", "dump", path, "--home", self.node.home)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with tarfile.open(path) as bundle:
            texts = {each.name: bundle.extractfile(each).read().decode() for each in bundle}  # type: ignore[union-attr]
        settings = texts["nacos-debug/home/conf/application.properties"]
        self.assertIn("nacos.core.auth.admin.password=***", settings)
        self.assertIn(f"server.port={self.node.port}", settings)
        whole = "\n".join(texts.values())
        self.assertNotIn("password=first", whole)
        self.assertNotIn("$2", whole)
        self.assertNotIn("eyJ", whole)
        self.assertIn("nacos_raft_term", whole)


class ClusterTroubleTests(CtlCase):
    """Three nodes, one of which stands still."""

    def test_one_is_away(self) -> None:
        """It is named by doctor and by alarm, with 6; the others are well."""
        nodes = shared(3)
        self.assertEqual(ctl(nodes.nodes[0].address, "doctor").status, 0)
        away = nodes.followers()[0]
        other = next(node for node in nodes.nodes if node is not away)
        with away.frozen():
            said = ctl(other.address, "--timeout", "1", "-o", "json", "doctor")
            bad = {row["target"] for row in said.json if row["result"] == "BAD"}
            self.assertEqual((said.status, bad), (6, {away.address}), said)
            said = ctl(other.address, "--timeout", "1", "-o", "json", "alarm", "list")
            self.assertEqual((said.status, [row["node"] for row in said.json]), (6, [away.address]), said)
            said = ctl(other.address, "--timeout", "1", "-o", "json", "alarm", "disarm")
            row = {"node": away.address, "alarm": "UNREACHABLE", "ends": "the node answers"}
            self.assertEqual((said.status, len(said.json)), (1, 1), said)
            self.assertEqual({**said.json[0], **row}, said.json[0])
        wait_for(lambda: ctl(other.address, "alarm", "disarm").status == 0, why="no alarm to be left")
