"""The small parts: log, majorities, saves, progress."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.core.core import Log
from nacos_tw.raft.core.messages import CONFIG, Configuration, Entry, HardState, SnapshotMeta
from nacos_tw.raft.core.persistence import Persistence
from nacos_tw.raft.core.progress import Flow, Progress
from nacos_tw.raft.core.quorum import majority, reached
from tests.raft.single import THREE, entries

META = SnapshotMeta(5, 2, THREE)


class QuorumTests(SynchronousTestCase):
    """Majorities."""

    def test_majority(self) -> None:
        """More than half."""
        self.assertEqual([majority(n) for n in range(1, 8)], [1, 2, 2, 3, 3, 4, 4])

    def test_reached(self) -> None:
        """What a majority is at or above, in any order."""
        cases = [([], 0), ([7], 7), ([7, 3], 3), ([5, 9, 1], 5), ([1, 5, 9], 5), ([9, 1, 5], 5), ([2, 2, 2], 2)]
        cases += [([4, 1, 3, 2], 2), ([5, 4, 3, 2, 1], 3), ([0, 0, 9, 9, 9], 9)]
        for values, expected in cases:
            self.assertEqual(reached(values), expected, values)


class LogTests(SynchronousTestCase):
    """The log in memory."""

    def test_empty(self) -> None:
        """Index 0 is of term 0."""
        log = Log()
        self.assertEqual((log.first, log.last_index, log.last_term, log.term(0), log.term(1)), (1, 0, 0, 0, None))
        self.assertEqual((log.config, log.config_index, log.config_at(0), log.tail(1)), (None, 0, None, ()))

    def test_entries_around_a_snapshot(self) -> None:
        """Trailing entries are kept if the snapshot agrees; the term before the first is not known then."""
        log = Log(META, entries(1, 2, 2, 3, first=3))
        self.assertEqual((log.first, log.last_index, log.term(2), log.term(5), log.term(6)), (3, 6, None, 2, 3))
        self.assertEqual(log.config, THREE)
        exact = Log(META, entries(3, first=6))
        self.assertEqual((exact.first, exact.term(5), exact.term(4)), (6, 2, None))
        self.assertEqual(Log(META, entries(1, 1, 1, 1, 2, 3)).term(0), 0)

    def test_snapshot_wins_against_what_it_contradicts(self) -> None:
        """Entries that end before it, or are of another term where it ends, are gone."""
        for old in (entries(1, 1), entries(1, 1, 1, 1, 1, 1)):
            log = Log(META, old)
            self.assertEqual((log.first, log.last_index, log.last_term), (6, 5, 2))

    def test_gaps_are_refused(self) -> None:
        """A store that has one is damaged."""
        for snapshot, bad in ((None, entries(1, first=2)), (META, entries(2, first=7)), (None, entries(1, 1)[::-1])):
            self.assertRaises(ValueError, Log, snapshot, bad)

    def test_slices(self) -> None:
        """Bounded by size, never empty."""
        log = Log(None, tuple(Entry(i, 1, 1, b"x" * 76) for i in range(1, 6)))
        self.assertEqual([e.index for e in log.slice(2, 9, 250)], [2, 3])
        self.assertEqual([e.index for e in log.slice(2, 4, 1)], [2])
        self.assertEqual([e.index for e in log.slice(1, 5, 500)], [1, 2, 3, 4, 5])
        self.assertEqual([e.index for e in log.slice(5, 5, 1)], [5])
        self.assertEqual(log.slice(6, 5, 1), ())
        self.assertEqual(len(log.tail(4)), 2)

    def test_agreement(self) -> None:
        """The last entry at or before an index, of a term or an earlier one."""
        log = Log(None, entries(1, 1, 3, 3, 5))
        cases = {(9, 9): (5, 5), (5, 4): (4, 3), (5, 2): (2, 1), (3, 3): (3, 3), (4, 0): (0, 0), (0, 0): (0, 0)}
        for (index, term), expected in cases.items():
            self.assertEqual(log.agreement(index, term), expected)
        short = Log(META, entries(3, first=6))
        self.assertEqual(short.agreement(6, 2), (5, 2))
        self.assertLess(short.agreement(6, 1)[0], 5)
        self.assertEqual(short.agreement(3, 1), (3, 0))

    def test_configurations(self) -> None:
        """The newest acts; cut entries take theirs along; compaction keeps what was in force."""
        two, one = Configuration(("A", "B")), Configuration(("A",))
        log = Log(None, entries(1, 1, 1))
        log.append((Entry(4, 1, CONFIG, msgspec.msgpack.encode(two)), Entry(5, 1, CONFIG, msgspec.msgpack.encode(one))))
        self.assertEqual((log.config, log.config_index, log.config_at(4), log.config_at(3)), (one, 5, two, None))
        self.assertEqual([log.named_since(at, "B") for at in (0, 4, 5, 9)], [True, True, False, False])
        self.assertFalse(log.named_since(0, "C"))
        log.truncate(5)
        self.assertEqual((log.config, log.last_index), (two, 4))
        log.compact(SnapshotMeta(4, 1, two), 4)
        self.assertEqual((log.config, log.first, log.term(3), log.term(2)), (two, 4, 1, None))
        log.truncate(5)
        self.assertEqual(log.config, two)
        log.restart(META)
        self.assertEqual((log.config, log.first, log.last_index, log.last_term), (THREE, 6, 5, 2))


class SavesTests(SynchronousTestCase):
    """Saves on their way."""

    def test_in_order(self) -> None:
        """A token speaks for all before it, once."""
        persistence = Persistence(HardState(), 0)
        for token, last in ((1, 2), (2, 5), (5, 6)):
            persistence.hand_out(token, HardState(token), last, float(token))
        self.assertEqual((persistence.unsaved, persistence.stable), (7, 0))
        self.assertTrue(persistence.done(4))
        self.assertEqual((persistence.stable, persistence.durable), (5, HardState(2)))
        self.assertFalse(persistence.done(4))
        self.assertFalse(persistence.stuck(6.0, 1.0))
        self.assertTrue(persistence.stuck(6.1, 1.0))
        self.assertTrue(persistence.done(5))
        self.assertFalse(persistence.stuck(99.0, 1.0))

    def test_truncate(self) -> None:
        """A save from before the cut does not speak for what came in its place."""
        persistence = Persistence(HardState(), 1)
        persistence.hand_out(1, HardState(1), 5, 0.0)
        persistence.truncate(4)
        self.assertEqual((persistence.unsaved, persistence.stable), (4, 1))
        persistence.hand_out(2, HardState(2), 6, 0.0)
        persistence.done(1)
        self.assertEqual(persistence.stable, 3)
        persistence.truncate(2)
        self.assertEqual(persistence.stable, 1)


class ProgressTests(SynchronousTestCase):
    """A follower as its leader sees it."""

    def test_answers_free_the_window(self) -> None:
        """Each answer speaks for all messages up to its index."""
        progress = Progress(5, 0.0)
        progress.replicate()
        progress.inflight.extend((6, 8, 9))
        progress.next = 10
        progress.reached(8)
        self.assertEqual((progress.match, progress.next, list(progress.inflight)), (8, 10, [9]))
        progress.reached(12)
        self.assertEqual((progress.next, list(progress.inflight)), (13, []))

    def test_flows(self) -> None:
        """Each change of flow forgets what was on its way."""
        progress = Progress(5, 0.0)
        self.assertIs(progress.state, Flow.PROBE)
        progress.send_snapshot(7, 3.0)
        self.assertEqual(
            (progress.state, progress.snapshot, progress.offset, progress.asked), (Flow.SNAPSHOT, 7, 0, 3.0)
        )
        progress.inflight.append(9)
        progress.probe(4)
        self.assertEqual((progress.state, progress.next, len(progress.inflight)), (Flow.PROBE, 4, 0))
