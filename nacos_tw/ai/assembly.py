"""The AI registries of one node: their parts, and all operations on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred

from nacos_tw.access.audit import AuditLog
from nacos_tw.ai.agent_model import AGENT, AGENT_VERSION
from nacos_tw.ai.agents import Agents
from nacos_tw.ai.agentspec_package import AGENTSPEC
from nacos_tw.ai.documents import Documents
from nacos_tw.ai.fetching import Fetcher
from nacos_tw.ai.mcp_endpoints import Endpoints
from nacos_tw.ai.mcp_servers import GROUPS, Servers
from nacos_tw.ai.operations.agents import AgentCards, AgentEndpointOperations
from nacos_tw.ai.operations.agentspecs import AgentSpecs
from nacos_tw.ai.operations.mcp import McpServers
from nacos_tw.ai.operations.mcp_endpoints import McpEndpoints
from nacos_tw.ai.operations.mcp_imports import McpImports
from nacos_tw.ai.operations.mcp_registry import McpRegistry
from nacos_tw.ai.operations.prompts import Prompts
from nacos_tw.ai.operations.skills import Skills
from nacos_tw.ai.shelves import Shelf, groups_of
from nacos_tw.ai.skill_package import SKILL
from nacos_tw.ai.writing import Writer
from nacos_tw.config.configs import Configs
from nacos_tw.config.limits import Limits
from nacos_tw.naming.clients import Clients
from nacos_tw.naming.naming import Naming


@attrs.frozen
class AiParts:
    """
    What the registries are made of.

    @ivar millis: the wall clock, in epoch milliseconds.
    @ivar fetcher: asks other hosts.
    @ivar propose: see L{Writer}; None where configs are not in the log; C{members_level}: likewise.
    """

    configs: Configs
    naming: Naming
    clients: Clients
    limits: Limits
    millis: Callable[[], int]
    audit: AuditLog
    propose: Callable[[Any], Deferred[Any]] | None
    members_level: Callable[[], int]
    fetcher: Fetcher


@attrs.frozen
class AiOperations:
    """One object of each kind, for every API."""

    mcp: McpServers
    mcp_endpoints: McpEndpoints
    mcp_registry: McpRegistry
    mcp_imports: McpImports
    agents: AgentCards
    agent_endpoints: AgentEndpointOperations
    prompts: Prompts
    skills: Skills
    agentspecs: AgentSpecs


def ai_operations(parts: AiParts) -> AiOperations:
    """Make them."""
    groups = *GROUPS, AGENT, AGENT_VERSION, *groups_of("prompt"), *groups_of("skill"), *groups_of("agentspec")
    documents = Documents(parts.configs, groups)
    endpoints = Endpoints(parts.naming)
    writer = Writer(parts.configs, parts.naming, parts.limits, parts.millis, parts.propose, parts.members_level)
    servers = Servers(documents, endpoints)
    audit = parts.audit
    mcp = McpServers(servers, writer, audit)
    return AiOperations(
        mcp,
        McpEndpoints(servers, parts.clients),
        McpRegistry(servers),
        McpImports(servers, mcp, parts.fetcher, audit),
        AgentCards(Agents(documents, endpoints), writer, audit),
        AgentEndpointOperations(parts.clients),
        Prompts(Shelf(documents, "prompt"), writer, audit),
        Skills(SKILL, Shelf(documents, "skill"), writer, audit),
        AgentSpecs(AGENTSPEC, Shelf(documents, "agentspec"), writer, audit),
    )
