"""What a connected client publishes, subscribes to and listens to."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from nacos_tw.cluster.operations.connections import (
    ConnectionUses,
    ListenedConfig,
    PublishedService,
    SubscribedService,
)
from nacos_tw.grpc.config_push import ConfigPushes
from nacos_tw.grpc.connections import ClientConnection
from nacos_tw.grpc.naming_push import ServicePushes
from nacos_tw.naming.model import split_name
from nacos_tw.naming.operations.clientviews import Publishing


@attrs.frozen
class Using:
    """
    The parts of this node that know it.

    @ivar publishing: what clients publish; it and C{pushes}: None for a node without a registry, C{listeners}: for one
        without configs.
    """

    publishing: Publishing | None = None
    pushes: ServicePushes | None = None
    listeners: ConfigPushes | None = None

    def counts(self, client: ClientConnection) -> tuple[int, int]:
        """How many services a client subscribes to, and to how many configs it listens."""
        services = 0 if self.pushes is None else len(self.pushes.audience.of_client(client.id))
        return services, 0 if self.listeners is None else self.listeners.count(client)

    def published(self, client: ClientConnection) -> int:
        """Of how many services a client publishes instances."""
        return 0 if self.publishing is None else self.publishing.count(client.id)

    def uses(self, client: ClientConnection) -> ConnectionUses:
        """All of it."""
        return ConnectionUses(
            sorted(self._publishes(client), key=lambda each: (each.namespace, each.group, each.service)),
            sorted(self._subscribes(client), key=lambda each: (each.namespace, each.group, each.service)),
            sorted(self._listens(client), key=lambda each: (each.namespace, each.group, each.data_id)),
        )

    def _publishes(self, client: ClientConnection) -> Iterator[PublishedService]:
        published = {} if self.publishing is None else self.publishing.of(client.id)
        for (namespace, grouped), found in published.items():
            group, name = split_name(grouped)
            shown = [f"{each.ip}:{each.port}@{each.cluster}" for each in found]
            yield PublishedService(namespace, group, name, shown)

    def _subscribes(self, client: ClientConnection) -> Iterator[SubscribedService]:
        for each in [] if self.pushes is None else self.pushes.audience.of_client(client.id):
            namespace, grouped = each.service
            yield SubscribedService(namespace, *split_name(grouped), each.clusters)

    def _listens(self, client: ClientConnection) -> Iterator[ListenedConfig]:
        for each in [] if self.listeners is None else self.listeners.keys(client):
            yield ListenedConfig(*each)
