"""A file of settings that an operator edits while the node runs."""

from __future__ import annotations

import os
from collections.abc import Callable

from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure


class FileWatch(Service):
    """Looks at a file again and again. One that is gone for a while counts as unchanged."""

    log = Logger()

    def __init__(self, filename: str, changed: Callable[[], None], clock: IReactorTime, period: float) -> None:
        """
        @param changed: called when the file is not as it was at the last look; the first was now.
        @param period: seconds between two looks.
        """
        self._filename = filename
        self._changed = changed
        self._seen: tuple[int, int, int] | None = self._stamp()
        self._loop = LoopingCall(self.look)
        self._loop.clock = clock
        self._period = period

    def startService(self) -> None:
        """Look from now on."""
        super().startService()
        self._loop.start(self._period, now=False).addErrback(self._stopped)

    def stopService(self) -> None:
        """No more."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()

    def look(self) -> None:
        """Call C{changed} if it did since the last look."""
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return
        self._seen = stamp
        self._changed()

    def _stopped(self, failure: Failure) -> None:
        self.log.failure("{filename} is no longer watched", failure, filename=self._filename)

    def _stamp(self) -> tuple[int, int, int] | None:
        """What tells one state of the file from another; None when it cannot be looked at."""
        try:
            status = os.stat(self._filename)
        except OSError:
            return None
        return (status.st_mtime_ns, status.st_size, status.st_ino)
