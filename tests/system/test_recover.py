"""Real nodes of which a majority has lost its log: they say so, and go on after the last resort."""

from __future__ import annotations

import os
import subprocess

from tests.system.config_nodes import ConfigCase, publish
from tests.system.homes import damage_middle
from tests.system.nodes import BIN, RealNode, wait_for


def recover(node: RealNode, *arguments: str) -> tuple[int, str]:
    """bin/recover.sh of a node that does not run: its exit status, and what it says."""
    done = subprocess.run(
        ["sh", os.path.join(BIN, "recover.sh"), *arguments],
        env=node.environment(), capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


class RecoverTests(ConfigCase):
    """Two of three."""

    def test_majority_damaged(self) -> None:
        """
        They name those that are damaged and that no leader can be. The command refuses beside a running node, tells
        what may be lost, changes nothing without its confirmation, and makes a cluster that goes on with all that the
        whole node had.
        """
        nodes = self.cluster(3)
        wanted = {}
        for number in range(30):
            name, content = f"c{number}", f"content {number}"
            self.assertTrueAnswer(publish(nodes.nodes[number % 3], name, content))
            wanted[name] = content
            self.assertEqual(nodes.nodes[0].register("s", f"10.0.0.{number}", ephemeral="false").text, "ok")
        whole, *damaged = nodes.nodes
        for node in nodes.nodes:
            wait_for(lambda node=node: node.ips("s") == whole.ips("s"))  # type: ignore[misc]
        for node in nodes.nodes:
            node.stop()
        for node in damaged:
            damage_middle(node)
        for node in nodes.nodes:
            nodes.restart(node)
        for node in nodes.nodes:
            answer = wait_for(
                lambda node=node: (a := node.readiness()) and "no leader can be elected" in a.text and a,  # type: ignore[misc]
                why=f"{node.address} to say what is so",
            )
            self.assertIn("the logs of 2 of 3 members are damaged", answer.text)
            for other in damaged:
                self.assertIn(other.address, answer.text)
            self.assertIn(
                "no leader can be elected", wait_for(lambda node=node: node.log.count("elected") and node.log)
            )  # type: ignore[misc]
        status, text = recover(whole, *nodes.arguments)
        self.assertEqual(status, 1)
        self.assertIn("already running", text)
        for node in nodes.nodes:
            node.stop()
        before = sorted(os.listdir(os.path.join(whole.home, "data", "raft")))
        status, text = recover(whole, *nodes.arguments)
        self.assertEqual(status, 1, text)
        self.assertIn("What may be lost for good", text)
        self.assertIn("Nothing was changed", text)
        self.assertEqual(sorted(os.listdir(os.path.join(whole.home, "data", "raft"))), before)
        self.assertIn("whole up to entry", recover(damaged[0], *nodes.arguments)[1])
        status, text = recover(whole, "--accept-loss", *nodes.arguments)
        self.assertEqual(status, 0, text)
        kept = os.path.join(whole.home, "data", "raft.before-1")
        self.assertEqual(sorted(os.listdir(kept)), before)
        for node in [*damaged, whole]:
            nodes.restart(node)
        nodes.wait_ready()
        self.assertTrueAnswer(publish(damaged[1], "after", "y"))
        self.assertKept(nodes.nodes, {**wanted, "after": "y"})
        for node in nodes.nodes:
            self.assertEqual(len(node.ips("s")), 30)
        for node in damaged:
            self.assertIn("damaged-1", os.listdir(os.path.join(node.home, "data", "raft")))
        leader = nodes.leader()
        leader.kill()
        rest = [node for node in nodes.nodes if node is not leader]
        wait_for(lambda: publish(rest[0], "again", "z").status == 200, why="the other two to elect a leader")
        self.assertEverywhere(rest, "again", "z")

    def test_alone(self) -> None:
        """A node alone whose log is damaged in the middle goes on with what stands before that, and its configs."""
        nodes = self.cluster(1, "", ())
        node = nodes.nodes[0]
        wanted = {}
        for number in range(40):
            self.assertTrueAnswer(publish(node, f"c{number}", f"content {number}"))
            wanted[f"c{number}"] = f"content {number}"
        node.stop()
        path = damage_middle(node)
        self.assertNotEqual(node.start(*nodes.arguments, check=False), 0)
        self.assertIn(path, node.output)
        self.assertIn("recover", node.output)
        status, text = recover(node, *nodes.arguments)
        self.assertEqual(status, 1)
        self.assertIn("behind a damaged place cannot be used", text)
        self.assertEqual(recover(node, "--accept-loss", *nodes.arguments)[0], 0)
        nodes.restart(node)
        nodes.wait_ready()
        self.assertKept([node], wanted)
