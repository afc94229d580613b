"""nacosctl snapshot: saved while nodes serve, restored into a new cluster."""

from __future__ import annotations

import json
import os
import shutil
import tempfile

from tests.system.ctl import CtlCase, ctl
from tests.system.homes import Home
from tests.system.nodes import RealCluster, wait_for
from tests.system.shared import shared


class SnapshotTests(CtlCase):
    """One node."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="nacos-tw-ctl-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, "backups", "a.snap")

    def test_save_and_status(self) -> None:
        """Nobody else may read it; it is checked whole, and a flipped bit shows."""
        self.ctl("config", "put", self.name, "--content", "x")
        saved = self.rows("snapshot", "save", self.path)
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)
        status = self.rows("snapshot", "status", self.path)
        self.assertEqual((status["index"], status["sha256"]), (saved["index"], saved["sha256"]))
        self.assertEqual((status["storage"], set(status["parts"]) >= {"registry", "configs"}), ("embedded", True))
        with open(self.path, "r+b") as file:
            file.seek(100)
            byte = file.read(1)[0]
            file.seek(100)
            file.write(bytes([byte ^ 1]))
        said = self.ctl("snapshot", "status", self.path, status=1)
        self.assertIn("is damaged", said.err)
        self.ctl("snapshot", "status", __file__, status=1)

    def test_agent(self) -> None:
        """The newest are kept, each one whole."""
        folder = os.path.dirname(self.path)
        for _ in range(3):
            self.ctl("snapshot", "agent", folder, "--keep", "2", "--once")
        found = [name for name in sorted(os.listdir(folder)) if name.endswith(".snap")]
        self.assertEqual(len(found), 2)
        for name in found:
            self.ctl("snapshot", "status", os.path.join(folder, name))
        self.assertEqual(len(os.listdir(folder)), 4)


class RestoreTests(Home):
    """Out of three nodes into others."""

    def test_new_cluster(self) -> None:
        """Saved by a follower; a new cluster of other nodes has configs with history, namespaces, instances."""
        old = shared(3)
        node = old.followers()[0]
        path = os.path.join(self.folder, "whole.snap")
        for content in ("one", "two"):
            self.assertEqual(ctl(node.address, "config", "put", "kept", "--content", content).status, 0)
        ctl(node.address, "namespace", "create", "kept-space")
        ctl(node.address, "service", "register", "kept-service", "10.1.2.3:80")
        said = ctl(node.address, "-o", "json", "snapshot", "save", path)
        self.assertEqual(said.status, 0, said)
        new = RealCluster(2)
        self.addCleanup(new.close)
        for each in new.nodes:
            said = ctl(node.address, "-o", "json", "snapshot", "restore", path, "--home", each.home)
            self.assertEqual(said.status, 0, said)
            self.assertEqual(said.json["members"], sorted(other.address for other in new.nodes))
        said = ctl(node.address, "snapshot", "restore", path, "--home", new.nodes[0].home)
        self.assertEqual((said.status, "is there already" in said.err), (1, True), said)
        new.start()
        for each in new.nodes:
            wait_for(lambda each=each: each.ips("kept-service") == {"10.1.2.3"})  # type: ignore[misc]
            self.assertEqual(ctl(each.address, "config", "get", "kept").out, "two")
            rows = json.loads(ctl(each.address, "-o", "json", "config", "history", "kept").out)
            self.assertEqual([row["op"] for row in rows], ["U", "I"])
            self.assertEqual(ctl(each.address, "namespace", "get", "kept-space").status, 0)
        members = ctl(new.nodes[0].address, "-o", "json", "member", "list").json
        self.assertEqual({each["address"] for each in members}, {each.address for each in new.nodes})
        self.assertEqual(ctl(new.nodes[1].address, "config", "put", "kept", "--content", "three").status, 0)
