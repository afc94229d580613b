"""What the registry says of an MCP server."""

from __future__ import annotations

from typing import Any

from nacos_tw.ai.mcp_model import Detail, EndpointInfo

OFFICIAL = "io.modelcontextprotocol.registry/official"
TRANSPORTS = {"mcp-sse": "sse", "mcp-streamable": "streamable-http"}
DEFAULT_PORTS = {"http": 80, "https": 443}


def server_response(detail: Detail) -> dict[str, Any]:
    """A version of a server; members that have no value are left out."""
    version = detail.version_detail
    server = {
        "name": detail.name,
        "description": detail.description or "",
        "repository": detail.repository,
        "version": detail.version,
        "websiteUrl": detail.website_url,
        "icons": detail.icons,
        "packages": detail.packages,
        "remotes": remotes(detail) or None,
    }
    at = version.release_date if version is not None else None
    official = {
        "publishedAt": at,
        "updatedAt": at,
        "isLatest": bool(version is not None and version.is_latest),
        "status": detail.status,
    }
    return {"server": _there(server), "_meta": {OFFICIAL: _there(official)}}


def remotes(detail: Detail) -> list[dict[str, Any]]:
    """Where MCP clients find it: by what is in front, else directly."""
    protocol = detail.front_protocol if detail.front_protocol in TRANSPORTS else detail.protocol
    kind = TRANSPORTS.get(protocol or "")
    if kind is None:
        return []
    endpoints = detail.frontend_endpoints or detail.backend_endpoints or []
    return [_there({"type": kind, "url": url_of(each), "headers": each.headers}) for each in endpoints]


def url_of(endpoint: EndpointInfo) -> str:
    """Its address; the port only where it is not the usual one."""
    scheme, host = endpoint.protocol or "http", endpoint.address or ""
    if ":" in host:
        host = f"[{host}]"
    port = "" if endpoint.port == DEFAULT_PORTS.get(scheme) else f":{endpoint.port}"
    path = endpoint.path or ""
    return f"{scheme}://{host}{port}{path if not path or path.startswith('/') else f'/{path}'}"


def _there(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
