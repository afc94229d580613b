"""What a leader does with members by itself."""

from __future__ import annotations

from functools import partial

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.autopilot import FORGOTTEN, Autopilot, Facts, Rules
from nacos_tw.raft.core import changes
from nacos_tw.raft.core.core import Core
from nacos_tw.raft.core.messages import Configuration, MemberRecord
from tests.raft.group import Group
from tests.raft.steering import Steering

RULES = Rules(stable=10.0, dead_after=60.0, least=3)


def record(name: str) -> MemberRecord:
    return MemberRecord(name, name.lower(), f"{name}:8848", f"{name}:7848")


def of(names: str, learners: str = "", proving: str = "") -> Configuration:
    known = tuple(map(record, names + learners))
    return Configuration(tuple(names), tuple(learners), members=known, proving=tuple(proving))


class AutopilotTests(SynchronousTestCase):
    """A leads."""

    def setUp(self) -> None:
        self.pilot = Autopilot(RULES)
        self.dead: set[str] = set()
        self.behind: set[str] = set()
        self.named: set[str] | None = None

    def at(self, now: float, config: Configuration) -> Configuration | None:
        facts = Facts("A", lambda name: name not in self.dead, lambda name: name not in self.behind, self.named)
        found = self.pilot.next(config, facts, now)
        return None if found is None else found[0]

    def test_nothing_to_do(self) -> None:
        """A whole cluster stays as it is, and a learner that an operator added stays one."""
        for now in range(0, 1000, 10):
            self.assertIsNone(self.at(now, of("ABC", "D")))

    def test_arrival(self) -> None:
        """A node that has proved itself becomes a learner, and a voter when it was well and near for long enough."""
        self.pilot.announced(record("D"), 0.0)
        joined = self.at(1.0, of("ABC"))
        assert joined is not None
        self.assertEqual((joined.learners, joined.proving, joined.voters), (("D",), ("D",), tuple("ABC")))
        self.assertIsNone(self.at(2.0, joined))
        self.dead.add("D")
        self.assertIsNone(self.at(11.0, joined))
        self.dead.clear()
        self.assertIsNone(self.at(12.0, joined))  # it begins anew
        self.assertIsNone(self.at(21.0, joined))
        self.behind.add("D")
        self.assertIsNone(self.at(22.0, joined))
        self.behind.clear()
        promoted = self.at(22.5, joined)
        assert promoted is not None
        self.assertEqual((promoted.voters, promoted.learners, promoted.proving), (tuple("ABCD"), (), ()))

    def test_another_leader(self) -> None:
        """It finds in the log who is to be promoted, and counts anew."""
        config = of("ABC", "D", "D")
        self.assertIsNone(self.at(0.0, config))
        self.pilot.resigned()
        self.assertIsNone(self.at(100.0, config))
        self.assertIsNone(self.at(109.0, config))
        self.assertIsNotNone(self.at(110.0, config))

    def test_who_is_not_taken_in(self) -> None:
        """A node at a member's place, with a member's id, that is silent again, or that DNS does not name."""
        for refused in (
            MemberRecord("E", "b", "E:8848", "E:7848"),
            MemberRecord("E", "e", "B:8848", "E:7848"),
            MemberRecord("E", "e", "E:8848", "B:7848"),
        ):
            self.pilot.announced(refused, 0.0)
            self.assertIsNone(self.at(0.0, of("ABC")), refused)
        self.pilot.announced(record("F"), 0.0)
        self.assertIsNone(self.at(FORGOTTEN + 1, of("ABC")))
        self.named = {"A:8848", "B:8848", "C:8848"}
        self.pilot.announced(record("F"), 20.0)
        self.assertIsNone(self.at(20.0, of("ABC")))
        self.named.add("F:8848")
        self.assertIsNotNone(self.at(21.0, of("ABC")))

    def removed(self, config: Configuration, dead: str) -> tuple[str, ...] | None:
        """Who is left when those were dead for long enough."""
        self.pilot.resigned()
        self.dead = set(dead)
        self.assertIsNone(self.at(0.0, config))
        self.assertIsNone(self.at(59.0, config))
        found = self.at(60.0, config)
        return None if found is None else found.names

    def test_burial(self) -> None:
        """The dead go, while three voters and a healthy majority of them stay."""
        self.assertEqual(self.removed(of("ABCD"), "D"), tuple("ABC"))
        self.assertIsNone(self.removed(of("ABC"), "C"))  # two would be left
        self.assertEqual(self.removed(of("ABC", "D"), "D"), tuple("ABC"))
        first = self.removed(of("ABCDE"), "DE")
        self.assertEqual(first, tuple("ABCE"))
        self.assertEqual(self.removed(of("ABCE"), "E"), tuple("ABC"))
        self.named = {"D:8848"}
        self.assertIsNone(self.removed(of("ABCD"), "D"))  # DNS still names it: it is being started

    def test_never(self) -> None:
        """Without a time nobody goes."""
        self.pilot = Autopilot(Rules(dead_after=0.0))
        self.dead = {"D"}
        for now in range(0, 100_000, 1000):
            self.assertIsNone(self.at(now, of("ABCD")))

    def test_older_readers(self) -> None:
        """What is said of learners goes with them."""
        config = changes.added(of("ABC"), record("D"), proves=True)
        self.assertEqual(changes.removed(config, "D").proving, ())
        self.assertEqual(changes.promoted(config, "D").proving, ())
        self.assertEqual(changes.replaced(config, "D", record("E")).joining, ("E",))


class SimulatedTests(SynchronousTestCase):
    """Whole groups."""

    def test_dead_member_is_replaced(self) -> None:
        """One dies for good and another one comes, while leaders are cut off: in the end three voters are left that
        live, and nothing that was acknowledged is lost."""
        for seed in range(4):
            group = Group("ABC", seed, spares="D")
            group.run_until(Group.settled)
            Steering(group, Rules(2.0, 8.0, 3))
            dead = next(name for name in "ABC" if name != group.leader)
            group.crash(dead)
            group.start("D")
            wanted = set("ABCD") - {dead}

            def whole(group: Group, wanted: set[str] = wanted) -> bool:
                return bool(group.leaders) and set(group.core(group.leader).config.voters) == wanted

            for number in range(12):
                for leader in group.leaders:
                    group.propose(leader, b"%d" % number)
                if number in (4, 8):
                    for leader in group.leaders:
                        group.isolate(leader, notice=True)
                group.run(2.0)
                group.heal()
            group.run_until(whole, 120.0)
            self.assertTrue(group.acked)
            group.finish()

    def test_held(self) -> None:
        """Nodes that wait for others to begin with vote for nobody, but follow whoever has begun."""
        group = Group("ABC", 1)
        for name in "ABC":
            group.core(name).must_wait = True
        group.run(10.0)
        self.assertEqual((group.leaders, {group.core(name).term for name in "ABC"}), ([], {0}))
        for name in "AB":
            core = group.core(name)
            group.act(name, partial(Core.found, config=core.wanted, must_wait=False, now=group.now))
        group.run_until(Group.settled)
        self.assertIn(group.leader, "AB")
        self.assertTrue(group.core("C").must_wait)
        group.crash(group.leader)  # with what it holds in its log the third one votes
        group.run_until(lambda group: bool(group.leaders), 60.0)
