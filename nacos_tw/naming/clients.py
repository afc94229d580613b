"""
Clients of 2.x and 3.x that are connected to this node, and what they publish.

A client's publications are in the replicated state, together with the client, which has one lease for all of them.
This node renews the leases of those that are connected to it. It also knows what each of them wants to have published,
so what the state lacks (the lease was lost while the node was cut off, a service was removed with its instances) is
brought again for as long as the connection lives. This module knows no transport: transports report their connections
by L{Clients.connected} and L{Clients.ended}.

What becomes of a client's instances::

    the connection ends                          one entry removes the client and what it still has
    another client, or 1.x, registers one        that one has it from then on, with the same number and without a gap;
                                                 once that one is gone, it is registered again at once for a client that
                                                 still wants it
    this node stops, dies or is cut off          the leader waits for the grace: who comes back elsewhere takes its
                                                 instances over; what is left is removed by one entry
    there is no majority                         shown by this node, and handed over, as registrations of 1.x are
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import attrs
import msgspec
from msgspec.structs import replace
from twisted.application import service
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.errors import ClientUnknown, NacosError
from nacos_tw.naming.commands import CLIENTS, EndClients, Level, Publish, Published, Withdraw
from nacos_tw.naming.model import Client, Instance, InstanceKey, ServiceKey
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.provisional import OfClient
from nacos_tw.naming.queries import service_of
from nacos_tw.naming.requests import Registration
from nacos_tw.timers import Periodic

TURNS = 5
"""Each run looks after a share of the clients, so that no run takes long; after so many each has had its turn."""
RENEWAL = 5.0
"""Seconds between two renewals of a client's lease, if the grace is at least three times as long."""

MOST_TAKEN = 100
"""Connections remembered for each service as losers of an instance to others; more have it again in their turns."""


_Wanted: TypeAlias = tuple[Published, ...]
"""What a connection wants to have published of a service."""


@attrs.frozen
class Publisher:
    """
    Who publishes an instance.

    @ivar client: the connection's id.
    @ivar node: the node that it is connected to.
    """

    client: str
    node: str
    instance: Instance


class _Connected:
    """
    One connection.

    @ivar wanted: what it wants to have published, by service.
    @ivar sent: whether the log, or what waits for a leader, has ever had something of it.
    @ivar flying: its commands that are under way; C{under_way}: those of them that publish something.
    @ivar moving: whether its end leaves what it published for the grace.
    @ivar apart: whether what is wanted may be in memory twice, here and in the registry.
    """

    __slots__ = ("apart", "flying", "moving", "sent", "under_way", "wanted")

    def __init__(self) -> None:
        self.wanted: dict[ServiceKey, _Wanted] = {}
        self.apart = self.sent = self.moving = False
        self.flying = 0
        self.under_way: tuple[_Sent, ...] = ()


class _Sent(msgspec.Struct, eq=False, gc=False):
    """
    What a connection asked to have published of a service, on its way.

    @ivar wanted: what it asked for; C{before}: what it wanted before.
    """

    key: ServiceKey
    wanted: _Wanted
    before: _Wanted | None


def _alike(given: Published, there: Instance | None) -> Published:
    """What is published, in the registry's own values where they are equal."""
    if there is None:
        return given
    metadata = there.metadata if there.metadata is not None and there.metadata == given.metadata else given.metadata
    weight = there.weight if there.weight == given.weight else given.weight
    return replace(given, ip=there.ip, port=there.port, cluster=there.cluster, weight=weight, metadata=metadata)


def _ended(result: Any, entry: _Connected, sent: _Sent | None) -> Any:
    """A command is done, or failed."""
    entry.flying -= 1
    if sent is not None:
        entry.under_way = tuple([other for other in entry.under_way if other is not sent])
        if isinstance(result, Failure):
            _refused(entry, sent)
    return result


def _refused(entry: _Connected, sent: _Sent) -> None:
    """What was wanted before is wanted again: by the connection, or if the one that it sent next is refused, too."""
    for later in entry.under_way:
        if later.before is sent.wanted:
            later.before = sent.before
    if entry.wanted.get(sent.key) is sent.wanted:
        if sent.before is None:
            del entry.wanted[sent.key]
        else:
            entry.wanted[sent.key] = sent.before


