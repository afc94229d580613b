"""
C{nacos.core.auth.enabled}, switched while the node runs by editing application.properties (docs/spec/config-v1.md#16).
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from nacos_tw.errors import NacosError
from nacos_tw.settings.auth import AuthSettings
from nacos_tw.settings.watching import FileWatch

PERIOD = 1.0
"""Seconds between two looks at the file."""


class AuthSwitch(FileWatch):
    """
    Watches application.properties for whether logins are asked for. What else it says of them counts from the next
    start on; a file that cannot be used changes nothing.
    """

    log = Logger()

    def __init__(
        self,
        filename: str,
        settings: AuthSettings,
        read: Callable[[], AuthSettings],
        switch: Callable[[bool], None],
        clock: IReactorTime,
    ) -> None:
        """
        @param settings: those that the node started with.
        @param read: the settings as the file, the environment and the command line have them now.
        @param switch: called with whether logins are asked for, when that changed.
        """
        super().__init__(filename, self._read, clock, PERIOD)
        self._settings = settings
        self._load = read
        self._switch = switch

    def _read(self) -> None:
        try:
            found = self._load()
        except (NacosError, OSError, UnicodeDecodeError) as error:
            self.log.error("the changed application.properties is not used: {reason}", reason=str(error))
            return
        if attrs.evolve(found, enabled=self._settings.enabled) != self._settings:
            self.log.warn("nacos.core.auth.enabled works at once, the other keys of logins at the next start")
        if found.enabled != self._settings.enabled:
            self._settings = attrs.evolve(self._settings, enabled=found.enabled)
            self._switch(found.enabled)
