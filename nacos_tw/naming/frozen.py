"""The registry's replicated state as it is at one moment, in pieces that say nothing of how it has come about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from nacos_tw.naming.model import Instance
from nacos_tw.naming.registry import Registry

_encode = msgspec.msgpack.Encoder(order="sorted").encode


def pieces(registry: Registry) -> Iterator[bytes]:
    """
    One for the registry, each service, each client, each instance and each override.

    Values are shared with the registry and never changed in place, so freezing copies lists of them, and what takes
    longer, to encode them, is done as they are asked for.
    """
    heads: list[Any] = [("registry", registry.applied, registry.next_number, registry.level, registry.agreed_switches)]
    instances: list[Instance] = []
    for service in registry.services.values():
        clusters = {cluster.name: cluster for cluster in service.clusters.values()}
        values = service.protect_threshold, service.metadata, service.selector, service.stored, clusters
        heads.append(("service", service.namespace, service.name, *values))
        instances += service.ephemeral.values()
        instances += service.persistent.values()
        for key, override in service.overrides.items():
            heads.append(("override", service.namespace, service.name, key, override))
    for client in registry.clients.values():
        heads.append(("client", client.number, client.id, client.node, client.written))
    return _encoded(heads, instances)


def _encoded(heads: list[Any], instances: list[Instance]) -> Iterator[bytes]:
    for head in heads:
        yield _encode(head)
    for instance in instances:
        if instance.metadata is None:  # of a snapshot of older versions
            instance = msgspec.structs.replace(instance, metadata={})
        yield _encode(instance)
