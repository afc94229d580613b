"""All routes of v3."""

from __future__ import annotations

from nacos_tw.ai.assembly import AiOperations
from nacos_tw.cluster.operations.node import Nodes
from nacos_tw.config.operations.assembly import ConfigOperations
from nacos_tw.http.api.parts import AccountParts, ApiParts, ClusterParts, NamingParts
from nacos_tw.http.guard import Guard
from nacos_tw.http.routing import Area
from nacos_tw.http.v3 import (
    ai_agents,
    ai_agentspecs,
    ai_imports,
    ai_mcp,
    ai_prompts,
    ai_skills,
    connections,
    gray,
    membership,
    namespaces,
)
from nacos_tw.http.v3.accounts import LoginV3, PermissionsV3, RolesV3, UsersV3
from nacos_tw.http.v3.client_configs import ClientConfigsV3
from nacos_tw.http.v3.client_instances import ClientInstancesV3
from nacos_tw.http.v3.clients import ClientsV3, SubscribersV3
from nacos_tw.http.v3.config_metrics import ConfigMetricsV3
from nacos_tw.http.v3.config_ops import ConfigOpsV3
from nacos_tw.http.v3.configs import (
    ADMIN,
    CONSOLE,
    AdminBatchV3,
    ConfigMetadataV3,
    ConfigsV3,
    ConsoleBatchV3,
    ListenersV3,
)
from nacos_tw.http.v3.connections import ConnectionsV3
from nacos_tw.http.v3.core import ConsoleCoreV3, CoreV3
from nacos_tw.http.v3.derby import DerbyV3
from nacos_tw.http.v3.diagnostics import DiagnosticsV3
from nacos_tw.http.v3.gray import GrayV3
from nacos_tw.http.v3.hashes import HashesV3
from nacos_tw.http.v3.history import HistoryV3
from nacos_tw.http.v3.instances import AdminInstancesV3, ConsoleInstancesV3
from nacos_tw.http.v3.loader import LoaderV3
from nacos_tw.http.v3.locks import LocksV3
from nacos_tw.http.v3.membership import MembershipV3
from nacos_tw.http.v3.namespaces import AdminCheckV3, ConsoleCheckV3, NamespacesV3
from nacos_tw.http.v3.notices import NoticesV3
from nacos_tw.http.v3.operator import ClustersV3, OperatorV3
from nacos_tw.http.v3.plugins import PluginsV3
from nacos_tw.http.v3.services import ServicesV3
from nacos_tw.http.v3.snapshots import SnapshotsV3
from nacos_tw.http.v3.transfers import AdminTransfersV3, ConsoleTransfersV3, TransfersV3
from nacos_tw.namespaces.operations import Namespaces


def naming_areas(guard: Guard, naming: NamingParts, cluster: ClusterParts) -> list[Area]:
    """C{/v3/client/ns}, C{/v3/admin/ns} and C{/v3/console/ns}."""
    return [
        ClientInstancesV3.make(guard, naming.instances, naming.beats, naming.discovery),
        AdminInstancesV3(guard, naming.instances, naming.services),
        ServicesV3("/v3/admin/ns/service", guard, naming.services),
        ServicesV3("/v3/console/ns/service", guard, naming.services),
        ConsoleInstancesV3(guard, naming.instances, naming.services),
        ClientsV3(guard, naming.clients, cluster.members),
        OperatorV3(guard, naming.switches, naming.counting, cluster.nodes, naming.health),
        SubscribersV3("/v3/admin/ns/service/subscribers", guard, naming.subscribers),
        SubscribersV3("/v3/console/ns/service/subscribers", guard, naming.subscribers),
        ClustersV3("/v3/admin/ns/cluster", guard, naming.services),
        ClustersV3("/v3/console/ns/service/cluster", guard, naming.services),
    ]


