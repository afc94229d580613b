"""How much there is in the registry, for the metrics endpoints."""

from __future__ import annotations

import attrs

from nacos_tw.http.v1.faces import Naming


@attrs.define
class Counts:
    """Counts what this node shows. Everything but L{clients} costs next to nothing."""

    naming: Naming
    _at: int = -1
    _clients: tuple[int, int] = (0, 0)

    def services(self) -> int:
        """All services, those of provisional instances included."""
        services = self.naming.registry.services
        return len(services) + sum(key not in services for key in self.naming.overlay)

    def instances(self) -> int:
        """All instances of both kinds, provisional ones included."""
        registry = self.naming.registry
        count = len(registry.by_number)
        for key, laid in self.naming.overlay.items():
            service = registry.services.get(key)
            known = service.ephemeral if service is not None else {}
            count += sum((instance is not None) - (at in known) for at, instance in laid.items())
        return count

    def subscribers(self) -> int:
        """Clients of this node that are told of changes."""
        return sum(1 for _ in self.naming.push.subscribers())

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
