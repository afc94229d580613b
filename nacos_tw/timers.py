"""What is done again and again, and pauses that grow: no loop ends because one of its runs failed."""

from __future__ import annotations

from collections.abc import Callable

from twisted.application import service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure


class Periodic(service.Service):
    """
    Calls a function every so many seconds while it runs.

    Unlike L{twisted.application.internet.TimerService} and L{twisted.internet.task.LoopingCall}, a run that fails is
    logged and the next one takes place all the same. A failure that repeats itself is logged once until a run is well.
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
        @param job: what to do. If it gives a Deferred, the run ends when that fires; any other result is not looked at.
        @param first: seconds before the first run; None for one period, 0 for within L{startService}.
        """
        self._clock = clock
        self._period = period
        self._job = job
        self._first = period if first is None else first
        self._timer: IDelayedCall | None = None
        self._busy: Deferred[object] | None = None
        self._trouble = ""

    def startService(self) -> None:
        """Begin; the first run is C{first} seconds away."""
        if self.running:
            return
        super().startService()
        if self._busy is not None:  # of before the stop; the loop goes on when it ends
            return
        if self._first:
            self._timer = self._clock.callLater(self._first, self._run)
        else:
            self._run()

    def stopService(self) -> None:
        """No run begins after this."""
        super().stopService()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _run(self) -> None:
        self._timer = None
        busy: Deferred[object] = maybeDeferred(self._job)
        self._busy = busy
        busy.addBoth(self._ended)

    def _ended(self, result: object) -> None:
        self._busy = None
        if self.running and self._timer is None:
            self._timer = self._clock.callLater(self._period, self._run)
        trouble = repr(result.value) if isinstance(result, Failure) else ""
        if isinstance(result, Failure) and trouble != self._trouble:
            self.log.failure("periodic job failed, and goes on: {job}", result, job=self._job)
        self._trouble = trouble


class Turns:
    """
    Works off what takes long, a little at a time, so that the reactor gets its turn between.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        step: Callable[[], bool | None],
        *,
        steps: int = 200,
        seconds: float = 0.005,
        pause: float = 0.01,
    ) -> None:
        """
        @param step: does a little. True: there is more; False: it could not, and is to be called after a C{pause};
            None: nothing is left. What it raises is logged, and counts as True.
        @param steps: made before the reactor gets its turn; C{seconds}: after which it does in any case.
        """
        self._clock = clock
        self._step = step
        self._steps = steps
        self._seconds = seconds
        self._pause = pause
        self._timer: IDelayedCall | None = None
        self._working = False
        self._next: float | None = None

    def begin(self, delay: float = 0.0) -> None:
        """Begin, unless it has begun. Within a step: begin when nothing is left."""
        if self._working:
            self._next = delay
        elif self._timer is None:
            self._timer = self._clock.callLater(delay, self._turn)

    def stop(self) -> None:
        """No step is made after this, until it is begun again."""
        self._next = None
        self._working = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _turn(self) -> None:
        self._timer = None
        self._working = True
        until = self._clock.seconds() + self._seconds
        again: bool | None = True
        for _ in range(self._steps):
            try:
                again = self._step()
            except Exception:
                self.log.failure("a step failed: {step}", step=self._step)
                again = True
            if not again or not self._working or self._clock.seconds() > until:
                break
        if not self._working:  # stopped by a step
            return
        self._working = False
        if again is not None:
            self._timer = self._clock.callLater(0.0 if again else self._pause, self._turn)
        elif self._next is not None:
            delay, self._next = self._next, None
            self.begin(delay)


class Backoff:
    """Pauses between tries, each twice as long as the one before."""

    __slots__ = ("_failures", "_longest", "_random", "_shortest")

    def __init__(self, shortest: float, longest: float, random: Callable[[], float] | None = None) -> None:
        """
        @param shortest: seconds of the first pause; C{longest}: of the last ones.
        @param random: numbers in [0, 1): pauses vary by a quarter up and down. None: they do not.
        """
        self._shortest = shortest
        self._longest = longest
        self._random = random
        self._failures = 0

    @property
    def first(self) -> bool:
        """Whether nothing has failed since L{reset}."""
        return not self._failures

    def next(self) -> float:
        """Seconds to wait after one more failure."""
        pause = float(min(self._longest, self._shortest * 2 ** min(self._failures, 16)))
        self._failures += 1
        return pause if self._random is None else pause * (0.75 + 0.5 * self._random())

    def reset(self) -> None:
        """It worked: the next pause is the first one again."""
        self._failures = 0


async def until(condition: Callable[[], object], clock: IReactorTime, limit: float, pause: float = 0.01) -> None:
    """Wait until a condition holds, at most C{limit} seconds; it is looked at every C{pause} seconds."""
    end = clock.seconds() + limit
    while not condition() and clock.seconds() < end:
        waiting: Deferred[None] = Deferred()
        clock.callLater(pause, waiting.callback, None)
        await waiting


def guarded(log: Logger, what: str, listener: Callable[[], object]) -> None:
    """Call a listener; what it raises is logged, and stops nobody."""
    try:
        listener()
    except Exception:
        log.failure("{what} failed", what=what)
