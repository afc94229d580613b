"""Three real nodes: one whose database somebody has changed is found, and mended."""

from __future__ import annotations

import contextlib
import os
import sqlite3

from tests.system.clustered import Clustered
from tests.system.config_nodes import ConfigCluster, publish, read
from tests.system.ctl import ctl
from tests.system.nodes import RealNode, wait_for

METRIC = "nacos_raft_contradictions_total"


class HashTests(Clustered):
    """A cluster with instances and configs."""

    def setUp(self) -> None:
        self.nodes = ConfigCluster()
        self.addCleanup(self.nodes.close)
        self.nodes.start()
        for number in range(5):
            answer = publish(self.nodes.nodes[0], f"c{number}", f"content {number}")
            self.assertEqual((answer.status, answer.text), (200, "true"))
            self.assertOk(self.nodes.nodes[1].register("s", f"10.0.0.{number}", ephemeral="false"))

    def compared(self, node: RealNode, status: int) -> list[tuple[str, str, str]]:
        """What C{endpoint hashkv} says of each node: its name, what differs, and whether it is mended."""
        said = ctl(node.address, "-o", "json", "endpoint", "hashkv")
        self.assertEqual(said.status, status, said)
        for row in said.json:
            self.assertEqual(sorted(row["parts"]), ["database", "locks", "registry", "sessions", "tokens' key"])
        return sorted((row["node"], row["differs"], row["mended"]) for row in said.json)

    def change(self, node: RealNode) -> None:
        """Somebody writes to the file while the node runs."""
        path = os.path.join(node.home, "data", "config", "config.db")
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as file, file:
            self.assertEqual(file.execute("UPDATE config_info SET c_desc = 'x' WHERE data_id = 'c3'").rowcount, 1)

    def test_changed_file(self) -> None:
        """A follower's, and then the leader's: each says so, and has the others' state again; nothing else is lost."""
        well = sorted((node.address, "", "") for node in self.nodes.nodes)
        self.assertEqual(self.compared(self.nodes.nodes[0], 0), well)
        for leads in (False, True):
            leader = self.nodes.leader()
            wrong = leader if leads else next(node for node in self.nodes.nodes if node is not leader)
            before = wrong.metric(METRIC)
            self.change(wrong)
            found = self.compared(self.nodes.nodes[0], 6)
            self.assertEqual([each for each in found if each[1]], [(wrong.address, "database", "yes")])
            wait_for(lambda: wrong.metric(METRIC) == before + 1, why="it to have said so")  # noqa: B023
            self.nodes.wait_ready()
            self.assertEqual(self.compared(wrong, 0), well)
            self.assertTrue(any(name.startswith("damaged-") for name in os.listdir(f"{wrong.home}/data/config")))
            for node in self.nodes.nodes:
                self.assertEqual([read(node, f"c{number}") for number in range(5)], [f"content {n}" for n in range(5)])
                self.assertEqual(len(node.ips("s")), 5)
