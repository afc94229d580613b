"""When persistent instances are probed, and what comes of it (docs/spec/naming-v1.md#10.2)."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import Unavailable
from nacos_tw.naming.applying import apply
from nacos_tw.naming.checkers import UNCHECKED, Http, Mysql
from nacos_tw.naming.checks.result import Outcome, ProbeResult
from nacos_tw.naming.commands import Deregister, Health, Register, SetSwitch, UpdateCluster
from nacos_tw.naming.probes import CHECKS, NEVER, Probes, RoundTrips, Task
from nacos_tw.naming.registry import Registry
from nacos_tw.naming.switches import HealthParams

KEY = ("public", "DEFAULT_GROUP@@orders")
OK = ProbeResult(Outcome.OK, "ok")
FAIL = ProbeResult(Outcome.FAIL, "timeout")
FAIL_NOW = ProbeResult(Outcome.FAIL_NOW, "unable2connect:refused")


class Harness(SynchronousTestCase):
    """Probes whose checks end as the test says; C{results} holds one per port, or a Deferred."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.registry = Registry()
        self.proposed: list[Any] = []
        self.answer: Any = None
        self.probed: list[tuple[str, str, int]] = []
        self.times: list[float] = []
        self.results: dict[int, Any] = {}
        self.day = datetime.date(2026, 11, 23)
        self.probes = self.make()

    def make(self, **more: Any) -> Probes:
        checks = {kind: check._replace(probe=self.checking(check.name)) for kind, check in CHECKS.items()}
        how: dict[str, Any] = {"random": lambda: 0.0, "checks": checks, "today": lambda: self.day} | more
        made = Probes(self.clock, self.registry, self.change, **how)
        made.startService()
        return made

    def checking(self, name: str) -> Any:
        async def probe(reactor: Any, host: str, port: int, checker: Any) -> ProbeResult:
            self.probed.append((name, host, port))
            self.times.append(self.clock.seconds())
            result = self.results.get(port, OK)
            if callable(result):
                result = result()
            return await result if isinstance(result, Deferred) else result

        return probe

    def change(self, command: Any) -> Deferred[Any]:
        self.proposed.append(command)
        return self.answer() if self.answer is not None else succeed(self.apply(command))

    def apply(self, command: Any) -> Any:
        result = apply(self.registry, command)
        self.probes.service_changed(self.registry.take_changes().services)
        return result

    def register(self, port: int = 80, **more: Any) -> int:
        given: dict[str, Any] = {"ephemeral": False} | more
        return self.apply(Register(KEY, "10.0.0.1", port, **given))  # type: ignore[no-any-return]

    def healthy(self, number: int) -> bool:
        return self.registry.by_number[number].healthy

    def wait(self, seconds: float) -> None:
        self.clock.pump([0.05] * round(seconds * 20))


