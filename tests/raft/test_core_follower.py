"""What a follower takes and answers: paper, 5.3."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.core.messages import AppendEntries, AppendResponse, HardState, SnapshotMeta
from tests.raft.single import THREE, Single, entries


class FollowerTests(SynchronousTestCase):
    """5.3: what a follower takes and answers."""

    def test_acknowledges_after_saving(self) -> None:
        """The answer says what is on disk."""
        node = Single()
        node.disk_works = False
        node.step("B", AppendEntries(1, 0, 0, 0, entries(1, 1)))
        ready = node.readies[-1]
        self.assertEqual((ready.hard, ready.entries, ready.messages_now), (HardState(1), entries(1, 1), ()))
        self.assertEqual(ready.messages, (("B", AppendResponse(1, True, 2)),))

    def test_heartbeat_is_answered_at_once_with_what_is_durable(self) -> None:
        """It does not wait behind a slow disk."""
        node = Single(1, term=1)
        node.disk_works = False
        node.step("B", AppendEntries(1, 1, 1, 0, entries(1, first=2)))
        node.step("B", AppendEntries(1, 2, 1, 0))
        self.assertEqual(node.readies[-1].messages_now, (("B", AppendResponse(1, True, 1)),))

    def test_figure_7(self) -> None:
        """The followers (a) to (f) of figure 7, and what they answer to the leader's first message."""
        logs = {
            "a": ((1, 1, 1, 4, 4, 5, 5, 6, 6), (9, 6)),
            "b": ((1, 1, 1, 4), (4, 4)),
            "c": ((1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6), None),
            "d": ((1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7), None),
            "e": ((1, 1, 1, 4, 4, 4, 4), (7, 4)),
            "f": ((1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3), (10, 3)),
        }
        for name, (terms, hint) in logs.items():
            node = Single(*terms, term=7)
            node.step("B", AppendEntries(8, 10, 6, 0, entries(8, first=11)))
            (answer,) = node.to("B", AppendResponse)
            if hint is None:
                self.assertEqual((answer.success, answer.match, node.core.last_index), (True, 11, 11), name)
                self.assertEqual(node.core.log.last_term, 8)
            else:
                self.assertEqual((answer.success, (answer.match, answer.match_term)), (False, hint), name)

    def test_conflict_is_cut_away_equal_entries_stay(self) -> None:
        """Only from the first entry that differs; a late message cuts nothing."""
        node = Single(1, 1, 1, 1)
        node.step("B", AppendEntries(2, 1, 1, 0, (*entries(1, first=2), *entries(2, first=3))))
        self.assertEqual(node.readies[-1].entries, entries(2, first=3))
        self.assertEqual([node.core.log.term(i) for i in range(1, 5)], [1, 1, 2, None])
        node.step("B", AppendEntries(2, 1, 1, 0, entries(1, first=2)))
        self.assertEqual(node.core.last_index, 3)

    def test_cut_while_saves_are_on_their_way(self) -> None:
        """What was cut is not durable when its old save ends."""
        node = Single()
        node.disk_works = False
        node.step("B", AppendEntries(1, 0, 0, 0, entries(1, 1, 1)))
        node.step("C", AppendEntries(2, 1, 1, 0, entries(2, first=2)))
        first, second = node.readies
        self.assertEqual(second.entries, entries(2, first=2))
        node.core.persisted(first.token, node.now)
        self.assertEqual(node.core.persistence.stable, 1)
        node.core.persisted(second.token, node.now)
        self.assertEqual(node.core.persistence.stable, 2)

    def test_commit_no_further_than_compared(self) -> None:
        """min(leaderCommit, index of last new entry)."""
        node = Single(1, 1, 1)
        node.step("B", AppendEntries(1, 1, 1, 3, entries(1, first=2)))
        self.assertEqual((node.core.commit, node.core.leader_commit), (2, 3))
        self.assertEqual([entry.index for entry in node.applied], [1, 2])

    def test_committed_entries_are_never_cut(self) -> None:
        """No leader can ask for that; such a message is ignored."""
        node = Single(1, 1)
        node.step("B", AppendEntries(1, 2, 1, 2))
        node.take()
        node.step("B", AppendEntries(1, 0, 0, 0, entries(1, 1)))
        self.assertEqual(node.to("B", AppendResponse)[0].match, 2)
        node.step("C", AppendEntries(3, 1, 1, 0, entries(3, first=2)))
        self.assertEqual([node.core.log.term(i) for i in (1, 2, 3)], [1, 1, None])

    def test_hint_is_never_below_what_is_committed(self) -> None:
        """There the logs surely agree, whatever was forgotten before."""
        node = Single(3, snapshot=SnapshotMeta(5, 2, THREE), first=6)
        node.step("B", AppendEntries(3, 8, 1, 0))
        self.assertEqual(node.to("B", AppendResponse), [AppendResponse(3, False, 5, 2)])

    def test_disorder_is_ignored(self) -> None:
        """Gaps, falling terms, terms beyond the leader's."""
        node = Single(1)
        for bad in (entries(1, first=3), entries(2, 1, first=2), entries(9, first=2), entries(0, first=2)):
            node.step("B", AppendEntries(2, 1, 1, 0, bad))
            self.assertEqual((node.to("B", AppendResponse), node.core.last_index), ([], 1))

    def test_applying_comes_in_slices(self) -> None:
        """A long way to catch up does not become one Ready."""
        node = Single(*[1] * 10, max_bytes=60)
        node.step("B", AppendEntries(1, 10, 1, 10))
        self.assertEqual([len(r.committed) for r in node.readies if r.committed], [2] * 5)
        self.assertEqual([entry.index for entry in node.applied], list(range(1, 11)))
