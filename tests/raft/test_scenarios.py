"""What readers of Raft's descriptions ask, each as a story of a few nodes."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.core.core import Role
from tests.raft.group import Group


def elect(group: Group, name: str) -> None:
    """Make a node the leader of a group that has none, or another."""
    group.run_until(lambda group: len(group.leaders) == 1)
    if group.leader != name:
        group.run(0.3)
        group.act(group.leader, lambda core: core.transfer(name, group.now))
        group.run_until(lambda group: group.leaders == [name])
    group.run(0.3)


def data(group: Group, name: str) -> list[bytes]:
    """The commands that a node has applied."""
    applied = group.members[name].applied
    return [group.checks.log[index][1] for index in range(1, applied + 1) if group.checks.log[index][1].isalpha()]


class FiveNodesTests(SynchronousTestCase):
    """Five nodes A to E, A leads."""

    def five(self) -> Group:
        """A leads, all are level."""
        group = Group("ABCDE")
        elect(group, "A")
        return group

    def test_b_and_c_have_the_entry_a_and_b_die(self) -> None:
        """The entry is committed, so D and E, which lack it, may not lead: C must."""
        for seed in range(20):
            group = self.five()
            group.random.seed(seed)
            for name in "DE":
                for other in "ABC":
                    group.cut(name, other)
            self.assertIsNotNone(group.propose("A", b"entry"))
            group.run_until(lambda group: data(group, "A") == [b"entry"])
            group.crash("A")
            group.crash("B")
            group.heal()
            group.run_until(lambda group: group.leaders, 20)
            self.assertEqual(group.leaders, ["C"])
            group.run(0.3)
            for name in "CDE":
                self.assertEqual(data(group, name), [b"entry"])

    def only_b(self) -> Group:
        """Only B got A's last entry, then A died; its caller got an error."""
        group = self.five()
        for name in "CDE":
            group.cut("A", name)
        group.propose("A", b"entry")
        group.run(0.1)
        self.assertEqual(group.core("B").last_index, group.core("C").last_index + 1)
        self.assertEqual(data(group, "A"), [])
        group.crash("A")
        group.heal()
        return group

    def test_only_b_has_the_entry_and_it_is_committed_later(self) -> None:
        """When B leads next, its copy is committed with B's term."""
        group = self.only_b()
        for name in "CDE":
            group.act(name, lambda core: setattr(core, "deadline", group.now + 9))
        group.run_until(lambda group: group.leaders == ["B"])
        group.run(0.5)
        self.assertEqual([data(group, name) for name in "BCDE"], [[b"entry"]] * 4)
        group.finish()

    def test_only_b_has_the_entry_and_it_is_overwritten(self) -> None:
        """When another leads while B is cut off, B's copy goes when it returns. Nobody was told it was there."""
        group = self.only_b()
        group.isolate("B")
        group.run_until(lambda group: group.leaders)
        group.propose(group.leader, b"other")
        group.run(0.5)
        group.heal()
        group.start("A")
        group.finish()
        self.assertEqual([data(group, name) for name in "ABCDE"], [[b"other", b"last"]] * 5)

    def test_minority_does_not_commit(self) -> None:
        """Two of five cannot; the three others elect a leader and can. There is never a split brain."""
        group = self.five()
        term = group.core("A").term
        group.split("AB")
        group.propose("A", b"lost")
        group.run(4)
        self.assertEqual(len(group.leaders), 1)
        self.assertIn(group.leader, "CDE")
        self.assertIn(group.core("A").role, (Role.FOLLOWER, Role.PRE_CANDIDATE))
        self.assertEqual(group.core("A").term, term)
        group.propose(group.leader, b"kept")
        group.run(0.5)
        self.assertEqual((data(group, "A"), data(group, "C")), ([], [b"kept"]))
        group.finish()
        self.assertEqual(data(group, "A"), [b"kept", b"last"])


