"""Snapshots (paper, 7), membership and handing over (thesis, 3.10, 4), recovery of a lost log."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.core.changes import added
from nacos_tw.raft.core.core import Role
from nacos_tw.raft.core.leader import CAUGHT_UP
from nacos_tw.raft.core.messages import (
    CONFIG,
    AppendEntries,
    AppendResponse,
    Configuration,
    Entry,
    HardState,
    InstallSnapshot,
    MemberRecord,
    RequestVote,
    SnapshotMeta,
    SnapshotResponse,
    TimeoutNow,
    VoteResponse,
)
from tests.raft.single import THREE, Single, entries

META = SnapshotMeta(5, 1, THREE)


def compacted(*terms: int) -> Single:
    """A leader (of term 2) whose log begins after a snapshot at 5, then these terms and its own entry."""
    node = Single(*terms, term=1, snapshot=META, first=6)
    node.lead()
    node.take()
    return node


class SendingTests(SynchronousTestCase):
    """A leader whose log does not reach back far enough sends its snapshot."""

    def test_chunk_by_chunk(self) -> None:
        """Each is asked for at the driver, and sent when the one before was taken."""
        node = compacted()
        node.step("B", AppendResponse(2, False, 0, 0))
        self.assertEqual(node.readies[-1].snapshot_reads, (("B", 5, 0),))
        self.assertTrue(node.core.sending_snapshot)
        node.core.send_chunk("B", META, 0, b"abc", False, node.now)
        node.pump()
        self.assertEqual(node.to("B", InstallSnapshot), [InstallSnapshot(2, META, 0, b"abc", False)])
        node.step("B", SnapshotResponse(2, 5, 3))
        self.assertEqual(node.readies[-1].snapshot_reads, (("B", 5, 3),))
        node.core.send_chunk("B", META, 3, b"d", True, node.now)
        node.pump()
        node.take()
        node.step("B", SnapshotResponse(2, 5, 4, True))
        self.assertEqual(node.core.progress["B"].match, 5)
        (message,) = node.to("B", AppendEntries)
        self.assertEqual((message.prev_index, message.prev_term, len(message.entries)), (5, 1, 1))
        self.assertFalse(node.core.sending_snapshot)

    def test_lost_chunk_is_sent_again(self) -> None:
        """After some heartbeats; those go on meanwhile, with rounds and commit index."""
        node = compacted()
        node.step("B", AppendResponse(2, False, 0, 0))
        node.take()
        node.core.confirm(b"beat", node.now)
        node.pump()
        self.assertEqual(node.to("B", AppendEntries), [AppendEntries(2, 0, 0, 5, (), 1, (b"beat",))])
        node.step("C", AppendResponse(2, True, 6, 0, 1))
        node.wait(0.6)
        self.assertEqual([r.snapshot_reads for r in node.readies if r.snapshot_reads][-1], (("B", 5, 0),))

    def test_newer_snapshot_takes_over(self) -> None:
        """The one being sent exists no longer."""
        node = compacted()
        node.step("C", AppendResponse(2, True, 6))
        node.step("B", AppendResponse(2, False, 0, 0))
        node.core.send_chunk("B", META, 0, b"abc", False, node.now)
        node.pump()
        node.take()
        meta = node.core.snapshot_meta(6)
        assert meta is not None
        node.core.snapshot_taken(meta, 7)
        node.pump()
        self.assertEqual(node.readies[-1].snapshot_reads, (("B", 6, 0),))
        node.step("B", SnapshotResponse(2, 5, 3))
        node.core.send_chunk("B", META, 3, b"d", True, node.now)
        node.pump()
        self.assertEqual(node.to("B", InstallSnapshot), [])

    def test_what_is_not_kept_is_not_waited_for(self) -> None:
        """A follower that was silent while the log moved on is sent the snapshot with the next heartbeat."""
        node = compacted()
        for _ in range(3):
            node.propose()
            node.acknowledge("C")
        meta = node.core.snapshot_meta(9)
        assert meta is not None
        node.core.snapshot_taken(meta, 10)
        node.wait(0.11)
        self.assertEqual(node.readies[-1].snapshot_reads, (("B", 9, 0),))
        self.assertIn(AppendEntries(2, 0, 0, 9), node.to("B", AppendEntries))

    def test_closed_link_resumes_where_it_was(self) -> None:
        """The follower knows which byte it wants."""
        node = compacted()
        node.step("B", AppendResponse(2, False, 0, 0))
        node.step("B", SnapshotResponse(2, 5, 30))
        node.core.disconnected("B", node.now)
        node.core.connected("B", node.now)
        node.pump()
        node.take()
        node.step("B", AppendResponse(2, False, 0, 0))
        node.step("B", SnapshotResponse(2, 5, 30))
        self.assertEqual(node.readies[-1].snapshot_reads, (("B", 5, 30),))


class ReceivingTests(SynchronousTestCase):
    """A follower takes a snapshot."""

    def chunk(self, node: Single, offset: int, data: bytes, done: bool, sender: str = "B", term: int = 2) -> None:
        node.step(sender, InstallSnapshot(term, META, offset, data, done))

    def test_log_restarts_after_it(self) -> None:
        """When the last chunk is there; the answer leaves when it is on disk, and nothing is given to apply
        before the machine was restored."""
        node = Single(1, 1)
        self.chunk(node, 0, b"abc", False)
        self.chunk(node, 3, b"d", True)
        self.assertEqual(
            [(r.snapshot.offset, r.snapshot.done) for r in node.readies if r.snapshot], [(0, False), (3, True)]
        )
        self.assertEqual(node.to("B", SnapshotResponse), [SnapshotResponse(2, 5, 3), SnapshotResponse(2, 5, 4, True)])
        self.assertEqual((node.core.last_index, node.core.log.last_term, node.core.commit), (5, 1, 5))
        node.step("B", AppendEntries(2, 5, 1, 6, entries(2, first=6)))
        self.assertEqual((node.core.commit, node.applied), (6, []))
        node.core.applied(5)
        node.pump()
        self.assertEqual([entry.index for entry in node.applied], [6])

    def test_wrong_place_is_answered_with_the_right_one(self) -> None:
        """A doubled chunk, a gap, another leader's snapshot halfway."""
        node = Single()
        self.chunk(node, 3, b"d", True)
        self.chunk(node, 0, b"abc", False)
        self.chunk(node, 0, b"abc", False)
        self.assertEqual([m.offset for m in node.to("B", SnapshotResponse)], [0, 3, 3])
        self.chunk(node, 3, b"d", True, sender="C", term=3)
        self.assertEqual(node.take(), [("C", SnapshotResponse(3, 5, 0))])
        self.assertEqual(sum(r.snapshot is not None for r in node.readies), 1)

    def test_what_the_log_has_is_not_taken(self) -> None:
        """A late or needless snapshot is answered as if it were installed: it is, in the log."""
        node = Single(1, 1, 1, 1, 1, 1)
        self.chunk(node, 0, b"abc", False)
        self.assertEqual(node.to("B", SnapshotResponse), [SnapshotResponse(2, 5, 0, True)])
        self.assertEqual((node.core.commit, node.core.last_index, len(node.applied)), (5, 6, 5))

    def test_entries_do_not_overtake_it(self) -> None:
        """They are refused until the Ready with the last chunk is out, so that the disk has no gap."""
        node = Single()
        node.core.step("B", InstallSnapshot(2, META, 0, b"abcd", True), node.now)
        node.core.step("B", AppendEntries(2, 5, 1, 5, entries(2, first=6)), node.now)
        node.pump()
        self.assertEqual((node.readies[0].entries, node.core.last_index), ((), 5))

    def test_old_saves_do_not_speak_for_the_new_log(self) -> None:
        """Entries whose save was on its way are gone."""
        node = Single()
        node.disk_works = False
        node.step("B", AppendEntries(1, 0, 0, 0, entries(1, 1)))
        node.core.step("C", InstallSnapshot(2, META, 0, b"abcd", True), node.now)
        node.pump()
        node.core.persisted(node.readies[0].token, node.now)
        self.assertEqual(node.core.persistence.stable, 0)
        node.core.persisted(node.readies[1].token, node.now)
        self.assertEqual(node.core.persistence.stable, 5)


