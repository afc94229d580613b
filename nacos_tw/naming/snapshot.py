"""The registry's replicated state as bytes: what a snapshot of the log holds."""

from __future__ import annotations

import gc
import sys
from typing import Protocol

import msgspec

from nacos_tw.naming.model import (
    NO_METADATA,
    Client,
    Cluster,
    Instance,
    InstanceKey,
    Override,
    Place,
    Service,
    ServiceKey,
    custom_timeouts,
)
from nacos_tw.naming.selectors import NO_SELECTOR, Selector
from nacos_tw.naming.switches import Switches

FORMAT = 1


class RegistryContent(Protocol):
    """What a snapshot is of: the replicated fields of a L{nacos_tw.naming.registry.Registry}, and its indexes."""

    services: dict[ServiceKey, Service]
    namespaces: dict[str, dict[str, Service]]
    by_number: dict[int, Instance]
    kept: dict[Place, int]
    custom: dict[int, tuple[float, float]]
    clients: dict[str, Client]
    clients_by_number: dict[int, Client]
    switches: Switches
    agreed_switches: Switches
    applied: int
    next_number: int
    level: int


class _StoredService(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """
    A service. Its instances, ephemeral and then persistent, are complete values, for speed of writing. New fields go to
    the end, with a default.
    """

    namespace: str
    name: str
    protect_threshold: float
    metadata: dict[str, str]
    selector: Selector
    stored: bool
    clusters: list[Cluster]
    ephemeral: list[Instance]
    persistent: list[Instance]
    overrides: list[tuple[InstanceKey, Override]] = []


class _ClientImage(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A client. Its instances say themselves whose they are."""

    number: int
    id: str
    node: str
    written: int


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    """Everything. New fields go to the end, with a default."""

    format: int
    applied: int
    next_number: int
    switches: Switches
    services: list[_StoredService]
    clients: list[_ClientImage] = []
    level: int = 0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Stored)


def take(state: RegistryContent) -> bytes:
    """The state, in an order that the commands alone decide."""
    services = [
        _StoredService(
            service.namespace,
            service.name,
            service.protect_threshold,
            service.metadata,
            service.selector,
            service.stored,
            list(service.clusters.values()),
            list(service.ephemeral.values()),
            list(service.persistent.values()),
            list(service.overrides.items()),
        )
        for service in state.services.values()
    ]
    clients = [_ClientImage(each.number, each.id, each.node, each.written) for each in state.clients.values()]
    stored = _Stored(FORMAT, state.applied, state.next_number, state.agreed_switches, services, clients, state.level)
    return _encoder.encode(stored)


def put(state: RegistryContent, data: bytes) -> None:
    """
    Replace the state; its node-local counters are left alone.

    @raise msgspec.MsgspecError: no snapshot of this format; nothing was changed.
    """
    collecting = gc.isenabled()
    gc.disable()  # there is no garbage yet; looking for it again and again would take longer than all the rest
    try:
        stored = _decoder.decode(data)
        if stored.format != FORMAT:
            raise msgspec.ValidationError(f"the snapshot has format {stored.format}, this version reads {FORMAT}")
        _fill(state, stored)
    finally:
        if collecting:
            gc.enable()


def _fill(state: RegistryContent, stored: _Stored) -> None:
    state.services, state.namespaces, state.by_number, state.custom, state.kept = {}, {}, {}, {}, {}
    state.clients = {
        each.id: Client(each.number, each.id, sys.intern(each.node), each.written) for each in stored.clients
    }
    state.clients_by_number = {client.number: client for client in state.clients.values()}
    state.level = stored.level
    for each in stored.services:
        service = _service_of(each)
        state.services[service.key] = service
        state.namespaces.setdefault(service.namespace, {})[service.name] = service
        _hold(state, service, each.ephemeral, service.ephemeral)
        _hold(state, service, each.persistent, service.persistent)
        if each.overrides:
            service.overrides = dict(each.overrides)
            for key, override in each.overrides:
                if override.gone:
                    state.kept[service.key, key] = override.gone
    state.applied = stored.applied
    state.next_number = stored.next_number
    state.switches = state.agreed_switches = stored.switches


def _service_of(stored: _StoredService) -> Service:
    service = Service((sys.intern(stored.namespace), stored.name))
    service.protect_threshold = stored.protect_threshold
    service.metadata = stored.metadata or NO_METADATA
    service.selector = stored.selector if stored.selector != NO_SELECTOR else NO_SELECTOR
    service.stored = stored.stored
    for cluster in stored.clusters:
        service.clusters[cluster.name] = cluster
    return service


def _hold(
    state: RegistryContent, service: Service, instances: list[Instance], into: dict[InstanceKey, Instance]
) -> None:
    """Put a service's instances where they belong, with equal values shared again."""
    key, clusters, by_number, shared = service.key, service.clusters, state.by_number, service.shared_metadata
    for old in instances:
        metadata = old.metadata
        if metadata:
            if metadata == shared and [*metadata] == [*shared]:
                metadata = shared
            else:
                shared = metadata
        else:
            metadata = NO_METADATA  # older versions had None for a beat that had none
        cluster = clusters[old.cluster].name
        new = Instance(
            old.number,
            key,
            old.ip,
            old.port,
            cluster,
            old.ephemeral,
            old.weight,
            old.enabled,
            old.healthy,
            metadata,
            sys.intern(old.app),
            old.given_id,
            old.marked,
            old.written,
            old.client,
        )
        into[cluster, new.ip, new.port] = new
        by_number[new.number] = new
        if new.client:
            _give(state.clients_by_number[new.client], new)
        elif metadata and new.ephemeral and (timeouts := custom_timeouts(new)):
            state.custom[new.number] = timeouts
    service.shared_metadata = shared


def _give(client: Client, instance: Instance) -> None:
    published = client.published
    published[instance.service] = (*published.get(instance.service, ()), instance.number)
