"""How much there is in the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import attrs

from nacos_tw.naming import queries
from nacos_tw.naming.naming import Naming


@attrs.define
class Counts:
    """Counts what this node shows. Everything but L{clients} costs next to nothing."""

    naming: Naming
    _at: int = -1
    _clients: tuple[int, int] = (0, 0)

    def totals(self) -> queries.Totals:
        """Services and instances."""
        return queries.counts(self.naming.registry, self.naming.overlay)

    def subscribers(self) -> int:
        """Subscriptions at this node, on whatever way they are told of changes."""
        return len(self.naming.subscriptions)

    def waiting(self) -> int:
        """Services that changed and whose subscribers have not been told yet."""
        return self.naming.subscriptions.waiting

    def publishers(self) -> int:
        """Addresses whose instances have leases of their own, which beats renew."""
        instances = self.naming.registry.by_number.values()
        return len({(each.ip, each.port) for each in instances if each.ephemeral and not each.client})

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


class Pushes(Protocol):
    """What became of pushes over UDP: L{nacos_tw.push.acks.Acks}; costs in milliseconds."""

    @property
    def total(self) -> int: ...
    @property
    def failed(self) -> int: ...
    @property
    def worst_cost(self) -> float: ...
    @property
    def average_cost(self) -> float: ...


LEADER_STATUS = {"LEADER": 1, "FOLLOWER": 0, "CANDIDATE": 2}


def naming_monitor(counts: Counts, pushes: Pushes, role: str, checks: Mapping[str, int]) -> dict[str, float]:
    """
    Nacos's own gauges of the module C{naming}.

    @param role: of the Raft part.
    @param checks: how many probes of each kind were made (C{tcpHealthCheck}, C{httpHealthCheck}, C{mysqlhealthCheck}).
    """
    totals = counts.totals()
    return {
        "serviceCount": totals.services,
        "ipCount": totals.instances,
        "subscriberCount": counts.subscribers(),
        "maxPushCost": pushes.worst_cost,
        "avgPushCost": pushes.average_cost,
        "leaderStatus": LEADER_STATUS.get(role, 0),
        "totalPush": pushes.total,
        "failedPush": pushes.failed,
        "tcpHealthCheck": 0,
        "httpHealthCheck": 0,
        "mysqlhealthCheck": 0,
        "mysqlHealthCheck": checks.get("mysqlhealthCheck", 0),
        "totalPushCountForAvg": pushes.total - pushes.failed,
        "pushPendingTaskCount": counts.waiting(),
        **checks,
    }
