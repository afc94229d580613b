"""
Periodic work on the stored configs: removes old history, counts usage again
(docs/spec/config-v1.md#5.6, #6.3).
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from nacos_tw.config.commands import CountUsage, TrimHistory
from nacos_tw.config.configs import Configs
from nacos_tw.errors import NacosError
from nacos_tw.timers import Periodic

PERIOD = 600.0
"""Seconds between two rounds."""
ROWS = 1000
"""History rows that one command removes."""
DAY = 86_400_000
"""Milliseconds."""


class Upkeep(Periodic):
    """The rounds of one node; only the node that C{mine} says does them."""

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        configs: Configs,
        days: int,
        millis: Callable[[], int],
        mine: Callable[[], bool],
    ) -> None:
        """
        @param days: how long history is kept.
        @param mine: whether this node is the one that does it now.
        """
        super().__init__(clock, PERIOD, self.round)
        self._configs = configs
        self._days = days
        self._millis = millis
        self._mine = mine

    def round(self) -> Deferred[None]:
        """One round; what fails is tried again in the next."""
        return Deferred.fromCoroutine(self._round())

    async def _round(self) -> None:
        if not self._mine():
            return
        try:
            before = self._millis() - self._days * DAY
            while await self._configs.write(TrimHistory(before, ROWS)) >= ROWS:
                pass
            await self._configs.write(CountUsage(self._millis()))
        except NacosError as error:
            self.log.info("the upkeep of configs waits: {error}", error=error)
