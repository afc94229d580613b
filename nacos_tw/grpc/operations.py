"""
The connected clients of this node, and sending them to others: what C{/v2/core/loader}, v3 and the console call
(docs/spec/grpc.md#6, #9).
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import msgspec

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.grpc.connections import ClientConnection, Connections


@attrs.frozen
class ConnectionInfo:
    """
    One client.

    @ivar ip: as it declares it; C{remote_ip}, C{remote_port}: where it comes from.
    @ivar version: C{Nacos-Java-Client:v2.5.1}; C{module}: C{naming}, C{config} and so on.
    @ivar namespace: of config clients, as it was sent.
    @ivar abilities: that it says it has; C{labels}: all that it sent.
    @ivar since: milliseconds since 1970; C{idle}: seconds since it was last heard of.
    @ivar subscribes: services that it subscribes to; C{listens}: configs that it listens to.
    """

    id: str
    ip: str
    remote_ip: str
    remote_port: int
    version: str
    app: str
    module: str
    namespace: str
    abilities: dict[str, bool]
    labels: dict[str, str]
    since: int
    idle: float
    subscribes: int
    listens: int


class All(msgspec.Struct, frozen=True, gc=False):
    """All clients of this node."""

    def resource(self) -> str:
        """None."""
        return ""


class Reset(msgspec.Struct, frozen=True, gc=False):
    """
    Clients to be sent to another node: C{client}, or if that is "" all but C{keep} of those that are here.

    C{server}: C{ip:port} of its main port; "" for any.
    """

    client: str = ""
    keep: int = 0
    server: str = ""

    def resource(self) -> str:
        """None."""
        return ""

    def details(self) -> dict[str, str]:
        """Who, and where to."""
        return {"clientId": self.client, "count": "" if self.client else str(self.keep), "value": self.server}


class ConnectedClients(Operations):
    """Those of this node."""

    __slots__ = ("_connections", "_counts", "_seconds")

    def __init__(
        self,
        connections: Connections,
        seconds: Callable[[], float],
        counts: Callable[[ClientConnection], tuple[int, int]],
        audit: AuditLog,
    ) -> None:
        """
        @param seconds: the clock of the connections.
        @param counts: how many services a client subscribes to, and to how many configs it listens.
        """
        super().__init__(audit)
        self._connections = connections
        self._seconds = seconds
        self._counts = counts

    @operation(Rule("read", "cluster"))
    def current(self, caller: Caller, request: All) -> list[ConnectionInfo]:
        """All that are here now."""
        return [self._info(client) for client in self._connections]

    @operation(Rule("admin", "", recorded=True))
    def reset(self, caller: Caller, request: Reset) -> int:
        """
        Ask clients to go elsewhere; that they do is not waited for.

        @return: how many were asked.
        """
        if request.client:
            found = self._connections.get(request.client)
            asked = [] if found is None else [found]
        else:
            asked = list(self._connections)[: max(0, len(self._connections) - max(0, request.keep))]
        self._connections.reset(asked, request.server)
        return len(asked)

    def _info(self, client: ClientConnection) -> ConnectionInfo:
        subscribes, listens = self._counts(client)
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
            self._seconds() - client.last_active,
            subscribes,
            listens,
        )
