"""The thread that writes the Raft log, so that the reactor never waits for the disk.

Work is done in the order in which it was given. Saves that queue up while the disk is busy are
joined into one (group commit): one write, one sync, and one wake-up of the reactor for all of them.
After a disk error nothing more is written and no save is reported as done; what is on disk then is
known only when the log is opened again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail, maybeDeferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.raft.core.messages import Entry, HardState
from nacos_tw.raft.disk.store import Store

T = TypeVar("T")

GROUP_BYTES = 4 * 1024 * 1024
"""Entries beyond this many bytes go into the next group."""


class _Save:
    """Hard state and entries to be saved, the commit index of then, and what to call when that is done."""

    __slots__ = ("commit", "done", "entries", "hard")

    def __init__(self, hard: HardState | None, entries: Sequence[Entry], done: Callable[[], None], commit: int) -> None:
        self.hard = hard
        self.entries = entries
        self.done = done
        self.commit = commit


class _Run:
    """A function to be called, and the Deferred of its result."""

    __slots__ = ("fn", "result")

    def __init__(self, fn: Callable[[], Any]) -> None:
        self.fn = fn
        self.result: Deferred[Any] = Deferred()


class _Swap:
    """From here on another store."""

    __slots__ = ("store",)

    def __init__(self, store: Store) -> None:
        self.store = store


class Writer:
    """
    Owns the thread. All methods are called in the reactor's thread, and so is every callback.

    @ivar failed: called once, with the error, when the log cannot be written any more.
    """

    log = Logger()

    def __init__(self, store: Store, reactor: Any) -> None:
        """@param reactor: provides IReactorFromThreads and IReactorThreads."""
        self.failed: Callable[[BaseException], None] = self._log_failure
        self._store = self._latest = store
        self._reactor = reactor
        self._queue: SimpleQueue[_Save | _Run | _Swap | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="raft-log", daemon=True)
        self._broken = False
        self._stopped: Deferred[None] | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    async def stop(self) -> None:
        """Finish what was given so far, then end the thread. The store stays open."""
        if self._stopped is None:
            self._stopped = Deferred()
            self._queue.put(None)
            if self._thread.ident is not None:
                await self._stopped
                self._thread.join()

    def save(self, hard: HardState | None, entries: Sequence[Entry], done: Callable[[], None], commit: int = 0) -> None:
        """
        Save as L{Store.save} does.

        @param done: called when this and everything before it is on disk; never after a disk error.
        """
        self._queue.put(_Save(hard, entries, done, commit))

    def run(self, fn: Callable[[], T]) -> Deferred[T]:
        """
        Call a function in the thread, after what was given before.

        @return: fires with its result or fails with its error; fails at once after L{stop}.
        """
        if self._stopped is not None:
            return fail(RuntimeError("the log's writer has stopped"))
        job = _Run(fn)
        self._queue.put(job)
        return job.result

    def in_thread(self, fn: Callable[[], T]) -> Deferred[T]:
        """Call a function in another thread, beside the saves: for what takes long and need not be in order."""
        pool = self._reactor.getThreadPool()
        return deferToThreadPool(self._reactor, pool, fn)

    def replace(self, store: Store) -> None:
        """
        Go on with a store that was opened anew. The old one must be closed. Saves given before are
        not reported any more, and L{run}s given before end with their own results.
        """
        self._latest = store
        self._queue.put(_Swap(store))

    def _log_failure(self, error: BaseException) -> None:
        self.log.critical("the Raft log cannot be written: {error}", error=error)

    def _work(self) -> None:
        """The thread's life."""
        queue = self._queue
        while True:
            jobs = [queue.get()]
            jobs.extend(queue.get() for _ in range(queue.qsize()))
            batch: list[_Save] = []
            size = 0
            for job in jobs:
                if isinstance(job, _Save):
                    batch.append(job)
                    size += sum(len(entry.data) for entry in job.entries)
                    if size < GROUP_BYTES:
                        continue
                self._save(batch)
                batch, size = [], 0
                if isinstance(job, _Run):
                    self._run(job)
                elif isinstance(job, _Swap):
                    self._store, self._broken = job.store, False
                elif job is None:
                    assert self._stopped is not None
                    self._reactor.callFromThread(self._stopped.callback, None)
                    return
            self._save(batch)

    def _save(self, batch: list[_Save]) -> None:
        if not batch or self._broken:
            return
        try:
            self._store.save(*_join(batch))
        except Exception as error:
            self._break(error)
        else:
            self._reactor.callFromThread(self._finish, self._store, batch)

    def _run(self, job: _Run) -> None:
        try:
            value = job.fn()
        except Exception as error:
            self._reactor.callFromThread(job.result.errback, Failure(error))
            if self._store.failure is not None:
                self._break(error)
        else:
            self._reactor.callFromThread(job.result.callback, value)

    def _finish(self, store: Store, batch: list[_Save]) -> None:
        """Tell everyone who waits, in order."""
        if store is not self._latest:
            return
        for save in batch:
            try:
                save.done()
            except Exception:
                self.log.failure("a callback of a finished save failed")

    def _break(self, error: Exception) -> None:
        if not self._broken:
            self._broken = True
            self._reactor.callFromThread(self._report, self._store, error)

    def _report(self, store: Store, error: Exception) -> None:
        if store is self._latest:
            self.failed(error)


class DirectWriter:
    """The same without a thread, for tests: each call is done before it returns."""

    def __init__(self, store: Store) -> None:
        self.failed: Callable[[BaseException], None] = lambda error: None
        self._store = store
        self._broken = False

    def start(self) -> None:
        """As L{Writer.start}."""

    async def stop(self) -> None:
        """As L{Writer.stop}."""

    def save(self, hard: HardState | None, entries: Sequence[Entry], done: Callable[[], None], commit: int = 0) -> None:
        """As L{Writer.save}."""
        if self._broken:
            return
        try:
            self._store.save(hard, entries, commit)
        except Exception as error:
            self._broken = True
            self.failed(error)
        else:
            done()

    def in_thread(self, fn: Callable[[], T]) -> Deferred[T]:
        """As L{Writer.in_thread}."""
        return self.run(fn)

    def replace(self, store: Store) -> None:
        """As L{Writer.replace}."""
        self._store, self._broken = store, False

    def run(self, fn: Callable[[], T]) -> Deferred[T]:
        """As L{Writer.run}."""
        return maybeDeferred(fn)


def _join(batch: list[_Save]) -> tuple[HardState | None, Sequence[Entry], int]:
    """What the saves come to, one after the other."""
    if len(batch) == 1:
        return batch[0].hard, batch[0].entries, batch[0].commit
    hard: HardState | None = None
    entries: list[Entry] = []
    for save in batch:
        hard = save.hard or hard
        if save.entries:
            if entries:
                del entries[max(0, save.entries[0].index - entries[0].index) :]
            entries.extend(save.entries)
    return hard, entries, batch[-1].commit
