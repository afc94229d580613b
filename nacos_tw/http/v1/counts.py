"""How much there is in the registry, for the metrics endpoints."""

from __future__ import annotations

import attrs

from nacos_tw.http.v1.faces import Naming
from nacos_tw.naming import queries


@attrs.define
class Counts:
    """Counts what this node shows. Everything but L{clients} costs next to nothing."""

    naming: Naming
    _at: int = -1
    _clients: tuple[int, int] = (0, 0)

    def totals(self) -> queries.Counts:
        """Services and instances."""
        return queries.counts(self.naming.registry, self.naming.overlay)

    def subscribers(self) -> int:
        """Subscriptions at this node, on whatever way they are told of changes."""
        return len(self.naming.subscriptions)

    def clients(self) -> dict[str, int]:
        """The counts of 2.5.1: a client is an ip:port of one kind."""
        registry = self.naming.registry
        if self._at != registry.version:
            instances = registry.by_number.values()
            ephemeral = len({(each.ip, each.port) for each in instances if each.ephemeral})
            persistent = len({(each.ip, each.port) for each in instances if not each.ephemeral})
            self._at, self._clients = registry.version, (ephemeral, persistent)
        ephemeral, persistent = self._clients
        return {
            "subscribeCount": self.subscribers(),
            "clientCount": ephemeral + persistent,
            "connectionBasedClientCount": 0,
            "ephemeralIpPortClientCount": ephemeral,
            "persistentIpPortClientCount": persistent,
            "responsibleClientCount": ephemeral + persistent,
        }
