"""
Fills the cache of a node with a shared database, and keeps it up to date (docs/spec/config-v1.md#15.3).

At the start the copy on disk is served at once and compared with the database, or, if there is none, everything is
read. After that, rows are read again when another node reports a change. Because notices can be lost, and others write
to the same database, the recent changes in the history are compared every 30 s, and everything every 6 h.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.config import cache_queries, store_adopt
from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.gray import Copy, Entry
from nacos_tw.config.local import LocalFile
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.refresh import Refresher
from nacos_tw.config.store_index import Indexed, index_page
from nacos_tw.errors import NacosError
from nacos_tw.interfaces import IDatabase
from nacos_tw.timers import Backoff, Periodic

RECENT = 30.0
"""Seconds between two comparisons of what has changed lately."""
FULL = 6 * 3600.0
FULL_FIRST = (600.0, FULL + 600.0)
"""Seconds between two comparisons of everything; range of the first one."""
SHOWN = 2.0
"""Seconds between two lines on the progress."""
OVERLAP = 1000
"""History rows looked at again after the start: transactions do not commit in the order of their rows."""
WAITING = 16 * 1024 * 1024
"""Bytes that may wait for the disk before more is read."""
SOONEST, LATEST = 0.1, 10.0
"""Seconds until a start that failed is tried again."""
PATIENCE = 1.0
"""Seconds that the database has to come up before its absence is worth a line."""


class CacheSync(Service):
    """
    Keeps a cache equal to a database.

    @ivar refresher: reads configs anew.
    @ivar ready: whether the cache holds a whole state of the database, be it an old one.
    @ivar compared: whether it has been compared with the database since the start.
    @ivar copies_known: fires when what is served of copies for some is what the database holds, or cannot be read; at
        once if nothing is served yet.
    @ivar on_adopted: called with configs whose copies this node has changed in the database.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        database: IDatabase,
        cache: ConfigCache,
        local: LocalFile,
        random: Callable[[], float],
        millis: Callable[[], int],
    ) -> None:
        """
        @param random: in [0, 1), so that nodes do not compare everything at the same time.
        @param millis: the wall clock, in epoch milliseconds.
        """
        self._clock = clock
        self._database = database
        self._cache = cache
        self._local = local
        self._millis = millis
        self.copies_known: Deferred[None] = Deferred()
        self.on_adopted: Callable[[tuple[ConfigKey, ...]], object] = lambda keys: None
        self._not_adopted = ""
        self.refresher = Refresher(clock, database, cache, local)
        self.ready = self.compared = self._loaded = False
        cache.ready = cache.current = False  # nothing is known yet: HTTP may be served before this starts
        self._trouble = self._logged = ""
        self._work: Deferred[Any] | None = None
        self._pause = Backoff(SOONEST, LATEST)
        first, last = FULL_FIRST
        self._recent = Periodic(clock, RECENT, self._recent_due)
        self._full = Periodic(clock, FULL, self.compare, first + random() * (last - first))
        self._again: IDelayedCall | None = None
        self._full_wanted = False
        # The last history row's nid at the check before the last one, and at that.
        self._marks = (0, 0)
        self._lost = False
        cache.on_missing = self._missing
        local.on_lost = self._copy_lost

    # -- life

    def serve_copy(self) -> None:
        """Serve what is on disk, if all of it is there: the database need not have been found yet."""
        if not self._loaded:
            self._loaded = True
            self.ready = self._cache.ready = self._local.complete and self._load()

    def startService(self) -> None:
        """Take what is on disk; the rest comes while the node already works."""
        super().startService()
        self._began = self._clock.seconds()
        self.serve_copy()
        self._full.startService()
        self._recent.startService()
        self.compare()
        if not self.ready:
            self._know_copies()

    def _load(self) -> bool:
        """Take what is on disk. @return: False if it cannot be read."""
        began = self._clock.seconds()
        try:
            for entry in self._local.load():
                self._cache.put(entry)
            for key in self._local.doubtful:
                self._cache.doubt(key)
            for key in self._local.noted:
                self._local.doubt(key)
        except NacosError as error:
            self.log.warn("the local copy of the configs cannot be read: {why}", why=str(error))
            return False
        seconds = self._clock.seconds() - began
        self.log.info("{count} configs on disk, read in {seconds:.2f} s", count=len(self._cache), seconds=seconds)
        return True

    def stopService(self) -> None:
        """Read nothing more."""
        super().stopService()
        self._recent.stopService()
        self._full.stopService()
        if self._again is not None:
            self._again.cancel()
            self._again = None
        self.refresher.stop()
        if self._work is not None:
            self._work.cancel()

    def reason(self) -> str:
        """Why the cache may not hold what the database holds; C{""} if all is well."""
        trouble = self._trouble or self.refresher.trouble
        if not self.ready:
            return f"configs are not read yet: {trouble}" if trouble else "configs are being read"
        if trouble:
            return f"the local copy of {len(self._cache)} configs is served: {trouble}"
        return ""

    def _missing(self, key: ConfigKey) -> None:
        if self.running:
            self.refresher.refresh([key]).addErrback(lambda _: None)

    def _copy_lost(self) -> None:
        """The copy on disk is empty: what is in memory is served, and everything is read once more to fill it."""
        self._lost = True
        self.compared = False
        self.compare()

    # -- one job at a time

    def compare(self) -> None:
        """Compare everything with the database, from now on; read it if it was never read."""
        if not self.running:
            return
        if self._work is not None:
            self._full_wanted = True
            return
        self._full_wanted = False
        self._do(self._everything())

    def _try_again(self) -> None:
        self._again = None
        self._recent_due()

    def _recent_due(self) -> None:
        if self._work is None:
            self._do(self._lately() if self.compared else self._everything())

    def _do(self, job: Coroutine[Any, Any, None]) -> None:
        self._work = work = Deferred.fromCoroutine(job)
        work.addCallbacks(self._done, self._failed).addBoth(self._ended)

    def _done(self, _: None) -> None:
        self._trouble = ""
        if self._logged:
            self._logged = ""
            self.log.info("the configs are those of the database again")

    def _failed(self, failure: Failure) -> None:
        if failure.check(CancelledError) or not self.running:
            return
        if not failure.check(NacosError):
            self.log.failure("comparing the configs failed", failure)
        self._trouble = trouble = failure.getErrorMessage()
        if trouble != self._logged and self._clock.seconds() - self._began >= PATIENCE:
            self._logged = trouble
            self.log.warn(
                "the configs cannot be compared with the database, {count} are served as they are: {trouble}",
                count=len(self._cache),
                trouble=trouble,
            )
        if self._again is None and not self.compared:
            self._again = self._clock.callLater(self._pause.next(), self._try_again)

    def _ended(self, outcome: object) -> None:
        if isinstance(outcome, Failure):
            self.log.failure("a comparison of the configs could not be ended", outcome)
        self._work = None
        self._know_copies()
        if self._full_wanted:
            self.compare()

    # -- jobs

    async def _everything(self) -> None:
        newest = await self._database.query("newest", cache_queries.newest)
        await self._adopt()
        if self._lost or not self.ready:
            served, self._lost = self.ready, False
            try:
                await self._read_all()
            except BaseException:
                self._lost = self._lost or served
                raise
            if served:
                await self._compare_all()  # what is gone meanwhile
        else:
            await self._compare_all()
        self._marks = (max(0, newest - OVERLAP), newest)
        self.compared = self._cache.current = True

    async def _read_all(self) -> None:
        """The cold start: all rows by pages, then the copies for some."""
        total = await self._database.query("count", cache_queries.entry_count)
        progress = self._progress("{count} of {total} configs read", total)
        last = count = 0
        while True:
            touched = self.refresher.begin()
            last, found = await self._database.query("page", cache_queries.entries_page, last)
            if not found:
                break
            count += len(found)
            for entry in found:
                if entry.key not in touched:  # read anew since this page was asked for
                    self._local.save(entry)
                    self._cache.put(entry)
            progress(count)
            await self._local.settled(WAITING)
        await self._copies()
        self._local.completed()
        self.ready = self._cache.ready = True
        progress(count, True)

    async def _compare_all(self) -> None:
        """The copies for some, then index pages against the cache; what differs is read."""
        await self._copies()
        self._know_copies()
        progress = self._progress("{count} of {total} configs compared", len(self._cache))
        unseen = {key: None for key, entry in self._cache.entries.items() if entry.md5}
        unseen.update(dict.fromkeys(self._cache.doubtful))
        last = count = read = 0
        while True:
            found = await self._database.query("index", index_page, last, cache_queries.PAGE)
            if not found:
                break
            count += len(found)
            last = found[-1].id
            for row in found:
                unseen.pop(row.key, None)
            read += await self._read_differing(found)
            progress(count)
        await self.refresher.refresh(unseen)
        progress(count, True)
        if read or unseen:
            self.log.info("{read} configs were new or different, {gone} gone", read=read, gone=len(unseen))

    async def _lately(self) -> None:
        """What was written since the check before the last one, by anybody."""
        newest = await self._database.query("newest", cache_queries.newest)
        keys = await self._database.query("changed", cache_queries.changed_keys, self._marks[0])
        if newest < self._marks[1] or keys is None:  # another database, or a flood
            await self._everything()
            return
        found = await self._database.query("index", cache_queries.index_of, keys)
        await self._read_differing(found)
        there = {row.key for row in found}
        entries = self._cache.entries
        await self.refresher.refresh([key for key in keys if key not in there and key in entries and entries[key].md5])
        await self._adopt()
        await self._copies()
        self._marks = (self._marks[1], newest)

    async def _read_differing(self, found: Iterable[Indexed]) -> int:
        entries = self._cache.entries
        keys = [row.key for row in found if _differs(entries.get(row.key), row)]
        await self.refresher.refresh(keys)
        return len(keys)

    async def _adopt(self) -> None:
        """Take over what an older server has done to copies for some, before they are read."""
        names = await self._database.query("adoptable", store_adopt.waiting)
        if not names:
            return
        try:
            found = await self._database.interact("adopt", store_adopt.adopt, names, self._millis())
        except NacosError as error:  # it may take no writes: what is there can be read all the same
            why, self._not_adopted = self._not_adopted, str(error)
            if why != self._not_adopted:
                self.log.warn("what a Nacos did to copies for some cannot be taken over: {error}", error=error)
            return
        self._not_adopted = ""
        if found:
            self.log.info("copies for some of {count} configs are as a Nacos has left them", count=len(found))
            self.on_adopted(tuple(found))

    async def _copies(self) -> None:
        """The copies for some: few enough to compare all of them."""
        stored = await self._database.query("copies", cache_queries.copy_entries)
        entries = self._cache.entries
        keys = [key for key, entry in stored.items() if _copies_differ(entries.get(key), entry)]
        keys += [key for key, entry in entries.items() if entry.gray and key not in stored]
        await self.refresher.refresh(keys)

    def _know_copies(self) -> None:
        if not self.copies_known.called:
            self.copies_known.callback(None)

    def _progress(self, text: str, total: int) -> Callable[..., None]:
        began = shown = self._clock.seconds()

        def progress(count: int, end: bool = False) -> None:
            nonlocal shown
            now = self._clock.seconds()
            if end or now - shown >= SHOWN:
                shown = now
                self.log.info(text + " after {seconds:.1f} s", count=count, total=total, seconds=now - began)

        return progress


def _differs(entry: Entry | None, row: Indexed) -> bool:
    return entry is None or (entry.md5, entry.modified_ms, entry.type, entry.encrypted_data_key) != (
        row.md5,
        row.modified_ms,
        row.type,
        row.encrypted_data_key,
    )


def _copies_differ(entry: Entry | None, stored: Entry) -> bool:
    if entry is None:
        return True
    mine = {name: _shown(copy) for name, copy in entry.copies() if name}
    return mine != {name: _shown(copy) for name, copy in stored.copies()}


def _shown(copy: Copy) -> tuple[object, ...]:
    return copy.md5, copy.modified_ms, copy.ips, getattr(copy, "rule", "")
