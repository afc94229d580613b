"""When the leader looks for instances whose beats have stopped, and for services that nobody needs any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.application import service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.errors import Unavailable
from nacos_tw.naming import events
from nacos_tw.naming.commands import CleanServices, Command, Expire
from nacos_tw.naming.expiry import due
from nacos_tw.naming.leases import Leases
from nacos_tw.naming.model import Instance, ServiceKey
from nacos_tw.naming.registry import Registry
from nacos_tw.timers import Periodic

PERIOD = 1.0
"""Seconds between two looks at the leases."""

STALL = 1.0
"""Seconds by which a look may be late before the node counts as having been unable to listen."""

MOST = 250
"""Numbers in one command about leases. One is under way at a time: when very many run out at once, the nodes have other
things to do in between."""

MOST_SERVICES = 1000
"""Services in one command."""

EMPTY_TIMES = 3
"""
A service is removed at the look after it was found empty more often than this, in a row (docs/spec/naming-v1.md#2.4).
"""

Change = Callable[[Command], Deferred[Any]]
"""Puts a command through the log, see L{nacos_tw.naming.naming.Naming.change}."""


@attrs.frozen
class Cleaning:
    """When empty services are looked for, in seconds."""

    initial_delay: float = 60.0
    period: float = 20.0


class Health(service.MultiService):
    """
    The timers of the leader. They run on every node, and do nothing on any other.

    What is decided when is C{naming/expiry.py}'s business.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        registry: Registry,
        leases: Leases,
        change: Change,
        *,
        expire_instance: bool = True,
        cleaning: Cleaning | None = None,
    ) -> None:
        """
        @param expire_instance: whether silent instances are removed in the end, or only become unhealthy.
        @param cleaning: None: empty services stay.
        """
        super().__init__()
        self._registry = registry
        self._leases = leases
        self._change = change
        self._expire_instance = expire_instance
        self._leading = False
        self._looked = 0.0
        self._flying = False
        """Whether a command about leases is under way."""
        self._silent: list[int] = []
        self._gone: list[int] = []
        """Numbers that the last look found to be unhealthy, and to be removed; those to come."""
        self._empty: dict[ServiceKey, int] = {}
        Periodic(clock, PERIOD, self._look).setServiceParent(self)
        if cleaning is not None:
            Periodic(clock, cleaning.period, self._clean, cleaning.initial_delay).setServiceParent(self)

    def leader_changed(self, is_leader: bool) -> None:
        """
        This node has become the leader, or is it no longer.

        A new leader cannot know which beats it has missed, so it gives every lease a full term.
        """
        if is_leader and not self._leading:
            self._leases.fresh_all(number for number, known in self._registry.by_number.items() if known.ephemeral)
            self._looked = self._leases.now()
            self._silent, self._gone, self._empty = [], [], {}
        self._leading = is_leader

    # -- leases

    def _look(self) -> None:
        if not self._leading:
            return
        now = self._leases.now()
        stalled = now - self._looked - PERIOD
        self._looked = now
        if stalled > STALL:
            # Beats may wait unread in the sockets: silence that was our own is nobody's fault.
            self.log.warn("this node stood still for {seconds:.1f} s", seconds=stalled)
            self._leases.excuse(stalled)
        self._silent, self._gone = due(self._leases.last, self._registry, now, self._expire_instance)
        if not self._flying:
            self._expire_some()

    def _expire_some(self) -> None:
        """Propose some of what the last look found; the next ones follow when that is applied."""
        while self._leading and (self._silent or self._gone):
            unhealthy, self._silent = self._silent[:MOST], self._silent[MOST:]
            room = MOST - len(unhealthy)
            removed, self._gone = self._gone[:room], self._gone[room:]
            unhealthy, removed = self._still_silent(unhealthy), self._still_silent(removed)
            if unhealthy or removed:
                self._expire(unhealthy, removed)
                return

    def _still_silent(self, numbers: list[int]) -> list[int]:
        """Those that have not been heard of since the look."""
        last, looked = self._leases.last, self._looked
        return [number for number in numbers if last.get(number, looked) < looked]

    def _expire(self, unhealthy: list[int], removed: list[int]) -> None:
        known = self._registry.by_number
        silent = [(known[number], self._leases.last_beat_millis(number)) for number in unhealthy if number in known]
        gone = [known[number] for number in removed if number in known]
        self._flying = True

        def ended(result: object) -> None:
            self._flying = False
            if isinstance(result, Failure):
                self._failed(result)
            else:
                self._tell(silent, gone)
                self._expire_some()

        command = Expire(unhealthy, removed, self._registry.applied)
        maybeDeferred(self._change, command).addBoth(ended).addErrback(self._failed)

    def _tell(self, silent: list[tuple[Instance, int]], gone: list[Instance]) -> None:
        """One line for each instance of which it has come true."""
        lines: list[str] = []
        by_number = self._registry.by_number
        for instance, last in silent:
            now = by_number.get(instance.number)
            if now is not None and not now.healthy:
                lines.append(events.timed_out(instance, last))
        for instance in gone:
            if instance.number not in by_number:
                lines.append(events.removed(instance))
        events.write(lines)

    def _failed(self, failure: Failure) -> None:
        """Nothing is lost by it: what is due is still due at the next look."""
        if failure.check(Unavailable):
            self.log.warn("cannot expire now: {error}", error=failure.value)
        else:
            self.log.failure("expiry failed", failure=failure)

    # -- empty services

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
