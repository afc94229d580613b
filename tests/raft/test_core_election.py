"""Elections: paper, 5.1, 5.2, 5.4.1; thesis, 4.2.3, 9.6; and what this core adds."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.core.core import Role
from nacos_tw.raft.core.messages import (
    AppendEntries,
    AppendResponse,
    Configuration,
    HardState,
    InstallSnapshot,
    RequestVote,
    SnapshotMeta,
    TimeoutNow,
    VoteResponse,
)
from tests.raft.single import THREE, Single


class TermTests(SynchronousTestCase):
    """5.1: terms."""

    def test_newer_term_is_taken_over(self) -> None:
        """If one server's current term is smaller than the other's, then it updates its current term."""
        node = Single()
        node.step("B", AppendEntries(5, 0, 0, 0))
        self.assertEqual((node.core.term, node.core.leader, node.readies[0].hard), (5, "B", HardState(5)))

    def test_leader_of_a_newer_term_is_followed(self) -> None:
        """If a leader discovers that its term is out of date, it immediately reverts to follower state."""
        node = Single()
        node.lead()
        node.step("B", AppendResponse(9, False, 0))
        self.assertEqual((node.core.role, node.core.term, node.core.leader), (Role.FOLLOWER, 9, None))
        self.assertEqual(dict(node.core.progress), {})

    def test_stale_leaders_are_told_the_term(self) -> None:
        """Requests with a stale term number are rejected, with the current term."""
        node = Single(term=4)
        meta = SnapshotMeta(3, 1, THREE)
        for message in (AppendEntries(3, 0, 0, 0), InstallSnapshot(3, meta, 0, b"", True)):
            node.step("B", message)
            self.assertEqual(node.take(), [("B", AppendResponse(4, False, 0, 0))])
        node.step("B", RequestVote(3, 9, 3))
        node.step("B", RequestVote(4, 9, 3, True))
        self.assertEqual([m for _, m in node.take()], [VoteResponse(4, False, False), VoteResponse(4, True, False)])
        node.step("B", TimeoutNow(3))
        self.assertEqual((node.take(), node.core.term), ([], 4))


class CandidateTests(SynchronousTestCase):
    """5.2: leader election, with pre-vote."""

    def test_silence_starts_a_pre_vote_without_a_new_term(self) -> None:
        """A follower that hears nothing over an election timeout asks first, and stays in its term."""
        node = Single(2, 2)
        node.wait(1.6)
        self.assertEqual((node.core.role, node.core.term), (Role.PRE_CANDIDATE, 2))
        ask = RequestVote(3, 2, 2, True)
        self.assertEqual(node.take(), [("B", ask), ("C", ask)])
        node.wait(60)
        self.assertEqual((node.core.role, node.core.term), (Role.PRE_CANDIDATE, 2))

    def test_majority_of_pre_votes_makes_a_candidate_and_of_votes_a_leader(self) -> None:
        """It increments its term, votes for itself, and wins with votes from a majority."""
        node = Single(2, 2)
        node.wait(1.6)
        node.take()
        node.step("C", VoteResponse(3, True, True))
        self.assertEqual((node.core.role, node.core.term, node.core.vote), (Role.CANDIDATE, 3, "A"))
        self.assertEqual(node.take(), [("B", RequestVote(3, 2, 2)), ("C", RequestVote(3, 2, 2))])
        node.step("B", VoteResponse(3, False, False))
        self.assertIs(node.core.role, Role.CANDIDATE)
        node.step("C", VoteResponse(3, False, True))
        self.assertEqual((node.core.role, node.core.leader), (Role.LEADER, "A"))
        self.assertEqual({peer for peer, _ in node.take()}, {"B", "C"})

    def test_request_leaves_after_the_own_vote_is_saved(self) -> None:
        """Term and vote are on disk before they are acted on, the own vote too."""
        node = Single(config=Configuration(("A", "B")))
        node.wait(1.6)
        node.take()
        node.disk_works = False
        node.step("B", VoteResponse(1, True, True))
        ready = node.readies[-1]
        self.assertEqual((node.take(), ready.hard), ([], HardState(1, "A")))
        self.assertEqual(ready.messages, (("B", RequestVote(1, 0, 0)),))

    def test_single_voter_elects_itself_once_its_vote_is_saved(self) -> None:
        """It needs nobody, but a disk; and it waits for nobody."""
        node = Single(config=Configuration(("A",)))
        node.disk_works = False
        node.wait(0.01)
        self.assertIs(node.core.role, Role.CANDIDATE)
        node.core.persisted(node.readies[-1].token, node.now)
        node.disk_works = True
        node.pump()
        self.assertEqual((node.core.role, node.core.commit), (Role.LEADER, 1))
        self.assertEqual(node.propose(), (2, 1))
        self.assertEqual(node.applied[-1].index, 2)

    def test_candidate_follows_a_leader_of_its_term(self) -> None:
        """If the leader's term is at least as large, the candidate returns to follower state."""
        node = Single()
        node.wait(1.6)
        node.step("B", VoteResponse(1, True, True))
        node.step("C", AppendEntries(1, 0, 0, 0))
        self.assertEqual((node.core.role, node.core.leader, node.core.vote), (Role.FOLLOWER, "C", "A"))

    def test_votes_of_learners_and_strangers_do_not_count(self) -> None:
        """Only voters elect."""
        node = Single(config=Configuration(("A", "B", "C"), ("L",)))
        node.wait(1.6)
        for peer in ("L", "X", "A"):
            node.step(peer, VoteResponse(1, True, True))
        self.assertIs(node.core.role, Role.PRE_CANDIDATE)
        self.assertEqual(node.to("L", RequestVote), [])

    def test_who_is_no_voter_or_recovering_never_stands(self) -> None:
        """A learner and a node that lost its log wait for a leader."""
        for node in (Single(config=Configuration(("B", "C"), ("A",))), Single(recovering=True)):
            node.follow()
            node.wait(60)
            self.assertEqual((node.core.role, node.core.term, node.core.leader), (Role.FOLLOWER, 1, None))
            node.step("B", TimeoutNow(1))
            self.assertEqual(node.take(), [])

    def test_late_answers_are_ignored(self) -> None:
        """A pre-vote for an earlier attempt, a vote to a follower."""
        node = Single(term=3)
        node.wait(1.6)
        node.step("B", VoteResponse(3, True, True))
        node.step("B", VoteResponse(3, False, True))
        self.assertEqual((node.core.role, node.core.term), (Role.PRE_CANDIDATE, 3))
        node.step("B", VoteResponse(6, True, False))
        self.assertEqual((node.core.role, node.core.term), (Role.FOLLOWER, 6))


