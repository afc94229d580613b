"""
The reactor of a node on Linux: Twisted's on epoll, which takes fewer steps for each socket that has something, and
whose timers go by the monotonic clock.

Twisted's own makes a context for its log around each such step, with the name of the connection. Nothing here logs by
it, and it takes as long as a small request does in the parser.
"""

from __future__ import annotations

import time

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.main import installReactor
from twisted.logger import Logger


class PollReactor(EPollReactor):
    """Serves sockets without a context for each."""

    log = Logger()
    seconds = staticmethod(time.monotonic)

    def doPoll(self, timeout: float | None) -> None:  # noqa: N802
        """
        Wait for sockets, and serve those that have something.

        @param timeout: seconds; None: as long as it takes.
        """
        selectables, serve = self._selectables, self._doReadOrWrite
        try:
            found = self._poller.poll(-1 if timeout is None else timeout, len(selectables))
        except InterruptedError:
            return
        for number, event in found:
            selectable = selectables.get(number)
            if selectable is None:
                continue  # one before it has closed it
            try:
                serve(selectable, number, event)
            except Exception:
                self.log.failure("a connection failed")

    doIteration = doPoll  # noqa: N815


def install() -> None:
    """Make it the reactor of this process, before anything asks for one."""
    installReactor(PollReactor())
