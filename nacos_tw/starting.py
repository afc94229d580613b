"""A start that fails ends in one line for the operator and exit status 1, however it was started."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TypeVar

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IDelayedCall, IReactorCore, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.errors import NacosError, StartError
from nacos_tw.lifecycle import Lifecycle

T = TypeVar("T")

PORTS = "ports"
"""The part that takes the ports, before the process gives up its privileges."""

LOOK = 0.005
"""Seconds between two looks whether a node that stands alone is ready."""
PATIENCE = 10.0
"""Seconds that a start waits for that."""


def describe(error: BaseException) -> str | None:
    """One line about an error that the operator can mend; None for any other (a bug)."""
    if isinstance(error, NacosError):
        return " ".join(str(error).split())
    if isinstance(error, CannotListenError):
        where = f"port {error.port}" + (f" of {error.interface}" if error.interface else "")
        reason = getattr(error.socketError, "strerror", None) or str(error.socketError)
        if getattr(error.socketError, "errno", None) == errno.EADDRINUSE:
            return (
                f"{where} is taken by another process (or another node); stop it or set another one (server.port; the "
                "console's: nacos.console.port)"
            )
        return f"cannot listen on {where}: {reason}"
    if isinstance(error, OSError):
        return f"{error.filename or 'the operating system'}: {error.strerror or error}"
    return None


@contextmanager
def one_line_errors() -> Iterator[None]:
    """
    Turns an error that L{describe} knows into SystemExit with its line.

    Python prints that line on standard error and exits with status 1. For what runs before
    twistd becomes a daemon, and for L{nacos_tw.__main__}.
    """
    try:
        yield
    except Exception as error:
        text = describe(error)
        if text is None:
            raise
        raise SystemExit(f"ERROR {text}") from None


def now(result: Deferred[T]) -> T:
    """
    The outcome of what takes no time.

    @raise StartError: it takes time after all: the Deferred has not fired. Otherwise what it failed with.
    """
    outcome: list[T | Failure] = []
    result.addBoth(outcome.append)
    if not outcome:
        result.addErrback(lambda failure: None)
        raise StartError("a part of the start that must be over at once is still under way")
    if isinstance(outcome[0], Failure):
        error = outcome[0].value
        raise error if isinstance(error, Exception) else StartError(repr(error))
    return outcome[0]


class WhenReady:
    """
    A node that stands alone waits for nobody, so its start is over only when it is ready; or after L{PATIENCE}, as what
    it waits for (a disk, say) may take any time.
    """

    def __init__(self, clock: IReactorTime, reason: Callable[[], str], done: Callable[[str], None]) -> None:
        """
        @param reason: why the node is not ready; "" when it is.
        @param done: called once, with why it is not ready after all; "" if it is.
        """
        self._clock = clock
        self._reason = reason
        self._done = done
        self._timer: IDelayedCall | None = None

    def start(self) -> None:
        """Look from now on."""
        self._look(self._clock.seconds() + PATIENCE)

    def _look(self, end: float) -> None:
        self._timer = None
        reason = self._reason()
        if reason and self._clock.seconds() < end:
            self._timer = self._clock.callLater(LOOK, self._look, end)
        else:
            self._done(reason)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Node(Service):
    """
    The top service of a node: its parts, in their order.

    An error in a part's start that L{describe} knows leaves as L{StartError}. As a daemon, twistd
    then shows its text and exits with status 1; in the foreground the traceback that twistd would
    show is replaced by one line.

    @ivar parts: all that has to be started or stopped.
    @ivar started: fires when the node serves.
    @ivar exit_code: what the process should exit with once the reactor has stopped.
    """

    log = Logger()
    exit_code = 0

    def __init__(self, reactor: IReactorCore) -> None:
        self.parts = Lifecycle()
        self.started: Deferred[None] = Deferred()
        self._core = reactor

    def privilegedStartService(self) -> None:
        """Start the parts up to L{PORTS}, which take no time."""
        super().privilegedStartService()
        sys.excepthook = self._uncaught
        with self._clear_errors():
            now(Deferred.fromCoroutine(self.parts.start(through=PORTS)))

    def startService(self) -> None:
        """
        Start the others, in order.

        @raise StartError: one failed at once. One that fails later ends in L{fail}.
        """
        super().startService()
        starting = Deferred.fromCoroutine(self.parts.start())
        with self._clear_errors():
            if starting.called:
                now(starting)
            else:
                starting.addErrback(self._failed_late)

    def stopService(self) -> Deferred[None]:
        """Stop them all in the opposite order. @return: fires when all are stopped."""
        super().stopService()
        return self.parts.stop()

    def _failed_late(self, failure: Failure) -> bool:
        self.fail(self._core, failure.value or StartError("the start failed"))
        return False

    def fail(self, reactor: IReactorCore, error: BaseException) -> None:
        """A part found only after the start that it cannot go on: say so and stop with status 1."""
        self.exit_code = 1
        self._say(describe(error) or repr(error))
        reactor.stop()

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            text = describe(error)
            if text is None:
                raise
            raise StartError(text) from None

    def _uncaught(self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if isinstance(error, StartError):
            self.log.error("{error}", error=str(error))
            self._say(str(error))
        else:
            sys.__excepthook__(kind, error, traceback)

    def _say(self, text: str) -> None:
        if sys.__stderr__ is not None:
            sys.__stderr__.write(f"ERROR {text}\n")
            sys.__stderr__.flush()
