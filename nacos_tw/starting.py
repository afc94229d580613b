"""A start that fails ends in one line for the operator and exit status 1, however it was started."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from twisted.application.service import MultiService
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IReactorCore

from nacos_tw.errors import NacosError


def describe(error: BaseException) -> str | None:
    """One line about an error that the operator can mend; None for any other (a bug)."""
    if isinstance(error, NacosError):
        return " ".join(str(error).split())
    if isinstance(error, CannotListenError):
        where = f"port {error.port}" + (f" of {error.interface}" if error.interface else "")
        reason = getattr(error.socketError, "strerror", None) or str(error.socketError)
        if getattr(error.socketError, "errno", None) == errno.EADDRINUSE:
            return f"{where} is taken by another process (or another node); stop it or set server.port"
        return f"cannot listen on {where}: {reason}"
    if isinstance(error, OSError):
        return f"{error.filename or 'the operating system'}: {error.strerror or error}"
    return None


@contextmanager
def one_line_errors() -> Iterator[None]:
    """
    Turns an error that L{describe} knows into SystemExit with its line.

    Python prints that line on standard error and exits with status 1, under twistd as well as
    under L{nacos_tw.__main__}.
    """
    try:
        yield
    except Exception as error:
        text = describe(error)
        if text is None:
            raise
        raise SystemExit(f"ERROR {text}") from None


class Node(MultiService):
    """
    The top service of a node.

    @ivar exit_code: what the process should exit with once the reactor has stopped.
    """

    exit_code = 0

    def privilegedStartService(self) -> None:
        """Start the parts that need it, in order."""
        with one_line_errors():
            MultiService.privilegedStartService(self)

    def startService(self) -> None:
        """Start the parts, in order."""
        with one_line_errors():
            MultiService.startService(self)

    def fail(self, reactor: IReactorCore, error: BaseException) -> None:
        """A part found only after the start that it cannot go on: say so and stop with status 1."""
        self.exit_code = 1
        sys.stderr.write(f"ERROR {describe(error) or error!r}\n")
        sys.stderr.flush()
        reactor.stop()
