"""Members that change, among faults: scenarios that have broken other implementations."""

from __future__ import annotations

from functools import partial

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.core import changes
from nacos_tw.raft.core.core import Core, Log
from nacos_tw.raft.core.leads import begins, first_config
from nacos_tw.raft.core.log import decode_config
from nacos_tw.raft.core.messages import CONFIG, Configuration, Entry, MemberRecord
from tests.raft.group import Group

ADDRESS = "10.0.0.4:8848"


class MembershipTests(SynchronousTestCase):
    """Groups of four or five."""

    def change(self, group: Group, config: Configuration) -> None:
        """Made by the leader, as soon as it may."""
        group.run_until(lambda group: group.leaders and group.core(group.leader).leading.settled)  # type: ignore[union-attr]
        at = group.act(group.leader, partial(Core.propose_config, config=config, now=group.now))
        self.assertIsNotNone(at)

    def test_removed_node_that_campaigns(self) -> None:
        """It was cut off when it was removed, does not know it, and disturbs nobody when it is back."""
        group = Group("ABCD", 3)
        group.run_until(Group.settled)
        leader = group.leader
        gone = next(name for name in "ABCD" if name != leader)
        group.isolate(gone, notice=True)
        self.change(group, changes.removed(group.core(leader).config, gone))
        group.run(3.0)
        term = group.core(leader).term
        group.heal()
        group.run(20.0)
        self.assertEqual((group.leaders, group.core(leader).term), ([leader], term))
        self.assertIn(gone, group.core(gone).config.voters)

    def test_longer_log_against_higher_term(self) -> None:
        """
        A change of the members stands in the longer log of one candidate, and another one has the higher term
        (openraft #1796): the pre-vote of one of them succeeds.
        """
        for seed in range(30):
            group = Group("ABCD", seed, spares="E")
            group.run_until(Group.settled)
            first = group.leader
            others = [name for name in "ABCD" if name != first]
            group.split([first, others[0]])  # the change reaches one other, and is not committed
            group.start("E")
            group.act(
                first,
                partial(Core.propose_config, config=changes.added(group.config, MemberRecord("E")), now=group.now),
            )
            for number in range(5):
                group.propose(first, b"%d" % number)
            group.run(0.1)
            group.crash(first)
            group.run(4.0)
            group.heal()
            group.run_until(lambda group: group.leaders, 20.0)
            group.finish()

    def test_learner_survives_snapshot_and_restart(self) -> None:
        """With all that is known of it, and that it is to be promoted."""
        group = Group("ABC", 5, spares="D")
        group.run_until(Group.settled)
        record = MemberRecord("D", "id", ADDRESS, "10.0.0.4:7848")
        wanted = changes.added(changes.noted(group.config, MemberRecord("A", "a")), record, joins=True)
        self.change(group, wanted)
        for number in range(3):
            group.propose(group.leader, b"%d" % number)
        group.run(1.0)
        for name in "ABC":
            self.assertTrue(group.snapshot(name))
            group.crash(name)
            group.start(name)
            self.assertEqual(group.core(name).config, wanted)
        group.run_until(lambda group: group.leaders)
        group.start("D")
        group.run_until(lambda group: group.leaders and "D" in group.core(group.leader).config.voters)
        config = group.core(group.leader).config
        self.assertEqual((config.learners, config.joining, config.record("D")), ((), (), record))
        group.finish()

    def test_snapshot_with_a_configuration_that_the_log_has_no_longer(self) -> None:
        """One that was away gets it with the snapshot, twice in quick succession, and goes by it."""
        group = Group("ABCD", 7)
        group.run_until(Group.settled)
        leader = group.leader
        away, gone = [name for name in "ABCD" if name != leader][:2]
        group.crash(away)
        self.change(group, changes.removed(group.core(leader).config, gone))
        group.run(0.5)
        for number in range(4):
            group.propose(leader, b"%d" % number)
            group.run(0.5)
            self.assertTrue(group.snapshot(leader))
        self.assertIsNone(group.core(leader).log.entry(2))
        group.start(away)
        group.run_until(lambda group: group.core(leader).sending_snapshot)
        group.propose(leader, b"more")
        group.run(0.05)
        group.snapshot(leader)  # the one that is being sent exists no longer
        group.run_until(lambda group: group.core(away).commit == group.core(leader).commit)
        self.assertEqual(group.core(away).config, group.core(leader).config)
        self.assertEqual([record.name for record in group.core(away).config.removed], [gone])
        group.finish()

    def test_ring_of_majorities(self) -> None:
        """Each of five hears its two neighbours only: writes go on, or come back, and nothing contradicts itself."""
        for seed in range(10):
            group = Group("ABCDE", seed)
            group.run_until(Group.settled)
            for at, one in enumerate("ABCDE"):
                for other in ("ABCDE"[(at + 2) % 5], "ABCDE"[(at + 3) % 5]):
                    group.cut(one, other)
            for number in range(20):
                for leader in group.leaders:
                    group.propose(leader, b"%d" % number)
                group.run(1.0)
            self.assertTrue(group.acked)
            group.finish()

    def test_empty_node_in_the_place_of_a_lost_one(self) -> None:
        """A member that lost its disk is taken out and in by one entry, and is a voter when it has everything."""
        group = Group("ABC", 9)
        group.run_until(Group.settled)
        leader = group.leader
        lost = next(name for name in "ABC" if name != leader)
        group.crash(lost)
        self.change(group, changes.replaced(group.core(leader).config, lost, MemberRecord(lost, "new")))
        config = group.core(leader).config
        self.assertEqual((len(config.voters), config.learners, config.joining), (2, (lost,), (lost,)))
        group.renew(lost)
        group.run_until(lambda group: lost in group.core(leader).config.voters)
        group.finish()


