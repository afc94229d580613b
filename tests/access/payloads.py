"""Every payload type of gRPC, with a request that is well formed and what a caller needs for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from nacos_tw.access.operations import rule_of
from nacos_tw.ai.operations.agents import AgentCards, AgentEndpointOperations
from nacos_tw.ai.operations.mcp import McpServers
from nacos_tw.ai.operations.mcp_endpoints import McpEndpoints
from nacos_tw.ai.operations.prompts import Prompts
from nacos_tw.config.operations.contents import Contents
from nacos_tw.config.operations.subscribing import Subscribing
from nacos_tw.locks.operations import LockOperations
from nacos_tw.naming.operations.discovery import Discovery
from nacos_tw.naming.operations.instances import Instances
from nacos_tw.naming.operations.publications import Publications
from nacos_tw.naming.operations.watching import Watching

SERVICE = {"namespace": "dev", "serviceName": "s", "groupName": "g"}
INSTANCE = {"ip": "10.0.0.1", "port": 80, "clusterName": "c"}
PERSISTENT = {**INSTANCE, "ephemeral": False}
CONFIG = {"tenant": "dev", "dataId": "d", "group": "g"}
MCP = {"namespaceId": "dev", "mcpName": "m"}
MCP_SPEC = {"name": "m", "protocol": "stdio", "versionDetail": {"version": "1.0.0"}}
AGENT = {"namespaceId": "dev", "agentName": "a"}
AGENT_CARD = {"name": "a", "version": "1.0.0", "protocolVersion": "0.3.0", "url": "http://10.0.0.1"}
AGENT_ENDPOINT = {"address": "10.0.0.1", "port": 80, "version": "1.0.0", "transport": "JSONRPC"}
LOCK = {"lockInstance": {"key": "k", "lockType": "NACOS_LOCK", "owner": "o"}}

PAYLOADS: dict[str, list[tuple[Callable[..., Any], dict[str, Any]]]] = {
    "InstanceRequest": [
        (Publications.publish, {**SERVICE, "type": "registerInstance", "instance": INSTANCE}),
        (Publications.withdraw, {**SERVICE, "type": "deregisterInstance", "instance": INSTANCE}),
    ],
    "PersistentInstanceRequest": [
        (
            Instances.register_one_kind,
            {**SERVICE, "type": "registerInstance", "instance": PERSISTENT},
        ),
        (Instances.deregister, {**SERVICE, "type": "deregisterInstance", "instance": PERSISTENT}),
    ],
    "BatchInstanceRequest": [
        (Publications.publish, {**SERVICE, "type": "batchRegisterInstance", "instances": [INSTANCE]}),
    ],
    "ServiceQueryRequest": [(Discovery.look, SERVICE)],
    "ServiceListRequest": [(Discovery.names, SERVICE)],
    "SubscribeServiceRequest": [(Discovery.look, {**SERVICE, "subscribe": True})],
    "NamingFuzzyWatchRequest": [(Watching.watch, {"groupKeyPattern": "dev>>g>>s*", "watchType": "WATCH"})],
    "ConfigQueryRequest": [(Contents.read, CONFIG)],
    "ConfigPublishRequest": [
        (Contents.publish, {**CONFIG, "content": "c"}),
        (Contents.publish, {**CONFIG, "content": "c", "additionMap": {"betaIps": "10.0.0.1"}}),
    ],
    "ConfigRemoveRequest": [(Contents.remove, CONFIG), (Contents.remove, {**CONFIG, "tag": "t"})],
    "ConfigBatchListenRequest": [(Subscribing.listen, {"configListenContexts": [{**CONFIG, "md5": "m"}]})],
    "ConfigFuzzyWatchRequest": [(Subscribing.watch, {"groupKeyPattern": "dev>>g>>d*", "watchType": "WATCH"})],
    "QueryMcpServerRequest": [(McpServers.detail, MCP)],
    "ReleaseMcpServerRequest": [(McpServers.release, {**MCP, "serverSpecification": MCP_SPEC})],
    "McpServerEndpointRequest": [
        (McpEndpoints.register, {**MCP, "type": "registerEndpoint", "address": "10.0.0.1", "port": 80}),
        (McpEndpoints.withdraw, {**MCP, "type": "deregisterEndpoint", "address": "10.0.0.1", "port": 80}),
    ],
    "QueryAgentCardRequest": [(AgentCards.card, AGENT)],
    "ReleaseAgentCardRequest": [(AgentCards.release, {**AGENT, "agentCard": AGENT_CARD})],
    "AgentEndpointRequest": [
        (AgentEndpointOperations.register, {**AGENT, "type": "registerEndpoint", "endpoint": AGENT_ENDPOINT}),
        (AgentEndpointOperations.withdraw, {**AGENT, "type": "deregisterEndpoint", "endpoint": AGENT_ENDPOINT}),
    ],
    "BatchAgentEndpointRequest": [
        (AgentEndpointOperations.register, {**AGENT, "type": "batchRegisterEndpoint", "endpoints": [AGENT_ENDPOINT]}),
    ],
    "QueryPromptRequest": [(Prompts.query, {"namespaceId": "dev", "promptKey": "p"})],
    "LockOperationRequest": [
        (does, {**LOCK, "lockOperationEnum": name})
        for name, does in (
            ("ACQUIRE", LockOperations.acquire),
            ("RELEASE", LockOperations.release),
            ("RENEW", LockOperations.renew),
            ("CANCEL_WAIT", LockOperations.cancel_wait),
        )
    ],
}
"""By type: the operation that a request of it comes to, and its JSON."""


def payloads(types: Iterator[str]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """
    Type, rule and JSON of each request.

    @param types: those that the node serves.
    @raise KeyError: one of them is not in the table.
    """
    for type_ in types:
        for does, members in PAYLOADS[type_]:
            yield type_, rule_of(does), members
