"""Tests for L{nacos_tw.timers}."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.timers import Backoff, Periodic, guarded


class PeriodicTests(SynchronousTestCase):
    """The job that is done again and again."""

    def test_runs_until_stopped(self) -> None:
        """It begins after the first delay, goes on in periods, and stops and starts again."""
        clock, runs = Clock(), []
        job = Periodic(clock, 10.0, lambda: runs.append(clock.seconds()), first=3.0)
        job.startService()
        job.startService()
        clock.pump([1.0] * 24)
        self.assertEqual(runs, [3.0, 13.0, 23.0])
        job.stopService()
        self.assertEqual(clock.getDelayedCalls(), [])
        job.startService()
        clock.advance(3)
        self.assertEqual(len(runs), 4)

    def test_stopped_by_its_own_job(self) -> None:
        """A job may end it."""
        clock = Clock()
        job = Periodic(clock, 1.0, lambda: job.stopService())
        job.startService()
        clock.advance(1)
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_failing_run(self) -> None:
        """A run that raises, or whose Deferred fails, is logged, once while it repeats itself; the next one comes."""
        clock, runs = Clock(), [0]

        def job() -> Deferred[None] | None:
            runs[0] += 1
            if runs[0] < 4:
                raise OSError(24, "Too many open files")
            late: Deferred[None] = Deferred()
            clock.callLater(0.5, late.errback, ValueError("late"))
            return late

        periodic = Periodic(clock, 1.0, job, first=0)
        periodic.startService()
        clock.pump([1.0, 1.0])
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        clock.pump([1.0, 0.5, 0.5, 0.5])
        self.assertEqual((runs[0], len(self.flushLoggedErrors(ValueError))), (5, 1))

    def test_run_that_lasts(self) -> None:
        """The period counts from the end of a run; one that outlives a stop and a start is not joined by another."""
        clock, busy = Clock(), []

        def job() -> Deferred[None]:
            busy.append(Deferred[None]())
            return busy[-1]

        periodic = Periodic(clock, 1.0, job)
        periodic.startService()
        clock.pump([1.0, 1.0, 1.0])
        periodic.stopService()
        periodic.startService()
        clock.pump([1.0, 1.0])
        self.assertEqual(len(busy), 1)
        busy[0].callback(None)
        clock.advance(1)
        self.assertEqual(len(busy), 2)


class BackoffTests(SynchronousTestCase):
    """Pauses that grow."""

    def test_growth(self) -> None:
        """They double up to the longest, and begin anew after a success."""
        pause = Backoff(0.5, 3.0)
        self.assertTrue(pause.first)
        self.assertEqual([pause.next() for _ in range(5)], [0.5, 1.0, 2.0, 3.0, 3.0])
        self.assertFalse(pause.first)
        pause.reset()
        self.assertEqual(pause.next(), 0.5)

    def test_spread(self) -> None:
        """A quarter more or less."""
        self.assertEqual([Backoff(1.0, 8.0, lambda n=n: n).next() for n in (0.0, 0.5, 1.0)], [0.75, 1.0, 1.25])

    def test_very_often(self) -> None:
        """The pause has an end however often it failed."""
        pause = Backoff(1.0, 5.0)
        self.assertEqual({pause.next() for _ in range(5000)}, {1.0, 2.0, 4.0, 5.0})


class GuardedTests(SynchronousTestCase):
    """A listener that raises."""

    def test_logged(self) -> None:
        """It stops nobody."""
        guarded(Logger(), "it", lambda: 1 / 0)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
