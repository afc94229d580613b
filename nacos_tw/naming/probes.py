"""When the leader probes persistent instances, and what it makes of the results (docs/spec/naming-v1.md#10.2)."""

from __future__ import annotations

import datetime
import random as dice
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable
from heapq import heappop, heappush
from operator import attrgetter
from typing import Any, NamedTuple

from twisted.application import service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.errors import Unavailable
from nacos_tw.naming import commands, events
from nacos_tw.naming.checkers import Http, Mysql, Tcp
from nacos_tw.naming.checks import http, mysql, tcp
from nacos_tw.naming.checks.result import Outcome, ProbeResult
from nacos_tw.naming.model import Cluster, Instance, Service, ServiceKey
from nacos_tw.naming.registry import Registry
from nacos_tw.naming.switches import HealthParams, Switches

NEVER = 2**63 - 1
"""The best time of a cluster without a probe."""

FIRST = 2000
"""Milliseconds before the first probe, at least."""

SHORTEST = 100
"""Milliseconds between two probes of an instance, whatever the switches say."""

MOST_RUNNING = 0.05
"""Seconds for which runs that fall due, and results that come in, are gathered."""

MOST = 1000
"""Instances in one command."""


class Check(NamedTuple):
    """
    How the clusters of one checker are probed.

    @ivar name: as event lines call it.
    @ivar gauge: as the metrics call it.
    @ivar probe: (reactor, host, port, checker) to what was found.
    @ivar params: picks the checker's timing out of the switches.
    @ivar own_port: whether the instance's own port is used in any case.
    """

    name: str
    gauge: str
    probe: Callable[[Any, str, int, Any], Coroutine[Deferred[Any], Any, ProbeResult]]
    params: Callable[[Switches], HealthParams]
    own_port: bool = False


CHECKS: dict[type, Check] = {
    Tcp: Check("tcp", "tcpHealthCheck", tcp.probe_tcp, attrgetter("tcp_health_params")),
    Http: Check("http", "httpHealthCheck", http.probe_http, attrgetter("http_health_params")),
    Mysql: Check("mysql", "mysqlhealthCheck", mysql.probe_mysql, attrgetter("mysql_health_params"), own_port=True),
}
"""Checkers that are not here are never probed."""


class RoundTrips(NamedTuple):
    """What C{catalog/rt/service} shows of a cluster; milliseconds."""

    name: str
    best: int = NEVER
    worst: int = 0
    normalized: int = FIRST


class Task:
    """
    The probing of one cluster of one service.

    @ivar normalized: the smoothed response time in milliseconds, which is also the pause between two runs.
    @ivar streaks: number of an instance to the results in a row that spoke against its present health.
    """

    __slots__ = ("best", "cluster", "normalized", "service", "streaks", "worst")

    def __init__(self, service: ServiceKey, cluster: str, normalized: int) -> None:
        self.service = service
        self.cluster = cluster
        self.best = NEVER
        self.worst = 0
        self.normalized = normalized
        self.streaks: dict[int, int] = {}

    def took(self, millis: int, params: HealthParams) -> None:
        """Let a probe's time count."""
        self.best = min(self.best, millis)
        self.worst = max(self.worst, millis)
        smoothed = int(params.factor * self.normalized + (1 - params.factor) * millis)
        self.normalized = max(SHORTEST, params.min, min(params.max, smoothed))


