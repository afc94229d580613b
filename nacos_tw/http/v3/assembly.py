"""All routes of v3."""

from __future__ import annotations

from nacos_tw.cluster.operations.node import Nodes
from nacos_tw.config.operations.assembly import ConfigOperations
from nacos_tw.http.api.parts import AccountParts, ApiParts, ClusterParts, Guards, NamingParts
from nacos_tw.http.routing import Area
from nacos_tw.http.v3 import namespaces
from nacos_tw.http.v3.accounts import LoginV3, PermissionsV3, RolesV3, UsersV3
from nacos_tw.http.v3.client_configs import ClientConfigsV3
from nacos_tw.http.v3.client_instances import ClientInstancesV3
from nacos_tw.http.v3.clients import ClientsV3, SubscribersV3
from nacos_tw.http.v3.config_ops import ConfigOpsV3
from nacos_tw.http.v3.configs import ADMIN, CONSOLE, AdminBatchV3, ConfigsV3, ConsoleBatchV3, ListenersV3
from nacos_tw.http.v3.core import ConsoleCoreV3, CoreV3
from nacos_tw.http.v3.history import HistoryV3
from nacos_tw.http.v3.instances import AdminInstancesV3, ConsoleInstancesV3
from nacos_tw.http.v3.namespaces import AdminCheckV3, ConsoleCheckV3, NamespacesV3
from nacos_tw.http.v3.operator import ClustersV3, OperatorV3
from nacos_tw.http.v3.services import ServicesV3
from nacos_tw.http.v3.transfers import AdminTransfersV3, ConsoleTransfersV3, TransfersV3
from nacos_tw.namespaces.operations import Namespaces


def naming_areas(guards: Guards, naming: NamingParts, cluster: ClusterParts) -> list[Area]:
    """C{/v3/client/ns}, C{/v3/admin/ns} and C{/v3/console/ns}."""
    return [
        ClientInstancesV3.make(guards.open, naming.instances, naming.beats, naming.discovery),
        AdminInstancesV3(guards.admin, naming.instances, naming.services),
        ServicesV3("/v3/admin/ns/service", guards.admin, naming.services),
        ServicesV3("/v3/console/ns/service", guards.console, naming.services),
        ConsoleInstancesV3(guards.console, naming.instances, naming.services),
        ClientsV3(guards.admin, naming.clients, cluster.members),
        OperatorV3(guards.admin, naming.switches, naming.counting, cluster.nodes, naming.health),
        SubscribersV3("/v3/admin/ns/service/subscribers", guards.admin, naming.clients),
        SubscribersV3("/v3/console/ns/service/subscribers", guards.console, naming.clients),
        ClustersV3("/v3/admin/ns/cluster", guards.admin, naming.services),
        ClustersV3("/v3/console/ns/service/cluster", guards.console, naming.services),
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


def namespace_areas(guards: Guards, does: Namespaces) -> list[Area]:
    """C{/v3/admin/core/namespace} and C{/v3/console/core/namespace}."""
    return [
        NamespacesV3(namespaces.ADMIN, guards.admin, does),
        NamespacesV3(namespaces.CONSOLE, guards.console, does),
        AdminCheckV3(guards.admin, does),
        ConsoleCheckV3(guards.console, does),
    ]


def account_areas(guards: Guards, does: AccountParts) -> list[Area]:
    """C{/v3/auth}."""
    guard = guards.admin
    return [
        LoginV3(guard, does.logins),
        UsersV3(guard, does.users),
        RolesV3(guard, does.roles),
        PermissionsV3(guard, does.permissions),
    ]


def areas(parts: ApiParts) -> list[Area]:
    """All of them."""
    guards, cluster = parts.guards, parts.cluster
    found: list[Area] = [
        CoreV3(guards.admin, cluster.members, cluster.nodes, cluster.orders),
        ConsoleCoreV3(guards.console, cluster.members, cluster.nodes),
    ]
    if parts.naming is not None:
        found += naming_areas(guards, parts.naming, cluster)
    if parts.config is not None:
        found += config_areas(guards, parts.config, cluster.nodes)
    if parts.namespaces is not None:
        found += namespace_areas(guards, parts.namespaces)
    if parts.accounts is not None:
        found += account_areas(guards, parts.accounts)
    return found