class TimingTests(Harness):
    """When probes take place."""

    def test_first_probe_is_spread(self) -> None:
        """The first probe comes after two seconds and a random part of five."""
        for drawn, first in ((0.0, 2.0), (0.5, 3.25), (0.9999, 6.9)):
            self.probes = self.make(random=lambda drawn=drawn: drawn)  # type: ignore[misc]
            self.registry = self.probes._registry = Registry()
            self.times.clear()
            self.probes.leader_changed(True)
            start = self.clock.seconds()
            self.register()
            self.wait(8)
            self.assertApproximates(self.times[0] - start, first, 0.2)
            self.probes.stopService()

    def test_pause_follows_the_response_time(self) -> None:
        """The pause is the smoothed response time, down to the minimum of the checker."""
        self.probes.leader_changed(True)
        self.register()
        self.wait(20)
        pauses = [later - earlier for earlier, later in zip(self.times, self.times[1:], strict=False)]
        for pause, wanted in zip(pauses, (2.0, 1.5, 1.125, 1.0), strict=False):
            self.assertApproximates(pause, wanted, 0.11)
        (shown,) = self.probes.round_trips(KEY)
        self.assertEqual(shown, RoundTrips("DEFAULT", 0, 0, 1000))

    def test_smoothing(self) -> None:
        """new = factor * old + (1 - factor) * measured, between minimum and maximum."""
        task = Task(KEY, "DEFAULT", 2000)
        params = HealthParams(5000, 1000, 0.75)
        task.took(400, params)
        self.assertEqual((task.normalized, task.best, task.worst), (1600, 400, 400))
        task.took(20000, params)
        self.assertEqual((task.normalized, task.best, task.worst), (5000, 400, 20000))
        task.took(0, HealthParams(0, 0, 0.0))
        self.assertEqual(task.normalized, 100)

    def test_failures_slow_down(self) -> None:
        """A failed probe counts as twice the present time, a refused connection as the maximum."""
        self.results[80] = FAIL
        self.probes.leader_changed(True)
        self.register()
        self.wait(2.2)
        self.assertEqual(self.probes.round_trips(KEY)[0].normalized, 2500)
        self.results[80] = FAIL_NOW
        self.wait(2.5)
        self.assertEqual(self.probes.round_trips(KEY)[0].normalized, 3125)

    def test_only_the_leader_probes(self) -> None:
        """A node that does not lead probes nothing; a deposed one stops; a new one starts afresh."""
        self.register()
        self.wait(10)
        self.assertEqual(self.probed, [])
        self.probes.leader_changed(True)
        self.wait(3)
        self.assertEqual(len(self.probed), 1)
        self.probes.leader_changed(False)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.wait(10)
        self.assertEqual(len(self.probed), 1)
        self.probes.leader_changed(True)
        self.probes.leader_changed(True)
        self.wait(3)
        self.assertEqual(len(self.probed), 2)
        self.probes.stopService()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_nothing_to_do_costs_nothing(self) -> None:
        """Without persistent instances no timer runs."""
        self.probes.leader_changed(True)
        self.register(ephemeral=True)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.probes.round_trips(KEY), [RoundTrips("DEFAULT", NEVER, 0, 2000)])
        self.assertEqual(self.probes.round_trips(("public", "g@@nosuch")), [])

    def test_gone_instances_end_the_task(self) -> None:
        """When the last instance of a cluster goes the probing ends; a new one begins it again."""
        self.probes.leader_changed(True)
        self.register()
        self.apply(Deregister(KEY, "10.0.0.1", 80, ephemeral=False))
        self.wait(5)
        self.assertEqual((self.probed, self.clock.getDelayedCalls()), ([], []))
        self.register()
        self.wait(3)
        self.assertEqual(len(self.probed), 1)


