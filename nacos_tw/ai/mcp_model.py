"""MCP servers as values, by the names that Nacos gives their members (docs/ai.md)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from nacos_tw.config.model import ConfigKey

VERSIONS, SERVER, TOOLS, RESOURCES = "mcp-server-versions", "mcp-server", "mcp-tools", "mcp-resources"
"""Groups of configs."""
ENDPOINTS = "mcp-endpoints"
"""Group of services."""
STDIO, HTTP = "stdio", "http"
REF, DIRECT = "REF", "DIRECT"
MARK = {"__nacos.ai.mcp.service__": "true"}
"""Metadata of services that were made for MCP servers."""
VERSION_KEY = "_mcp_server_version"
"""In the metadata of instances that clients register as endpoints."""
TAG = "nacos.internal.config=mcp"


class VersionDetail(Struct, kw_only=True):
    """A version. @ivar release_date: C{yyyy-MM-ddTHH:mm:ssZ}, in UTC."""

    version: str | None = None
    release_date: str | None = None
    is_latest: bool | None = None


class ServiceRef(Struct, rename="camel", kw_only=True):
    """A service that has endpoints."""

    namespace_id: str | None = None
    group_name: str | None = None
    service_name: str | None = None
    transport_protocol: str | None = None


class FrontEndpoint(Struct, rename="camel", kw_only=True):
    """
    Where MCP clients find a server.

    @ivar endpoint_type: C{REF}, C{DIRECT} or C{BACKEND}; C{endpoint_data}: of a REF an object like L{ServiceRef}, of a
        DIRECT C{host[:port]}.
    """

    type: str | None = None
    protocol: str | None = None
    endpoint_type: str | None = None
    endpoint_data: Any = None
    path: str | None = None
    headers: Any = None


class RemoteConfig(Struct, rename="camel", kw_only=True):
    """How a server that is not local is reached."""

    service_ref: ServiceRef | None = None
    export_path: str | None = None
    front_endpoint_config_list: list[FrontEndpoint] | None = None


class EndpointInfo(Struct, rename="camel", kw_only=True):
    """An endpoint that answers now."""

    protocol: str | None = None
    address: str | None = None
    port: int = 0
    path: str | None = None
    headers: Any = None


class EndpointSpec(Struct, kw_only=True):
    """
    What a server's endpoints are to be.

    @ivar type: C{REF} or C{DIRECT}; C{data}: C{namespaceId}, C{groupName}, C{serviceName}, or C{address}, C{port}; and
        C{transportProtocol}.
    """

    type: str | None = None
    data: dict[str, Any] | None = None

    def text(self, name: str) -> str:
        """One of the data."""
        value = (self.data or {}).get(name)
        return "" if value is None else str(value).strip()


class BasicInfo(Struct, rename="camel", kw_only=True):
    """What describes a server."""

    namespace_id: str | None = None
    id: str | None = None
    name: str | None = None
    protocol: str | None = None
    front_protocol: str | None = None
    description: str | None = None
    repository: dict[str, Any] | None = None
    packages: list[dict[str, Any]] | None = None
    icons: list[dict[str, Any]] | None = None
    website_url: str | None = None
    version_detail: VersionDetail | None = None
    version: str | None = None
    remote_server_config: RemoteConfig | None = None
    local_server_config: dict[str, Any] | None = None
    enabled: bool = True
    status: str | None = "active"
    capabilities: list[str] | None = None

    @property
    def wanted_version(self) -> str:
        """The version that it is of; "" if it does not say."""
        detail = self.version_detail
        return ((detail.version if detail is not None else None) or self.version or "").strip()

    @property
    def local(self) -> bool:
        """Whether clients run it themselves."""
        return self.protocol == STDIO


class StoredVersion(BasicInfo, rename="camel", kw_only=True):
    """One version, as it is stored; C{*_ref}: dataIds of what goes with it."""

    tools_description_ref: str | None = None
    resource_description_ref: str | None = None


class VersionInfo(BasicInfo, rename="camel", kw_only=True):
    """A server with its versions: what lists show, and what is stored of the whole."""

    latest_published_version: str | None = None
    version_details: list[VersionDetail] | None = None

    def has(self, version: str) -> bool:
        """Whether there is such a version."""
        return any(each.version == version for each in self.version_details or ())

    @property
    def latest(self) -> str:
        """The version that is given where none is named; "" if there is none."""
        details = self.version_details or []
        if self.latest_published_version and self.has(self.latest_published_version):
            return self.latest_published_version
        return (details[-1].version or "") if details else ""


class Detail(BasicInfo, rename="camel", kw_only=True):
    """One version with all that goes with it; the lists of endpoints are None for a local server."""

    backend_endpoints: list[EndpointInfo] | None = None
    frontend_endpoints: list[EndpointInfo] | None = None
    tool_spec: dict[str, Any] | None = None
    all_versions: list[VersionDetail] | None = None
    resource_spec: dict[str, Any] | None = None


def versions_key(tenant: str, server: str) -> ConfigKey:
    """The config with a server's versions. @param server: its id."""
    return tenant, VERSIONS, f"{server}-mcp-versions.json"


def server_key(tenant: str, server: str, version: str) -> ConfigKey:
    """The config of one version."""
    return tenant, SERVER, f"{server}-{version}-mcp-server.json"


def tools_key(tenant: str, server: str, version: str) -> ConfigKey:
    """That of its tools."""
    return tenant, TOOLS, f"{server}-{version}-mcp-tools.json"


def resources_key(tenant: str, server: str, version: str) -> ConfigKey:
    """That of its resources."""
    return tenant, RESOURCES, f"{server}-{version}-mcp-resources.json"


def endpoint_service(name: str, version: str) -> str:
    """The service of a version's endpoints, in the group L{ENDPOINTS}."""
    return f"{name}::{version}"
