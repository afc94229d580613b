"""
What the console reads (docs/spec/naming-v1.md#5.1 to #5.4): pure functions over the services that L{queries} gives.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from nacos_tw.errors import ClusterUnknown, ServiceUnknown
from nacos_tw.naming.matching import contains
from nacos_tw.naming.model import Instance, Service, ServiceKey
from nacos_tw.naming.queries import instances_of
from nacos_tw.paging import page


class Summary(msgspec.Struct, frozen=True):
    """One line of the service list (docs/spec/naming-v1.md#5.1)."""

    name: str
    group: str
    clusters: int
    instances: int
    healthy: int
    trigger: bool
    """Whether protection is reached; never for an empty service."""


def summary(service: Service) -> Summary:
    """The line of a service."""
    found = instances_of(service)
    healthy = sum(each.healthy for each in found)
    trigger = bool(found) and healthy / len(found) <= service.protect_threshold
    return Summary(service.bare_name, service.group, len(service.clusters), len(found), healthy, trigger)


def catalog_page(
    services: Mapping[str, Service],
    index: int,
    size: int,
    name: str = "",
    group: str = "",
    instance: str = "",
    with_instances: bool = False,
) -> tuple[list[Service], int]:
    """
    One page of the services that match, by grouped name, and how many match (0 if the page is empty).

    All come if they fit one page, whatever the index.

    @param index: the page, from 0; less counts as 0.
    @param name: part of the bare name, C{group}: part of the group; may hold C{.} and C{.*}.
    @param instance: C{ip} or C{ip:port} of an instance that the services must have.
    @param with_instances: only services with instances.
    """
    matches = contains(group, "@@", name) if name.strip() or group.strip() else None
    found = [
        service
        for grouped, service in sorted(services.items())
        if (matches is None or matches(grouped))
        and not (with_instances and not service.ephemeral and not service.persistent)
        and (not instance or _has(service, instance))
    ]
    if len(found) <= size:
        return found, len(found)
    shown = page(found, index + 1, size)
    return shown, len(found) if shown else 0


def _has(service: Service, address: str) -> bool:
    return any(address in (each.ip, f"{each.ip}:{each.port}") for each in instances_of(service))


def catalog_service(service: Service | None, name: ServiceKey) -> Service:
    """
    The service of 5.2.

    @raise ServiceUnknown: there is none.
    """
    if service is None:
        raise ServiceUnknown(name)
    return service


def cluster_instances(
    service: Service | None, name: ServiceKey, cluster: str, page_no: int, page_size: int
) -> tuple[list[Instance], int]:
    """
    One page of a cluster's instances, with real health and disabled ones too (docs/spec/naming-v1.md#5.3), and how many
    there are.

    @param page_no: from 1; less counts as 1.
    @raise ServiceUnknown: no such service.
    @raise ClusterUnknown: it has no such cluster.
    """
    if cluster not in catalog_service(service, name).clusters:
        raise ClusterUnknown(name, cluster)
    found = instances_of(catalog_service(service, name), cluster)
    return page(found, page_no, page_size), len(found)


def cluster_names(service: Service | None, name: ServiceKey) -> list[str]:
    """
    The clusters of C{catalog/rt/service} (docs/spec/naming-v1.md#5.4).

    @raise ServiceUnknown: there is no such service.
    """
    if service is None:
        raise ServiceUnknown(name)
    return list(service.clusters)
