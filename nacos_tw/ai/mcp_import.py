"""
Documents of MCP registries, read as servers to be published: one server.json, a list of them, or the pages of an
official registry. Pure: what is to be fetched is fetched elsewhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import attrs
import msgspec

from nacos_tw.ai.mcp_model import DIRECT, BasicInfo, EndpointSpec, RemoteConfig, VersionDetail
from nacos_tw.ai.problems import AiInvalid
from nacos_tw.ai.requests import MCP_NAME

JSON, FILE, URL = "json", "file", "url"
KINDS = JSON, URL, FILE
PROTOCOLS = {"sse": "mcp-sse", "streamable-http": "mcp-streamable", "streamable": "mcp-streamable"}


@attrs.frozen
class Candidate:
    """
    A server of a document.

    @ivar id: follows from the name.
    @ivar errors: why it cannot be published.
    """

    id: str
    name: str
    spec: BasicInfo
    endpoints: EndpointSpec | None
    errors: list[str]


@attrs.frozen
class Found:
    """What is in a document. @ivar cursor: of the next page, "" behind the last."""

    candidates: list[Candidate]
    cursor: str = ""


def id_of(name: str) -> str:
    """The id of an imported server."""
    return str(uuid.uuid3(uuid.NAMESPACE_URL, name))


def page_url(url: str, cursor: str, limit: int, search: str) -> str:
    """The address of a page of a registry's list; what the address has besides stays."""
    parts = urlsplit(url)
    asked = {"limit": str(limit), "cursor": cursor, "search": search}
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in asked]
    query = urlencode([*kept, *((name, value) for name, value in asked.items() if value)])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def parsed(text: str | bytes) -> Found:
    """
    A document.

    @raise AiInvalid: it is no JSON, or nothing that lists servers.
    """
    try:
        document = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise AiInvalid("data", "json", detail=str(error)) from None
    cursor = ""
    if isinstance(document, dict) and isinstance(document.get("servers"), list):
        metadata = document.get("metadata")
        if isinstance(metadata, dict):
            cursor = str(metadata.get("nextCursor") or metadata.get("next_cursor") or "")
        rows = document["servers"]
    else:
        rows = document if isinstance(document, list) else [document]
    found: dict[tuple[str, str], Candidate] = {}
    for row in rows:
        candidate = _candidate(row)
        found.setdefault((candidate.name, candidate.spec.wanted_version), candidate)
    return Found(list(found.values()), cursor)


def _candidate(row: Any) -> Candidate:
    server = row.get("server", row) if isinstance(row, dict) else None
    if not isinstance(server, dict):
        return Candidate("", "", BasicInfo(), None, ["it is no object"])
    name = _text(server, "name")
    errors: list[str] = []
    if not name:
        errors.append("name is missing")
    elif not MCP_NAME.fullmatch(name):
        errors.append("name has characters that it may not have, or is too long")
    detail = server.get("version_detail")
    version = _text(server, "version") or (_text(detail, "version") if isinstance(detail, dict) else "")
    if not version:
        errors.append("version is missing")
    spec = BasicInfo(
        id=id_of(name) if name else None,
        name=name,
        description=_text(server, "description"),
        repository=server["repository"] if isinstance(server.get("repository"), dict) else None,
        website_url=_text(server, "websiteUrl") or None,
        icons=_objects(server.get("icons")) or None,
        version_detail=VersionDetail(version=version),
        status=_text(server, "status") or "active",
    )
    endpoints = _transport(spec, server, errors)
    return Candidate(spec.id or "", name, spec, endpoints, errors)


def _transport(spec: BasicInfo, server: dict[str, Any], errors: list[str]) -> EndpointSpec | None:
    """Packages are run by the client itself; without one the first address counts."""
    packages, remotes = _objects(server.get("packages")), _objects(server.get("remotes"))
    if packages:
        spec.protocol, spec.packages = "stdio", packages
        return None
    if not remotes:
        errors.append("neither packages nor remotes are given")
        return None
    remote = remotes[0]
    kind = _text(remote, "type") or _text(remote, "transport_type")
    spec.protocol = spec.front_protocol = PROTOCOLS.get(kind, "")
    url = urlsplit(_text(remote, "url"))
    try:
        port = url.port or (443 if url.scheme == "https" else 80)
    except ValueError:
        port = 0
    if not spec.protocol:
        errors.append(f"the transport '{kind}' is not known")
    if url.scheme not in ("http", "https") or not url.hostname or not port:
        errors.append(f"the address '{_text(remote, 'url')}' cannot be used")
        return None
    path = url.path + (f"?{url.query}" if url.query else "")
    spec.remote_server_config = RemoteConfig(export_path=path)
    data = {"address": url.hostname, "port": str(port), "transportProtocol": url.scheme}
    return EndpointSpec(type=DIRECT, data=data)


def _text(holder: dict[str, Any], name: str) -> str:
    value = holder.get(name)
    return value.strip() if isinstance(value, str) else ""


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, Iterable) else []
