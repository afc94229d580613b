"""Three nodes with clients of 2.x, the leader's real timers, and connections that are ids."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from nacos_tw.naming.cleaner import Keeping, OverrideCleaner
from nacos_tw.naming.clients import Clients
from nacos_tw.naming.expirer import Expirer
from nacos_tw.naming.model import Instance, ServiceKey
from nacos_tw.naming.queries import service_of
from nacos_tw.naming.requests import Registration
from tests.naming.building import P1
from tests.naming.cluster import NamingNodes
from tests.raft.nodes import Member


def registration(ip: str = "10.0.0.1", port: int = 8080, service: ServiceKey = P1, **fields: Any) -> Registration:
    """What a client asks for."""
    return Registration(service, ip, port, **fields)


class ClientNodes(NamingNodes):
    """
    @ivar clients: the Clients of each node that is up.
    @ivar level: of the commands that each node can apply.
    """

    def __init__(self, names: str = "ABC", **options: Any) -> None:
        self.clients: dict[str, Clients] = {}
        self._timers: dict[str, tuple[Expirer, OverrideCleaner]] = {}
        self.level = dict.fromkeys(names, 1)
        super().__init__(names, **options)

    def _join(self, member: Member) -> None:
        super()._join(member)
        name, naming, node = member.name, self.namings[member.name], member.node
        assert node is not None
        self._end(name)
        expirer = Expirer(self.clock, naming.registry, naming.leases, naming.change)
        cleaner = OverrideCleaner(self.clock, naming.registry, naming.leases, naming.change, Keeping())
        clients = Clients(self.clock, naming, name, node.renew, lambda: node.is_leader)
        naming.members_level = lambda: min(self.level.values())
        for part in (expirer, cleaner, clients):
            part.startService()
        self.clients[name], self._timers[name] = clients, (expirer, cleaner)

        def role_changed() -> None:
            expirer.leader_changed(node.is_leader)
            cleaner.leader_changed(node.is_leader)
            naming.role_changed()

        node.on_role = role_changed

    def _end(self, name: str) -> None:
        """The timers of a process end with it."""
        if name in self.clients:
            self.clients.pop(name).stopService()
            for part in self._timers.pop(name):
                part.stopService()

    def crash(self, name: str) -> None:
        """Kill a node and its connections."""
        super().crash(name)
        self._end(name)

    def connect(self, name: str, *ids: str) -> Clients:
        """Connections come to a node."""
        for id_ in ids:
            self.clients[name].connected(id_)
        return self.clients[name]

    def done(self, deferred: Deferred[Any]) -> Any:
        """The result, or the exception, of something that is under way."""
        results: list[Any] = []
        deferred.addBoth(results.append)
        self.run_until(lambda: results)
        (result,) = results
        return result.value if isinstance(result, Failure) else result

    def publish(self, name: str, id_: str, *ips: str, **fields: Any) -> Any:
        """A connection publishes these addresses of p1."""
        wanted = tuple(registration(ip, **fields) for ip in ips)
        return self.done(self.connect(name, id_).publish_batch(id_, P1, wanted))

    def instance(self, name: str, ip: str, service: ServiceKey = P1) -> Instance | None:
        """The ephemeral instance with that address, as a node shows it."""
        naming = self.namings[name]
        found = service_of(naming.registry, naming.overlay, service)
        return None if found is None else found.ephemeral.get(("DEFAULT", ip, 8080))

    def ips(self, name: str, service: ServiceKey = P1) -> list[str]:
        """The addresses that a node shows of a service."""
        return [each.partition(":")[0] for each in self.shown(name, service)]
