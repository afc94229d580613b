"""A majority of the disks is lost: what docs/operations.md tells to do, on real nodes."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import threading
from functools import partial

from twisted.trial.unittest import SynchronousTestCase

from tests.system.nodes import RealCluster, RealNode, wait_for
from tests.system.test_recover import recover

CONFIGS = "/nacos/v1/cs/configs"
LIST = "/nacos/v1/ns/instance/list"
MEMBERS = "/nacos/v3/admin/core/cluster/member/list"
NAME = {"dataId": "kept.yaml", "group": "DEFAULT_GROUP"}


class LostDisks(SynchronousTestCase):
    """Three nodes with a config and a persistent instance."""

    def setUp(self) -> None:
        self.cluster = RealCluster()
        self.addCleanup(self.cluster.close)
        self.cluster.start()
        self.publish("old", self.cluster.nodes[0])
        self.assertEqual(self.cluster.nodes[1].register("kept", "10.0.0.1", ephemeral="false").text, "ok")
        self.assertHeld("old", *self.cluster.nodes)
        for node in self.cluster.nodes:  # by their ids it knows those that have lost their data
            wait_for(partial(self.knows_all, node), why=f"the ids of the members at {node.address}")

    def knows_all(self, node: RealNode) -> bool:
        """Whether its log has the id of each member."""
        return all(each["id"] for each in node.request("GET", MEMBERS).json["data"]["members"])

    def publish(self, content: str, node: RealNode) -> None:
        self.assertEqual(node.request("POST", CONFIGS, {**NAME, "content": content}).text, "true")

    def assertHeld(self, content: str, *nodes: RealNode) -> None:
        """They serve the config with that content, and the instance, at once or soon."""
        self.assertServed(content, *nodes)
        for node in nodes:
            wait_for(partial(self.lists, node), why=f"the instance at {node.address}")

    def assertServed(self, content: str, *nodes: RealNode) -> None:
        """They serve the config with that content, at once or soon."""
        for node in nodes:
            wait_for(partial(self.serves, node, content), why=f"{content} at {node.address}")

    def serves(self, node: RealNode, content: str) -> bool:
        return node.request("GET", CONFIGS, NAME).text == content

    def lists(self, node: RealNode) -> bool:
        return node.ips("kept") == {"10.0.0.1"}

    def lose(self, *nodes: RealNode) -> None:
        for node in nodes:
            shutil.rmtree(os.path.join(node.home, "data"))

    def test_one_disk_is_lost(self) -> None:
        """The node that starts with an empty one lists no service without its instances, until it has them."""
        one = self.cluster.nodes[2]
        one.kill()
        self.lose(one)
        found: list[tuple[int, str]] = []
        ended = threading.Event()

        def ask() -> None:
            while not ended.is_set():
                with contextlib.suppress(OSError, http.client.HTTPException):
                    answer = one.request("GET", LIST, {"serviceName": "kept"})
                    ips = {host["ip"] for host in answer.json["hosts"]} if answer.status == 200 else set()
                    found.append((answer.status, " ".join(ips)))

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        try:
            one.start()
            self.assertHeld("old", one)
        finally:
            ended.set()
            asking.join()
        self.assertLessEqual(set(found), {(503, ""), (200, "10.0.0.1")})
        self.assertIn((200, "10.0.0.1"), found)

    def test_one_disk_of_three_is_left(self) -> None:
        """
        The node that has it serves configs alone, and an empty one has no vote in the place of the lost one; made the
        only voter it leads, and gives it all to the others.
        """
        left, second, third = self.cluster.nodes
        for node in self.cluster.nodes:
            node.stop()
        self.lose(second, third)
        left.start()
        self.assertIn("no leader", left.readiness().text)
        self.assertServed("old", left)
        second.start()
        wait_for(lambda: "has lost its data folder" in left.full_log, why="the empty one to be refused")
        left.stop()
        status, text = recover(left, "--accept-loss")
        self.assertEqual(status, 0, text)
        left.start()
        third.start()
        self.cluster.wait_ready()
        self.assertEqual(self.cluster.leader(), left)
        self.assertHeld("old", *self.cluster.nodes)
        self.publish("new", third)
        self.assertHeld("new", *self.cluster.nodes)

    def test_from_a_backup(self) -> None:
        """Each node's own copy of one time, put back on all."""
        for node in self.cluster.nodes:
            node.stop()
            shutil.copytree(os.path.join(node.home, "data"), os.path.join(node.home, "copy"))
        self.cluster.start()
        self.publish("later", self.cluster.nodes[2])
        for node in self.cluster.nodes:
            node.kill()
        self.lose(*self.cluster.nodes)
        for node in self.cluster.nodes:
            os.rename(os.path.join(node.home, "copy"), os.path.join(node.home, "data"))
        self.cluster.start()
        self.assertHeld("old", *self.cluster.nodes)
        self.publish("new", self.cluster.nodes[1])
        self.assertHeld("new", *self.cluster.nodes)
