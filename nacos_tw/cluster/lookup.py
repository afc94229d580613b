"""Where the list of members comes from: C{cluster.conf}, read again when it changes. The file is never written."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from twisted.application import service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.errors import SettingsError
from nacos_tw.settings import clusterconf
from nacos_tw.settings.clusterconf import Address


class FileLookup(service.Service):
    """
    Watches cluster.conf. A file that is gone or cannot be read leaves the list as it was.

    @ivar addresses: the list that was last read without fault.
    """

    log = Logger()

    def __init__(
        self,
        filename: str,
        default_port: int,
        addresses: Sequence[Address],
        changed: Callable[[list[Address]], None],
        clock: IReactorTime,
        period: float = 5.0,
    ) -> None:
        """
        @param addresses: the list that the node started with.
        @param changed: called with the new list whenever it differs from the one before.
        @param period: seconds between two looks at the file.
        """
        self.addresses = list(addresses)
        self._filename = filename
        self._default_port = default_port
        self._changed = changed
        self._seen: tuple[int, int, int] | None = self._stamp()
        self._loop = LoopingCall(self.look)
        self._loop.clock = clock
        self._period = period

    def startService(self) -> None:
        super().startService()
        self._loop.start(self._period, now=False).addErrback(self._stopped)

    def stopService(self) -> None:
        super().stopService()
        if self._loop.running:
            self._loop.stop()

    def look(self) -> None:
        """Read the file again if it changed since the last look."""
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return
        self._seen = stamp
        try:
            with open(self._filename, encoding="utf-8") as file:
                addresses = clusterconf.parse(file.read(), self._default_port, self._filename)
        except (OSError, UnicodeDecodeError, SettingsError) as error:
            self.log.error("{filename} is not used: {reason}", filename=self._filename, reason=str(error))
            return
        if not addresses:
            self.log.error("{filename} is not used: {reason}", filename=self._filename, reason="it names no member")
        elif set(addresses) != set(self.addresses):
            new, old = [found.node for found in addresses], [known.node for known in self.addresses]
            self.addresses = addresses
            self.log.info("members in {filename}: {new}, were {old}", filename=self._filename, new=new, old=old)
            self._changed(addresses)

    def _stopped(self, failure: Failure) -> None:
        self.log.failure("cluster.conf is no longer watched", failure)

    def _stamp(self) -> tuple[int, int, int] | None:
        """What tells one state of the file from another; None when it cannot be looked at."""
        try:
            status = os.stat(self._filename)
        except OSError:
            return None
        return (status.st_mtime_ns, status.st_size, status.st_ino)
