"""Which events reach logs/nacos.log, by Nacos's names of its logs (docs/spec/naming-v1.md#15.4)."""

from __future__ import annotations

import attrs
from twisted.logger import LogEvent, LogLevel

from nacos_tw.errors import BadParameter, Problem

LEVELS = {
    "DEBUG": LogLevel.debug,
    "TRACE": LogLevel.debug,
    "ALL": LogLevel.debug,
    "INFO": LogLevel.info,
    "WARN": LogLevel.warn,
    "ERROR": LogLevel.error,
    "OFF": LogLevel.critical,
}
"""Log4j's names. Critical events are always written."""

LOGS = {
    "root": "",
    "nacos": "",
    "core": "nacos_tw",
    "naming-main": "nacos_tw.naming",
    "naming-server": "nacos_tw.naming",
    "naming-raft": "nacos_tw.raft",
    "naming-distro": "nacos_tw.raft",
    "naming-event": "nacos_tw.naming.event",
    "naming-push": "nacos_tw.push.udp",
    "naming-rt": "nacos_tw.naming.probes",
    "protocol-raft": "nacos_tw.raft",
    "protocol-distro": "nacos_tw.raft",
    "core-cluster": "nacos_tw.cluster",
    "nacos-cluster": "nacos_tw.cluster",
    "config-server": "nacos_tw.config",
    "config-dump": "nacos_tw.config",
    "config-pull": "nacos_tw.config",
    "config-notify": "nacos_tw.config.notices",
    "core-auth": "nacos_tw.auth",
}
"""A log's name to the modules whose events it has: all of which the name starts with this."""

ORDER = (LogLevel.debug, LogLevel.info, LogLevel.warn, LogLevel.error, LogLevel.critical)


@attrs.define(slots=False)
class LogUnknown(Problem, BadParameter):
    """There is no log of that name; C{known}: the names there are."""

    name: str
    known: tuple[str, ...]


@attrs.define(slots=False)
class LogLevelUnknown(Problem, BadParameter):
    """There is no such level; C{known}: those there are."""

    level: str
    known: tuple[str, ...]


class LogLevels:
    """The levels in force on this node; INFO for whatever has none."""

    def __init__(self) -> None:
        self._levels: dict[str, int] = {"": ORDER.index(LogLevel.info)}
        self._known: dict[str, int] = {}

    def set(self, log: str, level: str) -> None:
        """
        Change the level of a log, by Nacos's name or that of a module.

        @raise Problem: an unknown name or level; nothing was changed.
        """
        module = log if log.startswith("nacos_tw") else LOGS.get(log)
        if module is None:
            raise LogUnknown(log, tuple(sorted(LOGS)))
        wanted = LEVELS.get(level.upper())
        if wanted is None:
            raise LogLevelUnknown(level, tuple(LEVELS))
        self._levels[module] = ORDER.index(wanted)
        self._known.clear()

    def passes(self, event: LogEvent) -> bool:
        """Whether the event is to be written."""
        namespace = event.get("log_namespace") or ""
        least = self._known.get(namespace)
        if least is None:
            least = self._find(namespace)
            if len(self._known) < 1000:
                self._known[namespace] = least
        return ORDER.index(event.get("log_level") or LogLevel.info) >= least

    def _find(self, namespace: str) -> int:
        best = max((name for name in self._levels if namespace.startswith(name)), key=len)
        return self._levels[best]
