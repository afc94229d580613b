"""
Many clients of 2.x on three real nodes, while those restart in turn, and while one is killed: as many as
C{NACOS_TW_FLEET} says, 200 without it, as a machine with two processors has enough to do with these.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from tests.system.clustered import Clustered
from tests.system.fleet import Fleet
from tests.system.nodes import RealCluster, RealNode

SERVICES, EACH = 10, int(os.environ.get("NACOS_TW_FLEET", "200")) // 10
GRACE = 120
"""Seconds; so long that a busy machine has connected everybody again by then."""


class FleetCase(Clustered):
    """Each client is given a list once a second, and by pushes."""

    nodes: RealCluster
    fleet: Fleet

    def connect(self) -> None:
        """All clients, which have their lists then."""
        self.fleet = Fleet(self.nodes.nodes, SERVICES, EACH)
        self.addCleanup(self.fleet.close)
        self.fleet.connect()
        self.fleet.run(self.fleet.settled, why="all to be registered")

    def meanwhile(self, does: Callable[[], object]) -> None:
        """The clients go on while something else is done."""
        failed: list[BaseException] = []

        def run() -> None:
            try:
                does()
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        self.fleet.run(lambda: not thread.is_alive(), why="the nodes")
        self.assertEqual(failed, [])

    def assertWhole(self) -> None:
        """All are registered, nobody was ever given a list that lacks one, no call has failed."""
        fleet = self.fleet
        fleet.run(fleet.settled, why="all to be registered again")
        lists = fleet.lists
        fleet.run(lambda: fleet.lists > lists + 2 * len(fleet.clients), why="all to ask again")
        self.assertEqual((fleet.lacking[:5], fleet.failures[:5]), ([], []))
        for node in self.nodes.nodes:
            for service, expected in fleet.expected.items():
                self.assertEqual(node.ips(service), expected)


class GrpcFleetTests(FleetCase):
    """No list may ever lack an instance, as all clients live."""

    def setUp(self) -> None:
        self.nodes = self.cluster(3, f"nacos.naming.client.grace={GRACE}\n")
        self.connect()
        self.fleet.required = self.fleet.all_of

    def test_rolling_restart(self) -> None:
        """Each node is stopped and started again."""

        def restart(node: RealNode) -> None:
            node.stop()
            node.start()
            self.nodes.wait_ready()

        for node in [*self.nodes.followers(), self.nodes.leader()]:
            self.meanwhile(lambda node=node: restart(node))  # type: ignore[misc]
            self.assertWhole()
        self.assertGreater(self.fleet.moved, 0)

    def test_node_is_killed(self) -> None:
        """The leader is killed, with all clients that it has."""
        leader = self.nodes.leader()
        port = leader.port + 1000

        def there() -> int:
            return sum(each.node[1] == port for each in self.fleet.clients)

        self.assertGreater(there(), SERVICES * EACH // 4)
        leader.kill()
        self.fleet.run(lambda: not there() and self.fleet.settled(), why="all to be registered elsewhere")

        def again() -> None:
            leader.start()
            self.nodes.wait_ready()

        self.meanwhile(again)
        self.assertWhole()
