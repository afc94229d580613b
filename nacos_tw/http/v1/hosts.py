"""Instances on the wire, as the 1.x clients read them (docs/spec/naming-v1.md#3.6)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from nacos_tw.naming.model import NO_METADATA, Instance


class Host(msgspec.Struct, frozen=True, gc=False):
    """One entry of C{hosts}."""

    ip: str
    port: int
    valid: bool
    healthy: bool
    marked: bool
    instanceId: str  # noqa: N815
    metadata: dict[str, str]
    enabled: bool
    weight: float
    clusterName: str  # noqa: N815
    serviceName: str  # noqa: N815
    ephemeral: bool


class ServiceInfo(msgspec.Struct, frozen=True, gc=False):
    """The answer for a service that has instances (keys in the order that Nacos gives them)."""

    hosts: list[Host]
    dom: str
    name: str
    cacheMillis: int  # noqa: N815
    lastRefTime: int  # noqa: N815
    checksum: str
    useSpecifiedURL: bool  # noqa: N815
    clusters: str
    env: str
    metadata: dict[str, str]


class EmptyServiceInfo(msgspec.Struct, frozen=True, gc=False):
    """The answer for a service without instances."""

    dom: str
    name: str
    cacheMillis: int  # noqa: N815
    lastRefTime: int  # noqa: N815
    checksum: str
    useSpecifiedURL: bool  # noqa: N815
    clusters: str
    env: str
    hosts: list[Host]
    metadata: dict[str, str]


class NoServiceInfo(msgspec.Struct, frozen=True, gc=False):
    """The answer for a service that does not exist."""

    name: str
    clusters: str
    cacheMillis: int  # noqa: N815
    hosts: list[Host]


encode = msgspec.json.Encoder().encode


def hosts(found: Iterable[tuple[Instance, bool]], service_name: str) -> list[Host]:
    """
    The entries for instances.

    @param found: each instance and the health to show, which protection may make better than it is.
    @param service_name: as this client knows the service.
    """
    return [
        Host(
            instance.ip,
            instance.port,
            healthy,
            healthy,
            instance.marked,
            instance.instance_id,
            instance.metadata or NO_METADATA,
            instance.enabled,
            instance.weight,
            instance.cluster,
            service_name,
            instance.ephemeral,
        )
        for instance, healthy in found
    ]
