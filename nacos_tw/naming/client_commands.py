"""What the commands of clients do to the registry. An instance is of one publisher at a time: the last one wins."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from msgspec.structs import replace

from nacos_tw.errors import KindMismatch, NacosError
from nacos_tw.naming import commands, overrides
from nacos_tw.naming.commands import Published
from nacos_tw.naming.instance_commands import shared_metadata, smallest_id
from nacos_tw.naming.model import (
    ID_GENERATOR_KEY,
    NO_METADATA,
    Client,
    Given,
    Instance,
    Service,
    ServiceKey,
    initial_cluster,
)
from nacos_tw.naming.registry import Registry
from nacos_tw.naming.validation import MAX_WEIGHT, MIN_WEIGHT, normal_weight


def published_instance(given: Published, service: ServiceKey, number: int, client: int) -> Instance:
    """The instance that a client publishes. Its values are not shared with others, see L{Instance}."""
    return Instance(
        number,
        service,
        given.ip,
        given.port,
        given.cluster,
        True,
        normal_weight(given.weight),
        given.enabled,
        given.healthy,
        given.metadata or NO_METADATA,
        given.app,
        given.given_id,
        client=client,
    )


def publish(registry: Registry, command: commands.Publish) -> int:
    """See L{commands.Publish}."""
    service = registry.services.get(command.service)
    if service is not None and service.persistent and (problem := refusal(registry, command)) is not None:
        raise problem
    client = registry.clients.get(command.client) or _introduce(registry, command)
    _renew(registry, client)
    if service is None:
        service = registry.add_service(command.service)
    before = client.published.pop(service.key, ())
    now = {_put(registry, service, client, each): None for each in command.instances}
    if now:
        client.published[service.key] = tuple(now)
    if before:
        _drop(registry, [number for number in before if number not in now])
    return client.number


def refusal(registry: Registry, command: commands.Publish) -> NacosError | None:
    """Why a publication is refused: a service has instances of one kind only, as long as nobody of 1.x mixes them."""
    service = registry.services.get(command.service)
    if service is not None and service.persistent and not service.ephemeral and command.instances:
        return KindMismatch(command.service, ephemeral=True)
    return None


def withdraw(registry: Registry, command: commands.Withdraw) -> None:
    """See L{commands.Withdraw}."""
    client = registry.clients.get(command.client)
    if client is not None:
        _renew(registry, client)
        _drop(registry, client.published.pop(command.service, ()))


def end(registry: Registry, command: commands.EndClients) -> None:
    """See L{commands.EndClients}."""
    for id_ in command.clients:
        client = registry.clients.get(id_)
        if client is None or client.written > command.seen:
            continue
        for numbers in list(client.published.values()):
            _drop(registry, numbers)
        del registry.clients[id_], registry.clients_by_number[client.number]
        registry.changes.ended.append(client.number)
        registry.changes.clients.append(id_)


def raise_level(registry: Registry, command: commands.Level) -> None:
    """See L{commands.Level}."""
    registry.level = max(registry.level, command.level)


def _introduce(registry: Registry, command: commands.Publish) -> Client:
    number = registry.next_number
    registry.next_number = number + 1
    client = Client(number, command.client, sys.intern(command.node))
    registry.clients[client.id] = registry.clients_by_number[number] = client
    return client


def _renew(registry: Registry, client: Client) -> None:
    client.written = registry.applied
    registry.changes.started.append(client.number)


def _drop(registry: Registry, numbers: Iterable[int]) -> None:
    for number in numbers:
        instance = registry.by_number[number]
        registry.drop(registry.services[instance.service], instance)


def _put(registry: Registry, service: Service, client: Client, given: Published) -> int:
    """The client has this instance from now on; its number."""
    cluster = service.clusters.get(given.cluster)
    if cluster is None:
        cluster = initial_cluster(given.cluster)
        service.clusters[cluster.name] = cluster
    key = cluster.name, given.ip, given.port
    old = service.ephemeral.get(key)
    metadata, weight, enabled = given.metadata, given.weight, given.enabled
    if not MIN_WEIGHT <= weight <= MAX_WEIGHT:
        weight = normal_weight(weight)
    given_id = given.given_id
    if not given_id and metadata and metadata.get(ID_GENERATOR_KEY) == "snowflake":
        given_id = (old.given_id if old is not None else "") or smallest_id(service, True)
    if service.overrides:
        shown = overrides.published(registry, service, key, Given(weight, enabled, metadata or NO_METADATA))
        if shown is not None:
            metadata, weight, enabled = shown.metadata, shown.weight, shown.enabled
    new = Instance(
        registry.next_number if old is None else old.number,
        service.key,
        given.ip,
        given.port,
        cluster.name,
        True,
        weight,
        enabled,
        given.healthy,
        shared_metadata(service, metadata),
        sys.intern(given.app),
        given_id,
        old is not None and old.marked,
        registry.applied,
        client.number,
    )
    if old is None:
        registry.next_number += 1
        registry.put(service, key, new)
        return new.number
    if not old.client:
        registry.changes.ended.append(old.number)  # its own lease
    elif old.client != client.number:
        registry.take_over(old)
    if replace(old, written=new.written, client=new.client) == new:
        registry.put_quietly(service, new)
    else:
        registry.put(service, key, new)
    return new.number
