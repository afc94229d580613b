"""Threads with a connection each: C{adbapi}'s pool, with the links of this package in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from twisted.enterprise import adbapi

from nacos_tw.errors import NacosError, Unavailable
from nacos_tw.storage.errors import OutcomeUnknown, ReadOnly
from nacos_tw.storage.job import Job
from nacos_tw.storage.link import Link

FRESH = 1.0
"""Seconds of rest after which a connection is checked before it is used."""


class Lease(adbapi.Connection):
    """What adbapi takes for the thread's connection: it gets its link when the work begins, with the job's time."""

    def __init__(self, pool: LinkPool) -> None:
        self._pool = pool
        self._link: Link | None = None
        self._job: Job | None = None

    def work(self, job: Job) -> Any:
        """Connect if need be, and call the job's function with a transaction."""
        self._job = job
        pool = self._pool
        job.begin(pool.patience, pool.heard)
        link = self._link = pool.borrow(job)
        link.limit(job.left())

        def answered() -> None:
            if not link.broken:
                pool.heard = time.monotonic()
                job.moved(pool.patience)
                link.limit(pool.patience)

        return job.fn(link.txn(answered), *job.args)

    def commit(self) -> None:
        """What adbapi calls when the function has returned."""
        job, link, pool = self._job, self._link, self._pool
        assert job is not None and link is not None
        if not job.writes:
            self.rollback()
            job.finish()
            return
        job.commit(pool.patience)
        link.limit(pool.patience)
        try:
            link.commit()
        except NacosError:
            if not link.broken:
                raise  # the database's own answer: it did not commit
        if link.broken:
            raise OutcomeUnknown()
        job.finish()
        self._link = None
        pool.give_back(link)

    def rollback(self) -> None:
        """What adbapi calls when something raised. Never raises itself: the first error is the one to be told."""
        link, self._link = self._link, None
        if link is None:
            return
        if not link.broken:
            try:
                link.limit(self._pool.patience)
                link.rollback()
            except Exception:
                link.broken = True
        if link.broken:
            self._pool.give_up(link)
        else:
            self._pool.give_back(link)


class LinkPool(adbapi.ConnectionPool):
    """
    Up to C{most} threads.

    @ivar heard: C{time.monotonic} of the database's last answer to any of them.
    """

    connectionFactory = Lease  # noqa: N815 - adbapi's name

    def __init__(
        self,
        driver: str,
        reactor: Any,
        least: int,
        most: int,
        patience: float,
        life: float,
        choose: Callable[[bool], int],
        make: Callable[[int], Link],
    ) -> None:
        """
        @param driver: the module of the driver.
        @param patience: seconds that each answer of the database may take.
        @param life: seconds after which a connection is made anew.
        @param choose: tells the source to use for writing (True) or reading; raises Unavailable. Called in threads.
        @param make: a link to that source, not opened yet. Called in threads.
        """
        super().__init__(driver, cp_min=least, cp_max=most, cp_reactor=reactor)
        self.patience = patience
        self.heard = 0.0
        self._life = life
        self._choose = choose
        self._make = make
        self._idle = threading.Lock()
        self._busy: set[Link] = set()
        self._doubt = 0.0

    def run(self, job: Job) -> Any:
        """Do a job in a thread. @return: a Deferred of its result."""
        return self.runWithConnection(Lease.work, job)

    def borrow(self, job: Job) -> Link:
        """
        This thread's link, checked; a new one if that is gone, too old, or leads to another database than is in use.

        @raise Unavailable: there is none to be had.
        """
        index = job.index = self._choose(job.writes)
        thread = self.threadID()
        with self._idle:
            link: Link | None = self.connections.get(thread)
            if link is not None:
                self._busy.add(link)
        if link is not None:
            if not self._usable(link, index, job):
                self.give_up(link)
            else:
                return link
        link = self._make(index)
        with self._idle:
            self.connections[thread] = link
            self._busy.add(link)
        try:
            link.open(job.left())
            if job.writes and link.read_only:
                raise ReadOnly("the database is read-only")
        except BaseException:
            self.give_up(link)
            raise
        return link

    def _usable(self, link: Link, index: int, job: Job) -> bool:
        now = time.monotonic()
        if link.broken or link.index != index or now - link.born > self._life or (job.writes and link.read_only):
            return False
        if now - link.used < FRESH and link.used > self._doubt:
            return True
        link.limit(job.left())
        try:
            return link.alive()
        except Unavailable:
            self.give_up(link)
            raise

    def give_back(self, link: Link) -> None:
        """The thread is done with it for now."""
        link.used = time.monotonic()
        with self._idle:
            self._busy.discard(link)

    def give_up(self, link: Link) -> None:
        """The thread needs another one. If it broke, the others may have: they are checked before they are used."""
        with self._idle:
            if link.broken:
                self._doubt = time.monotonic()
            self._busy.discard(link)
            for thread, other in list(self.connections.items()):
                if other is link:
                    del self.connections[thread]
        link.close()

    def retire(self, keep: int | None) -> None:
        """Close what rests and leads elsewhere than to the source C{keep}."""
        with self._idle:
            rest = [
                (thread, link)
                for thread, link in self.connections.items()
                if link.index != keep and link not in self._busy
            ]
            for thread, _ in rest:
                del self.connections[thread]
        for _, link in rest:
            link.close()

    def end(self) -> Callable[[], None]:
        """
        Let all threads that wait for the database fail at once.

        @return: waits for the threads and closes the connections. For another thread.
        """
        for trigger in ("shutdownID", "startID"):
            if getattr(self, trigger):
                self._reactor.removeSystemEventTrigger(getattr(self, trigger))
                setattr(self, trigger, None)
        with self._idle:
            busy = list(self._busy)
        for link in busy:
            link.interrupt()
        return self.finalClose