def config_areas(guard: Guard, config: ConfigOperations, nodes: Nodes) -> list[Area]:
    """C{/v3/client/cs}, C{/v3/admin/cs} and C{/v3/console/cs}."""
    areas: list[Area] = [ClientConfigsV3.make(guard, config.contents)]
    for prefix in (ADMIN, CONSOLE):
        areas += [
            ConfigsV3(prefix, guard, config.contents, config.copies, config.listening),
            TransfersV3(prefix, guard, config.transfers),
            HistoryV3(prefix.replace("/config", "/history"), guard, config.history, config.contents),
        ]
    areas += [GrayV3(prefix, guard, config.contents, config.copies) for prefix in (gray.ADMIN, gray.CONSOLE)]
    return [
        *areas,
        AdminBatchV3(guard, config.contents),
        ConsoleBatchV3(guard, config.contents),
        AdminTransfersV3(guard, config.transfers),
        ConsoleTransfersV3(guard, config.transfers),
        ListenersV3("/v3/admin/cs/listener", guard, config.listening),
        ListenersV3("/v3/console/cs/config/listener/ip", guard, config.listening),
        ConfigOpsV3(guard, config.capacities, config.local_cache, nodes),
        ConfigMetadataV3(guard, config.contents),
        ConfigMetricsV3(guard, config.listening),
        DerbyV3(guard, config.local_cache),
    ]


def namespace_areas(guard: Guard, does: Namespaces) -> list[Area]:
    """C{/v3/admin/core/namespace} and C{/v3/console/core/namespace}."""
    return [
        NamespacesV3(namespaces.ADMIN, guard, does),
        NamespacesV3(namespaces.CONSOLE, guard, does),
        AdminCheckV3(guard, does),
        ConsoleCheckV3(guard, does),
    ]


def account_areas(guard: Guard, does: AccountParts) -> list[Area]:
    """C{/v3/auth}."""
    return [
        LoginV3(guard, does.logins),
        UsersV3(guard, does.users),
        RolesV3(guard, does.roles),
        PermissionsV3(guard, does.permissions),
    ]


def ai_areas(guard: Guard, does: AiOperations) -> list[Area]:
    """C{/v3/client/ai}, C{/v3/admin/ai} and C{/v3/console/ai}."""
    return [
        *(ai_mcp.McpV3(prefix, guard, does.mcp) for prefix in (ai_mcp.ADMIN, ai_mcp.CONSOLE)),
        *(ai_imports.ImportsV3(prefix, guard, does.mcp_imports) for prefix in ai_imports.PREFIXES),
        ai_imports.ToolsV3(guard, does.mcp_imports),
        *(ai_agents.AgentsV3(prefix, guard, does.agents) for prefix in ai_agents.PREFIXES),
        ai_prompts.ClientPromptsV3(guard, does.prompts),
        *(ai_prompts.PromptsV3(prefix, guard, does.prompts) for prefix in ai_prompts.PREFIXES),
        ai_skills.ClientSkillsV3(guard, does.skills),
        *(ai_skills.SkillsV3(prefix, guard, does.skills) for prefix in ai_skills.PREFIXES),
        ai_agentspecs.ClientAgentSpecsV3(guard, does.agentspecs),
        *(ai_agentspecs.AgentSpecsV3(prefix, guard, does.agentspecs) for prefix in ai_agentspecs.PREFIXES),
    ]


def areas(parts: ApiParts) -> list[Area]:
    """All of them."""
    guard, cluster = parts.guard, parts.cluster
    found: list[Area] = [
        CoreV3(guard, cluster.members, cluster.nodes, cluster.orders),
        LoaderV3(guard, cluster.connections),
        SnapshotsV3(guard, cluster.backups),
        HashesV3(guard, cluster.hashes),
        DiagnosticsV3(guard, cluster.diagnostics),
        ConsoleCoreV3(guard, cluster.members, cluster.nodes),
        MembershipV3(membership.ADMIN, guard, cluster.membership, cluster.nodes, cluster.orders),
        MembershipV3(membership.CONSOLE, guard, cluster.membership, cluster.nodes, cluster.orders),
        ConnectionsV3(connections.ADMIN, guard, cluster.everywhere),
        ConnectionsV3(connections.CONSOLE, guard, cluster.everywhere),
        NoticesV3(guard, cluster.notices),
        PluginsV3("/v3/admin/core/plugin", guard, cluster.plugins),
        PluginsV3("/v3/console/plugin", guard, cluster.plugins),
    ]
    if parts.naming is not None:
        found += naming_areas(guard, parts.naming, cluster)
    if parts.config is not None:
        found += config_areas(guard, parts.config, cluster.nodes)
    if parts.namespaces is not None:
        found += namespace_areas(guard, parts.namespaces)
    if parts.accounts is not None:
        found += account_areas(guard, parts.accounts)
    if parts.ai is not None:
        found += ai_areas(guard, parts.ai)
    if parts.locks is not None:
        found.append(LocksV3(guard, parts.locks))
    return found
