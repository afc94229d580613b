"""What real nodes tell of themselves and each other for the console's page of nodes."""

from __future__ import annotations

from typing import Any

from tests.system.clustered import Clustered
from tests.system.nodes import RealNode, wait_for

HISTORY = "/nacos/v1/console/cluster/history"
GROUP = "naming_persistent_service"


def history(node: RealNode) -> dict[str, dict[str, Any]]:
    """What each node kept, by its address."""
    found = node.request("GET", HISTORY).json["data"]["nodes"]
    return {each["address"]: each for each in found}


def told(node: RealNode) -> dict[str, dict[str, Any]]:
    """What each node last told, by its address, as this one knows it."""
    found = node.request("GET", "/nacos/v1/core/cluster/nodes").json["data"]
    return {each["address"]: each["extendInfo"] for each in found}


def terms_and_leaders(node: RealNode) -> set[tuple[int, str]]:
    """Each term and leader that the nodes in this one's list that are up tell."""
    up = {address for address, state in node.members().items() if state == "UP"}
    groups = [info["raftMetaData"]["metaDataMap"][GROUP] for address, info in told(node).items() if address in up]
    return {(group["term"], group.get("leader", "")) for group in groups}


class ClusterViewTests(Clustered):
    """Three nodes, one of which is killed."""

    def test_view(self) -> None:
        """
        Every node has all nodes' samples and elections; links, last index and members are told; after the leader's
        death those that are left agree on the new one, and its samples are no longer there.
        """
        nodes = self.cluster()
        self.assertEqual(nodes.nodes[0].register("s", "10.0.0.1").text, "ok")
        addresses = {node.address for node in nodes.nodes}
        for node in nodes.nodes:
            wait_for(lambda node=node: len(self.sampled(node)) == 3, why="samples of all nodes")  # type: ignore[misc]
            wait_for(
                lambda node=node: all(info["members"] == sorted(addresses) for info in told(node).values()),  # type: ignore[misc]
                why="members of all nodes",
            )
        leader = nodes.leader()
        survivor = nodes.followers()[0]
        links = wait_for(lambda: self.measured(survivor, leader), why="links with lag and round trip")
        self.assertEqual(set(links), addresses - {leader.address})
        self.assertEqual(history(survivor)[leader.address]["events"][-1]["leader"], leader.address)

        leader.kill()
        wait_for(lambda: self.agreed(survivor, leader), why="agreement on another leader")
        wait_for(lambda: set(history(survivor)) == addresses - {leader.address}, why="samples of those that are left")
        successor = nodes.leader()
        events = wait_for(lambda: history(survivor)[successor.address]["events"])
        self.assertEqual((events[-1]["role"], events[-1]["leader"]), ("LEADER", successor.address))

    def sampled(self, node: RealNode) -> list[str]:
        """The nodes that have taken a sample with the instance in it."""
        found = history(node).items()
        return [address for address, kept in found if kept["samples"] and kept["samples"][-1]["instances"] == 1]

    def measured(self, node: RealNode, leader: RealNode) -> dict[str, Any] | None:
        """The leader's links, as the node knows them, once all stand, nothing is behind and round trips are known."""
        links: dict[str, Any] = told(node)[leader.address]["raftPeers"]
        well = all(link["connected"] and link["lag"] == 0 and link["rttMillis"] > 0 for link in links.values())
        return links if well else None

    def agreed(self, node: RealNode, former: RealNode) -> bool:
        """Whether all nodes that are up tell of one leader, which is not the former one."""
        found = terms_and_leaders(node)
        leaders = {leader for _, leader in found}
        return len(found) == 1 and leaders.isdisjoint({"", f"127.0.0.1:{former.port - 1000}"})