class MembershipTests(SynchronousTestCase):
    """Configurations act when they are appended."""

    def test_learner_receives_and_does_not_count(self) -> None:
        """It is sent the log; its answers make no majority."""
        node = Single(config=Configuration(("A", "B", "C"), ("L",)))
        node.lead()
        self.assertEqual(len(node.to("L", AppendEntries)), 1)
        node.step("L", AppendResponse(1, True, 1))
        self.assertEqual((node.core.commit, node.core.progress["L"].match), (0, 1))

    def test_cut_configuration_is_undone(self) -> None:
        """It acts from its entry on, and no longer than that stands."""
        two = Configuration(("A", "B"))
        node = Single(1)
        change = Entry(2, 1, CONFIG, msgspec.msgpack.encode(two))
        node.step("B", AppendEntries(1, 1, 1, 0, (change,)))
        self.assertEqual(node.core.config, two)
        node.step("C", AppendEntries(2, 1, 1, 0, entries(2, first=2)))
        self.assertEqual(node.core.config, THREE)

    def test_unreadable_configuration_is_skipped(self) -> None:
        """No message can make a node forget who takes part."""
        node = Single()
        empty = msgspec.msgpack.encode(Configuration(()))
        node.step("B", AppendEntries(1, 0, 0, 0, (Entry(1, 1, CONFIG, b"\xc1"), Entry(2, 1, CONFIG, empty))))
        self.assertEqual((node.core.config, node.core.last_index), (THREE, 2))

    def test_one_change_at_a_time(self) -> None:
        """None while one is uncommitted, none of two voters, none before the term's first entry is committed."""
        node = Single()
        node.lead()
        two, one = Configuration(("A", "B")), Configuration(("A",))
        self.assertIsNone(node.core.propose_config(two, node.now))
        node.acknowledge("B", "C")
        self.assertIsNone(node.core.propose_config(one, node.now))
        self.assertEqual(node.core.propose_config(two, node.now), (2, 1))
        self.assertEqual((node.core.config, set(node.core.progress)), (two, {"B"}))
        self.assertIsNone(node.core.propose_config(THREE, node.now))

    def test_given_membership_begins_a_cluster_only(self) -> None:
        """A leader whose own list differs from the log's changes nothing."""
        node = Single(term=1, config=Configuration(("A", "B", "D")), snapshot=META, first=6)
        node.lead()
        node.acknowledge("B", "C")
        node.propose()
        node.acknowledge("B", "C")
        self.assertEqual((node.core.config, node.core.commit, node.core.last_index), (THREE, 7, 7))

    def test_joining_learner_is_promoted_once_it_has_caught_up(self) -> None:
        """Not while it lacks many entries, or does not answer."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        for _ in range(CAUGHT_UP + 1):
            node.propose()
        node.acknowledge("B", "C")
        node.core.propose_config(added(THREE, MemberRecord("D"), joins=True), node.now)
        node.pump()
        node.acknowledge("B", "C")
        node.step("D", AppendResponse(1, True, 1))
        node.wait(0.11)
        self.assertEqual((node.core.config.voters, node.core.config.learners), (("A", "B", "C"), ("D",)))
        node.acknowledge("D")
        node.wait(0.11)
        self.assertEqual(node.core.config, Configuration(("A", "B", "C", "D"), members=(MemberRecord("D"),)))

    def test_learner_whose_link_is_down_is_not_promoted(self) -> None:
        """It was heard a moment ago and lacks nothing: and still it would be missing in every majority."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        core = node.core
        assert core.leading is not None
        core.propose_config(added(THREE, MemberRecord("D"), joins=True), node.now)
        node.pump()
        node.acknowledge("D")
        self.assertTrue(core.leading.may_vote("D", node.now))
        core.disconnected("D", node.now)
        node.acknowledge("B", "C")  # the change is committed: now it would be promoted
        node.wait(0.3)
        self.assertFalse(core.leading.may_vote("D", node.now))
        self.assertEqual((core.config.voters, core.config.learners), (("A", "B", "C"), ("D",)))
        core.connected("D", node.now)
        node.wait(0.3)
        self.assertEqual(core.config.voters, ("A", "B", "C"))  # a link alone is no answer
        node.acknowledge("D", "B", "C")
        node.wait(0.11)
        self.assertEqual((core.config.voters, core.config.learners), (("A", "B", "C", "D"), ()))

    def test_young_log_does_not_make_a_voter(self) -> None:
        """Few entries that a learner can lack say nothing of one that has not shown its log yet."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        assert node.core.leading is not None
        node.core.propose_config(added(THREE, MemberRecord("D")), node.now)
        node.pump()
        node.step("D", AppendResponse(1, False, 0, 0))
        self.assertTrue(node.core.leading.answers("D", node.now))
        self.assertFalse(node.core.leading.may_vote("D", node.now))
        node.acknowledge("D")
        self.assertTrue(node.core.leading.may_vote("D", node.now))

    def test_leader_that_is_voted_out_goes(self) -> None:
        """When that is committed, without it; it asks another to lead."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        node.core.propose_config(Configuration(("B", "C")), node.now)
        node.pump()
        node.step("B", AppendResponse(1, True, 2))
        self.assertIs(node.core.role, Role.LEADER)
        node.step("C", AppendResponse(1, True, 2))
        self.assertIs(node.core.role, Role.FOLLOWER)
        self.assertIn(("B", TimeoutNow(1)), node.take())
        self.assertFalse(node.core.election.may_stand)

    def test_voted_out_by_an_uncommitted_entry_still_stands(self) -> None:
        """Its log may be the only one that can win (thesis, 4.2.2)."""
        node = Single()
        node.step(
            "B", AppendEntries(1, 0, 0, 0, (Entry(1, 1, CONFIG, msgspec.msgpack.encode(Configuration(("B", "C")))),))
        )
        node.wait(2)
        self.assertIs(node.core.role, Role.PRE_CANDIDATE)
        for pre in (True, False):
            for peer in ("B", "C"):
                node.step(peer, VoteResponse(2, pre, True))
        self.assertIs(node.core.role, Role.LEADER)


