"""Three real nodes, some of which are started from an older copy of their data folder."""

from __future__ import annotations

import os
import shutil

from tests.system.clustered import Clustered
from tests.system.config_nodes import ConfigCluster, past_contents, publish, read
from tests.system.nodes import RealNode, wait_for

Contents = dict[str, object]


class Restored(Clustered):
    """What is published before and after the copies were taken, and after they were put back."""

    def setUp(self) -> None:
        self.nodes = ConfigCluster()
        self.addCleanup(self.nodes.close)
        self.nodes.start()
        self.ids: list[str] = []

    def data(self, node: RealNode) -> str:
        return os.path.join(node.home, "data")

    def copy_of(self, node: RealNode) -> str:
        return os.path.join(self.nodes.folder, f"copy-{node.port}")

    def write(self, node: RealNode, name: str, count: int) -> None:
        """Publish a config for each number, one that all share, and register an instance."""
        for number in range(count):
            self.ids.append(f"{name}-{number}")
            for data_id in ("shared", self.ids[-1]):
                answer = publish(node, data_id, f"{name} {number}")
                self.assertEqual((answer.status, answer.text), (200, "true"))
        self.assertOk(node.register("s", f"10.0.{len(self.ids)}.1", ephemeral="false"))

    def contents(self, node: RealNode) -> Contents:
        """All that a node holds."""
        found: Contents = {data_id: read(node, data_id) for data_id in self.ids}
        found["shared"] = read(node, "shared"), past_contents(node, "shared")
        found["s"] = node.ips("s")
        return found

    def equal(self) -> Contents:
        """What all nodes hold, once all are ready."""
        self.nodes.wait_ready()
        self.nodes.leader()

        def same() -> Contents | None:
            one, *others = [self.contents(node) for node in self.nodes.nodes]
            return one if all(other == one for other in others) else None

        found: Contents = wait_for(same, why="all nodes to hold the same")
        return found

    def copy(self, nodes: list[RealNode]) -> None:
        """Write, stop all, and copy the folders of some; then all go on and write more."""
        self.write(self.nodes.nodes[0], "before", 3)
        for node in self.nodes.nodes:
            node.stop()
        for node in nodes:
            shutil.copytree(self.data(node), self.copy_of(node))
        for node in self.nodes.nodes:
            node.start(*self.nodes.arguments)
        self.nodes.wait_ready()
        self.write(self.nodes.leader(), "after", 4)
        self.equal()

    def put_back(self, nodes: list[RealNode]) -> None:
        """All are killed, and some get their copies."""
        for node in self.nodes.nodes:
            node.kill()
        for node in nodes:
            shutil.rmtree(self.data(node))
            shutil.move(self.copy_of(node), self.data(node))

    def test_one(self) -> None:
        """One gets what it lacks, and nothing is lost."""
        victim = self.nodes.leader()
        self.copy([victim])
        kept = self.equal()
        self.put_back([victim])
        for node in self.nodes.nodes:
            node.start(*self.nodes.arguments)
        self.assertEqual(self.equal(), kept)
        self.write(victim, "later", 1)
        self.equal()
        self.assertEqual([node.metric("nacos_raft_contradictions_total") for node in self.nodes.nodes], [0, 0, 0])

    def test_voter(self) -> None:
        """
        A follower that goes on from a copy which is older than its last start is told so by the others, also when all
        were down meanwhile. It recovers and loses nothing; a usual start later is no news.
        """
        nodes = self.nodes.nodes
        victim = next(node for node in nodes if node is not self.nodes.leader())
        said = "raft: this node's disk has gone back to an older state"  # others write what members report
        self.write(nodes[0], "before", 2)
        victim.stop()
        shutil.copytree(self.data(victim), self.copy_of(victim))
        victim.start(*self.nodes.arguments)
        self.nodes.wait_ready()
        self.write(victim, "after", 3)
        kept = self.equal()
        self.assertNotIn(said, victim.full_log)
        for times, down in ((1, [victim]), (2, nodes)):
            for node in down:
                node.kill()
            shutil.rmtree(self.data(victim))
            shutil.copytree(self.copy_of(victim), self.data(victim))
            for node in down:
                node.start(*self.nodes.arguments)
            self.assertEqual(self.equal(), kept)
            wait_for(lambda: victim.metric("nacos_raft_recovering") == 0, why="the node to have recovered")
            self.assertEqual(self.told(victim, said), times)
        victim.kill()
        victim.start(*self.nodes.arguments)
        self.write(victim, "later", 1)
        self.equal()
        self.assertEqual(self.told(victim, said), 2)
        self.assertEqual([self.told(node, said) for node in nodes if node is not victim], [0, 0])
        self.assertEqual([node.metric("nacos_raft_contradictions_total") for node in nodes], [0, 0, 0])

    def told(self, node: RealNode, what: str) -> int:
        """How often a node has written something into its log."""
        return node.full_log.count(what)

    def test_two(self) -> None:
        """The two go on without what they forgot. The third, which knows better, says so before it follows them."""
        third, *victims = self.nodes.nodes
        self.copy(victims)
        self.put_back(victims)
        for node in victims:
            node.start(*self.nodes.arguments)
        self.nodes.wait_ready(victims)
        self.write(victims[0], "instead", 6)
        third.start(*self.nodes.arguments)
        contents = self.equal()
        # Whoever has the further log leads on: the others' state is not the cluster's then.
        told = [node for node in self.nodes.nodes if node.metric("nacos_raft_contradictions_total")]
        self.assertEqual(told in ([third], victims), True, told)
        self.assertEqual(contents["before-0"], "before 0")
        lost, kept = ("after", "instead") if told == [third] else ("instead", "after")
        self.assertEqual((contents[f"{lost}-0"], contents[f"{kept}-0"]), (None, f"{kept} 0"))
        for node in told:
            log = node.full_log
            self.assertIn("this node's state contradicts the cluster's and is set aside", log)
            self.assertIn("what contradicts the cluster is kept in", log)
            for part in ("raft", "config"):
                self.assertIn("damaged-1", os.listdir(os.path.join(self.data(node), part)))
        self.write(third, "later", 2)
        for node in self.nodes.nodes:
            node.kill()
        for node in self.nodes.nodes:
            node.start(*self.nodes.arguments)
        self.assertEqual(self.equal()["later-1"], "later 1")
