"""
The registry: what each of the log's commands does to the state, the same on every node.

No result depends on a clock, on chance, or on which node applies a command.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from nacos_tw.errors import BadParameter, NacosError, NotFound
from nacos_tw.naming import commands
from nacos_tw.naming.commands import Command, Register, Update
from nacos_tw.naming.model import (
    ID_GENERATOR_KEY,
    NO_METADATA,
    Cluster,
    Instance,
    InstanceKey,
    Service,
    find_instance,
)
from nacos_tw.naming.state import State
from nacos_tw.naming.switches import apply_switch
from nacos_tw.naming.validation import normal_weight


def instance_of(command: Register | Update, number: int) -> Instance:
    """The instance that a command describes, as a new one; for one that is only provisional."""
    return Instance(
        number,
        command.service,
        command.ip,
        command.port,
        command.cluster,
        command.ephemeral,
        normal_weight(command.weight),
        command.enabled,
        command.healthy,
        command.metadata or NO_METADATA,
        command.app,
    )


class Registry(State):
    """The commands of the log, applied to the state; see L{State} for what it holds."""

    def __init__(self) -> None:
        super().__init__()
        self._apply: dict[type, Callable[[Any], object]] = {
            commands.Register: self._register,
            commands.Deregister: self._deregister,
            commands.Update: self._update,
            commands.Patch: self._patch,
            commands.MetadataBatch: self._metadata_batch,
            commands.Expire: self._expire,
            commands.Revive: self._revive,
            commands.Health: self._health,
            commands.CreateService: self._create_service,
            commands.UpdateService: self._update_service,
            commands.RemoveService: self._remove_service,
            commands.CleanServices: self._clean_services,
            commands.UpdateCluster: self._update_cluster,
            commands.SetSwitch: self._set_switch,
        }

    def apply(self, command: Command) -> object:
        """
        Apply one command of the log.

        @return: its result (see L{commands}), or the L{NacosError} that it ends in; then nothing changed.
        """
        self.applied += 1
        try:
            return self._apply[type(command)](command)
        except NacosError as error:
            return error

    def refuses(self, command: Register) -> NacosError | None:
        """
        Why the state would refuse a registration, before it goes through the log.

        Nothing does in v1, where a service may hold both kinds of instances; v2's rule of one kind belongs here.
        """
        return None

    # -- instances

    def _register(self, command: Register) -> int:
        service = self.services.get(command.service) or self._add_service(command.service)
        key = (command.cluster, command.ip, command.port)
        if command.beat:
            known = service.ephemeral.get(key) or service.persistent.get(key)
            if known is not None:
                if known.ephemeral:
                    self._renew(service, known, healthy=known.healthy or not known.marked)
                return known.number
        return self._write(service, key, command)

    def _write(self, service: Service, key: InstanceKey, command: Register | Update) -> int:
        """Add the instance, or replace it but for its number, id and health."""
        metadata, ephemeral = _shared(service, command.metadata), command.ephemeral
        old = (service.ephemeral if ephemeral else service.persistent).get(key)
        weight = normal_weight(command.weight)
        if old is not None:
            self._renew(
                service, old, weight=weight, enabled=command.enabled, metadata=metadata, app=sys.intern(command.app)
            )
            return old.number
        cluster = service.clusters.get(command.cluster)
        if cluster is None:
            cluster = service.clusters[command.cluster] = Cluster(command.cluster)
        if not ephemeral:
            service.stored = True
        number = self.next_number
        self.next_number = number + 1
        instance = Instance(
            number,
            service.key,
            command.ip,
            command.port,
            cluster.name,
            ephemeral,
            weight,
            command.enabled,
            command.healthy,
            metadata,
            sys.intern(command.app),
            _smallest_id(service, ephemeral) if metadata and metadata.get(ID_GENERATOR_KEY) == "snowflake" else "",
        )
        self._put(service, (cluster.name, command.ip, command.port), instance)
        if ephemeral:
            self._changes.started.append(number)
        return number

    def _renew(self, service: Service, old: Instance, **fields: Any) -> None:
        """A write of an existing instance: its lease begins anew; the rest only counts if it differs."""
        if old.ephemeral:
            self._changes.started.append(old.number)
        for name, value in fields.items():
            if getattr(old, name) != value:
                self._put(service, old.key, replace(old, written=self.applied if old.ephemeral else 0, **fields))
                return
        if old.ephemeral:
            new = replace(old, written=self.applied)
            service.ephemeral[old.key] = self.by_number[old.number] = new

    def _deregister(self, command: commands.Deregister) -> None:
        service = self.services.get(command.service)
        if service is None:
            return
        key = (command.cluster, command.ip, command.port)
        instance = (service.ephemeral if command.ephemeral else service.persistent).get(key)
        if instance is not None:
            self._drop(service, instance)

    def _update(self, command: Update) -> int:
        service = self.services.get(command.service)
        if service is None:
            namespace, name = command.service
            raise BadParameter(f"service not found, namespace: {namespace}, service: {name}")
        key = (command.cluster, command.ip, command.port)
        kind = service.ephemeral if command.ephemeral else service.persistent
        # Nacos compares ip and port (or a stored port 0) over all clusters, and then writes to the given one.
        if key not in kind and not any(ip == command.ip and port in (command.port, 0) for _, ip, port in kind):
            wanted = instance_of(command, 0)
            weight, flags = wanted.weight, f"{str(wanted.healthy).lower()}_{str(wanted.marked).lower()}"
            raise BadParameter(f"instance not exist: {wanted.datum_key}_{weight}_{flags}_{wanted.cluster}")
        return self._write(service, key, command)

    def _patch(self, command: commands.Patch) -> int:
        service = self.services.get(command.service)
        old = find_instance(service, (command.cluster, command.ip, command.port)) if service is not None else None
        if service is None or old is None:
            if service is None or not any(
                key[0] == command.cluster for key in (*service.persistent, *service.ephemeral)
            ):
                raise NotFound(f"no ips found for cluster {command.cluster} in service {command.service[1]}")
            raise NotFound("no matched ip found!")
        given = {
            "metadata": command.metadata,
            "app": command.app,
            "weight": None if command.weight is None else normal_weight(command.weight),
            "healthy": command.healthy,
            "enabled": command.enabled,
        }
        self._renew(service, old, **{name: value for name, value in given.items() if value is not None})
        return old.number

    def _metadata_batch(self, command: commands.MetadataBatch) -> list[str]:
        service = self.services.get(command.service)
        found = _targets(service, command) if service else []
        for instance in found:
            metadata = instance.metadata or NO_METADATA
            if command.remove:
                new = {key: value for key, value in metadata.items() if key not in command.metadata}
            else:
                new = {**metadata, **command.metadata}
            if new != metadata and service:
                self._put(service, instance.key, replace(instance, metadata=new))
        return [f"{each.datum_key}:{'ephemeral' if each.ephemeral else 'persist'}" for each in found]

    # -- health

    def _expire(self, command: commands.Expire) -> None:
        for number in command.unhealthy:
            instance = self._leased(number)
            if instance is not None and instance.written <= command.seen:
                self._set_health(instance, False)
        for number in command.removed:
            instance = self._leased(number)
            if instance is not None and instance.written <= command.seen:
                self._drop(self.services[instance.service], instance)

    def _revive(self, command: commands.Revive) -> None:
        for number in command.numbers:
            instance = self._leased(number)
            if instance is None:
                continue
            self._changes.started.append(number)
            if not instance.healthy:
                # An expiry that was decided before this is applied does not count any more.
                revived = replace(instance, healthy=True, written=self.applied)
                self._put(self.services[instance.service], instance.key, revived)

    def _leased(self, number: int) -> Instance | None:
        """The ephemeral, unmarked instance of that number."""
        instance = self.by_number.get(number)
        return instance if instance is not None and instance.ephemeral and not instance.marked else None

    def _health(self, command: commands.Health) -> None:
        for number, healthy in command.states:
            instance = self.by_number.get(number)
            if instance is not None and not instance.marked:
                self._set_health(instance, healthy)

    def _set_health(self, instance: Instance, healthy: bool) -> None:
        if instance.healthy != healthy:
            self._put(self.services[instance.service], instance.key, replace(instance, healthy=healthy))

    # -- services

    def _create_service(self, command: commands.CreateService) -> None:
        if command.service in self.services:
            raise BadParameter(f"specified service {command.service[1]} already exists!")
        self._settle(self._add_service(command.service), command)

    def _update_service(self, command: commands.UpdateService) -> None:
        service = self.services.get(command.service)
        if service is None:
            raise BadParameter(f"service {command.service[1]} not found!")
        self._settle(service, command)

    def _settle(self, service: Service, command: commands.CreateService | commands.UpdateService) -> None:
        new = (command.protect_threshold, command.metadata, command.selector, True)
        if (service.protect_threshold, service.metadata, service.selector, service.stored) != new:
            service.protect_threshold, service.metadata, service.selector, service.stored = new
            self._changed(service)

    def _remove_service(self, command: commands.RemoveService) -> None:
        service = self.services.get(command.service)
        if service is None:
            raise BadParameter(f"service {command.service[1]} not found!")
        if command.must_be_empty and (service.ephemeral or service.persistent):
            raise BadParameter(
                f"Service {service.name} is not empty, can't be delete. Please unregister instance first"
            )
        self._delete_service(service)

    def _clean_services(self, command: commands.CleanServices) -> None:
        for key in command.services:
            service = self.services.get(key)
            if service is not None and not service.ephemeral and not service.persistent:
                self._delete_service(service)

    def _update_cluster(self, command: commands.UpdateCluster) -> None:
        service = self.services.get(command.service)
        if service is None:
            raise BadParameter(f"service not found:{command.service[1]}")
        old = service.clusters.get(command.cluster)
        new = Cluster(
            old.name if old else command.cluster,
            command.checker,
            command.check_port,
            command.use_instance_port,
            command.metadata,
            old.sitegroup if old else "",
        )
        service.stored = True
        if new != old:
            service.clusters[new.name] = new
            self._changed(service)

    def _set_switch(self, command: commands.SetSwitch) -> None:
        agreed = apply_switch(self.agreed_switches, command.entry, command.value)
        self.switches = apply_switch(self.switches, command.entry, command.value)
        self.agreed_switches = agreed
        self._changes.switches = True


def _shared(service: Service, metadata: dict[str, str] | None) -> dict[str, str]:
    """
    The metadata as one object for all instances of a service that have equal ones.

    @param metadata: None in the log of an older version, for a beat that had none.
    """
    if not metadata:
        return NO_METADATA
    shared = service.shared_metadata
    if metadata == shared and [*metadata] == [*shared]:
        return shared
    service.shared_metadata = metadata
    return metadata


def _smallest_id(service: Service, ephemeral: bool) -> str:
    """
    1.4.8's C{snowflake} id: the smallest number that no instance of the kind has as its id
    (docs/spec/naming-v1.md#2.2).
    """
    used = {each.given_id for each in (service.ephemeral if ephemeral else service.persistent).values()}
    number = 0
    while str(number) in used:
        number += 1
    return str(number)


def _targets(service: Service, command: commands.MetadataBatch) -> list[Instance]:
    """The instances that a batch names, each once."""
    if command.kind:
        kinds = {"ephemeral": service.ephemeral, "persist": service.persistent}
        return list(kinds.get(command.kind, {}).values())
    found: dict[int, Instance] = {}
    for target in command.instances:
        kind = service.ephemeral if target.ephemeral else service.persistent
        key = (target.cluster, target.ip, target.port)
        instance = kind.get(key) or kind.get((target.cluster, target.ip, 0))
        if instance is not None:
            found[instance.number] = instance
    return list(found.values())