class Clients(service.MultiService):
    """The connected clients of this node; and what is known of all nodes'."""

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        naming: Naming,
        node: str,
        renew: Callable[[int], Deferred[None] | None],
        leads: Callable[[], bool] = lambda: False,
        grace: float = 3 * RENEWAL,
    ) -> None:
        """
        @param node: this node's name.
        @param renew: L{IProposer.renew<nacos_tw.interfaces.IProposer.renew>}.
        @param leads: whether this node is the leader of others.
        @param grace: seconds without a renewal after which the leader ends a client.
        """
        super().__init__()
        self._naming = naming
        self._registry = naming.registry
        self._node = node
        self._renew = renew
        self._leads = leads
        self._shares: tuple[dict[str, _Connected], ...] = tuple({} for _ in range(TURNS))
        self._share_of: dict[str, int] = {}
        self._turn = 0
        self._leaving = self._raising = False
        self._taken: dict[ServiceKey, dict[str, None]] = {}
        naming.on_clients = self._lost
        naming.on_taken = self._taken_over
        naming.on_services.append(self._services_changed)
        naming.newest = self._newest
        Periodic(clock, min(RENEWAL, grace / 3) / TURNS, self._look).setServiceParent(self)

    # -- connections

    def connected(self, client: str) -> None:
        """A connection has come; call it before L{publish}."""
        if client not in self._share_of:
            share = min(range(TURNS), key=lambda number: len(self._shares[number]))
            self._share_of[client] = share
            self._shares[share][client] = _Connected()

    def ended(self, client: str, gave_up: bool = False) -> None:
        """
        A connection has ended: its instances go at once, unless it was to go elsewhere (L{moving}, L{leave}).

        @param gave_up: perhaps by a client that has given this node up, as it stood still, and registers anew in a
            moment: what it published stays for the grace, too.
        """
        share = self._share_of.pop(client, None)
        if share is None:
            return
        entry = self._shares[share].pop(client)
        for key in entry.wanted if self._taken else ():
            self._has_it(client, key)
        if entry.sent and not (entry.moving or self._leaving or gave_up):
            self._send(entry, EndClients([client])).addErrback(_ignored)

    def moving(self, client: str) -> None:
        """
        A connection was asked to go to another node. SDKs end the old one before they register at the new one, so its
        end leaves what it published for the grace, and nobody sees a list without it.
        """
        entry = self._entry(client)
        if entry is not None:
            entry.moving = True

    def leave(self) -> None:
        """This node stops: all connections that are there or come are L{moving}."""
        self._leaving = True

    @property
    def publishing(self) -> int:
        """How many of them want to have something published."""
        return sum(1 for share in self._shares for entry in share.values() if entry.wanted)

    def __len__(self) -> int:
        """Connections of this node."""
        return len(self._share_of)

    # -- what they publish

    def publish(self, client: str, registration: Registration) -> Deferred[Any]:
        """
        A connection publishes one instance of a service, in the place of all that it published of it before.

        @return: fires when it is registered, or provisionally where there is no majority; fails with L{ClientUnknown},
            with the problem if it is refused, with L{Unavailable} if too much waits for a leader.
        """
        return self.publish_batch(client, registration.service, (registration,))

    def publish_batch(self, client: str, key: ServiceKey, registrations: Sequence[Registration]) -> Deferred[Any]:
        """The same for several instances; none of them withdraws the service."""
        return self.publish_set(client, key, tuple(map(_published, registrations)))

    def publish_set(self, client: str, key: ServiceKey, wanted: tuple[Published, ...]) -> Deferred[Any]:
        """The same, of instances as the log has them."""
        if not wanted:
            return self.withdraw(client, key)
        entry = self._entry(client)
        if entry is None:
            return fail(ClientUnknown(client))
        before = entry.wanted.get(key)
        entry.wanted[key] = wanted
        entry.apart = True
        return self._send(entry, Publish(client, self._node, key, list(wanted)), _Sent(key, wanted, before))

    def withdraw(self, client: str, key: ServiceKey) -> Deferred[Any]:
        """
        A connection publishes nothing of a service any more; nothing happens if it did not, or if there is no such
        service, whoever asks.

        @return: as of L{publish}.
        """
        entry = self._entry(client)
        if entry is None:
            known = service_of(self._registry, self._naming.overlay, key) is not None
            return fail(ClientUnknown(client)) if known else succeed(None)
        if entry.wanted.pop(key, None) is None:
            return succeed(None)
        return self._send(entry, Withdraw(client, key))

    def _entry(self, client: str) -> _Connected | None:
        share = self._share_of.get(client)
        return None if share is None else self._shares[share][client]

    def _send(self, entry: _Connected, command: OfClient, sent: _Sent | None = None) -> Deferred[Any]:
        """
        Put a command on its way.

        @param sent: what it publishes; what the connection wanted before is wanted again if that is refused.
        """
        entry.sent = True
        entry.flying += 1
        if sent is not None:
            entry.under_way += (sent,)
        try:
            done = self._naming.ephemeral(command)
        except Exception:
            done = fail()
        return done.addBoth(_ended, entry, sent)

    def _newest(self, command: OfClient) -> OfClient | None:
        """What is to wait for a leader now that the command has found none: what the client wants today."""
        if isinstance(command, EndClients):
            return command
        entry = self._entry(command.client)
        if entry is None:
            return None
        wanted = entry.wanted.get(command.service)
        if wanted is None:
            return Withdraw(command.client, command.service)
        return Publish(command.client, self._node, command.service, list(wanted))

    # -- leases, and what is brought again

    def _look(self) -> None:
        """Look after a share of the clients."""
        self._agree()
        self._naming.hand_over()
        self._turn = (self._turn + 1) % TURNS
        clients = self._registry.clients
        for id_, entry in list(self._shares[self._turn].items()):
            client = clients.get(id_)
            if client is not None:
                renewed = self._renew(client.number)
                if renewed is not None:
                    renewed.addErrback(_ignored)
            if entry.wanted and not entry.flying:
                self._bring_again(id_, entry)
                if entry.apart:
                    self._share(entry)

    def _agree(self) -> None:
        """The leader says for good that all members know the commands of clients, as soon as they do."""
        naming = self._naming
        if self._raising or self._registry.level >= CLIENTS or not self._leads() or not naming.clients_known:
            return
        self._raising = True

        def ended(result: object) -> None:
            self._raising = False

        naming.change(Level(CLIENTS)).addBoth(ended)

    def _bring_again(self, id_: str, entry: _Connected) -> None:
        """Publish what is not there, though its client lives. What another publishes is that other's."""
        for key, wanted in self._missing(entry):
            self._again(id_, entry, key, wanted)

    def _taken_over(self, taken: Iterable[tuple[ServiceKey, str]]) -> None:
        """Others have instances from now on that connections of this node want to have published, too."""
        for key, id_ in taken:
            if id_ in self._share_of and len(losers := self._taken.setdefault(key, {})) < MOST_TAKEN:
                losers[id_] = None

    def _services_changed(self, keys: Iterable[ServiceKey]) -> None:
        """
        Where an instance that had been taken over is there no more, it is registered again for one of those who want
        it: at once, so that subscribers are not told of the gap, or of one of some milliseconds.
        """
        if self._taken:
            for key in [each for each in keys if each in self._taken]:
                self._bring_back(key)

    def _bring_back(self, key: ServiceKey) -> None:
        service, clients = self._registry.services.get(key), self._registry.clients
        shown = service.ephemeral if service is not None else {}
        settled: set[InstanceKey] = set(self._naming.overlay.get(key, ()))
        for id_ in list(self._taken[key]):
            entry = self._entry(id_)
            wanted = entry.wanted.get(key) if entry is not None else None
            if entry is None or wanted is None:
                self._has_it(id_, key)
                continue
            own = clients[id_].number if id_ in clients else -1
            owners = [shown[each.key].client if each.key in shown else None for each in wanted]
            if all(owner == own for owner in owners):
                self._has_it(id_, key)
            elif None in owners and not entry.flying and settled.isdisjoint(each.key for each in wanted):
                settled.update(each.key for each in wanted)
                self._has_it(id_, key)
                self._again(id_, entry, key, wanted)

    def _has_it(self, id_: str, key: ServiceKey) -> None:
        """The client has all that it wants of the service, or wants nothing of it."""
        taken = self._taken.get(key)
        if taken is not None:
            taken.pop(id_, None)
            if not taken:
                del self._taken[key]

    def _again(self, id_: str, entry: _Connected, key: ServiceKey, wanted: _Wanted) -> None:
        self.log.info("{service} of client {id} is registered again", service=key, id=id_)
        self._send(entry, Publish(id_, self._node, key, list(wanted))).addErrback(self._failed)

    def _share(self, entry: _Connected) -> None:
        """What a client wants and the registry has are the same objects from now on, as far as they are equal."""
        services = self._registry.services
        for key, wanted in entry.wanted.items():
            service = services.get(key)
            if service is not None:
                entry.wanted[key] = tuple([_alike(each, service.ephemeral.get(each.key)) for each in wanted])
        entry.apart = False

    def _missing(self, entry: _Connected) -> list[tuple[ServiceKey, _Wanted]]:
        """What a client wants to have published and is not there, nor waits for a leader."""
        services, overlay = self._registry.services, self._naming.overlay
        found = []
        for key, wanted in entry.wanted.items():
            waiting = overlay.get(key, ())
            service = services.get(key)
            shown = service.ephemeral if service is not None else {}
            for each in wanted:
                if each.key in waiting:
                    break
                instance = shown.get(each.key)
                if instance is None or not (instance.client or instance.healthy):
                    found.append((key, wanted))
                    break
        return found

    def _lost(self, ids: Iterable[str]) -> None:
        """
        Clients are gone from the replicated state: those that are connected here have lost their lease while this node
        was cut off. It has shown them all the time, and goes on.
        """
        kept: list[Publish] = []
        for id_ in ids:
            entry = self._entry(id_)
            if entry is None:
                continue
            for key, wanted in self._missing(entry):
                self.log.info("{service} of client {id} is handed over again", service=key, id=id_)
                entry.sent = True
                kept.append(Publish(id_, self._node, key, list(wanted)))
        self._naming.keep(kept)

    def _failed(self, failure: Failure) -> None:
        if failure.check(NacosError):
            self.log.info("cannot register again now: {error}", error=failure.value)
        else:
            self.log.failure("registering again failed", failure=failure)

    # -- facts

    def clients(self) -> Iterator[Client]:
        """All that publish, of all nodes, as they are replicated."""
        return iter(self._registry.clients.values())

    def publications(self, client: str) -> list[Instance]:
        """What a client of any node publishes, as this node shows it: not what others have taken over."""
        known = self._registry.clients.get(client)
        services = list(known.published) if known is not None else []
        entry = self._entry(client)
        if entry is not None:
            services += [key for key in entry.wanted if key not in services]
        found: list[Instance] = []
        for key in services:
            found += [each.instance for each in self.publishers(key) if each.client == client]
        return found

    def publishers(self, key: ServiceKey) -> list[Publisher]:
        """Who publishes a service, as this node shows it: clients of all nodes, not instances of 1.x."""
        naming = self._naming
        shown = service_of(self._registry, naming.overlay, key)
        found: list[Publisher] = []
        for instance in shown.ephemeral.values() if shown is not None else ():
            if instance.client > 0:
                client = self._registry.clients_by_number.get(instance.client)
                if client is not None:
                    found.append(Publisher(client.id, client.node, instance))
            elif instance.client:
                client_id = naming.provisional.client_at((key, instance.key))
                if client_id:
                    found.append(Publisher(client_id, self._node, instance))
        return found


def _ignored(_: Failure) -> None:
    """A renewal is followed by the next one; a client that could not be ended is ended by the leader."""


def _published(request: Registration) -> Published:
    return Published(
        request.ip,
        request.port,
        request.cluster,
        request.weight,
        request.enabled,
        request.healthy,
        request.metadata,
        request.app,
        request.given_id or "",
    )
