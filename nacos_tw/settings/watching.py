"""A file of settings that an operator edits while the node runs."""

from __future__ import annotations

import os
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from nacos_tw.timers import Periodic


class FileWatch(Periodic):
    """Looks at a file again and again. One that is gone for a while counts as unchanged."""

    log = Logger()

    def __init__(self, filename: str, changed: Callable[[], None], clock: IReactorTime, period: float) -> None:
        """
        @param changed: called when the file is not as it was at the last look; the first was now.
        @param period: seconds between two looks.
        """
        super().__init__(clock, period, self.look)
        self._filename = filename
        self._changed = changed
        self._seen: tuple[int, int, int] | None = self._stamp()

    def look(self) -> None:
        """Call C{changed} if it did since the last look; if that fails, again at the next."""
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return
        self._changed()
        self._seen = stamp

    def _stamp(self) -> tuple[int, int, int] | None:
        """What tells one state of the file from another; None when it cannot be looked at."""
        try:
            status = os.stat(self._filename)
        except OSError:
            return None
        return (status.st_mtime_ns, status.st_size, status.st_ino)
