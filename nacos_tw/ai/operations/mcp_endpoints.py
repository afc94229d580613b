"""Endpoints of MCP servers that clients register: they exist as long as the connection that registered them."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.ai.mcp_endpoints import named_service
from nacos_tw.ai.mcp_model import HTTP, REF, VERSION_KEY, Detail, ServiceRef
from nacos_tw.ai.mcp_servers import Servers
from nacos_tw.ai.problems import EndpointServiceUnknown
from nacos_tw.ai.requests import McpEndpoint
from nacos_tw.naming.clients import Clients
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.operations.publications import StreamRegistration

WRITE = Rule("write", "ai")


class McpEndpoints(Operations):
    """They are not recorded, as registrations are not."""

    __slots__ = ("_clients", "_servers")

    def __init__(self, servers: Servers, clients: Clients) -> None:
        self._servers = servers
        self._clients = clients

    @operation(WRITE)
    def register(self, caller: Caller, request: McpEndpoint) -> Deferred[Any]:
        """
        The one endpoint that a connection has of a version, in the place of the one before.

        @raise McpUnknown, McpVersionUnknown, EndpointServiceUnknown: there is nothing to register it with.
        """
        key, version = self._service(request)
        wanted = StreamRegistration(key, request.address, request.port, ephemeral=True, metadata={VERSION_KEY: version})
        return self._clients.publish(request.client, wanted)

    @operation(WRITE)
    def withdraw(self, caller: Caller, request: McpEndpoint) -> Deferred[Any]:
        """It has none any more, whatever address the request names."""
        key, _ = self._service(request)
        return self._clients.withdraw(request.client, key)

    def _service(self, request: McpEndpoint) -> tuple[ServiceKey, str]:
        info = self._servers.found(request.tenant, request.id, request.name)
        detail = self._servers.detail(request.tenant, info, request.version)
        key = named_service(request.tenant, _ref(detail))
        if key is None:
            raise EndpointServiceUnknown(request.name)
        return key, detail.version or ""


def _ref(detail: Detail) -> ServiceRef | None:
    """The service that a version's endpoints are in."""
    remote = detail.remote_server_config
    if remote is None:
        return None
    if detail.protocol == HTTP:
        for each in remote.front_endpoint_config_list or ():
            if each.endpoint_type == REF and isinstance(each.endpoint_data, dict):
                data = each.endpoint_data
                return ServiceRef(group_name=data.get("groupName"), service_name=data.get("serviceName"))
    return remote.service_ref
