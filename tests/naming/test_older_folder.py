"""
Logs and snapshots that older versions wrote.

C{folders/raft-97cbf74.tar.gz} is C{data/raft} of a node that stood alone, of the commit before there were clients of
2.x in the registry. It was asked over HTTP: to create the service C{empty}; to register instances of C{orders}, one of
them to be removed again, and a persistent one of C{stored}; to set the checker of that one's cluster to NONE, and the
switch C{pushEnabled} to false; to save a snapshot. After that: to register one of C{later} with a C{snowflake} id, to
change the first one of C{orders}, to set the stored one unhealthy, and to take a full beat of C{beating}.

C{folders/raft-34ed37c.tar.gz} is that of the last commit before there were overrides. Two clients of gRPC registered
instances of C{orders}; an operator changed the first one's weight, state and metadata after its registration, and put
C{k=1} into both; a snapshot was saved. After that the second one's weight and state were changed, and the first client
registered its instance again, which took the change away.
"""

from __future__ import annotations

import random
import tarfile
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.naming.commands import OVERRIDES, Level, Patch, encode
from nacos_tw.naming.machine import NAME, NamingMachine
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.registry import Registry
from nacos_tw.raft.disk.opening import open_store
from nacos_tw.raft.disk.writer import DirectWriter
from nacos_tw.raft.node import RaftNode
from nacos_tw.raft.options import NodeOptions
from nacos_tw.raft.sessions import Machines
from tests.naming.test_client_commands import publish

FOLDERS = Path(__file__).parent / "folders"
ORDERS: ServiceKey = ("public", "DEFAULT_GROUP@@orders")
STORED: ServiceKey = ("dev", "db@@stored")


class Case(SynchronousTestCase):
    """L{Registry} after a start from one of them."""

    name: str

    def setUp(self) -> None:
        place = Path(self.mktemp())
        with tarfile.open(FOLDERS / self.name) as archive:
            archive.extractall(place, filter="data")
        self.folder = str(place / "raft")

    def start(self) -> tuple[Registry, RaftNode]:
        """What a node has applied once it leads."""
        registry, self.clock = Registry(), Clock()
        clock = self.clock
        clock.rightNow = 1000.0
        store = open_store(self.folder, "standalone", alone=True)
        options = NodeOptions("standalone", ("standalone",), self.folder)
        machines = Machines({NAME: NamingMachine(registry)})
        node = RaftNode(options, store, DirectWriter(store), machines, clock, random.Random(0), clock.seconds)
        node.start()
        clock.pump([0.25] * 20)
        self.addCleanup(store.close)
        self.addCleanup(node.stop)
        self.assertEqual(node.reason(), "")
        return registry, node

    def without_snapshot(self) -> None:
        """Only the log is left."""
        (snapshot,) = Path(self.folder).glob("*.snap")
        snapshot.unlink()


class OlderFolderTests(Case):
    """Before there were clients."""

    name = "raft-97cbf74.tar.gz"

    def check(self, registry: Registry) -> None:
        """All that was asked for is there."""
        shown: dict[ServiceKey, Any] = {
            key: sorted(
                (each.ip, each.cluster, each.ephemeral, each.weight, each.enabled, each.healthy, each.metadata)
                for each in (*service.ephemeral.values(), *service.persistent.values())
            )
            for key, service in registry.services.items()
        }
        self.assertEqual(
            shown,
            {
                ("public", "DEFAULT_GROUP@@empty"): [],
                ORDERS: [
                    ("10.0.0.1", "DEFAULT", True, 3.0, True, True, {"zone": "z2"}),
                    ("10.0.0.2", "c2", True, 1.0, False, True, {}),
                ],
                STORED: [("10.0.0.3", "DEFAULT", False, 1.0, True, False, {})],
                ("public", "DEFAULT_GROUP@@later"): [
                    ("10.0.0.4", "DEFAULT", True, 1.0, True, True, {"preserved.instance.id.generator": "snowflake"})
                ],
                ("public", "DEFAULT_GROUP@@beating"): [("10.0.0.5", "DEFAULT", True, 1.0, True, True, {})],
            },
        )
        empty = registry.services["public", "DEFAULT_GROUP@@empty"]
        self.assertEqual((empty.protect_threshold, empty.metadata), (0.5, {"a": "b"}))
        self.assertEqual(type(registry.services[STORED].clusters["DEFAULT"].checker).__name__, "Unchecked")
        later = registry.services["public", "DEFAULT_GROUP@@later"].ephemeral["DEFAULT", "10.0.0.4", 8081]
        self.assertEqual(later.instance_id, "0")
        (stored,) = registry.services[STORED].persistent.values()
        self.assertEqual(stored.given_id, "")
        self.assertFalse(registry.agreed_switches.push_enabled)
        self.assertEqual((registry.clients, registry.level), ({}, 0))
        self.assertEqual(sorted(registry.leases()), [1, 2, 5, 6])

    def test_snapshot_and_log(self) -> None:
        """As a node starts."""
        self.check(self.start()[0])

    def test_log_alone(self) -> None:
        """Every entry from the first one on."""
        self.without_snapshot()
        self.check(self.start()[0])

    def test_goes_on(self) -> None:
        """The numbers go on, and it is saved in today's form."""
        registry, node = self.start()
        self.successResultOf(node.take_snapshot())
        published = node.propose(NAME + encode(publish("10.0.0.1", service=ORDERS)))
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(published), 7)
        again = Registry()
        again.restore(registry.snapshot())
        instance = again.services[ORDERS].ephemeral["DEFAULT", "10.0.0.1", 8080]
        self.assertEqual((instance.number, instance.client), (1, 7))


class BeforeOverridesTests(Case):
    """Clients, and changes by operators that their next registrations took away."""

    name = "raft-34ed37c.tar.gz"

    def check(self, registry: Registry) -> None:
        """As that version answered."""
        shown = {
            each.ip: (each.weight, each.enabled, each.metadata, each.client)
            for each in registry.services[ORDERS].ephemeral.values()
        }
        first, second = registry.clients_by_number
        wanted = {"10.0.0.1": (1.0, True, {"v": "3"}, first), "10.0.0.2": (5.0, False, {"v": "2", "k": "1"}, second)}
        self.assertEqual(shown, wanted)
        self.assertEqual((registry.services[ORDERS].overrides, registry.kept, registry.level), ({}, {}, 0))

    def test_snapshot_and_log(self) -> None:
        """As a node starts; what is changed from then on is kept."""
        registry, node = self.start()
        self.check(registry)
        change = Patch(ORDERS, "DEFAULT", "10.0.0.2", 8080, metadata={"x": "1"})
        for command in (Level(OVERRIDES), change, publish("10.0.0.2", client="new", service=ORDERS, weight=7.0)):
            done = node.propose(NAME + encode(command))
            self.clock.advance(0)
            self.successResultOf(done)
        self.successResultOf(node.take_snapshot())
        again = Registry()
        again.restore(registry.snapshot())
        instance = again.services[ORDERS].ephemeral["DEFAULT", "10.0.0.2", 8080]
        self.assertEqual((instance.weight, instance.enabled, instance.metadata), (7.0, True, {"x": "1"}))

    def test_log_alone(self) -> None:
        """Every entry from the first one on."""
        self.without_snapshot()
        self.check(self.start()[0])