class VoterTests(SynchronousTestCase):
    """5.2, 5.4.1: at most one vote, and only for a log that is up to date."""

    def test_one_vote_in_a_term_saved_before_it_leaves(self) -> None:
        """Each server will vote for at most one candidate in a given term."""
        node = Single()
        node.step("B", RequestVote(1, 0, 0))
        self.assertEqual(node.readies[0].hard, HardState(1, "B"))
        self.assertEqual((node.readies[0].messages_now, len(node.readies[0].messages)), ((), 1))
        node.step("C", RequestVote(1, 5, 1))
        node.step("B", RequestVote(1, 0, 0))
        answers = [(peer, m.granted) for peer, m in node.take() if isinstance(m, VoteResponse)]
        self.assertEqual(answers, [("B", True), ("C", False), ("B", True)])

    def test_vote_outlives_a_restart(self) -> None:
        """A vote that was loaded from disk counts."""
        node = Single(term=4, vote="C")
        node.step("B", RequestVote(4, 9, 3))
        self.assertEqual(node.take(), [("B", VoteResponse(4, False, False))])

    def test_only_a_log_that_is_up_to_date(self) -> None:
        """The later last term wins; with equal terms the longer log."""
        cases = [(2, 9, False), (3, 1, False), (3, 2, True), (3, 3, True), (4, 1, True), (0, 0, False)]
        for last_term, last_index, granted in cases:
            for pre in (False, True):
                node = Single(3, 3)
                node.step("B", RequestVote(5, last_index, last_term, pre))
                self.assertEqual(node.take(), [("B", VoteResponse(5 if granted or not pre else 3, pre, granted))])

    def test_a_pre_vote_promises_nothing(self) -> None:
        """Neither term nor vote change, and two may get it."""
        node = Single(term=3)
        for peer in ("B", "C"):
            node.step(peer, RequestVote(4, 0, 0, True))
            self.assertEqual(node.take(), [(peer, VoteResponse(4, True, True))])
        self.assertEqual((node.core.term, node.core.vote), (3, ""))

    def test_recovering_node_refuses(self) -> None:
        """It may have acknowledged what it has no longer."""
        node = Single(recovering=True)
        node.step("B", RequestVote(2, 9, 1, True))
        node.step("B", RequestVote(2, 9, 1))
        self.assertEqual([m.granted for m in node.to("B", VoteResponse)], [False, False])

    def test_who_hears_a_leader_takes_no_part(self) -> None:
        """Neither a vote nor a pre-vote disturbs a cluster that has a leader (thesis, 4.2.3)."""
        node = Single()
        node.follow("B")
        for request in (RequestVote(2, 9, 9, True), RequestVote(7, 9, 9)):
            node.step("C", request)
            self.assertEqual((node.take(), node.core.term), ([], 1))
        node.now += 1.01
        node.step("C", RequestVote(2, 9, 9, True))
        self.assertEqual(node.take(), [("C", VoteResponse(2, True, True))])

    def test_transfer_passes_the_lease(self) -> None:
        """The leader itself asked for this election."""
        node = Single()
        node.follow("B")
        node.step("C", RequestVote(2, 9, 9, False, True))
        self.assertEqual(node.take(), [("C", VoteResponse(2, False, True))])

    def test_a_leader_takes_no_part(self) -> None:
        """It leaves by itself when it hears from no majority."""
        node = Single()
        node.lead()
        node.take()
        node.step("C", RequestVote(9, 9, 9, True))
        node.step("C", RequestVote(9, 9, 9))
        self.assertEqual((node.take(), node.core.role), ([], Role.LEADER))


