"""Parts that start in order, are waited for, and stop in the opposite order, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.lifecycle import Lifecycle, Step


class LifecycleTests(SynchronousTestCase):
    """Three parts; what they do is noted."""

    def setUp(self) -> None:
        self.life = Lifecycle()
        self.steps: list[str] = []
        self.waits: dict[str, Deferred[None]] = {}

    def part(self, name: str, slow: bool = False) -> None:
        """Add one; a slow one's steps end when C{self.waits} say so."""
        self.life.add(name, self.step(f"start {name}", slow), self.step(f"stop {name}", slow))

    def step(self, name: str, slow: bool = False) -> Callable[[], Deferred[None] | None]:
        def take() -> Deferred[None] | None:
            self.steps.append(name)
            if not slow:
                return None
            self.waits[name] = Deferred()
            return self.waits[name]

        return take

    def failing(self, name: str) -> Step:
        def take() -> None:
            self.steps.append(name)
            raise ValueError(name)

        return take

    def start(self, through: str = "") -> Deferred[bool]:
        return Deferred.fromCoroutine(self.life.start(through))

    def test_in_order(self) -> None:
        """Each waits for the one before it; the stop goes the other way."""
        for name in ("a", "b", "c"):
            self.part(name, slow=True)
        started = self.start()
        for name in ("a", "b", "c"):
            self.assertEqual(self.steps[-1], f"start {name}")
            self.assertNoResult(started)
            self.waits[f"start {name}"].callback(None)
        self.assertTrue(self.successResultOf(started))
        self.steps.clear()
        stopped = self.life.stop()
        for name in ("c", "b", "a"):
            self.assertEqual(self.steps[-1], f"stop {name}")
            self.assertNoResult(stopped)
            self.waits[f"stop {name}"].callback(None)
        self.successResultOf(stopped)
        self.assertEqual(self.steps, ["stop c", "stop b", "stop a"])

    def test_at_once(self) -> None:
        """What takes no time is over when the call returns."""
        self.part("a")
        self.part("b")
        self.assertTrue(self.successResultOf(self.start()))
        self.successResultOf(self.life.stop())
        self.assertEqual(self.steps, ["start a", "start b", "stop b", "stop a"])

    def test_fails_half_way(self) -> None:
        """The failed part and those before it are stopped, the last first; the others never start."""
        self.part("a")
        self.life.add("b", self.failing("start b"), self.step("stop b"))
        self.part("c")
        self.failureResultOf(self.start(), ValueError)
        self.assertEqual(self.steps, ["start a", "start b", "stop b", "stop a"])
        self.successResultOf(self.life.stop())
        self.assertEqual(len(self.steps), 4)

    def test_fails_late(self) -> None:
        """The failure is told at once; whoever stops it waits for the unwinding."""
        self.part("a", slow=True)
        self.part("b", slow=True)
        started = self.start()
        self.waits["start a"].callback(None)
        self.waits["start b"].errback(OSError("full"))
        self.failureResultOf(started, OSError)
        self.assertEqual(self.steps[-1], "stop b")
        stopped = self.life.stop()
        self.waits["stop b"].callback(None)
        self.assertNoResult(stopped)
        self.waits["stop a"].callback(None)
        self.successResultOf(stopped)
        self.successResultOf(self.life.stop())

    def test_stop_that_fails(self) -> None:
        """It is logged, and the parts below are stopped all the same."""
        self.part("a")
        self.life.add("b", None, self.failing("stop b"))
        self.part("c")
        self.successResultOf(self.start())
        self.successResultOf(self.life.stop())
        self.assertEqual(self.steps, ["start a", "start c", "stop c", "stop b", "stop a"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_stopped_while_it_starts(self) -> None:
        """The part that is starting is stopped too, and no further one starts."""
        self.part("a")
        self.part("b", slow=True)
        self.part("c")
        started = self.start()
        stopped = self.life.stop()
        self.waits["stop b"].callback(None)
        self.successResultOf(stopped)
        self.waits["start b"].callback(None)
        self.assertFalse(self.successResultOf(started))
        self.assertEqual(self.steps, ["start a", "start b", "stop b", "stop a"])

    def test_fails_while_it_is_stopped(self) -> None:
        """That is logged, and no failed start any more."""
        self.part("a", slow=True)
        started, stopped = self.start(), self.life.stop()
        self.waits["start a"].errback(OSError("gone"))
        self.assertFalse(self.successResultOf(started))
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.waits["stop a"].callback(None)
        self.successResultOf(stopped)

    def test_opened(self) -> None:
        """What holds something since it was made is stopped though nothing was started; the others are not."""
        self.life.opened("a", self.step("stop a"))
        self.part("b")
        self.successResultOf(self.life.stop())
        self.assertEqual(self.steps, ["stop a"])
        self.assertFalse(self.successResultOf(self.start()))
        self.assertEqual(self.steps, ["stop a"])

    def test_through(self) -> None:
        """A start in two steps."""
        for name in ("a", "b", "c"):
            self.part(name)
        self.assertTrue(self.successResultOf(self.start("b")))
        self.assertEqual(self.steps, ["start a", "start b"])
        self.assertTrue(self.successResultOf(self.start("b")))
        self.assertTrue(self.successResultOf(self.start()))
        self.assertEqual(self.steps, ["start a", "start b", "start c"])

    def test_services(self) -> None:
        """Twisted's services are parts; none is no part."""
        service = Service()
        self.life.service("none", None)
        self.life.service("one", service)
        self.successResultOf(self.start())
        self.assertTrue(service.running)
        self.successResultOf(self.life.stop())
        self.assertFalse(service.running)
