"""
Requests of clients to the AI registries. Errors are sent in the response of the request's own type: only then do
subscribed clients, which ask every 10 s, go on asking.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure

from nacos_tw.ai.agent_requests import AgentEndpoints as EndpointsOfAgent
from nacos_tw.ai.agent_requests import AgentWrite, OneAgent
from nacos_tw.ai.assembly import AiOperations
from nacos_tw.ai.jsons import compact
from nacos_tw.ai.prompt_requests import PromptQuery
from nacos_tw.ai.requests import McpEndpoint, McpWrite, OneMcp
from nacos_tw.config.model import tenant_of
from nacos_tw.errors import ClientUnknown, NacosError
from nacos_tw.grpc import ai_messages as messages
from nacos_tw.grpc.ai_phrases import told
from nacos_tw.grpc.connections import ClientConnection
from nacos_tw.grpc.dispatch import Answer, Asked, Handler, Refusal
from nacos_tw.grpc.messages import BAD_PARAMETER, Response
from nacos_tw.grpc.phrases import or_null

REGISTER, DEREGISTER, BATCH = "registerEndpoint", "deregisterEndpoint", "batchRegisterEndpoint"


class AiHandlers:
    """The handlers."""

    def __init__(self, does: AiOperations) -> None:
        self._does = does

    def table(self) -> dict[str, Handler[Any]]:
        """By C{metadata.type}."""
        of = messages
        return {
            "QueryMcpServerRequest": _handler(of.QueryMcpServerRequest, self.mcp, of.QueryMcpServerResponse),
            "ReleaseMcpServerRequest": _handler(
                of.ReleaseMcpServerRequest, self.release_mcp, of.ReleaseMcpServerResponse
            ),
            "McpServerEndpointRequest": _handler(
                of.McpServerEndpointRequest, self.mcp_endpoint, of.McpServerEndpointResponse
            ),
            "QueryAgentCardRequest": _handler(of.QueryAgentCardRequest, self.agent, of.QueryAgentCardResponse),
            "ReleaseAgentCardRequest": _handler(
                of.ReleaseAgentCardRequest, self.release_agent, of.ReleaseAgentCardResponse
            ),
            "AgentEndpointRequest": _handler(of.AgentEndpointRequest, self.agent_endpoint, of.AgentEndpointResponse),
            "BatchAgentEndpointRequest": _handler(
                of.BatchAgentEndpointRequest, self.agent_endpoints, of.AgentEndpointResponse
            ),
            "QueryPromptRequest": _handler(of.QueryPromptRequest, self.prompt, of.QueryPromptResponse),
        }

    # -- MCP servers

    def mcp(self, asked: Asked[messages.QueryMcpServerRequest]) -> Answer:
        """A version of a server; the latest one where none is named."""
        request = asked.request
        found = self._does.mcp.detail(
            asked,
            OneMcp(tenant=_tenant(request), name=_needed(request.mcpName, "mcpName"), version=request.version or ""),
        )
        return messages.QueryMcpServerResponse(mcpServerDetailInfo=_raw(found))

    def release_mcp(self, asked: Asked[messages.ReleaseMcpServerRequest]) -> Answer:
        """A new server, or a version that it does not have yet."""
        request = asked.request
        spec = request.serverSpecification
        if spec is None:
            raise _refused("Required parameter `serverSpecification` not present")
        name = spec.name or _needed(request.mcpName, "mcpName")
        wanted = McpWrite(
            tenant=_tenant(request),
            name=name,
            spec=spec,
            tools=request.toolSpecification,
            resources=request.resourceSpecification,
            endpoints=None if spec.local else request.endpointSpecification,
        )
        done: Deferred[Any] = self._does.mcp.release(asked, wanted)
        return _then(done, lambda server: messages.ReleaseMcpServerResponse(mcpId=server))

    def mcp_endpoint(self, asked: Asked[messages.McpServerEndpointRequest]) -> Answer:
        """The one endpoint that the connection has of a version, or none any more."""
        request, client = asked.request, _client(asked.client)
        register = _registers(request.type)
        wanted = McpEndpoint(
            tenant=_tenant(request),
            name=_needed(request.mcpName, "mcpName"),
            version=request.version or "",
            client=client,
            address=request.address or "",
            port=request.port,
        )
        if register:
            _needed(request.address, "address")
        does = self._does.mcp_endpoints
        done: Deferred[Any] = (does.register if register else does.withdraw)(asked, wanted)
        type_ = request.type or ""
        return _then(done, lambda _: messages.McpServerEndpointResponse(type=type_))

    # -- agents

    def agent(self, asked: Asked[messages.QueryAgentCardRequest]) -> Answer:
        """A version of an agent's card, with the addresses that answer now."""
        request = asked.request
        wanted = OneAgent(
            tenant=_tenant(request),
            name=_needed(request.agentName, "agentName"),
            version=request.version or "",
            type=request.registrationType or "",
        )
        return messages.QueryAgentCardResponse(agentCardDetailInfo=_raw(self._does.agents.card(asked, wanted)))

    def release_agent(self, asked: Asked[messages.ReleaseAgentCardRequest]) -> Answer:
        """A new agent, or a version that it does not have yet; one that is there is left alone."""
        request = asked.request
        if request.agentCard is None:
            raise _refused("Required parameter `agentCard` not present")
        wanted = AgentWrite(
            tenant=_tenant(request),
            name=request.agentCard.name or request.agentName or "",
            card=request.agentCard,
            type=request.registrationType or "SERVICE",
            latest=bool(request.setAsLatest),
        )
        done: Deferred[Any] = self._does.agents.release(asked, wanted)
        return _then(done, lambda _: messages.ReleaseAgentCardResponse())

    def agent_endpoint(self, asked: Asked[messages.AgentEndpointRequest]) -> Answer:
        """The one endpoint that the connection has of a version of an agent, or none any more."""
        request = asked.request
        if request.endpoint is None:
            raise _refused("Required parameter `endpoint` not present")
        register = _registers(request.type)
        return self._agent_endpoints(asked, [request.endpoint], register, request.type or "")

    def agent_endpoints(self, asked: Asked[messages.BatchAgentEndpointRequest]) -> Answer:
        """All endpoints that the connection has of a version, in the place of those before."""
        request = asked.request
        if request.type != BATCH:
            raise _refused(f"parameter `type` should be {BATCH}, but was {or_null(request.type)}")
        if not request.endpoints:
            raise _refused("Required parameter `endpoints` can't be empty")
        if len({each.version for each in request.endpoints}) > 1:
            raise _refused("Required parameter `endpoints` must have the same version")
        return self._agent_endpoints(asked, request.endpoints, True, BATCH)

    def _agent_endpoints(self, asked: Asked[Any], given: list[Any], register: bool, type_: str) -> Answer:
        request = asked.request
        wanted = EndpointsOfAgent(
            tenant=_tenant(request),
            name=_needed(request.agentName, "agentName"),
            version=_needed(given[0].version, "endpoint.version"),
            client=_client(asked.client),
            endpoints=tuple(given) if register else (),
        )
        does = self._does.agent_endpoints
        done: Deferred[Any] = (does.register if register else does.withdraw)(asked, wanted)
        return _then(done, lambda _: messages.AgentEndpointResponse(type=type_))

    # -- prompts

    def prompt(self, asked: Asked[messages.QueryPromptRequest]) -> Answer:
        """A prompt; 304 where the client has it."""
        request = asked.request
        wanted = PromptQuery(
            tenant=_tenant(request),
            name=_needed(request.promptKey, "promptKey"),
            version=request.version or "",
            label=request.label or "",
            md5=request.md5 or "",
        )
        return messages.QueryPromptResponse(promptInfo=_raw(self._does.prompts.query(asked, wanted)))


