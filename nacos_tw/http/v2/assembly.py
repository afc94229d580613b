"""All routes of v2."""

from __future__ import annotations

from nacos_tw.config.operations.assembly import ConfigOperations
from nacos_tw.http.api.parts import ApiParts, NamingParts
from nacos_tw.http.guard import Guard
from nacos_tw.http.routing import Area
from nacos_tw.http.v2.beats import BeatsV2
from nacos_tw.http.v2.catalog import CatalogV2
from nacos_tw.http.v2.clients import ClientsV2
from nacos_tw.http.v2.configs import ConfigsV2
from nacos_tw.http.v2.core import CoreV2, HealthV2
from nacos_tw.http.v2.history import HistoryV2
from nacos_tw.http.v2.instances import InstancesV2
from nacos_tw.http.v2.listing import InstanceListV2
from nacos_tw.http.v2.loader import LoaderV2
from nacos_tw.http.v2.namespaces import NamespacesV2
from nacos_tw.http.v2.operator import PREFIXES, HealthByHandV2, OperatorV2
from nacos_tw.http.v2.services import ServicesV2
from nacos_tw.metrics.machine import Machine


def naming_areas(guard: Guard, naming: NamingParts) -> list[Area]:
    """C{/v2/ns}."""
    machine = Machine()
    return [
        *(OperatorV2(prefix, guard, naming.switches, naming.counting, machine) for prefix in PREFIXES),
        HealthByHandV2(guard, naming.health),
        ClientsV2(guard, naming.clients),
        InstancesV2(guard, naming.instances),
        InstanceListV2.make(guard, naming.discovery, naming.cache_millis),
        BeatsV2(guard, naming.beats),
        ServicesV2(guard, naming.services, naming.discovery),
        CatalogV2(guard, naming.services),
    ]


def config_areas(guard: Guard, config: ConfigOperations) -> list[Area]:
    """C{/v2/cs}."""
    return [ConfigsV2.make(guard, config.contents), HistoryV2(guard, config.history, config.contents)]


def areas(parts: ApiParts) -> list[Area]:
    """All of them."""
    guard, cluster = parts.guard, parts.cluster
    found: list[Area] = [
        CoreV2(guard, cluster.members, cluster.nodes, cluster.orders),
        HealthV2(guard, cluster.nodes),
        LoaderV2(guard, cluster.connections),
    ]
    if parts.naming is not None:
        found += naming_areas(guard, parts.naming)
    if parts.config is not None:
        found += config_areas(guard, parts.config)
    if parts.namespaces is not None:
        found.append(NamespacesV2(guard, parts.namespaces))
    return found
