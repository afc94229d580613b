"""A service as clients of 2.x and 3.x read it, rendered once for each version (docs/spec/grpc.md#7.2)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import UNSET, UnsetType

from nacos_tw.memo import BoundedMemo
from nacos_tw.naming.model import (
    NO_METADATA,
    Instance,
    Service,
    ServiceKey,
    beat_interval,
    beat_timeout,
    delete_timeout,
    id_generator,
)
from nacos_tw.naming.operations.discovery import View
from nacos_tw.naming.revisions import Revisions

RENDERED_BYTES = 32 * 1024 * 1024
"""Bytes of rendered services that are kept."""
ENTRY = 300
"""Bytes that one takes beside its own, about."""

encode = msgspec.json.Encoder().encode


class HostInfo(msgspec.Struct, frozen=True, gc=False):
    """One of C{hosts}."""

    instanceId: str  # noqa: N815 - the names of the wire, here and below
    ip: str
    port: int
    weight: float
    healthy: bool
    enabled: bool
    ephemeral: bool
    clusterName: str  # noqa: N815
    serviceName: str  # noqa: N815
    metadata: dict[str, str]
    instanceHeartBeatInterval: int  # noqa: N815
    instanceHeartBeatTimeOut: int  # noqa: N815
    ipDeleteTimeout: int  # noqa: N815
    instanceIdGenerator: str | UnsetType = UNSET  # noqa: N815


class ServiceInfo(msgspec.Struct, frozen=True, gc=False):
    """
    The object.

    C{allIPs} is what 2.x calls C{allIps} of 3.x. C{lastRefTime} grows: some clients drop what is not newer.
    """

    name: str
    groupName: str  # noqa: N815
    clusters: str
    cacheMillis: int  # noqa: N815
    hosts: list[HostInfo]
    lastRefTime: int  # noqa: N815
    checksum: str
    allIPs: bool  # noqa: N815
    allIps: bool  # noqa: N815
    reachProtectionThreshold: bool  # noqa: N815
    valid: bool


def host(instance: Instance, healthy: bool) -> HostInfo:
    """@param healthy: the health to show."""
    return HostInfo(
        instance.instance_id,
        instance.ip,
        instance.port,
        instance.weight,
        healthy,
        instance.enabled,
        instance.ephemeral,
        instance.cluster,
        instance.service[1],
        instance.metadata or NO_METADATA,
        beat_interval(instance),
        beat_timeout(instance),
        delete_timeout(instance),
        id_generator(instance) or UNSET,
    )


class Rendering:
    """
    The rendered services of one node.

    @ivar cache_millis: how long clients that are not subscribed keep an answer.
    """

    def __init__(self, cache_millis: Callable[[], int], revisions: Revisions) -> None:
        """
        @param revisions: C{lastRefTime} of each state.
        """
        self.cache_millis = cache_millis
        self._revisions = revisions
        self._kept: BoundedMemo[tuple[ServiceKey, str, bool], tuple[Service, int, int, int, msgspec.Raw]] = BoundedMemo(
            RENDERED_BYTES
        )

    def info(self, view: View, key: ServiceKey, clusters: str = "", healthy_only: bool = False) -> msgspec.Raw:
        """The object; the same bytes as long as nothing has changed and nobody begins to subscribe."""
        kept = self._kept.get((key, clusters, healthy_only))
        cache_millis = self.cache_millis()
        number = self._revisions.of(key, 0 if view.service is None else view.service.changed_at)
        if kept is not None and kept[0] is view.service and kept[1:4] == (view.version, cache_millis, number):
            return kept[4]
        seen = view.seen(clusters, healthy_only)
        group, _, name = key[1].partition("@@")
        found = msgspec.Raw(
            encode(
                ServiceInfo(
                    name,
                    group,
                    clusters,
                    cache_millis,
                    [host(*each) for each in seen.instances],
                    number,
                    "",
                    False,
                    False,
                    seen.protected,
                    True,
                )  # fmt: skip
            )
        )
        if view.service is not None and view.version >= 0 and len(clusters) < 256:
            kept = (view.service, view.version, cache_millis, number, found)
            self._kept.keep((key, clusters, healthy_only), kept, len(bytes(found)) + ENTRY)
        return found
