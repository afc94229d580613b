"""A node is taken out of the cluster by the documented rolling restart."""

from __future__ import annotations

import os

from tests.system.clustered import Clustered
from tests.system.nodes import RealNode, wait_for
from tests.system.writers import writing


class RemovalTests(Clustered):
    """docs/operations.md, adding and removing nodes."""

    def test_the_leader_is_removed(self) -> None:
        """Nodes that have the new list already follow the leader that it does not name; no write fails on the way."""
        nodes = self.cluster(4)
        leader, stay = nodes.leader(), nodes.followers()
        for node in stay:
            with open(os.path.join(node.home, "conf", "cluster.conf"), "w") as file:
                file.writelines(f"{other.address}\n" for other in stay)
        with writing([leader], ephemeral="false") as writers:
            for node in stay[:2]:
                node.stop()
                node.start()
                wait_for(node.ready, why=f"{node.address} to follow {leader.address}, which only the log names")
                self.assertEqual(node.leader(), leader.address)
                self.assertOk(node.register("s", f"10.0.0.{node.port % 250}", ephemeral="false"))
        self.assertEqual([text for text in writers[0].failures if text.startswith("5")], [])
        stay[2].stop()
        stay[2].start()
        wait_for(stay[2].ready)
        leader.stop()
        nodes.wait_ready(stay)
        self.assertKept(stay, writers)
        wanted = {f"{node.host}:{node.port - 1000}" for node in stay}
        for node in stay:
            wait_for(lambda node=node: _voters(node) == wanted, why="the new list to be in the log")  # type: ignore[misc]
        self.assertOk(stay[0].register("s", "10.0.1.1", ephemeral="false"))


def _voters(node: RealNode) -> set[str]:
    """Where the members that the log has listen for Raft, as a node tells."""
    for member in node.request("GET", "/nacos/v1/core/cluster/nodes").json["data"]:
        groups = (member["extendInfo"].get("raftMetaData") or {}).get("metaDataMap", {})
        for group in groups.values():
            if group.get("raftGroupMember"):
                return set(group["raftGroupMember"])
    return set()
