"""The leader's deadlines for grants, waiters and clients, by their numbers."""

from __future__ import annotations

from array import array
from collections.abc import Callable

CLIENTS = 1 << 62
"""Added to a client's number where numbers of the registry's leases are renewed with it: these are never so high."""


class Deadlines:
    """When what is over. Counted on every node, so that one that becomes leader knows the terms."""

    def __init__(self, seconds: Callable[[], float], grace: float, more: float = 0.0) -> None:
        """
        @param seconds: a clock that nobody sets.
        @param grace: seconds without a renewal after which a client is taken for gone.
        @param more: seconds on top of that for a client whose node is silent when they are over. It keeps them if the
            node is heard of again: until the client is, too.
        """
        self._seconds = seconds
        self._grace, self._more = grace, more
        self._terms: dict[int, float] = {}
        self._ends: dict[int, float] = {}
        self._clients: dict[int, float] = {}
        self._waited_for: set[int] = set()
        """Those of the clients that have been given more time since they were heard of."""

    def __len__(self) -> int:
        return len(self._ends) + len(self._clients)

    def start(self, number: int, millis: int) -> None:
        """A time begins; 0 for a client's."""
        if millis:
            self._terms[number] = millis / 1000
            self._ends[number] = self._seconds() + millis / 1000
        else:
            self._clients[CLIENTS + number] = self._seconds() + self._grace
            self._waited_for.discard(CLIENTS + number)

    def end(self, number: int) -> None:
        """There is nothing with that number any more."""
        self._ends.pop(number, None)
        self._terms.pop(number, None)
        self._clients.pop(CLIENTS + number, None)
        self._waited_for.discard(CLIENTS + number)

    def renew(self, numbers: bytes) -> None:
        """Nodes say that these leases hold, among them clients'."""
        clients = self._clients
        if clients:
            end = self._seconds() + self._grace
            heard = clients.keys() & array("Q", numbers)
            clients.update(dict.fromkeys(heard, end))
            self._waited_for -= heard

    def restart(self) -> None:
        """All get a full term from now, as a new leader gives it."""
        now = self._seconds()
        self._ends = {number: now + term for number, term in self._terms.items()}
        self._clients = dict.fromkeys(self._clients, now + self._grace)
        self._waited_for.clear()

    def excuse(self, seconds: float) -> None:
        """This node could not listen for so long."""
        self._ends = {number: end + seconds for number, end in self._ends.items()}
        self._clients = {number: end + seconds for number, end in self._clients.items()}

    def clear(self) -> None:
        """Another state takes the place of this one."""
        self._terms.clear()
        self._ends.clear()
        self._clients.clear()
        self._waited_for.clear()

    def due(self, silent: Callable[[int], bool] = lambda number: False) -> list[int]:
        """
        Numbers whose time is over.

        @param silent: whether the node of a client, given its number, is not heard of, though it may live.
        """
        now = self._seconds()
        over = [number for number, end in self._ends.items() if end <= now]
        late = [number for number, end in self._clients.items() if end <= now]
        for number in [each for each in late if each not in self._waited_for and silent(each - CLIENTS)]:
            self._waited_for.add(number)
            self._clients[number] += self._more
        return over + [number - CLIENTS for number in late if self._clients[number] <= now]
