"""A look at the databases when somebody asks: can each be reached, what is it, how long does a round trip take."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from nacos_tw.errors import NacosError
from nacos_tw.storage.facts import DatabaseFacts
from nacos_tw.storage.jdbc import Target
from nacos_tw.storage.probe import Probe
from nacos_tw.storage.sources import State

ROUND_TRIPS = 5
"""So many are measured, and the one in the middle is told."""
MOST_THREADS = 8


class Examiner:
    """Looks at databases, by connections of its own; once at a time, however many ask."""

    def __init__(self, targets: Sequence[Target], reactor: Any, within: float, used: Callable[[], int | None]) -> None:
        """
        @param within: seconds that each step of a look has.
        @param used: the index of the database that writes go to, None while none takes them.
        """
        self._targets = targets
        self._reactor = reactor
        self._within = within
        self._used = used
        self._threads: ThreadPool | None = None
        self._probes: list[Probe] = []
        self._waiting: list[Deferred[tuple[DatabaseFacts, ...]]] = []
        self._ended = False

    def look(self) -> Deferred[tuple[DatabaseFacts, ...]]:
        """Look at all of them, at the same time. What cannot be found out is told as a reason."""
        answer: Deferred[tuple[DatabaseFacts, ...]] = Deferred()
        self._waiting.append(answer)
        if len(self._waiting) == 1:
            self._begin()
        return answer

    def _begin(self) -> None:
        if self._ended:
            self._tell([])
            return
        if self._threads is None:
            self._threads = ThreadPool(0, min(len(self._targets), MOST_THREADS), "database-examination")
            self._threads.start()
        several = len(self._targets) > 1
        self._probes = [Probe(target, index, several, self._within) for index, target in enumerate(self._targets)]
        looks = [
            deferToThreadPool(self._reactor, self._threads, _examine, target, probe)
            for target, probe in zip(self._targets, self._probes, strict=True)
        ]
        gatherResults(looks, consumeErrors=True).addCallbacks(self._tell, self._failed)

    def _tell(self, found: list[DatabaseFacts]) -> None:
        used = self._used()
        facts = tuple(attrs.evolve(each, used=index == used) for index, each in enumerate(found))
        waiting, self._waiting = self._waiting, []
        for answer in waiting:
            answer.callback(facts)

    def _failed(self, failure: Failure) -> None:
        waiting, self._waiting = self._waiting, []
        for answer in waiting:
            answer.errback(failure)

    def end(self) -> Callable[[], None]:
        """
        Cut off a look that is under way.

        @return: waits for its threads. For another thread.
        """
        self._ended = True
        for probe in self._probes:
            probe.interrupt()
        threads, self._threads = self._threads, None
        return threads.stop if threads is not None else lambda: None


def _examine(target: Target, probe: Probe) -> DatabaseFacts:
    """In a thread. Connecting is part of it: the node's other connections may be older than what is wrong."""
    try:
        finding = probe.look()
        host = target.socket or target.host
        facts = DatabaseFacts(host, target.port, False, finding.state.value, finding.reason, advice=finding.advice)
        link = probe.link
        if finding.state is State.DOWN or link is None:
            return facts
        try:
            version, collation = link.tell()
            trips = []
            for _ in range(ROUND_TRIPS):
                began = time.perf_counter()
                link.alive()
                trips.append((time.perf_counter() - began) * 1000)
        except NacosError as error:
            return attrs.evolve(facts, state=State.DOWN.value, reason=str(error))
        middle = round(statistics.median(trips), 3)
        return attrs.evolve(facts, version=version, collation=collation, millis=middle)
    finally:
        probe.close()
