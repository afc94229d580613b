"""All routes of v3."""

from __future__ import annotations

from nacos_tw.cluster.operations.node import Nodes
from nacos_tw.config.operations.assembly import ConfigOperations
from nacos_tw.http.api.parts import Guards, NamingParts
from nacos_tw.http.routing import Area
from nacos_tw.http.v3.client_configs import ClientConfigsV3
from nacos_tw.http.v3.config_ops import ConfigOpsV3
from nacos_tw.http.v3.configs import ADMIN, CONSOLE, AdminBatchV3, ConfigsV3, ConsoleBatchV3, ListenersV3
from nacos_tw.http.v3.history import HistoryV3
from nacos_tw.http.v3.instances import AdminInstancesV3
from nacos_tw.http.v3.services import AdminServicesV3
from nacos_tw.http.v3.transfers import AdminTransfersV3, ConsoleTransfersV3, TransfersV3


def naming_areas(guards: Guards, naming: NamingParts) -> list[Area]:
    """C{/v3/client/ns}, C{/v3/admin/ns} and C{/v3/console/ns}."""
    return [
        AdminInstancesV3(guards.admin, naming.instances, naming.services),
        AdminServicesV3(guards.admin, naming.services),
    ]


def config_areas(guards: Guards, config: ConfigOperations, nodes: Nodes) -> list[Area]:
    """C{/v3/client/cs}, C{/v3/admin/cs} and C{/v3/console/cs}."""
    admin, console = guards.admin, guards.console
    areas: list[Area] = [ClientConfigsV3(guards.open, config.contents)]
    for prefix, guard in ((ADMIN, admin), (CONSOLE, console)):
        areas += [
            ConfigsV3(prefix, guard, config.contents, config.copies, config.listening),
            TransfersV3(prefix, guard, config.transfers),
            HistoryV3(prefix.replace("/config", "/history"), guard, config.history, config.contents),
        ]
    return [
        *areas,
        AdminBatchV3(admin, config.contents),
        ConsoleBatchV3(console, config.contents),
        AdminTransfersV3(admin, config.transfers),
        ConsoleTransfersV3(console, config.transfers),
        ListenersV3("/v3/admin/cs/listener", admin, config.listening),
        ListenersV3("/v3/console/cs/config/listener/ip", console, config.listening),
        ConfigOpsV3(admin, config.capacities, config.local_cache, nodes),
    ]
