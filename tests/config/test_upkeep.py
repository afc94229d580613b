"""Tests of L{nacos_tw.config.upkeep}."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config.commands import CountUsage, TrimHistory
from nacos_tw.config.upkeep import DAY, PERIOD, ROWS, Upkeep
from nacos_tw.errors import Unavailable


class Written:
    """Configs of which only writes count."""

    def __init__(self, old: int) -> None:
        self.old = old
        self.commands: list[Any] = []
        self.away = False

    def write(self, command: Any) -> Deferred[Any]:
        if self.away:
            return fail(Unavailable("no leader"))
        self.commands.append(command)
        if isinstance(command, TrimHistory):
            gone = min(self.old, command.limit)
            self.old -= gone
            return succeed(gone)
        return succeed(True)


class UpkeepTests(SynchronousTestCase):
    """The rounds."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.configs = Written(2 * ROWS + 5)
        self.mine = True
        now = 100 * DAY
        self.upkeep = Upkeep(self.clock, self.configs, 30, lambda: now, lambda: self.mine)  # type: ignore[arg-type]
        self.upkeep.startService()
        self.addCleanup(self.upkeep.stopService)

    def test_round(self) -> None:
        """History older than the days goes, a bounded number of rows at a time; then usage is counted."""
        self.clock.advance(PERIOD - 1)
        self.assertEqual(self.configs.commands, [])
        self.clock.advance(1)
        trim = TrimHistory(70 * DAY, ROWS)
        self.assertEqual(self.configs.commands, [trim, trim, trim, CountUsage(100 * DAY)])
        self.assertEqual(self.configs.old, 0)

    def test_not_mine(self) -> None:
        """Another node does it; once that is gone, this one."""
        self.mine = False
        self.clock.advance(PERIOD)
        self.assertEqual(self.configs.commands, [])
        self.mine = True
        self.clock.advance(PERIOD)
        self.assertEqual(len(self.configs.commands), 4)

    def test_refused(self) -> None:
        """A round that cannot be done is left to the next one."""
        self.configs.away = True
        self.clock.advance(PERIOD)
        self.configs.away = False
        self.clock.advance(PERIOD)
        self.assertEqual(len(self.configs.commands), 4)
