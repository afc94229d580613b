"""Before a node of a cluster stops, its clients go to the others: none of them loses an answer or an instance."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from nacos_tw.grpc.connections import RESET_TIME, ClientConnection, Connections

LOOK = 0.05
"""Seconds between two looks at who has gone."""
TIME = 8.0
"""Seconds that all of it may take: those who are still here then see their streams end."""


class Moving:
    """Asks clients to move, and waits for them."""

    log = Logger()

    def __init__(self, clock: IReactorTime, connections: Connections, elsewhere: Callable[[], list[str]]) -> None:
        """
        @param elsewhere: C{ip:port} of the nodes that clients can go to now.
        """
        self._clock = clock
        self._connections = connections
        self._elsewhere = elsewhere
        self._waiting: set[ClientConnection] = set()
        self._under_way = 0

    async def move(self) -> int:
        """
        Ask all clients to go, each to one of the other nodes, and wait until those who said that they will have gone.

        It may be called again meanwhile: a node that is removed is often stopped at once. Who is asked twice leaves the
        new node, too, before it has registered there: so nobody is.

        @return: how many were asked.
        """
        self._under_way += 1
        try:
            return await self._move()
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._waiting.clear()

    async def _move(self) -> int:
        servers = self._elsewhere()
        clients = [client for client in self._connections if client not in self._waiting] if servers else []
        if clients:
            self.log.info("{count} clients are asked to go to other nodes", count=len(clients))
        self._waiting.update(clients)
        for place, server in enumerate(servers):
            some = clients[place :: len(servers)]
            for client, done in zip(some, self._connections.reset(some, server), strict=True):
                done.addCallback(self._answered, client)
        end = self._clock.seconds() + TIME
        while self._clock.seconds() < end and any(client.open for client in self._waiting):
            await self._pause()
        return len(clients)

    def _answered(self, will: bool, client: ClientConnection) -> None:
        if not will:
            self._waiting.discard(client)  # it does not know this request, and goes when its stream ends

    def _pause(self) -> Deferred[None]:
        paused: Deferred[None] = Deferred()
        self._clock.callLater(LOOK, paused.callback, None)
        return paused


assert RESET_TIME < TIME
