"""
What the registry holds, and the few ways to change it that keep its indexes together.

Nothing here reads a clock or draws a number at random. What is node-local (version counters, the changes since the
last look) is said so and is not part of a snapshot.
"""

from __future__ import annotations

import sys

import msgspec

from nacos_tw.naming import image
from nacos_tw.naming.model import Instance, InstanceKey, Service, ServiceKey, custom_timeouts
from nacos_tw.naming.switches import Switches


class Changes(msgspec.Struct):
    """What changed since the last L{State.take_changes}."""

    services: dict[ServiceKey, None] = {}
    """Services whose answers differ now, also those that are gone."""
    started: list[int] = []
    """Numbers of ephemeral instances whose lease a write began or renewed, and that are still there."""
    ended: list[int] = []
    """Numbers (of either kind) that are gone for good."""
    switches: bool = False
    """Whether the switches changed."""


class State:
    """
    All services and instances, and the switches.

    @ivar services: by key; C{namespaces}: the same services by namespace and grouped name. A namespace without
        services is not in it. L{restore} replaces these dicts.
    @ivar by_number: every instance by its number.
    @ivar custom: number to (beat timeout, delete timeout) in seconds, of ephemeral instances that name their own.
    @ivar switches: in force on this node; may be set here for this node alone (C{debug=true}).
    @ivar applied: how many commands were ever applied, on all nodes alike.
    @ivar version: node-local, grows at each change; each service has its value at its last change.
    @ivar catalog_version: node-local, by namespace: L{version} when its set of services last changed.
    """

    def __init__(self) -> None:
        self.services: dict[ServiceKey, Service] = {}
        self.namespaces: dict[str, dict[str, Service]] = {}
        self.by_number: dict[int, Instance] = {}
        self.custom: dict[int, tuple[float, float]] = {}
        self.switches = Switches()
        self.agreed_switches = self.switches
        self.applied = 0
        self.next_number = 1
        self.version = 0
        self.catalog_version: dict[str, int] = {}
        self._changes = Changes()

    def take_changes(self) -> Changes:
        """What changed since the last call."""
        changes = self._changes
        self._changes = Changes()
        if changes.ended and changes.started:
            gone = set(changes.ended)
            changes.started = [number for number in changes.started if number not in gone]
        return changes

    def snapshot(self) -> bytes:
        """The whole replicated state."""
        return image.take(self)

    def restore(self, data: bytes) -> None:
        """
        Replace the state by one that L{snapshot} gave. Every service counts as changed, every lease as begun.

        @raise msgspec.MsgspecError: the bytes are no snapshot; nothing changed.
        """
        old_services, old_numbers = self.services, self.by_number
        image.put(self, data)
        changes = self._changes
        for namespace in {key[0] for key in (*old_services, *self.services)}:
            self.version += 1
            self.catalog_version[namespace] = self.version
        for key in (*old_services, *self.services):
            changes.services[key] = None
        for service in self.services.values():
            self.version += 1
            service.version = self.version
        changes.started = [number for number, instance in self.by_number.items() if instance.ephemeral]
        changes.ended = [number for number in (*changes.ended, *old_numbers) if number not in self.by_number]
        changes.switches = True

    def _put(self, service: Service, key: InstanceKey, instance: Instance) -> None:
        """Hold a new or changed instance, everywhere it is held."""
        number = instance.number
        self.by_number[number] = instance
        if instance.ephemeral:
            service.ephemeral[key] = instance
            timeouts = custom_timeouts(instance) if instance.metadata else None
            if timeouts is not None:
                self.custom[number] = timeouts
            elif self.custom:
                self.custom.pop(number, None)
        else:
            service.persistent[key] = instance
        self._changed(service)

    def _drop(self, service: Service, instance: Instance) -> None:
        (service.ephemeral if instance.ephemeral else service.persistent).pop(instance.key)
        self._forget(instance)
        self._changed(service)

    def _forget(self, instance: Instance) -> None:
        del self.by_number[instance.number]
        self.custom.pop(instance.number, None)
        self._changes.ended.append(instance.number)

    def _changed(self, service: Service) -> None:
        self.version = service.version = self.version + 1
        self._changes.services[service.key] = None

    def _catalog_changed(self, service: Service) -> None:
        self._changed(service)
        self.catalog_version[service.namespace] = self.version

    def _add_service(self, key: ServiceKey) -> Service:
        namespace, name = key
        service = Service((sys.intern(namespace), name))
        self.services[service.key] = service
        self.namespaces.setdefault(service.namespace, {})[name] = service
        self._catalog_changed(service)
        return service

    def _delete_service(self, service: Service) -> None:
        for instance in (*service.persistent.values(), *service.ephemeral.values()):
            self._forget(instance)
        del self.services[service.key]
        named = self.namespaces[service.namespace]
        del named[service.name]
        if not named:
            del self.namespaces[service.namespace]
        self._catalog_changed(service)
