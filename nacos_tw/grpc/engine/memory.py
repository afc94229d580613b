"""Caches of computed values, with limits: what was not used for longest is dropped first."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memory(Generic[K, V]):
    """
    Forgets what was not looked up for longest, to within a half of its size: so a hit in the newer half costs nothing.

    @ivar forgotten: how often a half was dropped.
    @ivar recent: finds what is in the newer half, or gives None; where each call counts, ask it before L{get}.
    """

    def __init__(self, most: int, bytes_: int) -> None:
        """
        @param most: entries; C{bytes_}: what they may cost together.
        """
        self._half = (max(1, most // 2), max(1, bytes_ // 2))
        self._new: dict[K, V] = {}
        self._old: dict[K, V] = {}
        self._costs: dict[K, int] = {}
        self._old_costs: dict[K, int] = {}
        self._cost = 0
        self.forgotten = 0
        self.recent: Callable[[K], V | None] = self._new.get

    def get(self, key: K) -> V | None:
        """What is remembered; None for nothing."""
        found = self.recent(key)
        if found is None and key in self._old:
            found = self._old.pop(key)
            self._add(key, found, self._old_costs.pop(key))
        return found

    def put(self, key: K, value: V, cost: int) -> None:
        """
        Remember it.

        @param cost: bytes. What would take more than a sixteenth of the room is not remembered.
        """
        if cost * 8 <= self._half[1]:
            if key in self._old:
                del self._old[key], self._old_costs[key]
            self._add(key, value, cost)

    def _add(self, key: K, value: V, cost: int) -> None:
        self._cost += cost - self._costs.get(key, 0)
        self._new[key] = value
        self._costs[key] = cost
        most, bytes_ = self._half
        if len(self._new) > most or self._cost > bytes_:
            self._old, self._old_costs = self._new, self._costs
            self._new, self._costs = {}, {}
            self._cost = 0
            self.recent = self._new.get
            self.forgotten += 1

    def __len__(self) -> int:
        return len(self._new) + len(self._old)

    @property
    def cost(self) -> int:
        """Bytes of all entries."""
        return self._cost + sum(self._old_costs.values())
