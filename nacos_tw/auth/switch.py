"""
C{nacos.core.auth.enabled}, and its sisters for operators and browsers, switched while the node runs by editing
application.properties (docs/spec/config-v1.md#16).
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from nacos_tw.errors import NacosError
from nacos_tw.settings.auth import Asking, AuthSettings
from nacos_tw.settings.watching import FileWatch

PERIOD = 1.0
"""Seconds between two looks at the file."""


class AuthSwitch(FileWatch):
    """
    Watches application.properties for who is asked for a login. What else it says of them counts from the next
    start on; a file that cannot be used changes nothing.
    """

    log = Logger()

    def __init__(
        self,
        filename: str,
        settings: AuthSettings,
        read: Callable[[], AuthSettings],
        switch: Callable[[Asking], None],
        clock: IReactorTime,
    ) -> None:
        """
        @param settings: those that the node started with.
        @param read: the settings as the file, the environment and the command line have them now.
        @param switch: called with who is asked for a login, when that changed.
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
        before = self._settings
        self._settings = attrs.evolve(before, enabled=found.enabled, admin=found.admin, console=found.console)
        if found != self._settings:
            self.log.warn("whether logins are asked for changes at once, the other keys of logins at the next start")
        if found.asking != before.asking:
            self._switch(found.asking)
