"""
Locks at this node: what its clients want goes through the log, and goes with them.

What becomes of a lock::

    its holder releases it, or its time is over    free; the first who waits is told
    the holder's connection ends                   one entry frees all that it has
    the holder's node dies                         the leader hears nothing of the client for the grace, and ends it
    nothing is heard of the node, but it may live  the same after a longer one: the client's connection has not ended,
                                                   and it takes its lock for its own until it finds that out
    another node leads                             every time begins anew
    there is no majority                           nothing is granted and nothing is released: Unavailable
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.application import service
from twisted.internet.defer import Deferred, fail, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.errors import ClientUnknown, NacosError, Unavailable
from nacos_tw.interfaces import IProposer
from nacos_tw.locks.commands import LOCKS, NAME, Command, EndClients, Expire, Level, Outcome, encode
from nacos_tw.locks.deadlines import CLIENTS, Deadlines
from nacos_tw.locks.machine import LockMachine
from nacos_tw.locks.state import Client, Notice
from nacos_tw.timers import Periodic

LOOK = 0.25
"""Seconds between two looks at whose time is over; times are exact to that."""
STALLED = 2.0
"""Seconds between two looks from which on this node stood still, and heard no renewals."""
NOT_YET = "locks wait until every member runs a version that knows them"


class Locks(service.MultiService):
    """
    What this node knows of locks.

    @ivar on_notice: called with what a waiter is to be told, on every node: the client may be anybody's.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        machine: LockMachine,
        proposer: IProposer,
        node: str,
        grace: float = 15.0,
        *,
        silent_grace: float = 30.0,
        silent: Callable[[str], bool] = lambda node: False,
    ) -> None:
        """
        @param node: this node's name.
        @param grace: seconds without a renewal after which the leader ends a client.
        @param silent_grace: the same for a client whose node is silent then; not less.
        @param silent: whether a node, given its name, is not heard of, though it may live.
        """
        super().__init__()
        self._clock = clock
        self._machine = machine
        self._proposer = proposer
        self.node = node
        self.members_level: Callable[[], int] = lambda: LOCKS
        """The level of commands that every member is known to know."""
        self._deadlines = Deadlines(clock.seconds, grace, silent_grace - grace)
        self._silent = silent
        self._connected: set[str] = set()
        self._leads = self._expiring = self._raising = False
        self._looked = clock.seconds()
        self.on_notice: Callable[[Notice], object] = lambda notice: None
        Periodic(clock, LOOK, self._look).setServiceParent(self)
        Periodic(clock, grace / 3, self._renew).setServiceParent(self)

    # -- clients

    def connected(self, client: str) -> None:
        """A connection is there that asks for locks."""
        self._connected.add(client)

    def ended(self, client: str) -> None:
        """It is gone: what it has is free."""
        if client in self._connected:
            self._connected.discard(client)
            # It may have asked for one that is not applied here yet; without a leader its lease ends it.
            self._propose(EndClients([client])).addErrback(self._ignored)

    def ask(self, client: str, command: Command) -> Deferred[Outcome]:
        """
        What a connection wants.

        @return: fails with L{ClientUnknown}, with L{Unavailable} where there is no majority.
        """
        if client not in self._connected:
            return fail(ClientUnknown(client))
        if max(self._machine.state.level, self.members_level()) < LOCKS:
            return fail(Unavailable(NOT_YET))
        return self._propose(command)

    def _propose(self, command: Command) -> Deferred[Any]:
        return maybeDeferred(self._proposer.propose, NAME + encode(command))

    def _ignored(self, failure: Failure) -> None:
        if not failure.check(NacosError):
            self.log.failure("a change of locks failed", failure)

    def _renew(self) -> None:
        """Say to the leader that the clients of this node are here."""
        clients = self._machine.state.clients
        for id_ in self._connected & clients.keys():
            renewed = self._proposer.renew(CLIENTS + clients[id_].number)
            if renewed is not None:
                renewed.addErrback(self._ignored)
        self._agree()

    def _agree(self) -> None:
        """The leader says for good that all members know locks, as soon as they do."""
        state = self._machine.state
        if self._raising or state.level >= LOCKS or not self._proposer.is_leader or self.members_level() < LOCKS:
            return
        self._raising = True

        def ended(_: object) -> None:
            self._raising = False

        self._propose(Level(LOCKS)).addErrback(self._ignored).addCallback(ended)

    # -- what the log brings, and times

    def applied(self) -> None:
        """Entries were applied."""
        changes = self._machine.state.take_changes()
        deadlines = self._deadlines
        if changes.all:
            deadlines.clear()
            for number, millis in self._machine.state.times():
                deadlines.start(number, millis)
            return
        for number, millis in changes.started:
            deadlines.start(number, millis)
        for number in changes.ended:
            deadlines.end(number)
        for notice in changes.notices:
            self.on_notice(notice)

    def beats(self, numbers: bytes) -> None:
        """Leases were renewed, of instances and clients."""
        self._deadlines.renew(numbers)

    def role_changed(self) -> None:
        """This node leads from now on, or does not any more."""
        if self._proposer.is_leader and not self._leads:
            self._deadlines.restart()
        self._leads = self._proposer.is_leader

    def _look(self) -> None:
        """End what is over, as leader."""
        now = self._clock.seconds()
        stalled, self._looked = now - self._looked, now
        if stalled > STALLED:
            self._deadlines.excuse(stalled)
        if not (self._leads and self._proposer.available) or self._expiring:
            return
        numbers = self._deadlines.due(self._node_is_silent)
        if numbers:
            self._expiring = True
            seen = self._machine.state.applied
            self._propose(Expire(numbers, seen)).addErrback(self._ignored).addCallback(self._expired)

    def _node_is_silent(self, number: int) -> bool:
        """Whether nothing is heard of the node of the client with that number, though it may live."""
        client = self._machine.state.numbered.get(number)
        return isinstance(client, Client) and self._silent(client.node)

    def _expired(self, _: object) -> None:
        self._expiring = False