class WhatTests(Harness):
    """What is probed, and how."""

    def test_ephemeral_and_marked_are_left_alone(self) -> None:
        """Only persistent instances are probed, and of these not the marked ones."""
        self.probes.leader_changed(True)
        self.register(81, ephemeral=True)
        number = self.register(82)
        self.register(83)
        service = self.registry.services[KEY]
        marked = msgspec.structs.replace(self.registry.by_number[number], marked=True)
        service.persistent[marked.key] = self.registry.by_number[number] = marked
        self.wait(3)
        self.assertEqual(self.probed, [("tcp", "10.0.0.1", 83)])

    def test_checker_and_port(self) -> None:
        """The cluster's checker is used, at the instance's port or at the cluster's; MYSQL never at the cluster's."""
        self.probes.leader_changed(True)
        for cluster, checker, own in (
            ("tcp1", Http("/ok"), True),
            ("http2", Http("/ok"), False),
            ("mysql1", Mysql("root", "", "select 1"), False),
            ("none1", UNCHECKED, True),
        ):
            self.register(8000, cluster=cluster)
            self.apply(UpdateCluster(KEY, cluster, checker, 99, own))
        self.wait(2.2)
        wanted = [("http", "10.0.0.1", 99), ("http", "10.0.0.1", 8000), ("mysql", "10.0.0.1", 8000)]
        self.assertEqual(sorted(self.probed), sorted(wanted))
        self.assertEqual(self.probes.gauges(), {"tcpHealthCheck": 0, "httpHealthCheck": 2, "mysqlhealthCheck": 1})
        self.day += datetime.timedelta(days=1)
        self.assertEqual(set(self.probes.gauges().values()), {0})

    def test_checker_switched_off_and_on(self) -> None:
        """A cluster that is no longer checked is left alone until it is again."""
        self.probes.leader_changed(True)
        self.register()
        self.apply(UpdateCluster(KEY, "DEFAULT", UNCHECKED))
        self.wait(5)
        self.assertEqual(self.probed, [])
        self.apply(UpdateCluster(KEY, "DEFAULT"))
        self.wait(3)
        self.assertEqual(len(self.probed), 1)

    def test_switch(self) -> None:
        """With healthCheckEnabled off nothing is probed; switched on it goes on."""
        self.probes.leader_changed(True)
        self.apply(SetSwitch("check", "false"))
        self.register()
        self.wait(5)
        self.assertEqual(self.probed, [])
        self.apply(SetSwitch("check", "true"))
        self.wait(3)
        self.assertNotEqual(self.probed, [])

    def test_bounded_concurrency(self) -> None:
        """Only so many probes are under way; the others follow as these end."""
        self.probes = self.make(most=2)
        self.probes.leader_changed(True)
        waiting: dict[int, Deferred[ProbeResult]] = {port: Deferred() for port in range(1, 6)}
        self.results.update(waiting)
        for port in waiting:
            self.register(port)
        self.wait(2.2)
        self.assertEqual(len(self.probed), 2)
        self.results.clear()
        self.results.update({port: waiting[port] for port in (3, 4, 5)})
        waiting[1].callback(OK)
        self.assertEqual(len(self.probed), 3)
        self.wait(10)
        self.assertEqual([port for _, _, port in self.probed], [1, 2, 3])
        self.results.clear()
        waiting[2].callback(OK)
        self.assertEqual([port for _, _, port in self.probed], [1, 2, 3, 4, 5, 1])
        waiting[3].callback(OK)
        self.wait(3)
        self.assertEqual({port for _, _, port in self.probed[6:]}, {1, 2, 3, 4, 5})

    def test_not_probed_again_while_under_way(self) -> None:
        """An instance whose last probe has not ended is skipped, the others are not."""
        self.results[81] = Deferred()
        self.probes.leader_changed(True)
        self.register(80)
        self.register(81)
        self.wait(10)
        ports = [port for _, _, port in self.probed]
        self.assertEqual(ports.count(81), 1)
        self.assertGreater(ports.count(80), 3)

    def test_gone_while_waiting(self) -> None:
        """An instance that goes before its turn is not probed, and takes no place."""
        self.probes = self.make(most=1)
        self.probes.leader_changed(True)
        self.results[80] = first = Deferred[ProbeResult]()
        for port in (80, 81, 82):
            self.register(port)
        self.wait(2.2)
        self.apply(Deregister(KEY, "10.0.0.1", 81, ephemeral=False))
        first.callback(OK)
        self.assertEqual([port for _, _, port in self.probed], [80, 82])