class TransferTests(SynchronousTestCase):
    """Handing over (thesis, 3.10)."""

    def test_to_the_furthest(self) -> None:
        """It is told when it has everything; proposals wait meanwhile."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        node.propose()
        node.step("C", AppendResponse(1, True, 2))
        node.take()
        self.assertTrue(node.core.transfer(None, node.now))
        self.assertIsNone(node.propose())
        self.assertEqual(node.to("C", TimeoutNow), [TimeoutNow(1)])
        node.step("C", RequestVote(2, 2, 1, False, True))
        self.assertEqual((node.core.role, node.to("C", VoteResponse)), (Role.FOLLOWER, [VoteResponse(2, False, True)]))

    def test_waits_until_the_target_has_all(self) -> None:
        """A named one may be behind."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        node.propose()
        self.assertTrue(node.core.transfer("B", node.now))
        self.assertEqual(node.to("B", TimeoutNow), [])
        self.assertTrue(node.core.transfer("B", node.now))
        self.assertFalse(node.core.transfer("C", node.now))
        node.step("B", AppendResponse(1, True, 2))
        self.assertEqual(node.to("B", TimeoutNow), [TimeoutNow(1)])

    def test_lapses(self) -> None:
        """When nothing came of it, the leader takes proposals again."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        self.assertFalse(node.core.transfer("X", node.now))
        self.assertTrue(node.core.transfer("B", node.now))
        for _ in range(11):
            node.wait(0.1)
            node.acknowledge("C")
        self.assertEqual(node.propose(), (2, 1))

    def test_target_stands_at_once(self) -> None:
        """Without a pre-vote, and only for its leader."""
        node = Single(1)
        node.follow("B")
        node.step("C", TimeoutNow(1))
        self.assertIs(node.core.role, Role.FOLLOWER)
        node.step("B", TimeoutNow(1))
        self.assertEqual((node.core.role, node.core.term), (Role.CANDIDATE, 2))
        self.assertEqual(node.take()[0], ("B", RequestVote(2, 1, 1, False, True)))

    def test_target_that_is_voted_out(self) -> None:
        """The handover ends."""
        node = Single()
        node.lead()
        node.acknowledge("B", "C")
        node.core.propose_config(Configuration(("A", "B")), node.now)
        node.pump()
        self.assertFalse(node.core.transfer("C", node.now))
        self.assertTrue(node.core.transfer("B", node.now))

    def test_nobody_to_hand_over_to(self) -> None:
        """A single voter stays."""
        node = Single(config=Configuration(("A",), ("L",)))
        node.wait(1.6)
        self.assertFalse(node.core.transfer(None, node.now))
        self.assertEqual(node.propose(), (2, 1))


class RecoveryTests(SynchronousTestCase):
    """A node that lost its log does not vote until it has caught up."""

    def test_votes_again_when_it_has_all_that_was_committed(self) -> None:
        """On disk, and with an entry of the leader's own term."""
        node = Single(term=2, recovering=True)
        node.disk_works = False
        node.step("B", AppendEntries(3, 7, 3, 3))
        self.assertTrue(node.core.recovering)
        node.step("B", AppendEntries(3, 0, 0, 3, entries(1, 1)))
        node.step("B", AppendEntries(3, 2, 1, 3, entries(3, first=3)))
        self.assertEqual((node.core.commit, node.core.recovering), (3, True))
        node.core.persisted(node.readies[-1].token, node.now)
        self.assertFalse(node.core.recovering)
        node.pump()
        self.assertEqual(node.readies[-1].hard, HardState(3, "", False))

    def test_old_entries_alone_do_not_do(self) -> None:
        """Before the leader's own term nothing tells that all is there."""
        node = Single(term=2, recovering=True)
        node.step("B", AppendEntries(3, 0, 0, 2, entries(1, 1)))
        self.assertTrue(node.core.recovering)
        node.step("B", AppendEntries(3, 2, 1, 3, entries(3, first=3)))
        self.assertFalse(node.core.recovering)

    def test_by_snapshot(self) -> None:
        """The leader's first commit index counts, not the snapshot's end."""
        node = Single(term=2, recovering=True)
        node.step("B", AppendEntries(3, 0, 0, 6))
        node.step("B", InstallSnapshot(3, META, 0, b"", True))
        self.assertTrue(node.core.recovering)
        node.core.applied(5)
        node.step("B", AppendEntries(3, 5, 1, 6, entries(3, first=6)))
        self.assertFalse(node.core.recovering)

    def test_single_voter_has_nobody_to_recover_from(self) -> None:
        """It goes on with what it has."""
        node = Single(term=4, recovering=True, config=Configuration(("A",)))
        node.pump()
        self.assertEqual(node.readies[0].hard, HardState(4, "", False))
        node.wait(1.6)
        self.assertEqual((node.core.role, node.core.term), (Role.LEADER, 5))
        self.assertEqual(node.core.progress, {})