class RecordTests(SynchronousTestCase):
    """What stands in the log about members, and what older versions make of it."""

    def test_older_versions(self) -> None:
        """They read voters and learners, and the lead of the first entry; theirs are read here."""

        class Before(msgspec.Struct, frozen=True, array_like=True):
            voters: tuple[str, ...]
            learners: tuple[str, ...] = ()

        class FirstBefore(msgspec.Struct, array_like=True):
            voters: tuple[str, ...]
            learners: tuple[str, ...]
            lead: int

        encode, decode = msgspec.msgpack.encode, msgspec.msgpack.decode
        config = changes.added(Configuration(("A", "B")), MemberRecord("C", "id", ADDRESS, ""), joins=True)
        self.assertEqual(decode(encode(config), type=Before), Before(("A", "B"), ("C",)))
        self.assertEqual(decode(first_config(config, 7), type=FirstBefore).lead, 7)
        self.assertRaises(msgspec.DecodeError, decode, encode(config), type=FirstBefore)  # it begins no lead
        self.assertEqual(decode_config(encode(Before(("A",), ("B",)))), Configuration(("A",), ("B",)))
        self.assertEqual(decode_config(encode((("A",), (), 9))), Configuration(("A",)))

    def test_lead_is_the_first_entrys(self) -> None:
        """A configuration that is made of it begins none."""
        log = Log(None, [Entry(1, 1, CONFIG, first_config(Configuration(("A", "B")), 7))])
        assert log.config is not None
        self.assertEqual((log.leads.at(1), log.config), (7, Configuration(("A", "B"))))
        next_one = Entry(2, 1, CONFIG, msgspec.msgpack.encode(changes.promoted(log.config, "C")))
        self.assertIsNone(begins(next_one))

    def test_changes(self) -> None:
        """Each differs by one voter at most, and remembers who went."""
        config = Configuration(("A", "B", "C"), members=tuple(MemberRecord(name, name.lower()) for name in "ABC"))
        joined = changes.added(config, MemberRecord("D", "d"), joins=True)
        self.assertEqual((joined.voters, joined.learners, joined.joining), (config.voters, ("D",), ("D",)))
        voter = changes.promoted(joined, "D")
        self.assertEqual((voter.voters, voter.learners, voter.joining), (("A", "B", "C", "D"), (), ()))
        learner = changes.demoted(voter, "A")
        self.assertEqual((learner.voters, learner.learners), (("B", "C", "D"), ("A",)))
        without = changes.removed(learner, "A")
        self.assertEqual((without.names, without.removed), (("B", "C", "D"), (MemberRecord("A", "a"),)))
        self.assertEqual(changes.added(without, MemberRecord("A", "a")).removed, ())
        self.assertEqual(changes.added(without, MemberRecord("A")).removed, without.removed)
        anew = changes.replaced(config, "B", MemberRecord("B", "b2"))
        self.assertEqual((anew.voters, anew.learners, anew.joining), (("A", "C"), ("B",), ("B",)))
        self.assertEqual((anew.record("B").id, anew.removed), ("b2", (MemberRecord("B", "b"),)))
