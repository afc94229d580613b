"""The look-out for room on the disk."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.metrics.space import LAST, LOW, PERIOD, PLENTY, SHORT, DiskSpace, SpaceLimits, sizes

MB = 2**20


class SpaceTests(SynchronousTestCase):
    """A disk of a gigabyte."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.free, self.total, self.needed = 1000 * MB, 1000 * MB, 0
        self.calls: list[str] = []
        self.space = self.made(SpaceLimits(200 * MB, 100 * MB))

    def made(self, limits: SpaceLimits) -> DiskSpace:
        space = DiskSpace(self.clock, "/data", limits, lambda: self.needed, lambda folder: (self.free, self.total))
        space.on_low = lambda: self.calls.append("low")
        space.on_level = lambda: self.calls.append(f"level {space.level}")
        space.startService()
        self.addCleanup(space.stopService)
        return space

    def now(self, free: int) -> int:
        self.free = free * MB
        self.clock.advance(PERIOD)
        return self.space.level

    def test_levels(self) -> None:
        """Warned of, refused, and over by itself, with a margin so that it does not flutter."""
        self.assertEqual((self.now(300), self.space.refusal), (PLENTY, ""))
        self.assertEqual((self.now(199), self.space.refusal), (LOW, ""))
        self.assertEqual(self.now(240), LOW)
        self.assertEqual(self.now(99), SHORT)
        self.assertIn("the disk is nearly full: 99.0 MB of 1000.0 MB are free on the disk of /data", self.space.refusal)
        self.assertIn("until 125.0 MB are", self.space.refusal)
        self.assertEqual(self.now(120), SHORT)
        self.assertEqual(self.now(49), LAST)
        self.assertEqual(self.now(126), LOW)
        self.assertEqual(self.space.refusal, "")
        self.assertEqual(self.now(251), PLENTY)

    def test_told(self) -> None:
        """Who makes files shorter is told at once, then every ten seconds while it lasts."""
        self.now(150)
        self.assertEqual(self.calls, ["level 1", "low"])
        self.now(90)
        self.assertEqual(self.calls, ["level 1", "low", "level 2"])
        self.clock.pump([PERIOD] * 45)
        self.assertEqual(self.calls.count("low"), 2)
        self.now(900)
        self.clock.pump([PERIOD] * 45)
        self.assertEqual(self.calls.count("low"), 2)

    def test_small_disk(self) -> None:
        """A quarter and an eighth of a small disk are enough; what making files shorter takes comes on top."""
        self.total = 40 * MB
        self.now(39)
        self.assertEqual(self.space.limits, (10 * MB, 5 * MB))
        self.needed = 4 * MB
        self.assertEqual(self.space.limits, (14 * MB, 9 * MB))
        self.assertEqual(self.now(8), SHORT)

    def test_off(self) -> None:
        """Zero: nothing is looked at."""
        self.space = self.made(SpaceLimits(0, 0))
        self.needed = 10 * MB
        self.assertEqual(self.now(0), PLENTY)

    def test_disk_that_does_not_say(self) -> None:
        """It is asked again."""
        self.now(50)

        def fails(folder: str) -> tuple[int, int]:
            raise OSError("no")

        self.space._look, before = fails, self.space._look
        self.assertEqual(self.now(900), SHORT)
        self.space._look = before
        self.assertEqual(self.now(900), PLENTY)

    def test_real(self) -> None:
        """A real disk says something."""
        free, total = sizes("/")
        self.assertTrue(0 <= free <= total and total > 0)
