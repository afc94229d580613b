"""The periodic check that stored contents match their md5."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

import msgspec
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.config import store_check
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.store_check import Checked
from nacos_tw.errors import NacosError
from nacos_tw.timers import Periodic

T = TypeVar("T")

FIRST = 600.0
"""Seconds until the first round, at most."""
PAUSE = 0.1
"""Seconds between two pages: a round takes a small part of a processor's and the disk's time."""
AGAIN = 30.0
"""Seconds until what differs is looked at again."""
SHOWN = 3
"""Configs that a text names."""
KNOWN = 1000
"""Most that are named in the log and looked at again between rounds; beyond, they are counted."""


class IQuery(Protocol):
    """Runs a function of a transaction in a thread; it only reads."""

    def __call__(self, name: str, fn: Callable[..., T], *args: Any) -> Deferred[T]: ...


class ContentCheck(Periodic):
    """
    One node's.

    @ivar differing: the contents that differ from their md5, as far as is known.
    @ivar checked: contents looked at since the start; C{found}: of these, those that differed; C{healed}: of those,
        those that are right again by what this node did.
    @ivar heal: tries to put a content right. @return: fires with whether it did.
    @ivar seen: called in the reactor's thread with each page of rows that are whole.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, query: IQuery, period: float, mine: Callable[[], bool]) -> None:
        """
        @param period: seconds between two rounds.
        @param mine: whether this node is to look now.
        """
        super().__init__(clock, period, self.round, min(FIRST, period))
        self._query = query
        self._mine = mine
        self.differing: dict[tuple[str, ConfigKey, str], Checked] = {}
        self.checked = self.found = self.healed = 0
        self.heal: Callable[[Checked], Awaitable[bool]] = lambda row: succeed(False)
        self.seen: Callable[[list[Checked]], object] = lambda rows: None
        self._suspects: dict[ConfigKey, None] = {}
        self._works: set[Deferred[None]] = set()
        self._again: IDelayedCall | None = None
        self._looking = False

    def stopService(self) -> None:
        """Look no more."""
        super().stopService()
        if self._again is not None:
            self._again.cancel()
            self._again = None
        for work in list(self._works):
            work.cancel()

    def reason(self) -> str:
        """What differs, in one line; "" if nothing does."""
        rows = list(self.differing.values())
        if not rows:
            return ""
        names = "; ".join(row.named() for row in rows[:SHOWN]) + ("; ..." if len(rows) > SHOWN else "")
        return f"{len(rows)} contents differ from their md5: {names}"

    # -- the round

    def round(self) -> Deferred[None]:
        """Look at everything once; what fails is tried again in the next round."""
        return self._run_job(self._round())

    def _run_job(self, job: Coroutine[Any, Any, None]) -> Deferred[None]:
        work = Deferred.fromCoroutine(job)
        self._works.add(work)

        def ended(result: object) -> object:
            self._works.discard(work)
            if isinstance(result, Failure) and result.check(CancelledError):
                return None
            return result

        work.addBoth(ended)
        return work

    async def _round(self) -> None:
        if not self._mine():
            return
        try:
            for table in await self._query("tables", store_check.tables):
                await self._table(table)
        except NacosError as error:
            self.log.info("looking at the contents waits: {error}", error=error)
            self._look_later()

    async def _table(self, table: str) -> None:
        last = 0
        while rows := await self._query("check", store_check.page, table, last):
            last = rows[-1].id
            self.checked += len(rows)
            self.seen([row for row in rows if row.whole])
            for row in rows:
                await self._judge(row)
            del rows
            await deferLater(self._clock, PAUSE)

    async def _judge(self, row: Checked) -> None:
        """Say once what differs, and try to put it right."""
        known = self.differing.get(row.place)
        if row.whole:
            if known is not None:
                self._right(row)
            return
        if known is None or (known.md5, known.actual) != (row.md5, row.actual):
            self.found += 1
            if len(self.differing) < KNOWN:
                self._say(row)
        if known is not None or len(self.differing) < KNOWN:
            self.differing[row.place] = msgspec.structs.replace(row, content="")
        if await self.heal(row):
            self.healed += 1
            self._right(row)
        else:
            self._look_later()

    def _say(self, row: Checked) -> None:
        self.log.error(
            "{config} ({table}, id {id}) differs from its md5: the column says {md5}, the content has {actual}",
            config=row.named(), table=row.table, id=row.id, md5=row.md5, actual=row.actual,
        )  # fmt: skip

    def _right(self, row: Checked) -> None:
        if self.differing.pop(row.place, None) is not None:
            self.log.info("{config} is as its md5 says again", config=row.named())

    # -- between rounds

    def suspect(self, key: ConfigKey) -> None:
        """Somebody could not read a content of this config: it is looked at now."""
        if self.running and not any(row.key == key for row in self.differing.values()):
            self._suspects[key] = None
            self._look()

    def _look_later(self) -> None:
        if self.differing and self._again is None and self.running:
            self._again = self._clock.callLater(AGAIN, self._look_again)

    def _look_again(self) -> None:
        self._again = None
        self._suspects.update((row.key, None) for row in self.differing.values())
        self._look()

    def _look(self) -> None:
        if self._looking or not self._suspects:
            return
        self._looking = True
        work = self._run_job(self._look_at_suspects())
        work.addErrback(lambda failure: self.log.failure("looking at a content failed", failure))

    async def _look_at_suspects(self) -> None:
        try:
            while self._suspects:
                key = next(iter(self._suspects))
                del self._suspects[key]
                await self._look_at(key)
        except NacosError as error:
            self.log.info("looking at the contents waits: {error}", error=error)
            self._look_later()
        finally:
            self._looking = False

    async def _look_at(self, key: ConfigKey) -> None:
        rows = await self._query("check", store_check.of_key, key)
        there = {row.place for row in rows}
        for gone in [row for row in self.differing.values() if row.key == key and row.place not in there]:
            self._right(gone)
        for row in rows:
            await self._judge(row)
