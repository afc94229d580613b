"""The connected clients of this node, for the operations of the cluster."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from nacos_tw.cluster.operations.connections import ConnectionInfo
from nacos_tw.grpc.connections import ClientConnection, Connections


@attrs.frozen
class ConnectedHere:
    """
    L{nacos_tw.cluster.operations.connections.Connected}.

    @ivar seconds: the clock of the connections.
    @ivar counts: how many services a client subscribes to, and to how many configs it listens.
    """

    connections: Connections
    seconds: Callable[[], float]
    counts: Callable[[ClientConnection], tuple[int, int]]

    def current(self) -> list[ConnectionInfo]:
        """All that are here now."""
        return [self._info(client) for client in self.connections]

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
        subscribes, listens = self.counts(client)
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
        )
