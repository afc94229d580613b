"""What the commands about instances do to the registry."""

from __future__ import annotations

import sys
from typing import Any

from msgspec.structs import replace

from nacos_tw.errors import InstanceUnknown
from nacos_tw.naming import commands, overrides
from nacos_tw.naming.commands import OVERRIDES, Register, Update
from nacos_tw.naming.model import (
    ID_GENERATOR_KEY,
    NO_METADATA,
    Instance,
    InstanceKey,
    Service,
    find_instance,
    initial_cluster,
)
from nacos_tw.naming.registry import Registry
from nacos_tw.naming.validation import MAX_WEIGHT, MIN_WEIGHT, normal_weight


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


def register(registry: Registry, command: Register) -> int:
    service = registry.services.get(command.service) or registry.add_service(command.service)
    key = (command.cluster, command.ip, command.port)
    if command.beat:
        known = service.ephemeral.get(key) or service.persistent.get(key)
        if known is not None and not known.client:
            if known.ephemeral:
                _renew(registry, service, known, healthy=known.healthy or not known.marked)
            return known.number
    return _write(registry, service, key, command)


def _write(registry: Registry, service: Service, key: InstanceKey, command: Register | Update) -> int:
    """Add the instance, or replace it but for its number, health and, unless another one is given, id."""
    metadata, ephemeral = command.metadata or NO_METADATA, command.ephemeral
    old = (service.ephemeral if ephemeral else service.persistent).get(key)
    weight, enabled = command.weight, command.enabled
    if not MIN_WEIGHT <= weight <= MAX_WEIGHT:
        weight = normal_weight(weight)
    edit = type(command) is Update or (type(command) is Register and command.edit)
    if old is not None and old.client:
        if not edit:
            old = _release(registry, old)
        elif registry.level >= OVERRIDES:
            shown = overrides.edited(service, old, weight, enabled, metadata)
            weight, enabled, metadata = shown.weight, shown.enabled, shown.metadata
    elif ephemeral and service.overrides:
        if edit:
            overrides.edited_without_client(registry, service, key, weight, enabled, metadata)
        else:
            overrides.dropped(registry, service, key)
    metadata = shared_metadata(service, metadata)
    given_id = _given_id(service, old, command, metadata)
    if old is not None:
        _renew(
            registry,
            service,
            old,
            weight=weight,
            enabled=enabled,
            metadata=metadata,
            app=sys.intern(command.app),
            given_id=given_id,
        )
        return old.number
    cluster = service.clusters.get(command.cluster)
    if cluster is None:
        cluster = initial_cluster(command.cluster)
        service.clusters[cluster.name] = cluster
    if not ephemeral:
        service.stored = True
    number = registry.next_number
    registry.next_number = number + 1
    instance = Instance(
        number,
        service.key,
        command.ip,
        command.port,
        cluster.name,
        ephemeral,
        weight,
        enabled,
        command.healthy,
        metadata,
        sys.intern(command.app),
        given_id,
    )
    registry.put(service, (cluster.name, command.ip, command.port), instance)
    if ephemeral:
        registry.changes.started.append(number)
    return number


def _given_id(
    service: Service, old: Instance | None, command: Register | Update, metadata: dict[str, str] | None
) -> str:
    """The instanceId that an instance has from now on; "" for the one that follows from its address."""
    before = "" if old is None else old.given_id
    given = command.given_id if type(command) is Register else None
    if given or (given is None and old is not None):
        return given or before
    if metadata and metadata.get(ID_GENERATOR_KEY) == "snowflake":
        return before or smallest_id(service, command.ephemeral)
    return ""


def _release(registry: Registry, old: Instance) -> Instance:
    """Take an instance from its client: from now on it has a lease of its own."""
    registry.take_over(old)
    new = replace(old, client=0)
    service = registry.services[old.service]
    registry.put_quietly(service, new)
    if service.overrides:
        overrides.dropped(registry, service, old.key)
    return new


