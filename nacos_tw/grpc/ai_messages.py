"""Requests and responses of the module C{ai} (docs/spec/grpc.md#14, docs/ai.md)."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType

from nacos_tw.ai.agent_model import AgentCard, AgentEndpoint
from nacos_tw.ai.mcp_model import BasicInfo, EndpointSpec
from nacos_tw.grpc.messages import Response


class McpRequest(Struct, gc=False):
    """What every request about an MCP server has."""

    namespaceId: str | None = None  # noqa: N815 - the names of the wire, here and below
    mcpId: str | None = None  # noqa: N815
    mcpName: str | None = None  # noqa: N815


class QueryMcpServerRequest(McpRequest, gc=False):
    """@ivar version: "" or None for the latest."""

    version: str | None = None


class ReleaseMcpServerRequest(McpRequest, gc=False):
    """A server, or a version of one, with what goes with it."""

    serverSpecification: BasicInfo | None = None  # noqa: N815
    toolSpecification: dict[str, Any] | None = None  # noqa: N815
    resourceSpecification: dict[str, Any] | None = None  # noqa: N815
    endpointSpecification: EndpointSpec | None = None  # noqa: N815


class McpServerEndpointRequest(McpRequest, gc=False):
    """@ivar type: C{registerEndpoint} or C{deregisterEndpoint}."""

    address: str | None = None
    port: int = 0
    version: str | None = None
    type: str | None = None


class QueryMcpServerResponse(Response, kw_only=True):
    """@ivar mcpServerDetailInfo: a L{Detail<nacos_tw.ai.mcp_model.Detail>}."""

    mcpServerDetailInfo: Raw | UnsetType = UNSET  # noqa: N815


class ReleaseMcpServerResponse(Response, kw_only=True):
    """@ivar mcpId: of the server."""

    mcpId: str | UnsetType = UNSET  # noqa: N815


class McpServerEndpointResponse(Response, kw_only=True):
    """@ivar type: that of the request."""

    type: str | UnsetType = UNSET


class AgentRequest(Struct, gc=False):
    """What every request about an agent has."""

    namespaceId: str | None = None  # noqa: N815
    agentName: str | None = None  # noqa: N815


class QueryAgentCardRequest(AgentRequest, gc=False):
    """@ivar registrationType: how its address is found; "" as it is stored."""

    version: str | None = None
    registrationType: str | None = None  # noqa: N815


class ReleaseAgentCardRequest(AgentRequest, gc=False):
    """A card, to be published if that version is not there."""

    agentCard: AgentCard | None = None  # noqa: N815
    registrationType: str | None = None  # noqa: N815
    setAsLatest: bool | None = False  # noqa: N815


class AgentEndpointRequest(AgentRequest, gc=False):
    """@ivar type: as of L{McpServerEndpointRequest}."""

    endpoint: AgentEndpoint | None = None
    type: str | None = None


class BatchAgentEndpointRequest(AgentRequest, gc=False):
    """@ivar endpoints: all that this connection has of the agent, of one version."""

    endpoints: list[AgentEndpoint] | None = None
    type: str | None = None


class QueryAgentCardResponse(Response, kw_only=True):
    """@ivar agentCardDetailInfo: the card."""

    agentCardDetailInfo: Raw | UnsetType = UNSET  # noqa: N815


class ReleaseAgentCardResponse(Response):
    """Published, or why not."""


class AgentEndpointResponse(Response, kw_only=True):
    """@ivar type: that of the request."""

    type: str | UnsetType = UNSET


class QueryPromptRequest(Struct, gc=False):
    """@ivar md5: of what the client has of it."""

    namespaceId: str | None = None  # noqa: N815
    promptKey: str | None = None  # noqa: N815
    version: str | None = None
    label: str | None = None
    md5: str | None = None


class QueryPromptResponse(Response, kw_only=True):
    """@ivar promptInfo: the prompt."""

    promptInfo: Raw | UnsetType = UNSET  # noqa: N815
