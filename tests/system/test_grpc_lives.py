"""What clients of 2.x registered at real nodes, when those die and when clients go."""

from __future__ import annotations

import time

from tests.system.clustered import Clustered
from tests.system.grpcclient import GrpcClient

GRACE = 6


class GrpcLivesTests(Clustered):
    """Three nodes."""

    def test_node_is_killed(self) -> None:
        """
        Who connects to another node is missing from no list at any time; who does not goes after the grace; who ends
        its connection goes at once.
        """
        nodes = self.cluster(3, f"nacos.naming.client.grace={GRACE}\n")
        victim, *others = [*nodes.followers()[:1], *nodes.followers()[1:], nodes.leader()]
        moving, dying, leaving = GrpcClient(victim), GrpcClient(victim), GrpcClient(others[0])
        for client, ip in ((moving, "10.0.0.1"), (dying, "10.0.0.2"), (leaving, "10.0.0.3")):
            self.assertTrue(client.register("s", ip)["success"])
        self.assertEverywhere([victim, *others], "s", {"10.0.0.1", "10.0.0.2", "10.0.0.3"})
        leaving.close()
        self.assertEverywhere([victim, *others], "s", {"10.0.0.1", "10.0.0.2"})
        victim.kill()
        moved = GrpcClient(others[0])
        self.assertTrue(moved.register("s", "10.0.0.1")["success"])
        ends = time.monotonic() + 60.0
        while any("10.0.0.2" in node.ips("s") for node in others):
            for node in others:
                self.assertIn("10.0.0.1", node.ips("s"))
            self.assertLess(time.monotonic(), ends)
            moved.ask("HealthCheckRequest", {})
            time.sleep(0.05)
        moved.close()
        self.assertEverywhere(others, "s", set())
