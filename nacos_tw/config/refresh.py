"""Reads configs again that may have changed: one query at a time, for all that were named meanwhile."""

from __future__ import annotations

from collections.abc import Iterable

from twisted.internet.defer import CancelledError, Deferred, fail, maybeDeferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.config import cache_queries
from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.gray import Entry
from nacos_tw.config.local import LocalFile
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.results import Written
from nacos_tw.errors import Unavailable
from nacos_tw.interfaces import IDatabase
from nacos_tw.timers import Backoff

PART = 100
"""Configs read at a time."""
SOONEST, LATEST = 1.0, 5.0
"""Seconds until a query that failed is tried again."""


class _Request:
    """
    One call of L{Refresher.refresh}.

    @ivar left: how many of its configs are not read yet.
    @ivar certain, written: see there.
    """

    __slots__ = ("certain", "deferred", "left", "written")

    def __init__(self, left: int, certain: bool, written: Written | None) -> None:
        self.left = left
        self.certain = certain
        self.written = written
        self.deferred: Deferred[None] = Deferred()


Wanted = dict[ConfigKey, list[_Request]]


class Refresher:
    """
    The reader. It reads after it was told, one query at a time: so the last state wins, in whatever order it was told.

    @ivar trouble: why the last query failed, C{""} if it did not.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, database: IDatabase, cache: ConfigCache, local: LocalFile) -> None:
        self._clock = clock
        self._database = database
        self._cache = cache
        self._local = local
        self._wanted: Wanted = {}
        self._reading: Deferred[list[Entry]] | None = None
        self._again: IDelayedCall | None = None
        self._pause = Backoff(SOONEST, LATEST)
        self._touched: set[ConfigKey] = set()
        self._stopped = False
        self._under_way = 0
        self.trouble = ""

    def refresh(
        self, keys: Iterable[ConfigKey], certain: bool = False, written: Written | None = None
    ) -> Deferred[None]:
        """
        Read these from the database as it is now.

        What the cache lacks and cannot be read is not said to be missing from then on.

        @param certain: this node has changed them. If they cannot be read, what the cache has of them is not served any
            more.
        @param written: what the one key's row is known to hold after that change. If it cannot be read, this is served.
        @return: fires when the cache holds it. Fails when the database fails; they are tried again all the same.
        """
        keys = list(keys)
        if not keys:
            return succeed(None)
        if self._stopped:
            return fail(Failure(Unavailable("the node stops")))
        request = _Request(len(keys), certain, written)
        for key in keys:
            self._wanted.setdefault(key, []).append(request)
        if self._reading is None:
            self._read()
        return request.deferred

    @property
    def waiting(self) -> int:
        """Configs that are still to be read."""
        return len(self._wanted) + self._under_way

    def begin(self) -> set[ConfigKey]:
        """
        Somebody begins to read by other means.

        @return: the configs that are read here from now on, so that it does not put something older in their place.
        """
        self._touched = set()
        return self._touched

    def stop(self) -> None:
        """Read nothing more."""
        self._stopped = True
        if self._again is not None:
            self._again.cancel()
            self._again = None
        if self._reading is not None:
            self._reading.cancel()

    def _read(self) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None
        keys = list(self._wanted)[:PART] if len(self._wanted) > PART else list(self._wanted)
        part = {key: self._wanted.pop(key) for key in keys}
        self._under_way = len(part)
        self._reading = reading = maybeDeferred(self._database.query, "rows", cache_queries.entries, keys)
        reading.addCallback(self._found, part).addErrback(self._failed, part).addErrback(
            lambda failure: self.log.failure("reading configs failed", failure)
        )

    def _read_again(self) -> None:
        self._again = None
        if self._reading is None:
            self._read()

    def _found(self, found: list[Entry], part: Wanted) -> None:
        self._reading = None
        self._under_way = 0
        self.trouble = ""
        self._pause.reset()
        self._touched.update(part)
        gone = dict.fromkeys(part)
        for entry in found:
            gone.pop(entry.key, None)
            self._local.save(entry)
        for key in gone:
            self._local.remove(key)
        self._cache.update(part, found)
        if self._wanted:
            self._read()
        for requests in part.values():
            for request in requests:
                request.left -= 1
                if not request.left:
                    request.deferred.callback(None)

    def _failed(self, failure: Failure, part: Wanted) -> None:
        self._reading = None
        self._under_way = 0
        if not self.trouble and not failure.check(CancelledError):
            self.log.warn("configs that have changed cannot be read: {why}", why=failure.getErrorMessage())
        self.trouble = failure.getErrorMessage()
        for wanted in (part, self._wanted):
            for key, requests in wanted.items():
                self._failed_to_read(key, [request for request in requests if request.certain])
        failed = {request for requests in (*part.values(), *self._wanted.values()) for request in requests}
        self._wanted = {key: [] for key in (*part, *self._wanted)}
        if not self._stopped:
            self._again = self._clock.callLater(self._pause.next(), self._read_again)
        for request in failed:
            request.deferred.errback(failure)

    def _failed_to_read(self, key: ConfigKey, requests: list[_Request]) -> None:
        """A config cannot be read. @param requests: those of this node's own changes."""
        cache = self._cache
        entry = cache.entries.get(key)
        if key in cache.doubtful or (entry is not None and not requests):
            return
        written = requests[0].written if len(requests) == 1 else None
        if written is None or not _follows(written, entry, cache.current):
            cache.doubt(key)
            self._local.doubt(key)
            return
        cache.published([written])
        entry = cache.entries[key]
        if all(copy.content is not None for _, copy in entry.copies()):
            self._local.save(entry)
        else:
            self._local.doubt(key)


def _follows(written: Written, entry: Entry | None, current: bool) -> bool:
    """Whether nothing newer is known than what was written. Databases may keep whole seconds only."""
    if entry is None:
        return current
    return entry.md5 == written.md5 or entry.modified_ms // 1000 <= written.modified_ms // 1000
