"""Where the list of members comes from: C{cluster.conf}, read again when it changes. The file is never written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from nacos_tw.errors import SettingsError
from nacos_tw.settings import clusterconf
from nacos_tw.settings.clusterconf import Address
from nacos_tw.settings.watching import FileWatch


class FileLookup(FileWatch):
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
        super().__init__(filename, self._read, clock, period)
        self.addresses = list(addresses)
        self._filename = filename
        self._default_port = default_port
        self._members_changed = changed

    def _read(self) -> None:
        try:
            with open(self._filename, encoding="utf-8") as file:
                addresses = clusterconf.parse_members(file.read(), self._default_port, self._filename)
        except (OSError, UnicodeDecodeError, SettingsError) as error:
            self.log.error("{filename} is not used: {reason}", filename=self._filename, reason=str(error))
            return
        if not addresses:
            self.log.error("{filename} is not used: {reason}", filename=self._filename, reason="it names no member")
        elif set(addresses) != set(self.addresses):
            new, old = [found.node for found in addresses], [known.node for known in self.addresses]
            self.addresses = addresses
            self.log.info("members in {filename}: {new}, were {old}", filename=self._filename, new=new, old=old)
            self._members_changed(addresses)
