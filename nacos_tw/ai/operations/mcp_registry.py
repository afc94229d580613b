"""MCP servers of all namespaces, page by page: what a registry that is open to all shows of them."""

from __future__ import annotations

import attrs
import msgspec

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.resources import ai_resource
from nacos_tw.access.rules import Rule
from nacos_tw.ai.mcp_model import Detail
from nacos_tw.ai.mcp_servers import Servers
from nacos_tw.ai.problems import McpUnknown, McpVersionUnknown
from nacos_tw.ai.requests import OneMcp

READ = Rule("read", "ai")


class RegistryPage(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """
    Servers in their latest versions, from an offset on.

    @ivar tenant: of one namespace; None: of all of them, by id. C{search}: a part of the name; "" for all.
    """

    tenant: str | None
    search: str = ""
    offset: int = 0
    limit: int = 30

    def resource(self) -> str:
        """All of the namespace, or of every one."""
        return ai_resource("*" if self.tenant is None else self.tenant)


@attrs.frozen
class Listed:
    """@ivar next: the offset of what follows; None: nothing does."""

    details: list[Detail]
    next: int | None


class McpRegistry(Operations):
    """Reads of this node's copy."""

    __slots__ = ("_servers",)

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    @operation(READ)
    def page(self, caller: Caller, request: RegistryPage) -> Listed:
        """A page of servers, by namespace and name."""
        servers = self._servers
        tenants = servers.tenants() if request.tenant is None else [request.tenant]
        found = [
            (tenant, server)
            for tenant in tenants
            for name, server in servers.ids(tenant).items()
            if request.search in name
        ]
        end = request.offset + request.limit
        details = []
        for tenant, server in found[request.offset : end]:
            try:
                details.append(servers.detail(tenant, servers.found(tenant, server, "")))
            except (McpUnknown, McpVersionUnknown):
                continue  # somebody has removed its documents one by one
        return Listed(details, end if request.limit and end < len(found) else None)

    @operation(READ)
    def versions(self, caller: Caller, request: OneMcp) -> list[Detail]:
        """
        All versions of a server, as texts are sorted.

        @raise McpUnknown: there is none.
        """
        info = self._servers.found(request.tenant, request.id, request.name)
        names = sorted(each.version or "" for each in info.version_details or ())
        return [self._servers.detail(request.tenant, info, name) for name in names]
