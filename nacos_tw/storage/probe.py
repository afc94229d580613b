"""Checks the databases periodically, outside of the pool: do they answer, and do they accept writes?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from nacos_tw.errors import NacosError, StartError
from nacos_tw.storage.errors import Deadlock, Denied, LinkLost
from nacos_tw.storage.jdbc import Target
from nacos_tw.storage.link import Described, Link
from nacos_tw.storage.sources import Sources, State
from nacos_tw.storage.txn import Columns
from nacos_tw.storage.urls import make_link
from nacos_tw.timers import guarded

WRITES = "DELETE FROM config_info WHERE data_id = 'com.alibaba.nacos.testMasterDB'"
"""Nacos's own question whether a database takes writes (docs/spec/config-v1.md#14.4). Nothing has that name."""
READS = "SELECT 1 FROM config_info WHERE id = 1"
LONGEST = 5.0
"""Seconds that a look has at most."""


@attrs.frozen
class Finding:
    """
    What a look found.

    @ivar error: why the server must not start at all; None for any other reason.
    @ivar denied: whether the settings are to blame, see L{Denied}.
    @ivar advice: see L{Described.advice}.
    """

    state: State
    reason: str = ""
    columns: Columns | None = None
    error: StartError | None = None
    advice: str = ""
    denied: bool = False


class Probe:
    """Looks at one database, by a connection of its own. For one thread at a time."""

    def __init__(self, target: Target, index: int, writes: bool, within: float) -> None:
        """
        @param writes: whether a write is tried, or what the server says of itself is enough.
        @param within: seconds that a look has.
        """
        self._target = target
        self._index = index
        self._writes = writes
        self._within = min(within, target.socket_timeout, LONGEST)
        self._link: Link | None = None
        self._described = Described(Columns())

    def look(self) -> Finding:
        """Look once. Never raises."""
        for _ in range(2):
            fresh = self._link is None
            try:
                return self._look()
            except StartError as error:
                self.close()
                return Finding(State.DOWN, str(error), error=error)
            except NacosError as error:
                self.close()
                if fresh or not isinstance(error, LinkLost):
                    return Finding(State.DOWN, str(error), denied=isinstance(error, Denied))
        raise AssertionError("a fresh connection is tried once")

    def close(self) -> None:
        """Close the connection. Idempotent."""
        link, self._link = self._link, None
        if link is not None:
            link.close()

    @property
    def link(self) -> Link | None:
        """The connection that the last look has left open; None: it found the database down."""
        return self._link

    def interrupt(self) -> None:
        """Let a look that is under way fail. From any thread."""
        link = self._link
        if link is not None:
            link.interrupt()

    def _look(self) -> Finding:
        link = self._link
        if link is None:
            link = self._link = make_link(self._target, self._index)
            link.open(self._within)
            link.limit(self._within)
            self._described = link.describe()
        link.limit(self._within)
        link.refresh()
        txn = link.txn(lambda: None)
        txn.one(READS)
        state, reason = State.WRITABLE, ""
        if link.read_only:
            state, reason = State.READ_ONLY, "the database is read-only"
        elif self._writes:
            try:
                txn.execute(WRITES)
            except Deadlock:
                pass  # somebody else writes there
            except NacosError as error:
                if link.broken:
                    raise
                state, reason = State.READ_ONLY, str(error)
        link.rollback()
        return Finding(state, reason, self._described.columns, advice=self._described.advice)


class Watch:
    """
    Looks at all databases, each at its own pace: see L{nacos_tw.storage.sources.Source.pause}.

    @ivar sources: what is known of them.
    @ivar ready: fires when each was looked at once: whether one takes writes. Fails with StartError if one can never
        be used as it is.
    @ivar changed: called when another one (or none) is the master now.
    """

    log = Logger()

    def __init__(self, targets: Sequence[Target], reactor: Any, within: float) -> None:
        self.sources = Sources([target.host for target in targets])
        self.ready: Deferred[bool] = Deferred()
        self.changed: Callable[[], None] = lambda: None
        self.columns: dict[int, Columns] = {}
        self._reactor = reactor
        self._probes = [Probe(target, index, len(targets) > 1, within) for index, target in enumerate(targets)]
        self._threads = ThreadPool(0, min(len(targets), 8), "database-health")
        self._advice: dict[int, str] = {}
        self._timers: dict[int, Any] = {}
        self._looking: dict[int, bool] = {}
        self._running = False

    def start(self) -> None:
        """Begin to look."""
        self._running = True
        self._threads.start()
        for index in range(len(self._probes)):
            self._look(index)

    def stop(self) -> Callable[[], None]:
        """
        Look no more.

        @return: waits for the threads, which are cut off, and closes the connections. For another thread.
        """
        self._running = False
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for probe in self._probes:
            probe.interrupt()
        return self._join

    def _join(self) -> None:
        self._threads.stop()
        for probe in self._probes:
            probe.close()

    def look(self) -> None:
        """Look at all of them now."""
        for index in list(self._timers):
            self._timers.pop(index).cancel()
            self._look(index)

    def suspect(self, index: int) -> None:
        """Something went wrong with one: look at it now (again, if a look is under way)."""
        if index in self._looking:
            self._looking[index] = True
        elif index in self._timers and self.sources.all[index].state is not State.DOWN:
            self._timers.pop(index).cancel()
            self._look(index)

    def _look(self, index: int) -> None:
        self._timers.pop(index, None)
        self._looking[index] = False
        looking = deferToThreadPool(self._reactor, self._threads, self._probes[index].look)
        looking.addCallbacks(self._found, self._broke, callbackArgs=(index,), errbackArgs=(index,))
        looking.addErrback(lambda failure: self.log.failure("a look at a database failed", failure))

    def _broke(self, failure: Failure, index: int) -> None:
        self.log.failure("a look at a database failed", failure)
        self._found(Finding(State.DOWN, "the look at the database failed"), index)

    def _found(self, finding: Finding, index: int) -> None:
        again = self._looking.pop(index, False)
        if not self._running:
            return
        if finding.columns is not None:
            self.columns[index] = finding.columns
            self._warn(finding.advice, index)
        self._tell(finding, index)
        changed = self.sources.report(index, finding.state, finding.reason, finding.denied)
        pause = 0.0 if again and finding.state is not State.DOWN else self.sources.all[index].pause
        self._timers[index] = self._reactor.callLater(pause, self._look, index)
        if changed:
            guarded(self.log, "a change of database", self.changed)
        if not self.ready.called:
            if finding.error is not None:
                self.ready.errback(Failure(finding.error))
            elif self.sources.known:
                self.ready.callback(self.sources.master is not None)

    def _warn(self, found: str, index: int) -> None:
        before, self._advice[index] = self._advice.get(index, ""), found
        if found and found != before:
            self.log.warn("database {host}: {advice}", host=self.sources.all[index].host, advice=found)

    def _tell(self, finding: Finding, index: int) -> None:
        source = self.sources.all[index]
        if source.state is finding.state and source.reason == finding.reason:
            return
        if finding.state is State.DOWN:
            self.log.error("database {host} is down: {why}", host=source.host, why=finding.reason)
        else:
            self.log.info("database {host}: {state}", host=source.host, state=finding.state.value)
