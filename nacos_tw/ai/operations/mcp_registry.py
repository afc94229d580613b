"""MCP servers of all namespaces, page by page: what a registry that is open to all shows of them."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import msgspec

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.resources import ai_resource
from nacos_tw.access.rules import Rule
from nacos_tw.ai.mcp_model import Detail, VersionInfo
from nacos_tw.ai.mcp_servers import Servers
from nacos_tw.ai.problems import McpUnknown, McpVersionUnknown
from nacos_tw.ai.requests import OneMcp

READ = Rule("read", "ai")
DELETED = "deleted"


class RegistryPage(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """
    Servers, each in one version, from an offset on.

    @ivar tenant: of one namespace; None: of all of them, by id. C{search}: a part of the name; "" for all.
    @ivar version: those that have it; "" for all, in their latest versions.
    @ivar since_ms: those of which that version was written then or later, in epoch milliseconds.
    @ivar deleted: whether those are there too that somebody has marked as deleted.
    """

    tenant: str | None
    search: str = ""
    version: str = ""
    since_ms: int = 0
    deleted: bool = False
    offset: int = 0
    limit: int = 30

    def resource(self) -> str:
        """All of the namespace, or of every one."""
        return ai_resource("*" if self.tenant is None else self.tenant)


class RegistryServer(OneMcp, frozen=True, gc=False, kw_only=True):
    """A server by its name. @ivar deleted: whether one that is marked as deleted is there."""

    deleted: bool = False


@attrs.frozen
class Shown:
    """A version of a server. @ivar updated_ms: when it was last written, in epoch milliseconds."""

    detail: Detail
    updated_ms: int


@attrs.frozen
class Listed:
    """@ivar next: the offset of what follows; None: nothing does."""

    servers: list[Shown]
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
        search = request.search.lower()
        found = [
            (tenant, server)
            for tenant in tenants
            for name, server in servers.ids(tenant).items()
            if search in name.lower()
        ]
        if request.version or request.since_ms:
            found = [each for each in found if self._wanted(*each, request)]
        end = request.offset + request.limit
        shown = []
        for tenant, server in found[request.offset : end]:
            try:
                info = servers.found(tenant, server, "")
                shown.append(self._shown(tenant, info, request.version or info.latest))
            except (McpUnknown, McpVersionUnknown):
                continue  # somebody has removed its documents one by one
        more = request.limit and end < len(found)
        return Listed(list(filter(_there(request.deleted), shown)), end if more else None)

    def _wanted(self, tenant: str, server: str, request: RegistryPage) -> bool:
        info = self._servers.found(tenant, server, "")
        version = request.version or info.latest
        return info.has(version) and self._servers.written_ms(tenant, server, version) >= request.since_ms

    def _shown(self, tenant: str, info: VersionInfo, version: str) -> Shown:
        detail = self._servers.detail(tenant, info, version)
        return Shown(detail, self._servers.written_ms(tenant, info.id or "", version))

    @operation(READ)
    def versions(self, caller: Caller, request: RegistryServer) -> list[Shown]:
        """
        All versions of a server, the one that was added last in front.

        @raise McpUnknown: there is none.
        """
        info = self._servers.found(request.tenant, request.id, request.name)
        names = [each.version or "" for each in reversed(info.version_details or ())]
        found = [self._shown(request.tenant, info, name) for name in names]
        left = list(filter(_there(request.deleted), found))
        if not left:
            raise McpUnknown(request.tenant, request.id, request.name)
        return left

    @operation(READ)
    def version(self, caller: Caller, request: RegistryServer) -> Shown:
        """
        One version of a server; the latest where none is named.

        @raise McpUnknown, McpVersionUnknown: there is none.
        """
        info = self._servers.found(request.tenant, request.id, request.name)
        found = self._shown(request.tenant, info, request.version or info.latest)
        if not _there(request.deleted)(found):
            raise McpVersionUnknown(info.id or "", request.name, request.version)
        return found


def _there(deleted: bool) -> Callable[[Shown], bool]:
    return lambda shown: deleted or shown.detail.status != DELETED