def _handler(request: type[Any], serve: Callable[[Asked[Any]], Answer], response: type[Response]) -> Handler[Any]:
    """One that tells errors in its own type."""

    def served(asked: Asked[Any]) -> Answer:
        done: Deferred[Any] = maybeDeferred(serve, asked)
        return done.addErrback(_failed)

    return Handler(request, served, response)


def _then(done: Deferred[Any], respond: Callable[[Any], Response]) -> Deferred[Response]:
    return done.addCallback(respond)


def _failed(failure: Failure) -> Failure:
    error = failure.value
    if isinstance(error, NacosError):
        found = told(error)
        if found is not None:
            raise Refusal(*found) from error
    return failure


def _raw(value: Any) -> Raw:
    return Raw(msgspec.json.encode(compact(value)))


def _tenant(request: Any) -> str:
    return tenant_of(request.namespaceId)


def _needed(value: str | None, name: str) -> str:
    """@raise Refusal: it is not there."""
    if not value or not value.strip():
        raise _refused(f"parameters `{name}` can't be empty or null")
    return value


def _registers(type_: str | None) -> bool:
    """@raise Refusal: it is neither."""
    if type_ not in (REGISTER, DEREGISTER):
        raise _refused(f"parameter `type` should be {REGISTER} or {DEREGISTER}, but was {or_null(type_)}")
    return type_ == REGISTER


def _refused(said: str) -> Refusal:
    return Refusal(BAD_PARAMETER, said)


def _client(client: ClientConnection) -> str:
    """
    The connection, which has endpoints as long as it lives.

    @raise ClientUnknown: it is gone.
    """
    if not client.open:
        raise ClientUnknown(client.id)
    return client.id
