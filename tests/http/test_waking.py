"""Requests that waited while the process stood still."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.rules import Rule
from nacos_tw.errors import Unavailable
from nacos_tw.http.authorization import EverybodyMay
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.waking import LOOK, RETURN, STALL, TURNS, Waking


class Turns(Clock):
    """A clock that runs what is due as a reactor does: what a call puts off to the next turn waits for it."""

    def turn(self) -> None:
        for call in [call for call in self.calls if call.getTime() <= self.seconds()]:
            self.calls.remove(call)
            call.called = 1
            call.func(*call.args, **call.kw)


class Handler:
    """What a route declares."""

    def __init__(self, needs: str) -> None:
        self.needs = Rule.parse(needs)


class WakingTests(SynchronousTestCase):
    """On a clock that jumps as it does for a process that was stopped."""

    def setUp(self) -> None:
        self.clock = Turns()
        self.waking = Waking(self.clock, self.clock.seconds)
        self.waking.startService()
        self.addCleanup(self.waking.stopService)

    def stand_still(self, seconds: float) -> None:
        self.clock.rightNow += seconds

    def test_in_time(self) -> None:
        """A process that is only busy answers."""
        for _ in range(20):
            self.clock.advance(LOOK)
            self.assertFalse(self.waking.late())
            self.stand_still(STALL)
            self.assertFalse(self.waking.late())

    def test_stood_still(self) -> None:
        """All requests of the next turns are late, and none after them."""
        self.clock.advance(LOOK)
        self.stand_still(STALL + LOOK + 0.1)
        for _ in range(TURNS):
            self.assertTrue(self.waking.late())
            self.assertTrue(self.waking.late())
            self.clock.turn()
        self.assertFalse(self.waking.late())
        self.clock.advance(LOOK)
        self.assertFalse(self.waking.late())

    def test_lately(self) -> None:
        """For a while after it: whoever gave the node up comes again."""
        self.assertFalse(self.waking.lately())
        self.clock.advance(LOOK)
        self.stand_still(STALL + LOOK + 0.1)
        self.assertTrue(self.waking.lately())
        for _ in range(TURNS):
            self.clock.turn()
        for _ in range(round(RETURN / LOOK) - 1):
            self.clock.advance(LOOK)
            self.assertTrue(self.waking.lately())
        self.assertFalse(self.waking.late())
        self.clock.advance(LOOK)
        self.assertFalse(self.waking.lately())

    def test_a_timer_comes_first(self) -> None:
        """The process was stopped between its timers and its sockets: the timers do not hide it."""
        self.stand_still(STALL + LOOK + 0.1)
        self.clock.turn()
        self.assertTrue(self.waking.late())

    def test_stopped(self) -> None:
        """A node that stops says nothing of it."""
        self.waking.stopService()
        self.stand_still(100)
        self.assertFalse(self.waking.late())

    def test_guard(self) -> None:
        """Writes and reads are refused, what is open to everyone is answered."""
        call = Call.make("GET", "/x")
        guard = Guard(EverybodyMay(), waking=self.waking)
        self.stand_still(STALL + LOOK + 0.1)
        for needs in ("write:naming", "read:config", "admin"):
            self.assertRaises(Unavailable, guard.check, None, Handler(needs), call)
        self.assertIsNone(guard.check(None, Handler("open"), call))
