"""Replication: paper, 5.3, 5.4.2; and how saves, windows and losses bear on it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.core.core import Role
from nacos_tw.raft.core.messages import (
    COMMAND,
    CONFIG,
    NOOP,
    AppendEntries,
    AppendResponse,
    Configuration,
    Entry,
    VoteResponse,
)
from nacos_tw.raft.core.progress import Flow
from tests.raft.single import THREE, Single


class LeaderTests(SynchronousTestCase):
    """5.3: what a leader sends and counts."""

    def test_first_entry_of_a_term(self) -> None:
        """A NOOP, or the configuration when the log holds none yet."""
        node = Single()
        node.lead()
        first = node.to("B", AppendEntries)[-1].entries[0]
        self.assertEqual((first.index, first.term, first.kind), (1, 1, CONFIG))
        node.acknowledge("B")
        node.step("C", AppendEntries(5, 1, 1, 1))
        node.lead()
        (entry,) = node.to("B", AppendEntries)[-1].entries
        self.assertEqual((entry.index, entry.term, entry.kind), (2, 6, NOOP))
        self.assertNotEqual(entry.data, b"")

    def test_proposal_is_sent_at_once_and_saved_meanwhile(self) -> None:
        """The leader's disk and the followers' work at the same time."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        node.disk_works = False
        self.assertEqual(node.propose(b"x"), (2, 1))
        entry = Entry(2, 1, COMMAND, b"x")
        self.assertEqual(node.readies[-1].entries, (entry,))
        message = AppendEntries(1, 1, 1, 1, (entry,), lead=node.core.log.leads.at(1))
        self.assertEqual(node.take(), [("B", message), ("C", message)])

    def test_proposals_of_one_turn_share_a_message(self) -> None:
        """What came before one ready() is one append."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        for number in range(3):
            node.core.propose(b"%d" % number, node.now)
        node.pump()
        (message,) = node.to("B", AppendEntries)
        self.assertEqual([entry.data for entry in message.entries], [b"0", b"1", b"2"])

    def test_followers_do_not_propose(self) -> None:
        """Only a leader takes proposals."""
        node = Single()
        node.follow()
        self.assertIsNone(node.propose())
        self.assertIsNone(node.core.confirm(b"", node.now))
        self.assertIsNone(node.core.propose_config(THREE, node.now))
        self.assertFalse(node.core.transfer(None, node.now))

    def test_commit_by_majority_is_told_at_once(self) -> None:
        """Who waits for nothing else is told; who is sent entries anyway learns it with them."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        node.propose()
        node.take()
        node.step("B", AppendResponse(1, True, 2))
        self.assertEqual([entry.index for entry in node.applied], [1, 2])
        message = AppendEntries(1, 2, 1, 2, lead=node.core.log.leads.at(1))
        self.assertEqual(node.take(), [("B", message)])
        node.step("C", AppendResponse(1, True, 2))
        self.assertEqual(node.take(), [("C", message)])
        node.step("C", AppendResponse(1, True, 2))
        self.assertEqual(node.take(), [])
        node.propose()
        node.take()
        node.core.step("B", AppendResponse(1, True, 3), node.now)
        node.core.propose(b"y", node.now)
        node.pump()
        self.assertEqual(len(node.to("B", AppendEntries)), 1)

    def test_leader_counts_its_own_disk_only_when_it_wrote(self) -> None:
        """With one follower's acknowledgement two of three must be durable; the leader may be last."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        node.disk_works = False
        node.propose()
        node.step("B", AppendResponse(1, True, 2))
        self.assertEqual(node.core.commit, 1)
        node.core.persisted(node.core.persistence._pending[-1].token, node.now)
        self.assertEqual(node.core.commit, 2)

    def test_others_may_commit_before_the_leaders_disk(self) -> None:
        """A slow disk of the leader holds nothing up."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        node.disk_works = False
        node.propose()
        node.step("B", AppendResponse(1, True, 2))
        node.step("C", AppendResponse(1, True, 2))
        self.assertEqual((node.core.commit, node.applied[-1].index), (2, 2))

    def test_entries_of_earlier_terms_commit_with_one_of_its_own(self) -> None:
        """Figure 8: a majority has entry 2 of term 2, and yet it may be overwritten."""
        node = Single(1, 2, term=3)
        node.lead()
        node.step("B", AppendResponse(4, True, 2))
        node.step("C", AppendResponse(4, True, 2))
        self.assertEqual(node.core.commit, 0)
        node.step("C", AppendResponse(4, True, 3))
        self.assertEqual(node.core.commit, 3)

    def test_window_of_messages_ahead(self) -> None:
        """No more than so many messages are on their way to a follower, each of bounded size."""
        node = Single(max_bytes=60, max_inflight=2)
        node.lead()
        node.acknowledge("B", "C")
        for _ in range(5):
            node.core.propose(b"x" * 10, node.now)
        node.pump()
        self.assertEqual([len(m.entries) for m in node.to("B", AppendEntries)], [1, 1])
        node.step("B", AppendResponse(1, True, 3))
        self.assertEqual([m.prev_index for m in node.to("B", AppendEntries)], [3, 4])

    def test_rejection_moves_back_to_agreement(self) -> None:
        """Fast backtracking: one round for each term in dispute, not for each entry."""
        node = Single(1, 1, 1, 4, 4, 5, 5, 6, 6, 6)
        node.lead()
        (probe,) = node.to("B", AppendEntries)
        self.assertEqual((probe.prev_index, probe.prev_term), (10, 6))
        node.step("B", AppendResponse(7, False, 7, 3))  # as follower (f) of figure 7, of terms 1 to 3
        (probe,) = node.to("B", AppendEntries)
        self.assertEqual((probe.prev_index, probe.prev_term, len(probe.entries)), (3, 1, 8))
        node.step("B", AppendResponse(7, False, 9, 6))  # late
        self.assertEqual(node.to("B", AppendEntries), [])

    def test_loss_is_seen_by_the_next_heartbeat(self) -> None:
        """It stands after all that was sent, so that a gap makes a follower object."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        node.propose(b"lost")
        node.take()
        node.wait(0.11)
        (beat,) = node.to("B", AppendEntries)
        self.assertEqual((beat.prev_index, beat.entries), (2, ()))
        node.step("B", AppendResponse(1, False, 1, 1))
        (again,) = node.to("B", AppendEntries)
        self.assertEqual([entry.data for entry in again.entries], [b"lost"])

    def test_closed_link_begins_anew(self) -> None:
        """What was in flight is lost: nothing more goes there until the link is back, but heartbeats."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        node.propose(b"one")
        node.take()
        node.core.disconnected("B", node.now)
        node.propose(b"two")
        self.assertEqual(node.to("B", AppendEntries), [])
        node.core.connected("B", node.now)
        node.pump()
        (again,) = node.to("B", AppendEntries)
        self.assertEqual([entry.data for entry in again.entries], [b"one", b"two"])

    def test_follower_that_lost_its_log_is_not_counted(self) -> None:
        """A rejection below what it had acknowledged lowers its match."""
        node = Single(config=Configuration(("A", "B", "C", "D", "E")))
        node.wait(1.6)
        for pre in (True, False):
            for peer in ("B", "C"):
                node.step(peer, VoteResponse(1, pre, True))
        self.assertIs(node.core.role, Role.LEADER)
        node.step("B", AppendResponse(1, True, 1))
        node.step("B", AppendResponse(1, False, 0, 0))
        self.assertEqual((node.core.progress["B"].match, node.core.progress["B"].state), (0, Flow.PROBE))
        node.step("C", AppendResponse(1, True, 1))
        self.assertEqual(node.core.commit, 0)

    def test_log_can_move_on_with_compaction(self) -> None:
        """What all need is kept, what was applied and covered may go."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        for _ in range(5):
            node.propose()
            node.acknowledge("B", "C")
        meta = node.core.snapshot_meta(4)
        assert meta is not None
        self.assertEqual((meta.index, meta.term, meta.config), (4, 1, THREE))
        node.core.snapshot_taken(meta, 3)
        self.assertEqual((node.core.log.first, node.core.log.last_index), (3, 6))
        self.assertIsNone(node.core.snapshot_meta(4))
        self.assertIsNone(node.core.snapshot_meta(7))
        node.core.snapshot_taken(meta, 5)
        self.assertEqual(node.core.log.first, 3)


class QuorumLossTests(SynchronousTestCase):
    """A leader that cannot work gives way (thesis, 6.2)."""

    def test_leader_without_answers_steps_down(self) -> None:
        """Within about an election timeout; its lease ends with it."""
        node = Single()
        node.lead()
        self.assertFalse(node.core.has_lease(node.now))
        node.acknowledge("B")
        self.assertTrue(node.core.has_lease(node.now))
        node.wait(0.95)
        self.assertIs(node.core.role, Role.LEADER)
        node.wait(0.2)
        self.assertEqual((node.core.role, node.core.leader, node.core.term), (Role.FOLLOWER, None, 1))

    def test_one_answering_follower_of_two_is_enough(self) -> None:
        """A majority is."""
        node = Single()
        node.lead()
        for _ in range(30):
            node.wait(0.1)
            node.acknowledge("C")
        self.assertIs(node.core.role, Role.LEADER)

    def test_lease_ends_with_the_links(self) -> None:
        """A leader whose links closed does not say that it has a majority."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        node.core.disconnected("B", node.now)
        self.assertTrue(node.core.has_lease(node.now))
        node.core.disconnected("C", node.now)
        self.assertFalse(node.core.has_lease(node.now))

    def test_leader_with_a_hanging_disk_steps_down(self) -> None:
        """Though it is heard and answered: nothing of its own can become durable. It asks another to lead."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        node.disk_works = False
        node.propose()
        for _ in range(12):
            node.wait(0.1)
            node.step("B", AppendResponse(1, True, 2))
            node.step("C", AppendResponse(1, True, 1))
        self.assertIs(node.core.role, Role.FOLLOWER)
        self.assertEqual([m.__class__.__name__ for p, m in node.take() if p == "B"][-1], "TimeoutNow")
        node.wait(30)
        self.assertEqual((node.core.role, node.core.term), (Role.FOLLOWER, 1))


class RoundTests(SynchronousTestCase):
    """Confirmation rounds: payloads that a majority must have got, without the log (thesis, 6.4)."""

    def test_round_is_confirmed_by_a_majority(self) -> None:
        """The payload goes out at once, its number comes back in an answer."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        self.assertEqual(node.core.confirm(b"one", node.now), 1)
        self.assertEqual(node.core.confirm(b"two", node.now), 2)
        node.pump()
        (message,) = node.to("B", AppendEntries)
        self.assertEqual((message.round, message.beats), (2, (b"one", b"two")))
        node.step("C", AppendResponse(1, True, 1, 0, 1))
        self.assertEqual(node.readies[-1].confirmed, 1)
        node.step("C", AppendResponse(1, True, 1, 0, 2))
        self.assertEqual(node.readies[-1].confirmed, 2)
        count = len(node.readies)
        node.step("B", AppendResponse(1, True, 1, 0, 2))
        self.assertEqual(len(node.readies), count)

    def test_rounds_ride_on_entries(self) -> None:
        """No message of their own when one goes out anyway."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        node.core.propose(b"x", node.now)
        node.core.confirm(b"beat", node.now)
        node.pump()
        (message,) = node.to("B", AppendEntries)
        self.assertEqual((len(message.entries), message.beats), (1, (b"beat",)))

    def test_unanswered_rounds_are_sent_again(self) -> None:
        """With the heartbeats, until a majority has them."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        node.core.confirm(b"one", node.now)
        node.pump()
        node.take()
        node.wait(0.11)
        self.assertEqual([m.beats for m in node.to("B", AppendEntries)], [(b"one",)])
        node.step("C", AppendResponse(1, True, 1, 0, 1))
        node.take()
        node.core.confirm(b"two", node.now)
        node.pump()
        node.wait(0.2)
        (first, again) = node.to("B", AppendEntries)[-2:]
        self.assertEqual((again.round, again.beats, again.floor), (2, (b"two",), 1))

    def test_follower_takes_each_payload_once_and_in_order(self) -> None:
        """It answers with the last round up to which nothing is missing."""
        node = Single()
        node.follow()
        node.step("B", AppendEntries(1, 0, 0, 0, (), 2, (b"1", b"2")))
        node.step("B", AppendEntries(1, 0, 0, 0, (), 3, (b"1", b"2", b"3")))
        node.step("B", AppendEntries(1, 0, 0, 0, (), 5, (b"5",)))
        self.assertEqual([m.round for m in node.to("B", AppendResponse)], [2, 3, 3])
        node.step("B", AppendEntries(1, 0, 0, 0, (), 6, (b"6",), 5))
        self.assertEqual([m.round for m in node.to("B", AppendResponse)], [6])
        self.assertEqual([beat for r in node.readies for beat in r.beats], [b"1", b"2", b"3", b"6"])
        node.step("C", AppendEntries(2, 0, 0, 0))
        self.assertEqual([m.round for m in node.to("C", AppendResponse)], [0])

    def test_majority_of_five(self) -> None:
        """Two others must answer."""
        node = Single(config=Configuration(("A", "B", "C", "D", "E")))
        node.wait(1.6)
        for pre in (True, False):
            for peer in ("B", "C"):
                node.step(peer, VoteResponse(1, pre, True))
        node.core.confirm(b"", node.now)
        node.pump()
        for peer, confirmed in (("B", 0), ("B", 0), ("E", 1)):
            node.step(peer, AppendResponse(1, True, 1, 0, 1))
            self.assertEqual(max(ready.confirmed for ready in node.readies), confirmed)

    def test_single_voter_confirms_itself(self) -> None:
        """It is the majority."""
        node = Single(config=Configuration(("A",)))
        node.wait(1.6)
        node.core.confirm(b"", node.now)
        node.pump()
        self.assertEqual(node.readies[-1].confirmed, 1)

    def test_numbers_go_on_over_leads(self) -> None:
        """A number never means two rounds on one node."""
        node = Single()
        node.lead()
        self.assertEqual(node.core.confirm(b"", node.now), 1)
        node.step("B", AppendEntries(5, 0, 0, 0))
        node.lead()
        self.assertEqual(node.core.confirm(b"", node.now), 2)


class ReadyTests(SynchronousTestCase):
    """The output."""

    def test_nothing_to_do_is_none(self) -> None:
        """Also after an answer that changes nothing."""
        node = Single()
        self.assertIsNone(node.core.ready())
        node.lead()
        node.acknowledge("B", "C")
        node.core.step("B", AppendResponse(1, True, 1), node.now)
        self.assertIsNone(node.core.ready())

    def test_tokens_rise_and_role_changes_show(self) -> None:
        """Each Ready has a number of its own."""
        node = Single()
        node.lead()
        tokens = [ready.token for ready in node.readies]
        self.assertEqual(tokens, sorted(set(tokens)))
        self.assertEqual(sum(ready.role_changed for ready in node.readies), 3)
