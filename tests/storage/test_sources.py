"""Which of several databases is used."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.storage.sources import FIRST_RETRY, LONGEST_RETRY, PERIOD, Sources, State

UP, READS, DOWN = State.WRITABLE, State.READ_ONLY, State.DOWN


class SourcesTests(SynchronousTestCase):
    """The first one that takes writes, and what health says."""

    def test_order(self) -> None:
        """None is used before those in front of it were looked at."""
        sources = Sources(["a", "b"])
        self.assertFalse(sources.report(1, UP))
        self.assertIsNone(sources.master)
        self.assertFalse(sources.known)
        self.assertIn("being connected to", sources.why())
        self.assertTrue(sources.report(0, UP))
        self.assertEqual(sources.master, 0)
        self.assertTrue(sources.known)
        self.assertEqual(sources.health(), "UP")

    def test_failover_and_back(self) -> None:
        """The next one while the first is down, and the first again when it is back."""
        sources = Sources(["a", "b", "c"])
        for index in range(3):
            sources.report(index, UP)
        self.assertTrue(sources.report(0, DOWN, "gone"))
        self.assertEqual((sources.master, sources.health()), (1, "WARN:slave db (a) down. gone"))
        self.assertFalse(sources.report(2, DOWN))
        self.assertTrue(sources.report(1, DOWN))
        self.assertEqual((sources.master, sources.reader), (None, None))
        self.assertEqual(sources.health(), "DOWN:master db (b) down. ")
        self.assertEqual((sources.why(), sources.trouble(), sources.denied()), ("gone", "database a: gone", ""))
        self.assertTrue(sources.report(0, UP))
        self.assertEqual(sources.master, 0)

    def test_read_only(self) -> None:
        """A replica is well, and good for reading where nothing else is there, never for writing."""
        sources = Sources(["replica", "master"])
        sources.report(0, READS)
        sources.report(1, UP)
        self.assertEqual((sources.master, sources.reader, sources.health()), (1, 1, "UP"))
        sources.report(1, DOWN)
        self.assertEqual((sources.master, sources.reader), (None, 0))
        self.assertEqual(sources.health(), "DOWN:master db (master) down. ")
        self.assertIn("read-only", sources.why())

    def test_denied(self) -> None:
        """What the settings are to blame for is told from what waiting mends, and is forgotten once it works."""
        sources = Sources(["a"])
        sources.report(0, DOWN, "wrong password", True)
        self.assertEqual(sources.health(), "DOWN:master db (a) down. wrong password")
        self.assertEqual(sources.denied(), "database a: wrong password")
        sources.report(0, UP)
        self.assertEqual((sources.denied(), sources.trouble()), ("", ""))

    def test_pauses(self) -> None:
        """Ten seconds while all is well; sooner, and then ever more rarely, while it is not."""
        sources = Sources(["a"])
        sources.report(0, UP)
        self.assertEqual(sources.all[0].pause, PERIOD)
        pauses = []
        for _ in range(12):
            sources.report(0, DOWN)
            pauses.append(sources.all[0].pause)
        self.assertEqual(pauses[:3], [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY])
        self.assertEqual(pauses[-1], LONGEST_RETRY)
        sources.report(0, UP)
        self.assertEqual(sources.all[0].pause, PERIOD)
