"""A job that is done again and again, whatever becomes of one of its runs."""

from __future__ import annotations

from collections.abc import Callable

from twisted.application import service
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger


class Periodic(service.Service):
    """
    Calls a function every so many seconds while it runs.

    Unlike L{twisted.application.internet.TimerService}, a run that fails is logged and the next one takes
    place all the same.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        period: float,
        job: Callable[[], object],
        first: float | None = None,
    ) -> None:
        """
        @param period: seconds from the end of one run to the start of the next.
        @param job: what to do; its result is not looked at.
        @param first: seconds before the first run; None for one period.
        """
        self._clock = clock
        self._period = period
        self._job = job
        self._first = period if first is None else first
        self._timer: IDelayedCall | None = None

    def startService(self) -> None:
        """Begin; the first run is C{first} seconds away."""
        if not self.running:
            super().startService()
            self._timer = self._clock.callLater(self._first, self._run)

    def stopService(self) -> None:
        """No run takes place after this."""
        super().stopService()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _run(self) -> None:
        self._timer = None
        try:
            self._job()
        except Exception:
            self.log.failure("periodic job failed: {job}", job=self._job)
        if self.running:
            self._timer = self._clock.callLater(self._period, self._run)
