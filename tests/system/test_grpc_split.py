"""Many clients of 2.x on three real nodes, of which one is cut off from the others."""

from __future__ import annotations

from tests.system.fleet import Client
from tests.system.network import NetworkCluster
from tests.system.nodes import wait_for
from tests.system.test_grpc_fleet import FleetCase


class GrpcSplitTests(FleetCase):
    """On a network that is cut: a list has at least the instances of those whose nodes hear each other."""

    def setUp(self) -> None:
        self.nodes = nodes = NetworkCluster()
        self.addCleanup(nodes.close)
        nodes.start()
        self.network = nodes
        self.connect()

    def test_leader_is_cut_off(self) -> None:
        """
        For longer than the grace. The others go on without its clients, which it goes on showing; united, everybody
        has everything again, and no client has done anything for that.
        """
        old, others = self.nodes.leader(), self.nodes.followers()
        alone = (old.host, old.port + 1000)
        sides = {
            (client.service, client.node == alone): {
                each.ip for each in self.fleet.clients
                if each.service == client.service and (each.node == alone) == (client.node == alone)
            }
            for client in self.fleet.clients
        }  # fmt: skip

        def of_its_side(client: Client) -> set[str]:
            return sides[client.service, client.node == alone]

        connected = self.fleet.connected
        self.fleet.required = of_its_side
        self.network.cut_both_ways(old, others)

        def given_up() -> None:
            for node in others:
                for service, _ in sides:
                    wait_for(
                        lambda node=node, service=service: node.ips(service) == sides[service, False],  # type: ignore[misc]
                        why="the others to give up the clients of the node that is cut off",
                    )

        self.meanwhile(given_up)
        for service, _ in sides:
            self.assertLessEqual(sides[service, True], old.ips(service))
        self.network.heal()
        self.meanwhile(self.nodes.wait_ready)
        self.assertWhole()
        self.fleet.required = self.fleet.all_of
        self.assertWhole()
        self.assertEqual(self.fleet.connected, connected, "nobody had to connect again")