class CountingTests(Harness):
    """When health flips."""

    def setUp(self) -> None:
        super().setUp()
        self.probes.leader_changed(True)

    def script(self, port: int, *results: ProbeResult) -> None:
        """The results of the next probes; the last one stays."""
        queue = list(results)
        self.results[port] = lambda: queue.pop(0) if len(queue) > 1 else queue[0]

    def after(self, probes: int) -> None:
        """Wait until so many probes were made, and what they found was applied."""
        for _ in range(2000):
            if len(self.probed) >= probes:
                break
            self.wait(0.05)
        else:
            self.fail(f"only {len(self.probed)} probes")
        self.wait(0.1)

    def test_three_failures(self) -> None:
        """The third failure in a row makes an instance unhealthy, the third success healthy again."""
        number = self.register()
        self.script(80, FAIL, FAIL, FAIL, OK, OK, OK)
        for probes, healthy in ((1, True), (2, True), (3, False), (4, False), (5, False), (6, True)):
            self.after(probes)
            self.assertEqual(self.healthy(number), healthy, probes)
        self.assertEqual(self.proposed, [Health([(number, False)]), Health([(number, True)])])

    def test_only_in_a_row(self) -> None:
        """A result in between starts the count anew, in both directions."""
        number = self.register()
        self.script(80, FAIL, FAIL, OK, FAIL, FAIL, OK)
        self.after(6)
        self.assertTrue(self.healthy(number))
        self.script(80, FAIL_NOW, OK, OK, FAIL, OK, OK, FAIL, OK)
        self.after(13)
        self.assertFalse(self.healthy(number))
        self.after(16)
        self.assertTrue(self.healthy(number))

    def test_fail_now(self) -> None:
        """A refused connection makes it unhealthy at the first time."""
        number = self.register()
        self.results[80] = FAIL_NOW
        self.after(1)
        self.assertFalse(self.healthy(number))
        self.after(3)
        self.assertEqual(len(self.proposed), 1)

    def test_check_times_is_a_switch(self) -> None:
        """healthCheckTimes says how often."""
        self.apply(SetSwitch("healthCheckTimes", "1"))
        number = self.register()
        self.results[80] = FAIL
        self.after(1)
        self.assertFalse(self.healthy(number))

    def test_one_command_for_a_sweep(self) -> None:
        """What is found at about the same time is proposed in one command, of at most a thousand."""
        numbers = {self.register(port) for port in range(1, 1301)}
        self.results = dict.fromkeys(range(1, 1301), FAIL_NOW)
        self.after(1300)
        self.assertEqual([len(one.states) for one in self.proposed], [1000, 300])
        self.assertEqual({number for one in self.proposed for number, _ in one.states}, numbers)

    def test_one_command_at_a_time(self) -> None:
        """While one is under way the next waits, and then says what is true by then."""
        under_way: Deferred[Any] = Deferred()
        self.answer = lambda: under_way
        first, second = self.register(80), self.register(81)
        self.results[80] = FAIL_NOW
        self.script(81, OK, FAIL_NOW)
        self.after(6)
        self.assertEqual(self.proposed, [Health([(first, False)])])
        self.answer = None
        self.apply(self.proposed[0])
        under_way.callback(None)
        self.wait(0.1)
        self.assertEqual(self.proposed[1:], [Health([(second, False)])])

    def test_refused_command(self) -> None:
        """A command that fails is no end: the probes find the same again."""
        number = self.register()
        self.results[80] = FAIL_NOW
        self.answer = lambda: fail(Unavailable("no leader"))
        self.after(1)
        self.answer = lambda: 1 / 0
        self.after(2)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.answer = None
        self.after(3)
        self.assertFalse(self.healthy(number))

    def test_defect_in_a_check(self) -> None:
        """A check that raises counts as a failure, and is logged."""
        number = self.register()
        self.results[80] = lambda: 1 / 0
        self.after(3)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 3)
        self.assertFalse(self.healthy(number))

    def test_changed_by_others_meanwhile(self) -> None:
        """What has come true by another way in the meantime is not proposed."""
        number = self.register()
        self.results[80] = FAIL_NOW
        while not self.probed:
            self.clock.advance(0.01)
        self.apply(Health([(number, False)]))
        self.wait(0.2)
        self.assertEqual(self.proposed, [])

    def test_defect_while_probing_starts(self) -> None:
        """An error that nobody expected ends one run, not the probing."""
        self.register()
        instances = self.probes._instances
        self.probes._instances = lambda task: 1 / 0  # type: ignore[assignment,method-assign,return-value]
        self.wait(2.2)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.probes._instances = instances  # type: ignore[method-assign]
        self.after(1)

    def test_result_after_deposition(self) -> None:
        """A probe that ends when this node leads no more, or again, means nothing."""
        self.register()
        self.results[80] = old = Deferred[ProbeResult]()
        self.after(1)
        self.probes.leader_changed(False)
        self.probes.leader_changed(True)
        self.results[80] = OK
        old.callback(FAIL_NOW)
        self.wait(1)
        self.assertEqual(self.proposed, [])
        self.after(2)

    def test_gone_while_probed(self) -> None:
        """A result for an instance that is gone means nothing."""
        self.register()
        self.results[80] = result = Deferred[ProbeResult]()
        self.after(1)
        self.apply(Deregister(KEY, "10.0.0.1", 80, ephemeral=False))
        result.callback(FAIL_NOW)
        self.wait(10)
        self.assertEqual((self.proposed, self.clock.getDelayedCalls()), ([], []))

    def test_event_lines(self) -> None:
        """The event log names the instance and what the probe said."""
        seen: list[dict[str, Any]] = []
        globalLogPublisher.addObserver(seen.append)
        self.addCleanup(globalLogPublisher.removeObserver, seen.append)
        self.register()
        self.script(80, FAIL_NOW, OK)
        self.after(4)
        lines = [line for event in seen if event["log_namespace"] == "nacos_tw.naming.event" for line in event["lines"]]
        place = "10.0.0.1:80@DEFAULT@DEFAULT_GROUP@@orders, region: unknown, msg: "
        self.assertEqual(
            lines,
            [
                "{POS} {IP-DISABLED} invalid: " + place + "tcp:unable2connect:refused",
                "{POS} {IP-ENABLED} valid: " + place + "tcp:ok",
            ],
        )
