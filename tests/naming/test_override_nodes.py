"""What operators change of clients' instances, on three whole Raft parts."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.naming.commands import OVERRIDES, MetadataBatch, Patch, RemoveService, Target
from nacos_tw.naming.expirer import CLIENT_GRACE
from nacos_tw.naming.frozen import pieces
from tests.naming.building import P1, register
from tests.naming.client_nodes import ClientNodes
from tests.naming.test_client_lives import BROUGHT, SETTLING, STEP, World


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


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.integers(0, 2), st.none()),
        st.tuples(st.just("edit"), st.integers(0, 2), st.none()),
        st.tuples(st.just("publish"), st.none(), st.none()),
        st.tuples(st.just("move"), st.integers(0, 2), st.none()),
        st.tuples(st.just("crash"), st.integers(0, 2), st.floats(0.0, 10.0)),
        st.tuples(st.just("cut"), st.integers(0, 2), st.floats(0.0, 25.0)),
        st.tuples(st.just("election"), st.none(), st.none()),
        st.tuples(st.just("wait"), st.floats(0.0, 10.0), st.none()),
    ),
    min_size=1,
    max_size=12,
)


class EditedWorld(World):
    """
    An operator gives the instance of a process one weight after the other.

    @ivar given: the weight of each change that was asked for; C{acknowledged}: the last one that was acknowledged.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.nodes.level = dict.fromkeys(self.nodes.names, OVERRIDES)
        self.given: list[float] = []
        self.acknowledged: list[float] = []
        self.wants(0, {"a"})
        self.run(2.0)

    def do_edit(self, who: int, _: None) -> None:
        name = self.nodes.names[who]
        if name not in self.nodes.up:
            return
        weight = 2.0 + len(self.given)
        self.given.append(weight)
        done = self.nodes.namings[name].edit(Patch(P1, "DEFAULT", "a", 8080, weight=weight))
        done.addCallbacks(lambda result: self.acknowledged.append(weight), lambda failure: None)

    def do_publish(self, _: None, __: None) -> None:
        self.publish(0)

    def do_move(self, who: int, _: None) -> None:
        self.move(0, self.nodes.names[who])

    def do_crash(self, who: int, seconds: float) -> None:
        self.crash(self.nodes.names[who], seconds)

    def do_cut(self, who: int, seconds: float) -> None:
        self.isolate(self.nodes.names[who], seconds)

    def do_election(self, _: None, __: None) -> None:
        self.election()

    def do_wait(self, seconds: float, _: None) -> None:
        self.run(seconds)


class LivesTests(SynchronousTestCase):
    """A client that registers again and again, at this node and that, while nodes die and are cut off."""

    @settings(max_examples=40)
    @given(ACTIONS, st.integers(0, 1000))
    def test_no_change_is_lost(self, actions: list[Any], seed: int) -> None:
        """
        In the end all nodes show the weight of an operator's last acknowledged change, or of one of which nobody knows
        whether it was made; the client's own only if there was none.
        """
        world = EditedWorld(seed)
        for action, who, what in actions:
            getattr(world, f"do_{action}")(who, what)
            world.run(STEP)
        world.run(2 * SETTLING + BROUGHT)
        world.nodes.quiet()
        acknowledged = set(world.acknowledged)
        possible = {weight for weight in world.given if weight not in acknowledged}
        possible.add(world.acknowledged[-1] if acknowledged else 1.0)
        for name in world.nodes.up:
            instance = world.nodes.instance(name, "a")
            assert instance is not None
            self.assertIn(instance.weight, possible, (name, world.given, world.acknowledged))
        states = [sorted(pieces(world.nodes.namings[name].registry)) for name in world.nodes.up]
        self.assertEqual(states[1:], states[:-1])
