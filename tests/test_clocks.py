"""Timers do not notice that the wall clock is set; times that clients compare do not go back."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

from twisted.internet.task import Clock, LoopingCall
from twisted.python.runtime import platform
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.clocks import Onward, make_monotonic

REACTORS = ["selectreactor.SelectReactor", "asyncioreactor.AsyncioSelectorReactor"]
if not platform.isWindows():
    REACTORS.append("pollreactor.PollReactor")
if platform.isLinux():
    REACTORS.append("epollreactor.EPollReactor")


class ReactorTests(SynchronousTestCase):
    """L{make_monotonic} with each kind of reactor that Twisted has here."""

    def setUp(self) -> None:
        self.wall, self.steady = Clock(), Clock()
        self.wall.advance(1_800_000_000)
        self.steady.advance(77)

    def reactors(self) -> list[Any]:
        """One of each kind, by the clocks of this test."""
        found = []
        for place in REACTORS:
            module, _, name = place.partition(".")
            kind: Any = getattr(importlib.import_module(f"twisted.internet.{module}"), name)
            if "Asyncio" in name:
                loop = asyncio.SelectorEventLoop()
                self.addCleanup(loop.close)
                reactor = kind(loop)
            else:
                reactor = kind()
            for port in list(reactor._internalReaders):
                self.addCleanup(port.connectionLost, None)
            reactor.seconds = self.wall.seconds
            found.append(reactor)
        return found

    def test_wall_clock_is_set(self) -> None:
        """Back or forth: each call comes when it is due, those from before included, and no earlier."""
        for reactor in self.reactors():
            for step in (-8 * 3600, -3600, 3600, 8 * 3600):
                called: list[str] = []
                reactor.callLater(5, called.append, "before")
                make_monotonic(reactor, self.steady.seconds)
                reactor.callLater(3, called.append, "after")
                looping = LoopingCall(called.append, "loop")
                looping.clock = reactor
                looping.start(2, now=False)
                self.wall.advance(step)
                reactor.runUntilCurrent()
                self.assertEqual(called, [])
                for _ in range(6):
                    self.steady.advance(1)
                    reactor.runUntilCurrent()
                looping.stop()
                self.assertEqual(called, ["loop", "after", "loop", "before", "loop"], type(reactor))

    def test_goes_on(self) -> None:
        """C{seconds} does not jump when it is made so, nor when it is made so once more."""
        for reactor in self.reactors():
            before = reactor.seconds()
            make_monotonic(reactor, self.steady.seconds)
            self.assertEqual(reactor.seconds(), before)
            self.wall.advance(-3600)
            make_monotonic(reactor, self.steady.seconds)
            self.assertEqual(reactor.seconds(), before)
            self.wall.advance(3600)


class OnwardTests(SynchronousTestCase):
    """L{Onward}."""

    def test_never_back(self) -> None:
        """The wall clock while it goes forth; its own pace while that is behind."""
        wall, steady = Clock(), Clock()
        wall.advance(1000)
        onward = Onward(wall.seconds, steady.seconds)
        self.assertEqual(onward(), 1000)
        wall.advance(500)
        self.assertEqual(onward(), 1500)
        wall.advance(-800)
        self.assertEqual(onward(), 1500)
        wall.advance(10)
        steady.advance(10)
        self.assertEqual(onward(), 1510)
        wall.advance(900)
        self.assertEqual(onward(), 1610)
