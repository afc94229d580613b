"""
The entry point of the registry, which HTTP handlers and other APIs call.

Reads use the registry (this node's copy of the replicated state) and the overlay of provisional registrations. Writes
go through the log. Ephemeral registrations work without a majority, see L{nacos_tw.naming.provisional}.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from msgspec.structs import replace
from twisted.internet.defer import Deferred, FirstError, gatherResults, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.clocks import onward
from nacos_tw.errors import Unavailable
from nacos_tw.interfaces import IProposer
from nacos_tw.lasting import lasting
from nacos_tw.naming import commands, events, machine
from nacos_tw.naming.client_commands import refusal
from nacos_tw.naming.commands import (
    CLIENTS,
    GIVEN_IDS,
    OVERRIDES,
    Command,
    Deregister,
    EndClients,
    Level,
    Publish,
    Register,
    Revive,
)
from nacos_tw.naming.leases import Leases
from nacos_tw.naming.model import Instance, InstanceKey, Place, ServiceKey
from nacos_tw.naming.provisional import Ephemeral, OfClient, Provisional
from nacos_tw.naming.queries import Overlay
from nacos_tw.naming.registry import Registry
from nacos_tw.naming.subscriptions import Subscriptions
from nacos_tw.naming.switches import apply_switch

_OF_OLD_CLIENTS = (Register, Deregister)
"""Commands that every version knows."""
HAND_OVER_AT_ONCE = 256
"""Provisional commands under way to the leader at a time."""


class Naming:
    """
    @ivar registry: the replicated state as this node has applied it.
    @ivar leases: when each ephemeral instance was last heard of.
    @ivar subscriptions: who wants to hear of which services.
    @ivar overlay: what this node shows beside the replicated state; empty in normal times. Always this very dict.
    """

    log = Logger()

    def __init__(
        self,
        registry: Registry,
        leases: Leases,
        proposer: IProposer,
        subscriptions: Subscriptions,
        seconds: Callable[[], float] = onward,
    ) -> None:
        """@param seconds: since 1970, for when services changed."""
        self.registry = registry
        self.leases = leases
        self.subscriptions = subscriptions
        self.provisional = Provisional()
        self.overlay: Overlay = self.provisional.overlay
        self._proposer = proposer
        self._seconds = seconds
        self._handing_over = 0
        self._queue: list[Ephemeral] = []
        self._reviving: set[int] = set()
        self.on_services: list[Callable[[Collection[ServiceKey]], None]] = [subscriptions.changed]
        """Told of services whose answers differ now."""
        self.on_clients: Callable[[list[str]], object] = lambda ids: None
        """Told of clients that are gone from the replicated state."""
        self.on_taken: Callable[[list[tuple[ServiceKey, str]]], object] = lambda taken: None
        """Told of services of which clients lost an instance to others, and of these clients."""
        self.newest: Callable[[OfClient], OfClient | None] = lambda command: command
        """What is to wait for a leader in the place of a client's command that found none; None: nothing any more."""
        self.members_level: Callable[[], int] = lambda: GIVEN_IDS
        """The level of commands (see L{commands.Level}) that every member is known to know."""
        self.restoring: Callable[[], bool] = lambda: False
        """Whether the replicated state is not yet what it was, or what the cluster's is: what it lacks may exist."""
        self._untold: dict[ServiceKey, None] = {}
        self.trouble: Callable[[], str] = lambda: ""
        """Why writes cannot be replicated now; "" when they can."""

    # -- what the log brings

    def applied(self) -> None:
        """Entries were applied: start and end leases, tell subscribers."""
        changes = self.registry.take_changes()
        if changes.ended:
            for number in changes.ended:
                self.leases.end(number)
        if changes.started:
            self.leases.start_many(changes.started)
        if changes.clients:
            self.on_clients(changes.clients)
        if changes.taken:
            self.on_taken(changes.taken)
        if changes.services:
            self._date(changes.services)
            self._untold.update(changes.services)
        self.tell_changes()
        if self.provisional:
            self.hand_over()

    def tell_changes(self) -> None:
        """Tell of services that differ: none while the state is being restored, when they lack what they have."""
        if self._untold and not self.restoring():
            untold, self._untold = self._untold, {}
            self._services_changed(untold)

    def lacks(self, service: ServiceKey | None = None) -> bool:
        """Whether there may be more than this node shows of a service, or (None) of all; what was registered here
        while nobody led is shown."""
        return self.restoring() and (service not in self.overlay if service is not None else not self.overlay)

    def _date(self, changed: Iterable[ServiceKey]) -> None:
        """
        Note when services changed. Clients warn when that goes backwards, and ask now this node and now that:
        a whole second hides by how much nodes differ in applying an entry.
        """
        now, services = int(self._seconds()) * 1000, self.registry.services
        for key in changed:
            service = services.get(key)
            if service is not None and service.changed_at < now:
                service.changed_at = now

    def _services_changed(self, services: Collection[ServiceKey]) -> None:
        for listener in self.on_services:
            listener(services)

    def beats(self, numbers: bytes) -> None:
        """Leases were renewed. On the leader, instances that had been taken for dead come back."""
        self.leases.renew_many(numbers)
        if self.provisional:
            self.hand_over()
        if not self._proposer.is_leader:
            return
        by_number = self.registry.by_number
        dead = []
        for number in memoryview(numbers).cast("Q"):
            instance = by_number.get(number)
            if instance is not None and not instance.healthy and number not in self._reviving:
                dead.append(number)
        if dead:
            self._revive(dead).addErrback(lambda failure: self.log.info("revival failed: {error}", error=failure.value))

    def _revive(self, numbers: list[int]) -> Deferred[Any]:
        self._reviving.update(numbers)

        known = [instance for number in numbers if (instance := self.registry.by_number.get(number)) is not None]

        def ended(result: Any) -> Any:
            self._reviving.difference_update(numbers)
            if not isinstance(result, Failure):
                events.write([events.enabled(instance, "client beat ok") for instance in known])
            return result

        done = self.change(Revive(numbers))
        done.addBoth(ended)
        return done

    def role_changed(self) -> None:
        """Leadership changed: what waited for a leader goes to it."""
        self.hand_over()

    # -- writes

    def change(self, command: Command) -> Deferred[Any]:
        """
        A replicated write.

        @return: fires with the command's result once this node has applied it.
        """
        return self._proposer.propose(machine.NAME + commands.encode(command))

    def edit(self, command: Command) -> Deferred[Any]:
        """
        What an operator changes of instances. Once every member knows how to, it is kept for when the client that
        publishes one registers it again.
        """
        if self._keeps_overrides_from_now_on():
            return self._after(Level(OVERRIDES), command)
        return self.change(command)

    def _after(self, level: Level, command: Command) -> Deferred[Any]:
        """A write, once the log says that every member knows that level."""
        return lasting(self.change(level).addCallback(lambda _: self.change(command)))

    def put(self, command: Register) -> Deferred[Any]:
        """What an operator says of an instance, which is registered if it is not there."""
        if not self._keeps_overrides_from_now_on():
            return self.register(command)
        agreed = self.change(Level(OVERRIDES)).addErrback(lambda failure: failure.trap(Unavailable))
        return lasting(agreed.addCallback(lambda _: self.register(command)))

    def _keeps_overrides_from_now_on(self) -> bool:
        """Whether the log is to say first that all members know overrides: it does not, and there are clients."""
        registry = self.registry
        return registry.level < OVERRIDES and bool(registry.clients) and self.members_level() >= OVERRIDES

    def register(self, command: Register) -> Deferred[Any]:
        """Register (or replace) an instance."""
        if command.ephemeral:
            return lasting(self.ephemeral(command))
        return self.change(command) if command.given_id is None else self._with_its_id(command)

    def _with_its_id(self, command: Register) -> Deferred[Any]:
        """An instanceId is left out until every member knows that there may be one; the log then says first that they
        do, before the first one that is given."""
        if self.registry.level >= GIVEN_IDS:
            return self.change(command)
        if command.given_id and self.members_level() >= GIVEN_IDS:
            return self._after(Level(GIVEN_IDS), command)
        return self.change(replace(command, given_id=None))

    def deregister(self, command: Deregister) -> Deferred[Any]:
        """Remove an instance; one that is not there is fine."""
        return lasting(self.ephemeral(command)) if command.ephemeral else self.change(command)

    def ephemeral(self, command: Ephemeral) -> Deferred[Any]:
        """A write that goes on without a majority, provisionally."""
        # As _can_take() does, which would take two calls more for each registration.
        known = self.registry.level >= CLIENTS or type(command) in _OF_OLD_CLIENTS or self.clients_known
        if not (known and self._proposer.available):
            return self._provisionally(command, None)
        if self.provisional.commands and self.provisional.concerns(command):
            # An older one still waits to be handed over. It must not be what counts in the end.
            before = self.provisional.services(command)
            self.provisional.put(command, self._had(command))
            self._services_changed(dict.fromkeys([*before, *self.provisional.services(command)]))
            done = self.change(command).addBoth(self._superseded, command)
        else:
            done = self._proposer.propose(machine.NAME + commands.encode(command))
        done.addErrback(self._no_majority, command)
        return done

    def keep(self, commands: Iterable[Publish]) -> None:
        """
        What clients publish is gone from the replicated state though they are here: this node goes on showing it, and
        hands it over, so that its subscribers see no list without it.
        """
        shown: dict[ServiceKey, None] = {}
        for command in commands:
            if self.provisional.put(command, self._had(command)):
                shown.update(dict.fromkeys(self.provisional.services(command)))
        if shown:
            self._services_changed(shown)

    def _can_take(self, command: Ephemeral) -> bool:
        """Whether the log takes the command now."""
        return self._proposer.available and (type(command) in _OF_OLD_CLIENTS or self.clients_known)

    @property
    def clients_known(self) -> bool:
        """Whether every member knows the commands of clients; until then they wait as they do without a majority."""
        return self.registry.level >= CLIENTS or self.members_level() >= CLIENTS

    def _had(self, command: Ephemeral) -> list[Place]:
        """The instances that a client has, as far as the replicated state knows and the command concerns them."""
        if isinstance(command, Register | Deregister):
            return []
        registry = self.registry
        ids = command.clients if isinstance(command, EndClients) else [command.client]
        found: list[Place] = []
        for client in [registry.clients[id_] for id_ in ids if id_ in registry.clients]:
            for service, numbers in client.published.items():
                if isinstance(command, EndClients) or service == command.service:
                    found += [(service, registry.by_number[number].key) for number in numbers]
        return found

    def _superseded(self, result: Any, command: Ephemeral) -> Any:
        if not (isinstance(result, Failure) and result.check(Unavailable)):
            self._handed_over(command)
        return result

    def _no_majority(self, failure: Failure, command: Ephemeral) -> Deferred[Any]:
        failure.trap(Unavailable)
        return self._provisionally(command, failure.value)

    def _provisionally(self, command: Ephemeral, error: BaseException | None) -> Deferred[Any]:
        newest = command if isinstance(command, Register | Deregister) else self.newest(command)
        if newest is None or (isinstance(newest, Deregister) and self._of_client(newest)):
            return succeed(None)
        problem = refusal(self.registry, newest) if isinstance(newest, Publish) else None
        if problem is not None:
            raise problem
        before = self.provisional.services(newest)
        if not self.provisional.put(newest, self._had(newest)):
            raise error or Unavailable("no leader, and too many registrations wait for one")
        self._services_changed(dict.fromkeys([*before, *self.provisional.services(newest)]))
        self.hand_over()
        return succeed(None)

    def _of_client(self, command: Deregister) -> bool:
        """Whether the instance is a client's, which alone withdraws it."""
        found = self.find(command.service, (command.cluster, command.ip, command.port))
        return found is not None and found.client != 0

    def hand_over(self) -> None:
        """Give the leader what was taken without it, a bounded number at a time. What fails for want of a leader is
        tried again by the next entry, beat or change of leader that this node hears of."""
        if self._handing_over or self._queue or not self.provisional or not self._proposer.available:
            return
        self._queue = [command for command in self.provisional.waiting() if self._can_take(command)]
        if not self._queue:
            return
        self._queue.reverse()
        self.log.info("handing {count} provisional registrations to the leader", count=len(self._queue))
        self._hand_over_more()

    def _hand_over_more(self) -> None:
        queue = self._queue
        while queue and self._handing_over < HAND_OVER_AT_ONCE:
            command = queue.pop()
            if self.provisional.holds(command):
                self._handing_over += 1
                self.change(command).addBoth(self._hand_over_ended, command)

    def _hand_over_ended(self, result: Any, command: Ephemeral) -> None:
        self._handing_over -= 1
        if isinstance(result, Failure) and result.check(Unavailable):
            self._queue.clear()
            return
        self._handed_over(command)
        self._hand_over_more()

    def _handed_over(self, command: Ephemeral) -> None:
        """The replicated state says what the command wanted, or refused it."""
        if self.provisional.holds(command):
            services = self.provisional.services(command)
            self.provisional.handed_over(command)
            self._services_changed(services)

    # -- beats

    def find(self, service: ServiceKey, key: InstanceKey) -> Instance | None:
        """The instance, of either kind, as this node shows it."""
        overlay = self.provisional.overlay
        if overlay:
            shown = overlay.get(service)
            if shown is not None and key in shown:
                instance = shown[key]
                if instance is not None:
                    return instance
                found = self.registry.services.get(service)
                return None if found is None else found.persistent.get(key)
        found = self.registry.services.get(service)
        if found is None:
            return None
        return found.ephemeral.get(key) or found.persistent.get(key)

    def beat(self, instance: Instance) -> Deferred[Any] | None:
        """
        A heartbeat of a known instance. It begins a full lease, and brings an instance back that was given up.

        @return: None when it counts already; else fires when a majority has acknowledged it.
        """
        if not instance.number or not instance.ephemeral or instance.client:
            return None
        if instance.healthy or not self._proposer.available:
            return self._proposer.renew(instance.number)
        revived = self._revive([instance.number])
        renewed = self._proposer.renew(instance.number)
        if renewed is None:
            return revived
        return gatherResults([revived, renewed], consumeErrors=True).addErrback(_first_error)

    # -- facts

    def status(self) -> tuple[str, str]:
        """The server status of docs/spec/naming-v1.md#1.7 and, when it is DOWN, the reason."""
        overridden = self.registry.switches.overridden_server_status
        if overridden:
            return overridden, ""
        trouble = self.trouble()
        return ("DOWN", trouble) if trouble else ("UP", "")

    def set_local_switch(self, entry: str, value: str) -> None:
        """
        Change a switch on this node only.

        @raise Invalid: the value is refused.
        """
        self.registry.switches = apply_switch(self.registry.switches, entry, value)

    def last_beat_millis(self, number: int) -> int:
        """When the instance was last heard of by this node, in milliseconds since 1970."""
        return self.leases.last_beat_millis(number)


def _first_error(failure: Failure) -> Any:
    """What made one of several fail."""
    error = failure.value
    return error.subFailure if isinstance(error, FirstError) else failure
