"""The timer of the core's deadline."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.alarm import LATE, Alarm


class AlarmTests(SynchronousTestCase):
    """On a clock whose calls are made one turn of the reactor at a time."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.rung: list[float] = []
        self.alarm = Alarm(self.clock, self.clock.seconds, lambda: self.rung.append(self.clock.seconds()))

    def turn(self) -> None:
        """Make the calls that are due now, but not those that they set up."""
        for call in [call for call in self.clock.calls if call.getTime() <= self.clock.seconds()]:
            self.clock.calls.remove(call)
            call.called = 1
            call.func(*call.args, **call.kw)

    def test_in_time(self) -> None:
        """It rings at once."""
        self.alarm.set(1.0)
        self.clock.rightNow = 1.0 + LATE / 2
        self.turn()
        self.assertEqual(self.rung, [self.clock.seconds()])

    def test_late(self) -> None:
        """The reactor reads once before a timer rings that is late: what came meanwhile may move the deadline."""
        self.alarm.set(1.0)
        self.clock.rightNow = 3.0
        self.turn()
        self.assertEqual(self.rung, [])
        self.turn()
        self.assertEqual(self.rung, [3.0])

    def test_cancelled_while_late(self) -> None:
        """No ring after L{Alarm.cancel}, in that turn either."""
        self.alarm.set(1.0)
        self.clock.rightNow = 3.0
        self.turn()
        self.alarm.cancel()
        self.turn()
        self.assertEqual(self.rung, [])

    def test_earlier(self) -> None:
        """A deadline that comes nearer is kept to, one that is put off rings early once."""
        self.alarm.set(2.0)
        self.alarm.set(1.0)
        self.alarm.set(5.0)
        self.clock.advance(1.0)
        self.assertEqual(self.rung, [1.0])
        self.alarm.set(5.0)
        self.clock.advance(4.0)
        self.assertEqual(self.rung, [1.0, 5.0])
