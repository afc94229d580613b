"""Lets the leader look for instances whose heartbeats have stopped, and for clients that nobody renews any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.application import service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.errors import Unavailable
from nacos_tw.naming import events
from nacos_tw.naming.commands import Command, EndClients, Expire
from nacos_tw.naming.expiry import clients_due, due
from nacos_tw.naming.leases import Leases
from nacos_tw.naming.model import Instance
from nacos_tw.naming.registry import Registry
from nacos_tw.timers import Periodic

PERIOD = 1.0
"""Seconds between two looks at the leases."""

STALL = 1.0
"""Seconds by which a look may be late before the node counts as having been unable to listen."""

MOST = 250
"""Numbers in one command about leases. One is under way at a time: when very many run out at once, the nodes have other
things to do in between."""

MOST_CLIENTS = 1000
"""Clients in one command: those of a node that died go in one entry, with all that they still have."""

SHOWN = 20
"""Clients that a line of the log names."""

CLIENT_GRACE = 15.0
"""Seconds without a renewal after which a client has ended."""

Change = Callable[[Command], Deferred[Any]]
"""Puts a command through the log, see L{nacos_tw.naming.naming.Naming.change}."""


class Expirer(service.MultiService):
    """
    Runs on every node, and does nothing where that does not lead.

    What is due when is the business of C{naming/expiry.py}.
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
        client_grace: float = CLIENT_GRACE,
        silent: Callable[[str], bool] = lambda node: False,
    ) -> None:
        """
        @param expire_instance: whether silent instances are removed in the end, or only become unhealthy.
        @param client_grace: seconds that a client has to be heard of again, or to turn up at another node.
        @param silent: as of L{clients_due<nacos_tw.naming.expiry.clients_due>}.
        """
        super().__init__()
        self._registry = registry
        self._leases = leases
        self._change = change
        self._expire_instance = expire_instance
        self._client_grace = client_grace
        self._nothing_heard = silent
        self._leading = False
        self._looked = 0.0
        self._flying = False
        """Whether a command about leases is under way."""
        self._silent: list[int] = []
        self._gone: list[int] = []
        """Numbers that the last look found to be unhealthy, and to be removed; those to come."""
        self._ended: list[int] = []
        """The same of clients to be ended."""
        Periodic(clock, PERIOD, self._look).setServiceParent(self)

    def leader_changed(self, is_leader: bool) -> None:
        """
        This node has become the leader, or is it no longer.

        A new leader cannot know which beats it has missed, so it gives every lease a full term.
        """
        if is_leader and not self._leading:
            self._leases.fresh_all(self._registry.leases())
            self._looked = self._leases.now()
            self._silent, self._gone, self._ended = [], [], []
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
        last, registry = self._leases.last, self._registry
        self._silent, self._gone = due(last, registry, now, self._expire_instance)
        self._ended = clients_due(last, registry, now, self._client_grace, self._nothing_heard)
        if not self._flying:
            self._expire_some()

    def _expire_some(self) -> None:
        """Propose some of what the last look found; the next ones follow when that is applied."""
        while self._leading and self._ended:
            ended, self._ended = self._ended[:MOST_CLIENTS], self._ended[MOST_CLIENTS:]
            if ended := self._still_silent(ended):
                self._end(ended)
                return
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
        self._propose(Expire(unhealthy, removed, self._registry.applied), lambda: self._tell(silent, gone))

    def _end(self, numbers: list[int]) -> None:
        clients = [self._registry.clients_by_number[number] for number in numbers]
        self.log.info(
            "{count} clients of {nodes} have not been heard of for {grace:g} s, and end: {some}",
            count=len(clients),
            nodes=sorted({client.node for client in clients}),
            grace=self._client_grace,
            some=[client.id for client in clients[:SHOWN]],
        )
        self._propose(EndClients([client.id for client in clients], self._registry.applied), lambda: None)

    def _propose(self, command: Expire | EndClients, tell: Callable[[], None]) -> None:
        self._flying = True

        def ended(result: object) -> None:
            self._flying = False
            if isinstance(result, Failure):
                self._failed(result)
            else:
                tell()
                self._expire_some()

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