def _renew(registry: Registry, service: Service, old: Instance, **fields: Any) -> None:
    """A write of an existing instance: its own lease begins anew; the rest only counts if it differs."""
    if old.ephemeral and not old.client:
        registry.changes.started.append(old.number)
    for name, value in fields.items():
        if getattr(old, name) != value:
            registry.put(service, old.key, replace(old, written=registry.applied if old.ephemeral else 0, **fields))
            return
    if old.ephemeral:
        new = replace(old, written=registry.applied)
        service.ephemeral[old.key] = registry.by_number[old.number] = new


def deregister(registry: Registry, command: commands.Deregister) -> None:
    service = registry.services.get(command.service)
    if service is None:
        return
    key = (command.cluster, command.ip, command.port)
    instance = (service.ephemeral if command.ephemeral else service.persistent).get(key)
    if instance is not None and not instance.client:
        registry.drop(service, instance)


def update(registry: Registry, command: Update) -> int:
    service = registry.services.get(command.service)
    key = (command.cluster, command.ip, command.port)
    if service is None:
        raise InstanceUnknown(command.service, *key, "service", instance_of(command, 0))
    kind = service.ephemeral if command.ephemeral else service.persistent
    # Nacos compares ip and port (or a stored port 0) over all clusters, and then writes to the given one.
    if key not in kind and not any(ip == command.ip and port in (command.port, 0) for _, ip, port in kind):
        values = normal_weight(command.weight), command.enabled, command.metadata or NO_METADATA
        if command.ephemeral and overrides.edited_without_client(registry, service, key, *values):
            return 0
        raise InstanceUnknown(command.service, *key, "instance", instance_of(command, 0))
    return _write(registry, service, key, command)


def patch(registry: Registry, command: commands.Patch) -> int:
    service = registry.services.get(command.service)
    wanted = (command.cluster, command.ip, command.port)
    if service is None:
        raise InstanceUnknown(command.service, *wanted, "service")
    old = find_instance(service, wanted)
    weight = None if command.weight is None else normal_weight(command.weight)
    edited = weight, command.enabled, command.metadata
    if old is None:
        if overrides.edited_without_client(registry, service, wanted, *edited):
            return 0
        others = any(key[0] == command.cluster for key in (*service.persistent, *service.ephemeral))
        raise InstanceUnknown(command.service, *wanted, "instance" if others else "cluster")
    given: dict[str, Any] = {
        "metadata": command.metadata,
        "app": command.app,
        "weight": weight,
        "healthy": command.healthy,
        "enabled": command.enabled,
    }
    if old.client and registry.level >= OVERRIDES:
        shown = overrides.edited(service, old, *edited)
        given.update(weight=shown.weight, enabled=shown.enabled, metadata=shared_metadata(service, shown.metadata))
    elif old.ephemeral and service.overrides:
        overrides.edited_without_client(registry, service, wanted, *edited)
    _renew(registry, service, old, **{name: value for name, value in given.items() if value is not None})
    return old.number


def metadata_batch(registry: Registry, command: commands.MetadataBatch) -> list[str]:
    service = registry.services.get(command.service)
    if service is None:
        return []
    found = _targets(service, command)
    for instance in found:
        metadata = instance.metadata or NO_METADATA
        if instance.client and registry.level >= OVERRIDES:
            over = overrides.metadata_over(service, instance, command.metadata, command.remove)
            new = overrides.edited(service, instance, metadata=over).metadata
        elif command.remove:
            new = {key: value for key, value in metadata.items() if key not in command.metadata}
        else:
            new = {**metadata, **command.metadata}
        if new != metadata:
            registry.put(service, instance.key, replace(instance, metadata=new))
    return [f"{each.datum_key}:{'ephemeral' if each.ephemeral else 'persist'}" for each in found]


def shared_metadata(service: Service, metadata: dict[str, str] | None) -> dict[str, str]:
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


def smallest_id(service: Service, ephemeral: bool) -> str:
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