class TwoNodesTests(SynchronousTestCase):
    """Two nodes are a cluster, but one that bears no failure."""

    def test_two_work_and_one_alone_does_not(self) -> None:
        """The majority of two is two."""
        group = Group("AB")
        elect(group, "A")
        group.propose("A", b"both")
        group.run(0.3)
        self.assertEqual(data(group, "B"), [b"both"])
        group.crash("B")
        group.propose("A", b"alone")
        group.run(3)
        self.assertEqual((group.leaders, data(group, "A")), ([], [b"both"]))
        group.start("B")
        group.finish()

    def test_each_votes_for_itself(self) -> None:
        """A split vote is resolved within about two timeouts, by unlike patience."""
        for seed in range(50):
            group = Group("AB", seed, start=False)
            for name in "AB":
                group.start(name)
            group.cut("A", "B")
            for name in "AB":
                core = group.core(name)
                core.election.stand(0.0, pre=False)
                group.act(name, lambda core: core.election.arm())
            group.run(0.1)
            self.assertEqual([(group.core(n).vote, group.core(n).term) for n in "AB"], [("A", 1), ("B", 1)])
            group.cuts.clear()
            self.assertLess(group.run_until(lambda group: group.leaders), 4.0)
            group.finish()


class ThreeNodesTests(SynchronousTestCase):
    """Three nodes, the smallest cluster that bears a failure."""

    def test_lone_first_node_stands_again_and_again(self) -> None:
        """Its term does not grow while nobody can elect it; with a second node it leads soon."""
        group = Group("ABC", start=False)
        group.start("A")
        group.run(60)
        self.assertEqual((group.core("A").role, group.core("A").term), (Role.PRE_CANDIDATE, 0))
        group.start("B")
        self.assertLess(group.run_until(lambda group: group.leaders), 0.5)
        leader = group.leader
        group.start("C")
        group.run(1)
        self.assertEqual((group.leaders, group.core("C").leader), ([leader], leader))

    def test_fresh_clusters_start_soon(self) -> None:
        """All three at once: a leader within half a second, whatever the dice show."""
        times = []
        for seed in range(200):
            group = Group("ABC", seed)
            times.append(group.run_until(lambda group: group.leaders))
        self.assertLess(sorted(times)[190], 0.5)
        self.assertLess(max(times), 1.0)

    def test_death_of_the_leader_is_noticed_by_its_links(self) -> None:
        """Its process died: the next one leads within a fraction of the election timeout."""
        times = []
        for seed in range(200):
            group = Group("ABC", seed)
            group.run_until(lambda group: group.leaders)
            group.run(0.5)
            old = group.leader
            group.crash(old)
            times.append(group.run_until(lambda group: group.leaders))
        self.assertLess(sorted(times)[190], 0.35)
        self.assertLess(max(times), 1.0)

    def test_old_leader_returns_as_a_follower_and_keeps_its_term(self) -> None:
        """What it wrote on its disk is there: it never goes back to term 0."""
        group = Group("ABC")
        elect(group, "A")
        term = group.core("A").term
        group.propose("A", b"before")
        group.run(0.3)
        group.crash("A")
        group.run_until(lambda group: group.leaders)
        new = group.leader
        group.cut("A", "B")
        group.cut("A", "C")
        group.start("A")
        self.assertEqual((group.core("A").term, group.core("A").role), (term, Role.FOLLOWER))
        group.heal()
        group.run(0.5)
        self.assertEqual((group.leaders, group.core("A").leader), ([new], new))
        self.assertGreater(group.core("A").term, term)
        self.assertEqual(data(group, "A"), [b"before"])

    def test_leader_that_is_cut_off_steps_down(self) -> None:
        """Within an election timeout and a heartbeat; the others have a new one soon after, and it follows."""
        group = Group("ABC")
        elect(group, "A")
        group.isolate("A")
        self.assertLess(group.run_until(lambda group: "A" not in group.leaders), 1.5)
        self.assertLess(group.run_until(lambda group: group.leaders), 3)
        group.finish()
        self.assertIs(group.core("A").role, Role.FOLLOWER)

    def test_leader_that_nobody_hears_or_that_hears_nobody(self) -> None:
        """A link that works one way only does not leave the cluster without a leader."""
        for deaf in (False, True):
            group = Group("ABC")
            elect(group, "A")
            for other in "BC":
                group.cut(*((other, "A") if deaf else ("A", other)), both=False)
            group.run_until(lambda group: group.leaders and group.leader != "A", 6)
            group.propose(group.leader, b"on")
            group.run(2)
            self.assertEqual(data(group, "B"), [b"on"])
            self.assertNotIn("A", group.leaders)
            group.finish()

    def test_node_that_was_cut_off_does_not_disturb(self) -> None:
        """Its return costs no election: its term did not grow."""
        group = Group("ABC")
        elect(group, "A")
        term = group.core("A").term
        group.isolate("C")
        group.run(30)
        group.heal()
        group.run(2)
        self.assertEqual((group.leaders, group.core("A").term, group.core("C").leader), (["A"], term, "A"))

    def test_graceful_handover_costs_milliseconds(self) -> None:
        """TimeoutNow, no waiting for a timeout."""
        group = Group("ABC")
        elect(group, "A")
        group.act("A", lambda core: core.transfer(None, group.now))
        self.assertLess(group.run_until(lambda group: group.leaders and group.leaders != ["A"]), 0.05)

    def test_leader_whose_disk_hangs(self) -> None:
        """It heartbeats on, and yet it must go: another leads, and nothing acknowledged is lost."""
        group = Group("ABC")
        elect(group, "A")
        group.freeze("A")
        group.propose("A", b"slow")
        group.run_until(lambda group: group.leaders and group.leader != "A", 2.5)
        group.finish()
        self.assertEqual(data(group, "B")[0], b"slow")

    def test_damaged_log_is_mended_from_the_leader(self) -> None:
        """The node rejoins by snapshot, and votes only when it has everything again."""
        group = Group("ABC")
        elect(group, "A")
        for name in (b"one", b"two", b"three"):
            group.propose("A", name)
            group.run(0.3)
        group.snapshot("A")
        group.wipe("C")
        group.crash("B")
        group.start("C")
        self.assertTrue(group.core("C").recovering)
        group.run_until(lambda group: not group.core("C").recovering, 5)
        group.run(0.1)
        self.assertEqual(group.members["C"].state, group.members["A"].state)
        self.assertFalse(group.members["C"].disk.hard.recovering)
        group.propose("A", b"four")
        group.run(0.3)
        group.crash("A")
        group.start("B")
        group.run_until(lambda group: group.leaders)
        self.assertEqual(group.leaders, ["C"])
        group.finish()
        self.assertEqual(data(group, "B"), [b"one", b"two", b"three", b"four", b"last"])


class SafetyTests(SynchronousTestCase):
    """The five properties of figure 3 are what L{tests.raft.checks} looks at after each step."""

    def test_all_five_hold_in_a_quiet_group(self) -> None:
        """Election safety, append-only leaders, log matching, leader completeness, state machine safety."""
        group = Group("ABC")
        elect(group, "A")
        before = group.core("A").log.tail(1)
        for number in range(20):
            group.propose("A", b"%d" % number)
            group.run(0.01)
        group.run(0.5)
        self.assertEqual(group.core("A").log.tail(1)[: len(before)], before)
        logs = [group.core(name).log.tail(1) for name in "ABC"]
        self.assertEqual(logs[0], logs[1])
        self.assertEqual(logs[0], logs[2])
        self.assertEqual(len({group.members[name].state for name in "ABC"}), 1)
        self.assertEqual(group.checks.commit, group.core("A").last_index)