class Probes(service.Service):
    """Probes every persistent instance while this node leads, and proposes what has changed."""

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        registry: Registry,
        change: Callable[[commands.Command], Deferred[Any]],
        random: Callable[[], float] = dice.random,
        most: int = 200,
        checks: dict[type, Check] = CHECKS,
        today: Callable[[], datetime.date] = datetime.date.today,
    ) -> None:
        """
        @param reactor: provides IReactorTime, and what the probes need.
        @param change: puts a command through the log.
        @param random: draws from [0, 1); spreads the first probes.
        @param most: probes under way at a time.
        @param today: the date by the operator's clock; when it changes, the counters start anew.
        """
        self._reactor = reactor
        self._clock: IReactorTime = reactor
        self._registry = registry
        self._change = change
        self._random = random
        self._most = most
        self._checks = checks
        self._leading = False
        self._proposing = False
        self._starting = False
        self._order = 0
        self._today = today
        self._day = today()
        self._counts: Counter[str] = Counter()
        self._timers: dict[Callable[[], None], IDelayedCall] = {}
        self._forget()

    def _forget(self) -> None:
        """Begin without any task. Probes under way end in nothing, for they hold the old C{_busy}."""
        self._tasks: dict[tuple[ServiceKey, str], Task] = {}
        self._due: list[tuple[float, int, Task]] = []
        self._waiting: deque[tuple[Task, int]] = deque()
        self._busy: set[int] = set()
        """Numbers in C{_waiting} or being probed."""
        self._found: dict[int, tuple[bool, str]] = {}
        """Number to new health and reason, to be proposed."""

    # -- what is to be probed

    def leader_changed(self, is_leader: bool) -> None:
        """This node has become the leader, which starts all tasks afresh, or is it no longer, which ends them."""
        if is_leader == self._leading:
            return
        self._leading = is_leader
        self._forget()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if is_leader:
            self.service_changed(list(self._registry.services))

    def stopService(self) -> None:
        """Probe no more."""
        super().stopService()
        self.leader_changed(False)

    def service_changed(self, services: Iterable[ServiceKey]) -> None:
        """These services may have got persistent instances."""
        if not self._leading:
            return
        known = self._registry.services
        for key in services:
            found = known.get(key)
            if found is not None and found.persistent:
                for cluster in {place[0] for place in found.persistent}:
                    self._adopt(found, cluster)

    def _adopt(self, found: Service, cluster: str) -> None:
        if (found.key, cluster) in self._tasks or self._check_of(found, cluster) is None:
            return
        spread = int(self._random() * int(self._random() * self._registry.switches.tcp_health_params.max))
        task = self._tasks[found.key, cluster] = Task(found.key, cluster, FIRST + spread)
        self._again(task)

    def _check_of(self, found: Service, cluster: str) -> Check | None:
        return self._checks.get(type(_cluster(found, cluster).checker))

    def _again(self, task: Task) -> None:
        self._order += 1
        at = self._clock.seconds() + task.normalized / 1000
        heappush(self._due, (at, self._order, task))
        self._call(self._run, self._due[0][0])

    def _call(self, job: Callable[[], None], at: float) -> None:
        """Let a job be done at a time, or up to L{MOST_RUNNING} later; sooner if it was to be done later."""
        timer = self._timers.get(job)
        if timer is not None:
            if timer.getTime() <= at + MOST_RUNNING:
                return
            timer.cancel()
        delay = max(0.0, at - self._clock.seconds()) + MOST_RUNNING

        def ring() -> None:
            del self._timers[job]
            job()

        self._timers[job] = self._clock.callLater(delay, ring)

    # -- probing

    def _run(self) -> None:
        """Start the tasks that are due."""
        now = self._clock.seconds()
        self._new_day()
        enabled = self._registry.switches.health_check_enabled
        while self._due and self._due[0][0] <= now:
            task = heappop(self._due)[2]
            try:
                goes_on = self._enqueue(task, enabled)
            except Exception:
                self.log.failure("cannot probe {service}", service=task.service)
                goes_on = True
            if goes_on:
                self._again(task)
            else:
                del self._tasks[task.service, task.cluster]
        if self._due:
            self._call(self._run, self._due[0][0])
        self._start()

    def _enqueue(self, task: Task, enabled: bool) -> bool:
        """
        Let a task's instances wait for their probes.

        @return: whether the task goes on; it ends when there is nothing to probe.
        """
        instances = self._instances(task)
        if task.streaks:
            task.streaks = {one.number: task.streaks.get(one.number, 0) for one in instances}
        if enabled:
            for one in instances:
                if not one.marked and one.number not in self._busy:
                    self._busy.add(one.number)
                    self._waiting.append((task, one.number))
        return bool(instances)

    def _instances(self, task: Task) -> list[Instance]:
        """What a task has to probe; nothing if its cluster is gone or no longer checked."""
        found = self._registry.services.get(task.service)
        if found is None or self._check_of(found, task.cluster) is None:
            return []
        return [one for place, one in found.persistent.items() if place[0] == task.cluster]

    def _start(self) -> None:
        """Begin waiting probes, as many as there is room for."""
        if self._starting:  # called by a probe that ended at once: the loop below goes on
            return
        self._starting = True
        try:
            self._begin()
        finally:
            self._starting = False

    def _begin(self) -> None:
        while self._waiting and len(self._busy) - len(self._waiting) < self._most:
            task, number = self._waiting.popleft()
            instance = self._registry.by_number.get(number)
            found = self._registry.services.get(task.service)
            check = None if found is None else self._check_of(found, task.cluster)
            if instance is None or found is None or check is None:
                self._busy.discard(number)
                continue
            self._counts[check.gauge] += 1
            probing = self._probe(task, instance, _cluster(found, task.cluster), check)
            Deferred.fromCoroutine(probing).addErrback(self._failed)

    async def _probe(self, task: Task, instance: Instance, cluster: Cluster, check: Check) -> None:
        busy = self._busy
        began = self._clock.seconds()
        port = instance.port if cluster.use_instance_port or check.own_port else cluster.default_check_port
        try:
            result = await check.probe(self._reactor, instance.ip, port, cluster.checker)
        except Exception as error:
            self.log.failure("cannot probe {ip}:{port}", ip=instance.ip, port=port)
            result = ProbeResult(Outcome.FAIL, f"error:{error}")
        busy.discard(instance.number)
        if busy is not self._busy:
            return
        params = check.params(self._registry.switches)
        if result.outcome is Outcome.OK:
            millis = int((self._clock.seconds() - began) * 1000)
        else:
            millis = params.max if result.outcome is Outcome.FAIL_NOW else 2 * task.normalized
        task.took(millis, params)
        self._judge(task, instance.number, result, check)
        self._start()

    def _judge(self, task: Task, number: int, result: ProbeResult, check: Check) -> None:
        """Decide whether a result changes the instance's health (docs/spec/naming-v1.md#10.2, counting)."""
        instance = self._registry.by_number.get(number)
        if instance is None:
            return
        healthy = result.outcome is Outcome.OK
        if healthy == instance.healthy:
            task.streaks.pop(number, None)
            self._found.pop(number, None)
            return
        if result.outcome is not Outcome.FAIL_NOW:
            streak = task.streaks.get(number, 0) + 1
            if streak < self._registry.switches.check_times:
                task.streaks[number] = streak
                return
        task.streaks.pop(number, None)
        self._found[number] = (healthy, f"{check.name}:{result.message}")
        if not self._proposing:
            self._call(self._propose, self._clock.seconds())

    # -- proposing

    def _propose(self) -> None:
        """Put what was found through the log, one command at a time."""
        known = self._registry.by_number
        taken: list[tuple[Instance, bool, str]] = []
        while self._found and len(taken) < MOST:
            number, (healthy, reason) = self._found.popitem()
            instance = known.get(number)
            if instance is not None and instance.healthy != healthy:
                taken.append((instance, healthy, reason))
        if not taken:
            return
        self._proposing = True
        command = commands.Health([(instance.number, healthy) for instance, healthy, _ in taken])

        def ended(result: object) -> None:
            self._proposing = False
            if self._found:
                self._call(self._propose, self._clock.seconds())
            if isinstance(result, Failure):
                # The probes go on, and will find the same again.
                self._failed(result)
                return
            events.write(
                [(events.enabled if healthy else events.disabled)(instance, why) for instance, healthy, why in taken]
            )

        maybeDeferred(self._change, command).addBoth(ended).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        if failure.check(Unavailable):
            self.log.warn("cannot change health now: {error}", error=failure.value)
        else:
            self.log.failure("probing failed", failure=failure)

    # -- facts

    def round_trips(self, key: ServiceKey) -> list[RoundTrips]:
        """The response times of each cluster of a service; where this node does not probe, the initial ones."""
        found = self._registry.services.get(key)
        answer = []
        for cluster in () if found is None else found.clusters:
            task = self._tasks.get((key, cluster))
            if task is None:
                answer.append(RoundTrips(cluster))
            else:
                answer.append(RoundTrips(cluster, task.best, task.worst, task.normalized))
        return answer

    def gauges(self) -> dict[str, int]:
        """Probes made today, by the names of the metrics."""
        self._new_day()
        return {check.gauge: self._counts[check.gauge] for check in self._checks.values()}

    def _new_day(self) -> None:
        day = self._today()
        if day != self._day:
            self._day = day
            self._counts.clear()


def _cluster(found: Service, name: str) -> Cluster:
    return found.clusters.get(name) or Cluster(name)
