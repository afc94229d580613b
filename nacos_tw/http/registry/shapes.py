"""What the registry says of an MCP server."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from nacos_tw.ai.mcp_model import Detail, EndpointInfo
from nacos_tw.ai.operations.mcp_registry import Shown

OFFICIAL = "io.modelcontextprotocol.registry/official"
TRANSPORTS = {"mcp-sse": "sse", "mcp-streamable": "streamable-http"}
DEFAULT_PORTS = {"http": 80, "https": 443}


LONGEST_DESCRIPTION = 100
"""Characters; clients refuse a whole page for one that is longer."""
STDIO = {"type": "stdio"}
_SNAKE = {
    "registry_type": "registryType", "registry_base_url": "registryBaseUrl", "file_sha256": "fileSha256",
    "runtime_hint": "runtimeHint", "runtime_arguments": "runtimeArguments", "package_arguments": "packageArguments",
    "environment_variables": "environmentVariables",
}  # fmt: skip
"""Members of packages as nacos-sdk-python writes them."""


def server_response(shown: Shown) -> dict[str, Any]:
    """A version of a server; members that have no value are left out."""
    detail = shown.detail
    version = detail.version_detail
    server = {
        "name": detail.name,
        "description": described(detail),
        "repository": repository(detail.repository),
        "version": detail.version,
        "websiteUrl": detail.website_url,
        "icons": detail.icons,
        "packages": None if detail.packages is None else [package(each) for each in detail.packages],
        "remotes": remotes(detail) or None,
    }
    at = version.release_date if version is not None else None
    official = {
        "publishedAt": at,
        "updatedAt": time_of(shown.updated_ms) if shown.updated_ms else at,
        "isLatest": bool(version is not None and version.is_latest),
        "status": detail.status,
    }
    return {"server": _there(server), "_meta": {OFFICIAL: _there(official)}}


def time_of(millis: int) -> str:
    """A time of RFC 3339, in UTC."""
    at = datetime.fromtimestamp(millis / 1000, timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{millis % 1000:03d}Z"


def described(detail: Detail) -> str:
    """What it does, as short as the registry has it; the name where nobody has said."""
    text = (detail.description or "").strip() or detail.name or ""
    return text if len(text) <= LONGEST_DESCRIPTION else text[: LONGEST_DESCRIPTION - 1] + "\u2026"


def repository(given: dict[str, Any] | None) -> dict[str, Any] | None:
    """Where the source is, if it says where; its host stands for what keeps it, where that is not said."""
    found = _there(given or {})
    url = found.get("url")
    if not isinstance(url, str) or not url:
        return None
    return {**found, "source": found.get("source") or url.partition("://")[2].partition("/")[0]}


def package(given: dict[str, Any]) -> dict[str, Any]:
    """A package by the registry's names; one that does not say how it is spoken to is run by the client."""
    named = {_SNAKE.get(name, name): value for name, value in given.items() if value is not None}
    return named if named.get("transport") else {**named, "transport": STDIO}


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
