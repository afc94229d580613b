"""
Lock holders without a connection: they send requests, each under the name of a session.

A session is a client of this node until it is ended, or until nothing was heard of it for L{SILENT} seconds; then its
locks are released. It stays at the node where it began.
"""

from __future__ import annotations

from twisted.application import service
from twisted.internet.interfaces import IReactorTime

from nacos_tw.locks.locks import Locks
from nacos_tw.timers import Periodic

SILENT = 60.0
LOOK = 5.0
PREFIX = "http_"
"""How the names of such clients begin: no connection's does."""


def client_of(session: str) -> str:
    """The client that a session is."""
    return PREFIX + session


class LockSessions(service.MultiService):
    """The sessions at this node."""

    def __init__(self, clock: IReactorTime, locks: Locks) -> None:
        super().__init__()
        self._clock = clock
        self._locks = locks
        self._heard: dict[str, float] = {}
        Periodic(clock, LOOK, self._look).setServiceParent(self)

    def heard(self, client: str) -> None:
        """A session has been heard of."""
        self._heard[client] = self._clock.seconds()
        self._locks.connected(client)

    def end(self, client: str) -> None:
        """It wants no more."""
        if self._heard.pop(client, None) is not None:
            self._locks.ended(client)

    def _look(self) -> None:
        silent = self._clock.seconds() - SILENT
        for client in [client for client, heard in self._heard.items() if heard < silent]:
            del self._heard[client]
            self._locks.ended(client)
