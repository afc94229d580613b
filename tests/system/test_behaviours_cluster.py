"""
The lines of docs/spec/naming-v1.md#20 that need other nodes, against a real cluster of three; see C{test_behaviours}.
Lines 35 (permissions) waits for the users; 36 and 37 are also in C{tests.settings} and C{tests.cluster}.
"""

from __future__ import annotations

import functools
import json
import os
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.system.nodes import NAMING, Answer, RealCluster, RealNode, wait_for
from tests.system.shared import shared
from tests.system.udp import JAVA, UdpClient

CLUSTER = "/nacos/v1/core/cluster"


class ClusterCase(SynchronousTestCase):
    """Three nodes for all tests."""

    def setUp(self) -> None:
        self.cluster = shared(3)
        self.a, self.b, self.c = self.cluster.nodes
        self.name: str = self.id().rpartition(".")[2]

    def everywhere(self, ips: set[str]) -> None:
        """All nodes list these."""
        for node in self.cluster.nodes:
            wait_for(functools.partial(self.lists, node, ips), why=node.address)

    def lists(self, node: RealNode, ips: set[str]) -> bool:
        return node.ips(self.name) == ips

    def subscriber(self, node: RealNode) -> UdpClient:
        client = UdpClient(node)
        self.addCleanup(client.close)
        return client


class NodesTests(ClusterCase):
    """What one node is told shows at the others."""

    def test_34_instances(self) -> None:
        """Registered, changed and removed at any node, seen at all of them."""
        for number, node in enumerate(self.cluster.nodes):
            self.assertEqual(node.register(self.name, f"10.0.0.{number}").text, "ok")
        self.everywhere({"10.0.0.0", "10.0.0.1", "10.0.0.2"})
        self.a.request("PATCH", NAMING + "/instance", self.keys("10.0.0.2", weight=7))
        wait_for(lambda: self.c.hosts(self.name)["10.0.0.2"]["weight"] == 7.0)
        self.assertEqual(self.b.deregister(self.name, "10.0.0.2").text, "ok")
        self.everywhere({"10.0.0.0", "10.0.0.1"})

    def keys(self, ip: str, **more: Any) -> dict[str, Any]:
        return {"serviceName": self.name, "ip": ip, "port": 8080, **more}

    def test_34_java_put(self) -> None:
        """A Java client's PUT finds what another node was told: all nodes know the same."""
        self.a.register(self.name, "10.0.0.1")
        agent = {"User-Agent": JAVA}
        for node in self.cluster.nodes:
            answer = node.request("PUT", NAMING + "/instance", self.keys("10.0.0.1"), headers=agent)
            self.assertEqual((answer.status, answer.text), (200, "ok"))
            answer = node.request("PUT", NAMING + "/instance", self.keys("10.0.0.9"), headers=agent)
            self.assertEqual(answer.status, 400)
            self.assertIn("instance not exist", answer.text)

    def test_30_push_at_another_node(self) -> None:
        """A subscriber hears of what was written elsewhere."""
        self.a.register(self.name, "10.0.0.1")
        self.everywhere({"10.0.0.1"})
        client = self.subscriber(self.c)
        client.poll(self.name)
        self.b.register(self.name, "10.0.0.2")
        self.assertIsNotNone(client.until({"10.0.0.1", "10.0.0.2"}))
        self.a.deregister(self.name, "10.0.0.2")
        self.assertIsNotNone(client.until({"10.0.0.1"}))

    def test_31_subscribers_of_all_nodes(self) -> None:
        """Any node names them, each once; aggregation=false its own only."""
        self.a.register(self.name, "10.0.0.1")
        clients = [self.subscriber(node) for node in (self.a, self.b)]
        for client in clients:
            client.poll(self.name)

        def found(node: RealNode, **more: Any) -> set[str]:
            answer = node.request("GET", NAMING + "/service/subscribers", {"serviceName": self.name, **more}).json
            self.assertEqual(answer["count"], len(answer["subscribers"]))
            return {each["addrStr"] for each in answer["subscribers"]}

        everyone = {f"127.0.0.1:{client.port}" for client in clients}
        for node in self.cluster.nodes:
            wait_for(lambda node=node: found(node) == everyone)  # type: ignore[misc]
        self.assertEqual(found(self.a, aggregation="false"), {f"127.0.0.1:{clients[0].port}"})
        self.assertEqual(found(self.c, aggregation="false"), set())

    def test_33_datum(self) -> None:
        """What a Nacos node would send of its instances."""
        key = f"com.alibaba.nacos.naming.iplist.ephemeral.public##DEFAULT_GROUP@@{self.name}"
        instance = {"ip": "1.2.3.4", "port": 8888, "weight": 1.0, "healthy": True, "enabled": True, "ephemeral": True,
                    "clusterName": "DEFAULT", "serviceName": f"DEFAULT_GROUP@@{self.name}", "metadata": {}}  # fmt: skip
        body = json.dumps({key: {"key": key, "value": {"instanceList": [instance]}, "timestamp": 1}}).encode()
        answer = self.b.request(
            "PUT", NAMING + "/distro/datum", body=body, headers={"Content-Type": "application/json"}
        )
        self.assertEqual((answer.status, answer.text), (200, "ok"))
        self.everywhere({"1.2.3.4"})
        host = self.b.request(
            "GET", NAMING + "/instance/list", {"serviceName": self.name}, headers={"User-Agent": JAVA}
        ).json["hosts"][0]
        self.assertEqual(host["serviceName"], f"DEFAULT_GROUP@@{self.name}")

    def test_37_members(self) -> None:
        """Sorted by their addresses, on every node alike."""
        wanted = sorted(node.address for node in self.cluster.nodes)
        for node in self.cluster.nodes:
            found = node.request("GET", CLUSTER + "/nodes").json["data"]
            self.assertEqual([member["address"] for member in found], wanted)

    def test_46_writes_at_all_nodes(self) -> None:
        """The node that answers a write has applied it."""
        for number in range(30):
            node = self.cluster.nodes[number % 3]
            node.register(self.name, f"10.0.0.{number}")
            self.assertIn(f"10.0.0.{number}", node.ips(self.name))

    def test_50_ref_time(self) -> None:
        """A client that asks now this node and now that sees no time go backwards, as long as nothing changes."""
        self.a.register(self.name, "10.0.0.1")
        self.everywhere({"10.0.0.1"})
        times = {self.list(node).json["lastRefTime"] for node in self.cluster.nodes}
        self.assertTrue(len(times) == 1 or max(times) - min(times) == 1000, times)  # the change at a second's end
        client = self.subscriber(self.a)
        self.assertEqual(client.poll(self.name).json["lastRefTime"] in times, True)

    def list(self, node: RealNode) -> Answer:
        return node.request("GET", NAMING + "/instance/list", {"serviceName": self.name})


class CommasTests(SynchronousTestCase):
    """Line 36: members in one line."""

    def test_36_commas(self) -> None:
        """Three nodes find each other by a cluster.conf of one line."""
        started = RealCluster(3)
        self.addCleanup(started.close)
        line = ", ".join(node.address for node in started.nodes)
        for node in started.nodes:
            with open(os.path.join(node.home, "conf", "cluster.conf"), "w") as file:
                file.write(line + "\n")
        started.start()
        self.assertIn(started.leader(), started.nodes)
        states = started.nodes[0].members()
        self.assertEqual(set(states), {node.address for node in started.nodes})
