"""Naming on whole Raft parts that are joined in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nacos_tw.interfaces import IStateMachine
from nacos_tw.naming.commands import Deregister, Register
from nacos_tw.naming.leases import Leases
from nacos_tw.naming.machine import NAME, NamingMachine
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.queries import instances_of, service_of
from nacos_tw.naming.registry import Registry
from nacos_tw.naming.subscriptions import Subscriptions
from nacos_tw.raft.sessions import Machines
from tests.naming.building import P1, register
from tests.raft.nodes import Member, Nodes


class NamingNodes(Nodes):
    """
    @ivar told: by node, the services of which its listeners were told.
    """

    def __init__(self, names: str = "ABC", seed: int = 0, **options: Any) -> None:
        self.namings: dict[str, Naming] = {}
        self.told: dict[str, list[ServiceKey]] = {name: [] for name in names}
        self._registry = Registry()
        super().__init__(names, seed, machine=self._make, prepare=self._join, **options)
        self.elect()
        self.run(0.1)

    def _make(self, name: str) -> IStateMachine:
        self._registry = Registry()
        return Machines({NAME: NamingMachine(self._registry)})

    def _join(self, member: Member) -> None:
        node, registry = member.node, self._registry
        assert node is not None
        naming = Naming(registry, Leases(self.clock.seconds, self.clock.seconds), node, Subscriptions(self.clock))

        def told(services: Iterable[ServiceKey]) -> None:
            self.told[member.name].extend(services)

        def beats(numbers: bytes) -> None:
            member.beats.update(memoryview(numbers).cast("Q"))
            naming.beats(numbers)

        naming.on_services.append(told)
        node.on_applied, node.on_beats, node.on_role = naming.applied, beats, naming.role_changed
        naming.trouble, naming.restoring = node.reason, lambda: node.restoring
        node.on_restored = naming.tell_changes
        self.namings[member.name] = naming

    def lose_majority(self) -> str:
        """All but one are cut off from it; it gives up hope of a leader."""
        left = self.follower()
        self.isolate(left)
        self.run_until(lambda: not self.node(left).available)
        return left

    def shown(self, name: str, service: ServiceKey = P1) -> list[str]:
        """The addresses that a node shows of a service."""
        naming = self.namings[name]
        found = service_of(naming.registry, naming.overlay, service)
        return sorted(f"{each.ip}:{each.port}" for each in instances_of(found)) if found else []

    def replicated(self, name: str, service: ServiceKey = P1) -> list[str]:
        """The addresses in a node's replicated state."""
        found = self.namings[name].registry.services.get(service)
        return sorted(f"{each.ip}:{each.port}" for each in instances_of(found)) if found else []

    def quiet(self) -> None:
        """The cluster is whole; no node has anything provisional left, and all hold the same."""
        self.heal()
        self.elect()
        self.run(2.0)
        assert not any(len(naming.provisional) or naming.overlay for naming in self.namings.values())
        states = {self.namings[name].registry.snapshot() for name in self.up}
        assert len(states) == 1, "the nodes hold different states"


def deregister(ip: str = "10.0.0.1", port: int = 8080, **fields: Any) -> Deregister:
    """The removal of what L{register} registers."""
    return Deregister(P1, ip, port, **fields)


def many(count: int) -> list[Register]:
    """Registrations of different instances."""
    return [register(f"10.1.{number // 250}.{number % 250}") for number in range(count)]
