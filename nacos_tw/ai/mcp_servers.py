"""MCP servers, as this node knows them; and as the database has them, for a write that is about to change one."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from nacos_tw.ai.documents import Documents, decoded
from nacos_tw.ai.jsons import from_document
from nacos_tw.ai.mcp_endpoints import Endpoints
from nacos_tw.ai.mcp_model import (
    RESOURCES,
    SERVER,
    TOOLS,
    VERSIONS,
    Detail,
    StoredVersion,
    VersionDetail,
    VersionInfo,
    server_key,
    versions_key,
)
from nacos_tw.ai.problems import McpUnknown, McpVersionUnknown
from nacos_tw.config.model import ConfigKey

GROUPS = VERSIONS, SERVER, TOOLS, RESOURCES


class Servers:
    """The registry of MCP servers."""

    def __init__(self, documents: Documents, endpoints: Endpoints) -> None:
        self._documents = documents
        self.endpoints = endpoints
        self._ids: dict[str, tuple[int, dict[str, str]]] = {}

    # -- which there are

    def ids(self, tenant: str) -> dict[str, str]:
        """The ids of the servers of a namespace, by name, as names are sorted."""
        at = self._documents.version[VERSIONS]
        kept = self._ids.get(tenant)
        if kept is not None and kept[0] == at:
            return kept[1]
        found: dict[str, str] = {}
        for data_id in self._documents.names(VERSIONS, tenant):
            info = self._info((tenant, VERSIONS, data_id))
            if info is not None and info.name and info.id:
                found.setdefault(info.name, info.id)
        found = dict(sorted(found.items()))
        self._ids[tenant] = (at, found)
        return found

    def tenants(self) -> list[str]:
        """The namespaces that have some."""
        return self._documents.tenants(VERSIONS)

    def _info(self, key: ConfigKey) -> VersionInfo | None:
        return from_document(self._documents.get(key), VersionInfo)

    def found(self, tenant: str, server: str, name: str) -> VersionInfo:
        """
        A server, by its id, or by its name where there is none given.

        @raise McpUnknown: there is none.
        """
        wanted = server or self.ids(tenant).get(name, "")
        info = self._info(versions_key(tenant, wanted)) if wanted else None
        if info is None:
            raise McpUnknown(tenant, server, name)
        return replace(info, namespace_id=tenant or "public", id=wanted)

    def listed(self, tenant: str, server: str) -> VersionInfo:
        """A server as lists show it: with its latest version."""
        info = self.found(tenant, server, "")
        version = info.latest
        detail = next((each for each in info.version_details or () if each.version == version), None)
        return replace(info, version=version or None, version_detail=detail)

    # -- one version

    def detail(self, tenant: str, info: VersionInfo, version: str = "") -> Detail:
        """
        A version with all that goes with it; the latest one where none is named.

        @raise McpVersionUnknown: there is none.
        """
        server = info.id or ""
        wanted = version or info.latest
        document = self._documents.get(server_key(tenant, server, wanted)) if info.has(wanted) else None
        stored = from_document(document, StoredVersion) if document is not None else None
        if stored is None:
            raise McpVersionUnknown(server, info.name or "", wanted)
        details = [replace(each, is_latest=each.version == info.latest) for each in info.version_details or ()]
        of_it = next((each for each in details if each.version == wanted), VersionDetail(version=wanted))
        members = {name: getattr(stored, name) for name in _BASIC}
        detail = Detail(**members)
        detail.namespace_id, detail.id, detail.name = tenant or "public", server, info.name
        detail.version, detail.version_detail, detail.all_versions = wanted, of_it, details
        detail.tool_spec = self._object((tenant, TOOLS, stored.tools_description_ref or ""))
        detail.resource_spec = self._object((tenant, RESOURCES, stored.resource_description_ref or ""))
        if not stored.local:
            detail.backend_endpoints, detail.frontend_endpoints = self.endpoints.of(tenant, stored)
        return detail

    def _object(self, key: ConfigKey) -> dict[str, Any] | None:
        found = self._documents.get(key) if key[2] else None
        return found if isinstance(found, dict) else None

    def written_ms(self, tenant: str, server: str, version: str) -> int:
        """When a version was last written, in epoch milliseconds; 0 if it is not there."""
        return self._documents.written_ms(server_key(tenant, server, version))

    # -- for who changes one

    async def current(self, tenant: str, server: str) -> tuple[VersionInfo | None, str]:
        """What the database has of a server now, and its md5; None and "" if there is none."""
        row = await self._documents.row(versions_key(tenant, server))
        if row is None:
            return None, ""
        return from_document(decoded(row.content), VersionInfo), row.md5

    async def current_version(self, tenant: str, server: str, version: str) -> tuple[StoredVersion | None, str]:
        """The same of one of its versions."""
        row = await self._documents.row(server_key(tenant, server, version))
        if row is None:
            return None, ""
        return from_document(decoded(row.content), StoredVersion), row.md5


_BASIC = tuple(name for name in Detail.__struct_fields__ if name in StoredVersion.__struct_fields__)
