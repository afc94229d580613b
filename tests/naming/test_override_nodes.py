"""What operators change of clients' instances, on three whole Raft parts."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.naming.commands import OVERRIDES, MetadataBatch, Patch, RemoveService, Target
from nacos_tw.naming.expirer import CLIENT_GRACE
from nacos_tw.naming.frozen import pieces
from tests.naming.building import P1, register
from tests.naming.client_nodes import ClientNodes


def off(ip: str = "a") -> Patch:
    """An operator takes an instance out of service."""
    return Patch(P1, "DEFAULT", ip, 8080, enabled=False)


class Case(SynchronousTestCase):
    """A cluster whose members all know overrides."""

    level = OVERRIDES

    def setUp(self) -> None:
        self.nodes = ClientNodes()
        self.nodes.level = dict.fromkeys("ABC", self.level)
        self.nodes.run(1.5)
        self.leader = self.nodes.leader
        self.follower, self.other = [name for name in self.nodes.names if name != self.leader]

    def edit(self, name: str, command: Any) -> Any:
        return self.nodes.done(self.nodes.namings[name].edit(command))

    def assertEnabled(self, enabled: bool, *names: str, ip: str = "a") -> None:
        self.nodes.run(0.5)
        for name in names or self.nodes.up:
            instance = self.nodes.instance(name, ip)
            assert instance is not None, name
            self.assertEqual(instance.enabled, enabled, name)

    def assertAlike(self) -> None:
        """All nodes hold the same."""
        found = {tuple(sorted(pieces(self.nodes.namings[name].registry))) for name in self.nodes.up}
        self.assertEqual(len(found), 1)


class MajorityTests(Case):
    """With one, and without."""

    def test_taken_over_at_another_node(self) -> None:
        """A node dies, its client goes elsewhere: within the grace, and after it."""
        self.nodes.publish(self.follower, "c1", "a")
        self.edit(self.other, off())
        self.assertEnabled(False)
        self.nodes.crash(self.follower)
        self.nodes.publish(self.other, "c2", "a", weight=3.0)
        self.assertEnabled(False)
        self.nodes.clients[self.other].ended("c2")
        self.nodes.run(CLIENT_GRACE + 5.0)
        self.assertIsNone(self.nodes.instance(self.leader, "a"))
        self.nodes.publish(self.leader, "c3", "a")
        self.assertEnabled(False)
        self.nodes.start(self.follower)
        self.nodes.run(3.0)
        self.assertEnabled(False)
        self.assertAlike()

    def test_forgotten(self) -> None:
        """A minute after it went, by whoever leads."""
        self.nodes.publish(self.follower, "c1", "a")
        self.edit(self.follower, off())
        self.nodes.clients[self.follower].ended("c1")
        self.nodes.run(40.0)
        self.nodes.crash(self.leader)
        self.nodes.elect()
        self.nodes.run(40.0)
        self.nodes.publish(self.other, "c2", "a")
        self.assertEnabled(False, self.follower, self.other)
        self.nodes.clients[self.other].ended("c2")
        self.nodes.start(self.leader)
        self.nodes.run(70.0)
        self.nodes.publish(self.other, "c3", "a")
        self.assertEnabled(True)
        self.assertAlike()

    def test_without_a_majority(self) -> None:
        """What is shown provisionally has what was known last laid over; it is so when the leader has it, too."""
        self.nodes.publish(self.follower, "c1", "a")
        batch = MetadataBatch(P1, "", [Target("a", 8080)], {"x": "1"})
        for command in (off(), batch):
            self.edit(self.leader, command)
        self.nodes.run(0.5)
        left = self.nodes.lose_majority()
        self.nodes.publish(left, "c2", "a", "b", metadata={"v": "1"})
        self.assertEqual(len(self.nodes.namings[left].provisional), 1)
        self.assertEnabled(False, left)
        self.assertEnabled(True, left, ip="b")
        instance = self.nodes.instance(left, "a")
        assert instance is not None
        self.assertEqual(instance.metadata, {"v": "1", "x": "1"})
        self.nodes.quiet()
        self.assertEnabled(False)
        self.assertEnabled(True, ip="b")
        self.assertAlike()

    def test_service_removed(self) -> None:
        """Its client's node brings the instance again, and nothing is laid over it any more."""
        self.nodes.publish(self.follower, "c1", "a")
        self.edit(self.follower, off())
        self.nodes.done(self.nodes.namings[self.leader].change(RemoveService(P1)))
        self.nodes.run(7.0)
        self.assertEnabled(True)
        self.assertAlike()


class UpgradeTests(Case):
    """Members that do not know overrides yet."""

    level = 6

    def test_as_before(self) -> None:
        """A change is lost by the next registration, on all nodes alike."""
        self.nodes.publish(self.follower, "c1", "a")
        self.edit(self.leader, off())
        self.assertEnabled(False)
        self.nodes.publish(self.follower, "c1", "a")
        self.assertEnabled(True)
        self.assertEqual([naming.registry.level for naming in self.nodes.namings.values()], [1, 1, 1])

    def test_once_all_know(self) -> None:
        """The first change of a cluster that has clients says so, for good: it does not matter who is away later."""
        self.nodes.level = dict.fromkeys("ABC", OVERRIDES)
        self.nodes.done(self.nodes.namings["A"].register(register("b")))
        self.edit("A", off("b"))
        self.nodes.run(0.5)
        self.assertLess(self.nodes.namings["A"].registry.level, OVERRIDES)
        for way in ("edit", "put"):
            self.setUp()
            self.nodes.level = dict.fromkeys("ABC", OVERRIDES)
            self.nodes.publish(self.follower, "c1", "a")
            naming = self.nodes.namings[self.follower]
            self.nodes.done(
                naming.edit(off()) if way == "edit" else naming.put(register("a", enabled=False, edit=True))
            )
            self.nodes.level["B"] = 0
            self.nodes.publish(self.follower, "c1", "a")
            self.assertEnabled(False)
            self.assertEqual([each.registry.level for each in self.nodes.namings.values()], [OVERRIDES] * 3)

    def test_put_without_a_majority(self) -> None:
        """It is taken provisionally all the same."""
        self.nodes.publish(self.follower, "c1", "a")
        self.nodes.level = dict.fromkeys("ABC", OVERRIDES)
        self.nodes.run(0.5)
        left = self.nodes.lose_majority()
        self.nodes.done(self.nodes.namings[left].put(register("b", edit=True)))
        self.assertIn("b", self.nodes.ips(left))