class HurryTests(SynchronousTestCase):
    """A closed link is news of a death; links that come up are news of a majority."""

    def test_closed_link_of_the_leader_ends_lease_and_patience(self) -> None:
        """Pre-votes are granted at once, and the own timeout shrinks to the hurried range."""
        node = Single()
        node.follow("B")
        node.core.disconnected("C", node.now)
        self.assertGreater(node.core.deadline, node.now + 1)
        node.core.disconnected("B", node.now)
        self.assertLess(node.core.deadline, node.now + 0.09)
        node.step("C", RequestVote(2, 0, 0, True))
        self.assertEqual(node.take(), [("C", VoteResponse(2, True, True))])
        node.wait(0.2)
        self.assertIs(node.core.role, Role.PRE_CANDIDATE)

    def test_bytes_of_the_dead_leader_do_not_calm(self) -> None:
        """What was buffered before the link closed is taken, but proves no life."""
        node = Single()
        node.follow("B")
        node.core.disconnected("B", node.now)
        node.step("B", AppendEntries(1, 0, 0, 0))
        self.assertLess(node.core.deadline, node.now + 0.09)
        node.core.connected("B", node.now)
        node.step("B", AppendEntries(1, 0, 0, 0))
        self.assertGreater(node.core.deadline, node.now + 1)

    def test_hurry_backs_off(self) -> None:
        """Attempts that fail come later and later, up to the normal range."""
        node = Single()
        node.core.connected("B", node.now)
        times = []
        for _ in range(8):
            times.append(round(node.core.deadline - node.now, 3))
            node.now = node.core.deadline
            node.core.tick(node.now)
        self.assertEqual(times, [0.06, 0.12, 0.24, 0.48, 0.96, 1.92, 1.5, 1.5])

    def test_majority_connected_at_start(self) -> None:
        """With two of three connected (itself included) there is no reason to wait; alone there is."""
        node = Single(config=Configuration(("A", "B", "C", "D", "E")))
        node.core.connected("B", node.now)
        self.assertGreater(node.core.deadline, node.now + 1)
        node.core.connected("X", node.now)
        self.assertGreater(node.core.deadline, node.now + 1)
        node.core.connected("C", node.now)
        self.assertLess(node.core.deadline, node.now + 0.09)

    def test_candidate_asks_who_comes_up(self) -> None:
        """The request had been lost while the link was down."""
        node = Single()
        node.wait(1.6)
        node.step("B", VoteResponse(1, True, True))
        node.take()
        node.core.connected("C", node.now)
        node.pump()
        self.assertEqual(node.take(), [("C", RequestVote(1, 0, 0))])

    def test_of_two_hurried_candidates_one_gives_way(self) -> None:
        """The one with the smaller name, when their logs are equal."""
        for peer, role in (("B", Role.FOLLOWER), ("0", Role.PRE_CANDIDATE)):
            node = Single(config=Configuration(("A", peer, "C")))
            node.wait(1.6)
            node.step(peer, RequestVote(1, 0, 0, True))
            self.assertIs(node.core.role, role)


