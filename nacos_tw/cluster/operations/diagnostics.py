"""What is asked of a node when something is wrong: where it listens, and whether it reaches its database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import attrs

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.cluster.requests import Asking
from nacos_tw.storage.facts import StorageFacts


@attrs.frozen
class Ports:
    """
    Where a node listens; 0: it does not.

    @ivar raft: for the other members.
    @ivar console: the console's own port. Its pages are on C{http}, too, if C{pages}.
    """

    http: int
    grpc: int
    raft: int = 0
    console: int = 0
    pages: bool = True


class Diagnostics(Operations):
    """For operators."""

    __slots__ = ("_ports", "_storage")

    def __init__(
        self, ports: Callable[[], Ports], storage: Callable[[], Awaitable[StorageFacts]], audit: AuditLog
    ) -> None:
        """@param storage: looks at the database each time it is called."""
        super().__init__(audit)
        self._ports = ports
        self._storage = storage

    @operation(Rule("read", "cluster"))
    def ports(self, caller: Caller, request: Asking) -> Ports:
        """Where it listens."""
        return self._ports()

    @operation(Rule("admin"))
    async def storage(self, caller: Caller, request: Asking) -> StorageFacts:
        """Where it keeps configs; a shared database is connected to and asked now."""
        return await self._storage()
