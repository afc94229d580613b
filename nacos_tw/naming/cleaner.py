"""When the leader looks for services that nobody needs any more."""

from __future__ import annotations

import attrs
from twisted.application import service
from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.errors import Unavailable
from nacos_tw.naming.commands import CleanServices
from nacos_tw.naming.expirer import Change
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.registry import Registry
from nacos_tw.timers import Periodic

MOST_SERVICES = 1000
"""Services in one command."""

EMPTY_TIMES = 3
"""
A service is removed at the look after it was found empty more often than this, in a row (docs/spec/naming-v1.md#2.4).
"""


@attrs.frozen
class Cleaning:
    """When empty services are looked for, in seconds."""

    initial_delay: float = 60.0
    period: float = 20.0


class Cleaner(service.MultiService):
    """Removes services that stay empty. Runs on every node, and does nothing where that does not lead."""

    log = Logger()

    def __init__(self, clock: IReactorTime, registry: Registry, change: Change, times: Cleaning) -> None:
        super().__init__()
        self._registry = registry
        self._change = change
        self._leading = False
        self._empty: dict[ServiceKey, int] = {}
        Periodic(clock, times.period, self._clean, times.initial_delay).setServiceParent(self)

    def leader_changed(self, is_leader: bool) -> None:
        """This node has become the leader, or is it no longer; a new one begins to count."""
        if is_leader and not self._leading:
            self._empty = {}
        self._leading = is_leader

    def _clean(self) -> None:
        if not self._leading:
            return
        before, self._empty = self._empty, {}
        unneeded: list[ServiceKey] = []
        for key, found in self._registry.services.items():
            if not found.ephemeral and not found.persistent:
                times = before.get(key, 0)
                self._empty[key] = times + 1
                if times > EMPTY_TIMES:
                    unneeded.append(key)
        for first in range(0, len(unneeded), MOST_SERVICES):
            some = unneeded[first : first + MOST_SERVICES]
            self.log.info("removing {count} empty services: {services}", count=len(some), services=some[:20])
            maybeDeferred(self._change, CleanServices(some)).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        """What is empty is still so at the next look."""
        if failure.check(Unavailable):
            self.log.warn("cannot remove empty services now: {error}", error=failure.value)
        else:
            self.log.failure("removing empty services failed", failure=failure)
