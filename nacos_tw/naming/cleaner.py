"""When the leader looks for what nobody needs any more: empty services, and what is known of instances long gone."""

from __future__ import annotations

import attrs
from twisted.application import service
from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.errors import Unavailable
from nacos_tw.naming.commands import CleanServices, ForgetOverrides
from nacos_tw.naming.expirer import STALL, Change
from nacos_tw.naming.leases import Leases
from nacos_tw.naming.model import Place, ServiceKey
from nacos_tw.naming.registry import Registry
from nacos_tw.timers import Periodic

MOST_SERVICES = 1000
"""Services in one command."""

MOST_PLACES = 1000
"""Instances in one command."""

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
                if times > EMPTY_TIMES and not found.overrides:
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


@attrs.frozen
class Keeping:
    """
    How long it is kept what an operator has changed of an instance that is gone, in seconds.

    @ivar term: from when it went; C{period}: between two looks.
    """

    term: float = 60.0
    period: float = 5.0


class OverrideCleaner(service.MultiService):
    """
    Has what operators changed forgotten when its instance has been gone for long. Runs on every node, and does nothing
    where that does not lead.

    Only how long this node itself has led and seen the instance gone counts: a new leader gives each a full term, and
    so does one that stood still.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, registry: Registry, leases: Leases, change: Change, times: Keeping) -> None:
        """@param leases: whose clock counts."""
        super().__init__()
        self._registry = registry
        self._now = leases.now
        self._change = change
        self._times = times
        self._leading = self._flying = False
        self._looked = 0.0
        self._since: dict[Place, tuple[int, float]] = {}
        """When this node first saw them gone, with what the registry says of when that was."""
        Periodic(clock, times.period, self._look).setServiceParent(self)

    def leader_changed(self, is_leader: bool) -> None:
        """This node has become the leader, or is it no longer."""
        if is_leader and not self._leading:
            self._since, self._looked = {}, self._now()
        self._leading = is_leader

    def _look(self) -> None:
        if not self._leading:
            return
        now, kept = self._now(), self._registry.kept
        before, self._since = self._since, {}
        if now - self._looked > self._times.period + STALL:
            before = {}
        self._looked = now
        due: list[Place] = []
        for place, gone in kept.items():
            known = before.get(place)
            since = self._since[place] = known if known is not None and known[0] == gone else (gone, now)
            if now - since[1] >= self._times.term:
                due.append(place)
        if due and not self._flying:
            self._forget(due)

    def _forget(self, due: list[Place]) -> None:
        """One command is under way at a time."""
        places, rest = due[:MOST_PLACES], due[MOST_PLACES:]
        self._flying = True
        some = [f"{key[1]}:{key[2]} of {service[1]}" for service, key in places[:20]]
        self.log.info("what was changed of {count} instances that are gone is forgotten: {some}",
                      count=len(places), some=some)  # fmt: skip

        def ended(result: object) -> None:
            self._flying = False
            if isinstance(result, Failure):
                self._failed(result)
            elif rest and self._leading:
                self._forget(rest)

        maybeDeferred(self._change, ForgetOverrides(places, self._registry.applied)).addBoth(ended)

    def _failed(self, failure: Failure) -> None:
        if failure.check(Unavailable):
            self.log.warn("what was changed of instances that are gone cannot be forgotten now: {error}",
                          error=failure.value)  # fmt: skip
        else:
            self.log.failure("forgetting what was changed of instances that are gone failed", failure=failure)
