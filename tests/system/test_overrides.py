"""What an operator changes of a gRPC client's instance by the console outlives what happens to the client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.system.clustered import Clustered
from tests.system.grpcclient import GrpcClient
from tests.system.nodes import RealNode, wait_for

KEYS = "nacos.naming.clean.expired-metadata.expired-time=2000\nnacos.naming.clean.expired-metadata.interval=200\n"
PLACE = {"serviceName": "s", "groupName": "DEFAULT_GROUP", "ip": "10.0.0.1", "port": 8080}


def detail(node: RealNode) -> dict[str, Any] | None:
    """The instance as the console shows it; None while it is not there."""
    asked = {"serviceName": "s", "clusterName": "DEFAULT", "pageNo": 1, "pageSize": 10}
    answer = node.request("GET", "/nacos/v1/ns/catalog/instances", asked)
    found = [each for each in answer.json["list"] if each["ip"] == PLACE["ip"]] if answer.status == 200 else []
    return found[0] if found else None


def listed(client: GrpcClient) -> set[str]:
    """What a client of 2.x is given."""
    asked = {"namespace": "public", "serviceName": "s", "groupName": "DEFAULT_GROUP"}
    return {host["ip"] for host in client.ask("ServiceQueryRequest", asked)["serviceInfo"]["hosts"]}


class OverrideTests(Clustered):
    """Three nodes."""

    def shows(self, nodes: Sequence[RealNode], enabled: bool, weight: float) -> None:
        """Every one of them, once it has applied what was done at another."""
        for node in nodes:
            wait_for(
                lambda node=node: (found := detail(node)) and (found["enabled"], found["weight"]) == (enabled, weight),
                why=f"{node.address} to show it so",
            )  # type: ignore[misc]

    def test_outlives_registrations_and_a_node(self) -> None:
        """
        Taken out of service it stays so when its client registers it again, when its node is killed and it registers at
        another one, and after a restart of that; long after it has gone it begins anew.
        """
        nodes = self.cluster(3, KEYS)
        victim, other, leader = [*nodes.followers(), nodes.leader()]
        client, watcher = GrpcClient(victim), GrpcClient(leader)
        self.assertTrue(client.register("s", "10.0.0.1")["success"])
        self.shows(nodes.nodes, True, 1.0)
        self.assertEqual(listed(watcher), {"10.0.0.1"})
        change = {**PLACE, "weight": 3, "enabled": "false"}
        self.assertEqual(leader.request("PUT", "/nacos/v3/console/ns/instance", change).status, 200)
        self.shows(nodes.nodes, False, 3.0)
        self.assertTrue(client.register("s", "10.0.0.1")["success"])
        self.shows(nodes.nodes, False, 3.0)
        self.assertEqual(listed(watcher), set())
        victim.kill()
        client = GrpcClient(other)
        self.assertTrue(client.register("s", "10.0.0.1")["success"])
        self.shows((other, leader), False, 3.0)
        self.assertEqual(listed(watcher), set())
        victim.start()
        nodes.wait_ready()
        self.shows(nodes.nodes, False, 3.0)
        client.close()
        said = "what was changed of 1 instances that are gone is forgotten"
        wait_for(lambda: any(said in node.full_log for node in nodes.nodes), why="it to be forgotten")
        client = GrpcClient(victim)
        self.assertTrue(client.register("s", "10.0.0.1")["success"])
        self.shows(nodes.nodes, True, 1.0)
        self.assertEqual(listed(watcher), {"10.0.0.1"})
        client.close()
        watcher.close()
