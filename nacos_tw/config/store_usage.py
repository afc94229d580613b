"""
Counts the usage of quotas in a transaction with many new configs: each counter row is written once or twice in all, not
once for each config.
"""

from __future__ import annotations

from typing import Any, Protocol

from nacos_tw.config import store_capacity
from nacos_tw.config.model import ConfigKey
from nacos_tw.storage.txn import Txn


class Counting(Protocol):
    """Takes new configs of a transaction."""

    def add(self, txn: Txn, key: ConfigKey, at: Any) -> None:
        """A config has come. @param at: the time, as a column's value."""


class LateUsage:
    """
    What new configs add to the counters, none of which is touched before L{write}: who inserts several configs on a
    shared database must not hold the counters meanwhile.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], int] = {}
        self._at: Any = None

    def add(self, txn: Txn, key: ConfigKey, at: Any) -> None:
        """As L{Counting.add}."""
        tenant, group, _ = key
        self._at = at
        for place in (("", ""), (tenant, "" if tenant else group)):
            self._places[place] = self._places.get(place, 0) + 1

    def write(self, txn: Txn) -> None:
        """Bring the rows up to date, the cluster's first."""
        places, self._places = self._places, {}
        for (tenant, group), more in sorted(places.items()):
            store_capacity.count_in(txn, tenant, group, more, self._at)


class Usage:
    """
    What new configs add to the counters and is not in their rows yet.

    The rows end as if each config had been counted by itself: the first one of a group or namespace is, which makes its
    row if there is none. Call L{write} before anything else looks at the rows, and before the transaction ends.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], tuple[int, Any]] = {}
        self._cluster: tuple[int, Any] = (0, None)

    def add(self, txn: Txn, key: ConfigKey, at: Any) -> None:
        """A config has come. @param at: the time, as a column's value."""
        tenant, group, _ = key
        place = (tenant, "" if tenant else group)
        found = self._places.get(place)
        if found is None:
            store_capacity.add_usage(txn, key, 1, at)
            self._places[place] = (0, at)
            self._cluster = (self._cluster[0], at)  # the row has this time; what is still to be added must not undo it
        else:
            self._places[place] = (found[0] + 1, at)
            self._cluster = (self._cluster[0] + 1, at)

    def write(self, txn: Txn) -> None:
        """Bring the rows up to date."""
        if not self._places:
            return
        for (tenant, group), (more, at) in (*self._places.items(), (("", ""), self._cluster)):
            if more:
                store_capacity.count_more(txn, tenant, group, more, at)
        self.forget()

    def forget(self) -> None:
        """The transaction was rolled back."""
        self._places.clear()
        self._cluster = (0, None)
