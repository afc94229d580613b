"""The registry of one node, put together: its face, and what happens to it by the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred

from nacos_tw.interfaces import IProposer
from nacos_tw.naming.cleaner import Cleaner, Cleaning, Keeping, OverrideCleaner
from nacos_tw.naming.clients import Clients
from nacos_tw.naming.expirer import Expirer
from nacos_tw.naming.leases import Leases
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.probes import Probes
from nacos_tw.naming.registry import Registry
from nacos_tw.naming.subscriptions import Subscriptions
from nacos_tw.settings.settings import Settings


@attrs.frozen
class RegistryParts:
    """
    What a registry is made of.

    @ivar naming: its face; C{leases}: of instances and clients.
    @ivar expirer: ends leases where this node leads; C{cleaner}: removes services that stay empty; C{overrides}:
        forgets what operators changed of instances that are gone; C{probes}: asks
        persistent instances how they are.
    @ivar clients: the connections of this node and what they publish.
    """

    naming: Naming
    leases: Leases
    expirer: Expirer
    cleaner: Cleaner
    overrides: OverrideCleaner
    probes: Probes
    clients: Clients

    def leader_changed(self, leads: bool) -> None:
        """This node leads from now on, or another one does."""
        for part in (self.expirer, self.cleaner, self.overrides, self.probes):
            part.leader_changed(leads)
        self.naming.role_changed()


def build_registry(
    settings: Settings,
    reactor: Any,
    registry: Registry,
    proposer: IProposer,
    node: str,
    renew: Callable[[int], Deferred[None] | None],
    leads: Callable[[], bool],
    silent: Callable[[str], bool],
) -> RegistryParts:
    """
    Make them.

    @param registry: the state, which the log changes.
    @param node: this node's name.
    @param renew: renews a lease by its number.
    @param leads: whether this node leads others.
    @param silent: whether another node is not heard of, though it may live.
    """
    wanted, leases = settings.naming, Leases()
    naming = Naming(registry, leases, proposer, Subscriptions(reactor))
    probes = Probes(reactor, registry, naming.change)
    naming.on_services.append(probes.service_changed)
    return RegistryParts(
        naming,
        leases,
        Expirer(
            reactor, registry, leases, naming.change,
            expire_instance=wanted.expire_instance, client_grace=wanted.client_grace, silent=silent,
        ),
        Cleaner(reactor, registry, naming.change, Cleaning(wanted.clean_initial_delay, wanted.clean_period)),
        OverrideCleaner(
            reactor, registry, leases, naming.change, Keeping(wanted.metadata_expired, wanted.metadata_clean_period)
        ),
        probes,
        Clients(reactor, naming, node, renew, leads, wanted.client_grace),
    )  # fmt: skip
