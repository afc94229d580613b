"""The connected clients of this node, for the operations of the cluster."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from nacos_tw.cluster.operations.connections import ConnectionInfo, ConnectionUses
from nacos_tw.grpc.connections import ClientConnection, Connections
from nacos_tw.grpc.using import Using


@attrs.frozen
class ConnectedHere:
    """
    L{nacos_tw.cluster.operations.connections.Connected}.

    @ivar seconds: the clock of the connections.
    @ivar using: what a client uses.
    """

    connections: Connections
    seconds: Callable[[], float]
    using: Using

    def current(self) -> list[ConnectionInfo]:
        """All that are here now."""
        return [self._info(client) for client in self.connections]

    def uses(self, client: str) -> tuple[ConnectionInfo, ConnectionUses] | None:
        """One of them, and what it uses; None if it is not here."""
        found = self.connections.get(client)
        return None if found is None else (self._info(found), self.using.uses(found))

    def reset(self, client: str, keep: int, server: str) -> int:
        """Ask clients to go elsewhere; that they do is not waited for."""
        if client:
            found = self.connections.get(client)
            asked = [] if found is None else [found]
        else:
            asked = list(self.connections)[: max(0, len(self.connections) - max(0, keep))]
        self.connections.reset(asked, server)
        return len(asked)

    def _info(self, client: ClientConnection) -> ConnectionInfo:
        subscribes, listens = self.using.counts(client)
        return ConnectionInfo(
            client.id,
            client.ip,
            client.remote_ip,
            client.remote_port,
            client.version,
            client.app,
            client.module,
            client.namespace or "",
            dict(client.abilities or {}),
            dict(client.labels),
            client.since,
            self.seconds() - client.last_active,
            subscribes,
            listens,
            self.using.published(client),
        )
