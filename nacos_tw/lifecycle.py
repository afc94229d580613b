"""The life of a node's parts: they start one after the other, and stop in the opposite order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.logger import Logger

Step = Callable[[], "Awaitable[Any] | None"]
"""Starts or stops a part; what it gives, if anything, is waited for."""


class _Part:
    """
    One part.

    @ivar begun: its start was called, and its stop was not.
    """

    __slots__ = ("begun", "name", "start", "stop")

    def __init__(self, name: str, start: Step | None, stop: Step | None, begun: bool) -> None:
        self.name = name
        self.start = start
        self.stop = stop
        self.begun = begun


class Lifecycle:
    """
    An ordered list of parts, each of which stands on those before it.

    L{start} waits for each part before the next one starts. When one fails, those that had begun are stopped, the last
    one first, the failed one too: what a part's stop undoes may be half done. L{stop} does the same at the end. A stop
    that fails is logged, and the others follow. It lives once: after a stop nothing starts any more.
    """

    log = Logger()

    def __init__(self) -> None:
        self._parts: list[_Part] = []
        self._stopping = False
        self._over = False
        self._waiting: list[Deferred[None]] = []

    def add(self, name: str, start: Step | None = None, stop: Step | None = None) -> None:
        """The next part. C{name}: for the log, and for L{start}."""
        self._parts.append(_Part(name, start, stop, begun=False))

    def opened(self, name: str, stop: Step) -> None:
        """The next part, which holds something since it was made: it is stopped though nothing was started."""
        self._parts.append(_Part(name, None, stop, begun=True))

    def service(self, name: str, service: Service | None) -> None:
        """The next part is a Twisted service. None is no part."""
        if service is not None:
            self.add(name, service.startService, service.stopService)

    async def start(self, through: str = "") -> bool:
        """
        Start the parts that have not begun, in order.

        @param through: the last one to start; "" for all.
        @return: False if L{stop} was called meanwhile: then no more are started.
        @raise Exception: what a part's start raised. The parts are being stopped; L{stop} says when they are.
        """
        for part in self._parts:
            if self._stopping:
                return False
            if not part.begun:
                part.begun = True
                try:
                    await _end_of(part.start)
                except Exception:
                    if self._stopping:
                        self.log.failure("{part} did not start before it was stopped", part=part.name)
                        return False
                    self.stop()
                    raise
            if part.name == through:
                break
        return not self._stopping

    def stop(self) -> Deferred[None]:
        """
        Stop the parts that have begun, the last one first.

        @return: fires when all are stopped, however often this is called; never fails.
        """
        stopped: Deferred[None] = Deferred()
        self._waiting.append(stopped)
        if self._over:
            self._tell()
        elif not self._stopping:
            self._stopping = True
            Deferred.fromCoroutine(self._stop())
        return stopped

    async def _stop(self) -> None:
        for part in reversed(self._parts):
            if part.begun:
                part.begun = False
                try:
                    await _end_of(part.stop)
                except Exception:
                    self.log.failure("{part} did not stop in order", part=part.name)
        self._over = True
        self._tell()

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, []
        for stopped in waiting:
            stopped.callback(None)


async def _end_of(step: Step | None) -> None:
    result = None if step is None else step()
    if result is not None:
        await result
