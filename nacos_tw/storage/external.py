"""The external database: transactions in threads, on the first of the configured servers that takes writes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from twisted.application.service import Service
from twisted.internet.defer import Deferred, fail
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.errors import Unavailable
from nacos_tw.settings.database import DatabaseSettings
from nacos_tw.storage.errors import Deadlock, LinkLost, OutcomeUnknown
from nacos_tw.storage.examining import Examiner
from nacos_tw.storage.facts import DatabaseFacts
from nacos_tw.storage.job import Abandoned, Job, Phase
from nacos_tw.storage.link import Link
from nacos_tw.storage.pool import LinkPool
from nacos_tw.storage.probe import Watch
from nacos_tw.storage.urls import DRIVERS, make_link, targets

T = TypeVar("T")

SLOW = 1.0
"""Seconds after which a transaction is worth a line in the log."""
MARGIN = 0.1
"""Seconds that the thread of a transaction has to report a time-out itself, before it is given up."""
GRACE = 2.0
"""Seconds that running transactions have at the end, before their connections are cut."""


class ExternalDatabase(Service):
    """
    Implements L{nacos_tw.interfaces.IDatabase}. All methods are for the reactor's thread.

    @ivar ready: fires once every server was tried for the first time: with True if one takes writes; with False if
        not (it is tried again and again from then on); fails with StartError if one lacks a table.
    @ivar master_changed: called when another server (or none) takes the writes now.
    """

    log = Logger()

    def __init__(self, settings: DatabaseSettings, reactor: Any) -> None:
        """
        Connects when it is started.

        @raise nacos_tw.errors.SettingsError: a url cannot be used.
        @raise nacos_tw.errors.StartError: a file or a time zone that it names cannot.
        """
        self._reactor = reactor
        self._targets = targets(settings)
        self._patience = max(target.socket_timeout for target in self._targets)
        self._wait = settings.pool.wait or self._patience
        self._watch = Watch(self._targets, reactor, settings.pool.check)
        self._watch.changed = self._changed
        self._examiner = Examiner(self._targets, reactor, settings.pool.check, lambda: self.sources.master)
        self.ready = self._watch.ready
        self.sources = self._watch.sources
        self.master_changed: Callable[[], None] = lambda: None
        self._settings = settings.pool
        self._pool: LinkPool | None = None
        self._jobs: set[Job] = set()
        self._stopped: Deferred[None] | None = None

    # -- the interface

    def interact(self, name: str, fn: Callable[..., T], *args: Any) -> Deferred[T]:
        """As L{nacos_tw.interfaces.IDatabase.interact}."""
        return self._submit(Job(name, fn, args, True, self._wait))

    def query(self, name: str, fn: Callable[..., T], *args: Any) -> Deferred[T]:
        """As L{nacos_tw.interfaces.IDatabase.query}."""
        return self._submit(Job(name, fn, args, False, self._wait))

    def health(self) -> str:
        """As L{nacos_tw.interfaces.IDatabase.health}."""
        return self.sources.health()

    def look(self) -> None:
        """Look at all databases now, as is done every ten seconds anyway."""
        self._watch.look()

    def examine(self) -> Deferred[tuple[DatabaseFacts, ...]]:
        """Look at all databases now, by new connections, and tell what was found."""
        return self._examiner.look()

    def startService(self) -> None:  # noqa: N802
        """Begin to connect."""
        super().startService()
        wanted = self._settings
        self._pool = LinkPool(
            DRIVERS[self._targets[0].kind],
            self._reactor,
            wanted.least,
            wanted.most,
            self._patience,
            wanted.life,
            self._choose,
            self._link,
        )
        self._pool.start()
        self._watch.start()

    def stopService(self) -> Deferred[None]:  # noqa: N802
        """Take no more work, let what runs end within a time, then close all connections."""
        if self._stopped is None:
            super().stopService()
            self._stopped = Deferred()
            self._timer = self._reactor.callLater(GRACE if self._jobs else 0, self._close)
        return self._stopped

    # -- transactions

    def _submit(self, job: Job) -> Deferred[Any]:
        if not self.running or self._pool is None:
            return fail(Failure(Unavailable("the database is closed")))
        self._jobs.add(job)
        job.timer = self._reactor.callLater(job.left() + MARGIN, self._check, job)
        self._run(job)
        return job.result

    def _run(self, job: Job) -> None:
        assert self._pool is not None
        self._pool.run(job).addCallbacks(self._done, self._failed, callbackArgs=(job,), errbackArgs=(job,))

    def _done(self, value: Any, job: Job) -> None:
        if self._forget(job):
            seconds = time.monotonic() - job.started
            if seconds > SLOW:
                self.log.warn("transaction {name} took {seconds:.1f} s", name=job.name, seconds=seconds)
            job.result.callback(value)

    def _failed(self, failure: Failure, job: Job) -> None:
        error = failure.value
        if isinstance(error, Unavailable) and not isinstance(error, (Abandoned, Deadlock)) and job.index is not None:
            self._watch.suspect(job.index)
        if isinstance(error, (LinkLost, Deadlock)) and self._pool is not None and job.again():
            self.log.debug("transaction {name} is repeated: {why}", name=job.name, why=str(error))
            self._run(job)
        elif self._forget(job):
            job.result.errback(failure)

    def _check(self, job: Job) -> None:
        """Its time may be up."""
        left = job.left()
        if left > -MARGIN / 2:
            job.timer = self._reactor.callLater(max(left, 0) + MARGIN, self._check, job)
            return
        job.timer = None
        before = job.abandon()
        if before is Phase.DONE:
            return  # on its way from the thread
        if job.index is not None:
            self._watch.suspect(job.index)
        if self._forget(job):
            waited = before is Phase.WAITING and not job.tries
            text = "all connections to the database are in use" if waited else "the database does not answer"
            error = OutcomeUnknown() if before is Phase.COMMITTING else Unavailable(text)
            job.result.errback(Failure(error))

    def _forget(self, job: Job) -> bool:
        """It has ended. @return: whether somebody waits for that yet."""
        if job not in self._jobs:
            return False
        self._jobs.discard(job)
        if job.timer is not None:
            job.timer.cancel()
            job.timer = None
        if self._stopped is not None and not self._jobs and self._timer.active():
            self._timer.reset(0)
        return True

    # -- in the pool's threads

    def _choose(self, writes: bool) -> int:
        index = self.sources.master if writes else self.sources.reader
        if index is None:
            raise Unavailable(self.sources.why())
        return index

    def _link(self, index: int) -> Link:
        return make_link(self._targets[index], index, self._watch.columns[index])

    # -- the rest

    def _changed(self) -> None:
        master = self.sources.master
        if master is None:
            self.log.error("no database takes writes: {why}", why=self.sources.why())
        else:
            self.log.info("database {host} is used", host=self.sources.all[master].host)
        if self._pool is not None:
            self._pool.retire(master)
        self.master_changed()

    def _close(self) -> None:
        """The end: nobody waits any more, or the time is up."""
        pool, self._pool = self._pool, None
        joins = [self._watch.stop(), self._examiner.end()] + ([pool.end()] if pool is not None else [])
        for job in list(self._jobs):
            before = job.abandon()
            if self._forget(job):
                lost = before in (Phase.COMMITTING, Phase.DONE)
                job.result.errback(Failure(OutcomeUnknown() if lost else Unavailable("the database is closed")))
        joining = deferToThreadPool(self._reactor, self._reactor.getThreadPool(), _all, joins)
        joining.addErrback(lambda failure: self.log.failure("the database's threads cannot be ended", failure))
        assert self._stopped is not None
        joining.addCallback(self._stopped.callback)


def _all(calls: Sequence[Callable[[], None]]) -> None:
    for call in calls:
        call()