class StopTests(SynchronousTestCase):
    """After a disk error a core never acts again."""

    def test_stopped_core_is_silent(self) -> None:
        """Nothing comes out, whatever goes in."""
        node = Single(1, 1)
        node.lead()
        node.take()
        node.core.propose(b"x", node.now)
        node.core.stop()
        core = node.core
        core.step("B", AppendEntries(9, 0, 0, 0), node.now)
        core.step("B", RequestVote(9, 9, 9), node.now)
        core.tick(node.now + 99)
        core.persisted(1, node.now)
        core.connected("B", node.now)
        core.disconnected("B", node.now)
        core.send_chunk("B", SnapshotMeta(1, 1, THREE), 0, b"", True, node.now)
        core.applied(2)
        self.assertEqual((core.propose(b"", node.now), core.confirm(b"", node.now)), (None, None))
        self.assertEqual((core.ready(), core.transfer(None, node.now), core.deadline), (None, False, float("inf")))

    def test_illegal_moves_raise(self) -> None:
        """A role changes in three ways only, and not from any other."""
        node = Single()
        self.assertRaises(RuntimeError, node.core.become_leader)
        node.lead()
        self.assertRaises(RuntimeError, node.core.become_candidate, pre=True)

    def test_nonsense_is_ignored(self) -> None:
        """Messages that no honest peer sends change nothing and raise nothing."""
        for leads in (False, True):
            node = Single(1, 1, 2)
            node.follow("B", 2)
            if leads:
                node.lead()
            term, last = node.core.term, node.core.last_index
            meta = SnapshotMeta(-1, term, THREE)
            for message in (
                AppendEntries(term, -5, 0, 0),
                AppendEntries(term, 2, 1, 99, (), 5, (b"a",) * 9, -3),
                AppendResponse(term, True, 10**6),
                AppendResponse(term, True, -7),
                AppendResponse(term, False, -7, -7),
                AppendResponse(term, False, 10**6, 10**6),
                InstallSnapshot(term, meta, -1, b"", True),
                VoteResponse(term, False, True),
                TimeoutNow(term),
                RequestVote(-1, -1, -1),
            ):
                for sender in ("X", "A") if isinstance(message, TimeoutNow) else ("X", "A", "B"):
                    node.step(sender, message)
            node.wait(0.5)
            self.assertEqual((node.core.term, node.core.last_index), (term, last))
