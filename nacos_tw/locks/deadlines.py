"""The leader's deadlines for grants, waiters and clients, by their numbers."""

from __future__ import annotations

from array import array
from collections.abc import Callable

CLIENTS = 1 << 62
"""Added to a client's number where numbers of the registry's leases are renewed with it: these are never so high."""


class Deadlines:
    """When what is over. Counted on every node, so that one that becomes leader knows the terms."""

    def __init__(self, seconds: Callable[[], float], grace: float) -> None:
        """
        @param seconds: a clock that nobody sets.
        @param grace: seconds without a renewal after which a client is taken for gone.
        """
        self._seconds = seconds
        self._grace = grace
        self._terms: dict[int, float] = {}
        self._ends: dict[int, float] = {}
        self._clients: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._ends) + len(self._clients)

    def start(self, number: int, millis: int) -> None:
        """A time begins; 0 for a client's."""
        if millis:
            self._terms[number] = millis / 1000
            self._ends[number] = self._seconds() + millis / 1000
        else:
            self._clients[CLIENTS + number] = self._seconds() + self._grace

    def end(self, number: int) -> None:
        """There is nothing with that number any more."""
        self._ends.pop(number, None)
        self._terms.pop(number, None)
        self._clients.pop(CLIENTS + number, None)

    def renew(self, numbers: bytes) -> None:
        """Nodes say that these leases hold, among them clients'."""
        clients = self._clients
        if clients:
            end = self._seconds() + self._grace
            clients.update(dict.fromkeys(clients.keys() & array("Q", numbers), end))

    def restart(self) -> None:
        """All get a full term from now, as a new leader gives it."""
        now = self._seconds()
        self._ends = {number: now + term for number, term in self._terms.items()}
        self._clients = dict.fromkeys(self._clients, now + self._grace)

    def excuse(self, seconds: float) -> None:
        """This node could not listen for so long."""
        self._ends = {number: end + seconds for number, end in self._ends.items()}
        self._clients = {number: end + seconds for number, end in self._clients.items()}

    def clear(self) -> None:
        """Another state takes the place of this one."""
        self._terms.clear()
        self._ends.clear()
        self._clients.clear()

    def due(self) -> list[int]:
        """Numbers whose time is over."""
        now = self._seconds()
        over = [number for number, end in self._ends.items() if end <= now]
        return over + [number - CLIENTS for number, end in self._clients.items() if end <= now]
