"""
What the registry holds, and the few ways to change it that keep its indexes together.

Nothing here reads a clock or draws a number at random. What is node-local (version counters, the changes since the
last look) is said so and is not part of a snapshot.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from nacos_tw.naming import snapshot
from nacos_tw.naming.model import TIMES, Client, Instance, InstanceKey, Place, Service, ServiceKey, custom_timeouts
from nacos_tw.naming.switches import Switches

MOST_KEPT = 50_000
"""Instances that are gone of which it is still known what operators changed; of more it is not kept."""


class Changes(msgspec.Struct):
    """What changed since the last L{Registry.take_changes}."""

    services: dict[ServiceKey, None] = {}
    """Services whose answers differ now, also those that are gone."""
    started: list[int] = []
    """Numbers of instances and clients whose lease a write began or renewed, and that still have it."""
    ended: list[int] = []
    """Numbers that have no lease any more, or never had one: their instances or clients are gone, or it is a client's
    lease that counts for them now."""
    clients: list[str] = []
    """Clients that are gone."""
    taken: list[tuple[ServiceKey, str]] = []
    """Services of which a client lost an instance to somebody else who registered it; and the client's id."""
    switches: bool = False
    """Whether the switches changed."""


class Registry:
    """
    All services and instances, and the switches.

    @ivar services: by key; C{namespaces}: the same services by namespace and grouped name. A namespace without
        services is not in it. L{restore} replaces these dicts.
    @ivar by_number: every instance by its number.
    @ivar clients: those who publish, by id; C{clients_by_number}: the same ones.
    @ivar level: the highest L{commands.Level} that was agreed on.
    @ivar kept: where an instance is gone of which an operator had changed something, with its
        L{Override.gone<nacos_tw.naming.model.Override.gone>}; follows from the services.
    @ivar custom: number to (beat timeout, delete timeout) in seconds, of ephemeral instances that have their own lease
        and name its times.
    @ivar switches: in force on this node; may be set here for this node alone (C{debug=true}).
    @ivar applied: how many commands were ever applied, on all nodes alike.
    @ivar version: node-local, grows at each change; each service has its value at its last change.
    @ivar catalog_version: node-local, by namespace: L{version} when its set of services last changed.
    """

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        """@param most_kept: the same on all nodes."""
        self._most_kept = most_kept
        self.services: dict[ServiceKey, Service] = {}
        self.namespaces: dict[str, dict[str, Service]] = {}
        self.by_number: dict[int, Instance] = {}
        self.clients: dict[str, Client] = {}
        self.clients_by_number: dict[int, Client] = {}
        self.level = 0
        self.kept: dict[Place, int] = {}
        self.custom: dict[int, tuple[float, float]] = {}
        self.switches = Switches()
        self.agreed_switches = self.switches
        self.applied = 0
        self.next_number = 1
        self.version = 0
        self.catalog_version: dict[str, int] = {}
        self.changes = Changes()

    def take_changes(self) -> Changes:
        """What changed since the last call."""
        changes = self.changes
        self.changes = Changes()
        if changes.ended and changes.started:
            changes.started = [number for number in changes.started if self.leased(number)]
            changes.ended = [number for number in changes.ended if not self.leased(number)]
        return changes

    def leased(self, number: int) -> bool:
        """Whether that number has a lease: it is a client's, or an ephemeral instance's that no client has."""
        instance = self.by_number.get(number)
        if instance is None:
            return number in self.clients_by_number
        return instance.ephemeral and not instance.client

    def leases(self) -> Iterator[int]:
        """The numbers that have a lease."""
        yield from [number for number, each in self.by_number.items() if each.ephemeral and not each.client]
        yield from self.clients_by_number

    def snapshot(self) -> bytes:
        """The whole replicated state."""
        return snapshot.take(self)

    def restore(self, data: bytes) -> None:
        """
        Replace the state by one that L{snapshot} gave. Every service counts as changed, every lease as begun.

        @raise msgspec.MsgspecError: the bytes are no snapshot; nothing changed.
        """
        old_services, old_numbers, old_clients = self.services, self.by_number, self.clients
        snapshot.put(self, data)
        changes = self.changes
        for namespace in {key[0] for key in (*old_services, *self.services)}:
            self.version += 1
            self.catalog_version[namespace] = self.version
        for key in (*old_services, *self.services):
            changes.services[key] = None
        for service in self.services.values():
            self.version += 1
            service.version = self.version
        changes.started = list(self.leases())
        old = (*changes.ended, *old_numbers, *(client.number for client in old_clients.values()))
        changes.ended = [number for number in old if not self.leased(number)]
        changes.clients = [id_ for id_ in (*changes.clients, *old_clients) if id_ not in self.clients]
        changes.switches = True

    def put(self, service: Service, key: InstanceKey, instance: Instance) -> None:
        """Hold a new or changed instance, everywhere it is held."""
        number = instance.number
        self.by_number[number] = instance
        if instance.ephemeral:
            service.ephemeral[key] = instance
            if self.custom or (instance.metadata and not instance.metadata.keys().isdisjoint(TIMES)):
                self.note_times(instance)
        else:
            service.persistent[key] = instance
        self.version = service.version = self.version + 1  # as changed() does; for each registration one call less
        self.changes.services[service.key] = None

    def put_quietly(self, service: Service, instance: Instance) -> None:
        """Hold an ephemeral instance of which nothing is new that an answer shows."""
        service.ephemeral[instance.key] = self.by_number[instance.number] = instance
        if self.custom or (instance.metadata and not instance.metadata.keys().isdisjoint(TIMES)):
            self.note_times(instance)

    def note_times(self, instance: Instance) -> None:
        """Note the times of an ephemeral instance's own lease."""
        timeouts = custom_timeouts(instance) if instance.metadata and not instance.client else None
        if timeouts is not None:
            self.custom[instance.number] = timeouts
        elif self.custom:
            self.custom.pop(instance.number, None)

    def drop(self, service: Service, instance: Instance) -> None:
        (service.ephemeral if instance.ephemeral else service.persistent).pop(instance.key)
        if service.overrides and instance.ephemeral:
            self.keep_override(service, instance.key)
        self.forget(instance)
        self.changed(service)

    def keep_override(self, service: Service, key: InstanceKey) -> None:
        """An instance goes: what an operator has changed of it is kept for its return."""
        override = service.overrides.get(key)
        if override is None:
            return
        place = service.key, key
        if len(self.kept) < self._most_kept or place in self.kept:
            self.kept[place] = self.applied
            service.overrides[key] = replace(override, given=None, gone=self.applied)
        else:
            del service.overrides[key]

    def forget(self, instance: Instance) -> None:
        del self.by_number[instance.number]
        self.custom.pop(instance.number, None)
        if instance.client:
            self.disown(instance)
        self.changes.ended.append(instance.number)

    def take_over(self, instance: Instance) -> None:
        """Somebody else has a client's instance from now on."""
        self.changes.taken.append((instance.service, self.clients_by_number[instance.client].id))
        self.disown(instance)

    def disown(self, instance: Instance) -> None:
        """The client that had the instance has it no more."""
        published = self.clients_by_number[instance.client].published
        left = tuple(number for number in published.get(instance.service, ()) if number != instance.number)
        if left:
            published[instance.service] = left
        else:
            published.pop(instance.service, None)

    def changed(self, service: Service) -> None:
        self.version = service.version = self.version + 1
        self.changes.services[service.key] = None

    def catalog_changed(self, service: Service) -> None:
        self.changed(service)
        self.catalog_version[service.namespace] = self.version

    def add_service(self, key: ServiceKey) -> Service:
        namespace, name = key
        service = Service((sys.intern(namespace), name))
        self.services[service.key] = service
        self.namespaces.setdefault(service.namespace, {})[name] = service
        self.catalog_changed(service)
        return service

    def delete_service(self, service: Service) -> None:
        for instance in (*service.persistent.values(), *service.ephemeral.values()):
            self.forget(instance)
        for key in service.overrides:
            self.kept.pop((service.key, key), None)
        del self.services[service.key]
        named = self.namespaces[service.namespace]
        del named[service.name]
        if not named:
            del self.namespaces[service.namespace]
        self.catalog_changed(service)
