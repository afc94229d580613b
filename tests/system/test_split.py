"""Networks that are cut, in both directions and in one, between real nodes."""

from __future__ import annotations

import time

from tests.system.clustered import Clustered
from tests.system.network import NetworkCluster
from tests.system.nodes import NAMING, RealNode, wait_for


class Split(Clustered):
    """A node cannot reach the others, or they cannot reach it."""

    def network(self) -> NetworkCluster:
        nodes = NetworkCluster()
        self.addCleanup(nodes.close)
        nodes.start()
        return nodes

    def elected(self, nodes: list[RealNode], not_this: RealNode) -> RealNode:
        """The leader that these agree on, another one than that."""

        def agreed() -> RealNode | None:
            names = {node.leader() for node in nodes}
            return next((node for node in nodes if names == {node.address}), None)

        found: RealNode = wait_for(agreed, why=f"a leader beside {not_this.address}")
        return found

    def assertRefuses(self, node: RealNode) -> None:
        """It says that it is not ready, and that it cannot do what needs a majority."""
        wait_for(lambda: node.readiness().status != 200, why=f"{node.address} to be not ready")
        self.assertEqual(node.status(), "DOWN")
        answer = node.register("s", "10.0.9.9", ephemeral="false")
        self.assertIn(answer.status, (500, 503))
        # It may not have stepped down yet when the write comes, and lets its time run out then.
        self.assertRegex(answer.text, "leader|no majority")

    def assertGoesOn(self, nodes: list[RealNode], prefix: str) -> set[str]:
        """Writes at each of the nodes are acknowledged; their ips."""
        ips = {f"{prefix}.{number}" for number in range(1, len(nodes) + 1)}
        for node, ip in zip(nodes, sorted(ips), strict=True):
            self.assertOk(node.register("s", ip, ephemeral="false"))
        return ips

    def test_the_leader_is_cut_off(self) -> None:
        """The others elect one; the old one steps down and says so; united, all have everything."""
        nodes = self.network()
        old, others = nodes.leader(), nodes.followers()
        self.assertOk(old.register("s", "10.0.0.1", ephemeral="false"))
        self.assertEverywhere(nodes.nodes, "s", {"10.0.0.1"})
        nodes.cut_both_ways(old, others)
        self.assertRefuses(old)
        new = self.elected(others, old)
        ips = self.assertGoesOn(others, "10.0.1")
        self.assertOk(old.register("s", "10.0.2.1"))
        self.assertEqual(old.ips("s"), {"10.0.0.1", "10.0.2.1"})
        self.assertEqual(others[0].ips("s"), {"10.0.0.1"} | ips)
        for node in others:
            wait_for(lambda node=node: node.members()[old.address] != "UP")
        nodes.heal()
        nodes.wait_ready()
        self.assertEverywhere(nodes.nodes, "s", {"10.0.0.1", "10.0.2.1"} | ips)
        self.assertIs(nodes.leader(), new, "its return disturbs nobody")
        for node in nodes.nodes:
            wait_for(lambda node=node: set(node.members().values()) == {"UP"})

    def test_a_write_in_flight_at_a_leader_that_is_cut_off(self) -> None:
        """It is not acknowledged unless it is everywhere in the end."""
        nodes = self.network()
        old, others = nodes.leader(), nodes.followers()
        nodes.cut_both_ways(old, others)
        answer = old.register("s", "10.0.9.9", ephemeral="false")
        self.assertNotEqual(answer.text, "ok")
        self.assertIn(answer.status, (500, 503))
        self.assertNotIn("10.0.9.9", old.ips("s"))
        self.elected(others, old)
        ips = self.assertGoesOn(others, "10.0.1")
        nodes.heal()
        nodes.wait_ready()
        self.assertEverywhere(nodes.nodes, "s", ips)

    def test_a_follower_is_not_heard(self) -> None:
        """It hears the others but they do not hear it: it cannot disturb them, and tells that it is cut off."""
        nodes = self.network()
        leader, (mute, other) = nodes.leader(), nodes.followers()
        term = leader.raft()["term"]
        for node in (leader, other):
            nodes.cut(mute, node)
        self.assertRefuses(mute)
        ips = self.assertGoesOn([leader, other], "10.0.1")
        nodes.heal()
        nodes.wait_ready()
        self.assertEverywhere(nodes.nodes, "s", ips)
        self.assertIs(nodes.leader(), leader)
        self.assertEqual({node.raft()["term"] for node in nodes.nodes}, {term})

    def test_the_leader_hears_nobody(self) -> None:
        """It steps down, since no majority answers; the others elect one of them."""
        nodes = self.network()
        deaf, others = nodes.leader(), nodes.followers()
        for node in others:
            nodes.cut(node, deaf)
        self.assertRefuses(deaf)
        self.elected(others, deaf)
        ips = self.assertGoesOn(others, "10.0.1")
        nodes.heal()
        nodes.wait_ready()
        self.assertEverywhere(nodes.nodes, "s", ips)

    def test_two_do_not_hear_each_other(self) -> None:
        """The third hears both, so the leader stays; the one that does not reach it says so."""
        nodes = self.network()
        leader, (lost, other) = nodes.leader(), nodes.followers()
        term = leader.raft()["term"]
        nodes.cut_both_ways(leader, [lost])
        self.assertRefuses(lost)
        ips = self.assertGoesOn([leader, other], "10.0.1")
        time.sleep(2.5)  # longer than an election's timeout
        self.assertEqual((leader.raft()["term"], leader.raft()["state"]), (term, "LEADER"))
        self.assertTrue(other.ready())
        nodes.heal()
        nodes.wait_ready()
        self.assertEverywhere(nodes.nodes, "s", ips)
        self.assertIs(nodes.leader(), leader)

    def test_secret(self) -> None:
        """On a network the nodes must share a secret: without one a node does not start."""
        nodes = NetworkCluster()
        self.addCleanup(nodes.close)
        node = nodes.nodes[0]
        with open(f"{node.home}/conf/application.properties", "w"):
            pass
        self.assertNotEqual(node.start(check=False), 0)
        said = [line for line in node.output.splitlines() if line.startswith("ERROR ")]
        self.assertEqual(len(said), 1, node.output)
        self.assertIn("nacos.raft.secret", said[0])
        self.assertNotIn("Traceback", node.output)

    def test_another_secret(self) -> None:
        """A node that does not know the secret is not let in, and learns nothing."""
        nodes = NetworkCluster()
        self.addCleanup(nodes.close)
        stranger, *others = nodes.nodes
        with open(f"{stranger.home}/conf/application.properties", "w") as file:
            file.write("nacos.raft.secret=a-guess-at-the-real-one\n")
        for node in nodes.nodes:
            node.start()
        nodes.wait_ready(others)
        self.assertOk(others[0].register("s", "10.0.0.1"))
        self.assertNotEqual(stranger.readiness().status, 200)
        answer = stranger.request("GET", NAMING + "/instance/list", {"serviceName": "s"})
        self.assertEqual((answer.status, "10.0.0.1" in answer.text), (503, False))
        wait_for(lambda: others[0].members()[stranger.address] == "DOWN")
        self.assertEqual(stranger.request("GET", NAMING + "/operator/metrics").json["status"], "DOWN")
