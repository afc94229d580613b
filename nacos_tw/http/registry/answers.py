"""
The paths of the registry::

    GET /v0/servers                              page by page, with a cursor
    GET /v0/servers/{name}/versions              all versions of a server
    GET /v0/servers/{name}/versions/{version}    one of them; C{latest} is the latest

Names are coded in paths (C{com.example%2Fweather}). C{/v0.1} is the same. Nobody is asked who they are: who switches
the port on shows all MCP servers of all namespaces to whoever reaches it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import msgspec

from nacos_tw.access.caller import Caller, KnownCaller
from nacos_tw.access.identity import EVERYBODY
from nacos_tw.ai.operations.mcp import McpServers
from nacos_tw.ai.operations.mcp_registry import McpRegistry, RegistryPage
from nacos_tw.ai.problems import AiInvalid, McpUnknown, McpVersionUnknown
from nacos_tw.ai.requests import OneMcp
from nacos_tw.config.model import tenant_of
from nacos_tw.errors import NacosError, Unavailable
from nacos_tw.http.api.codes import PARAMETER_ERROR
from nacos_tw.http.api.phrases_ai import AI
from nacos_tw.http.api.results import result
from nacos_tw.http.call import Call
from nacos_tw.http.registry.shapes import server_response
from nacos_tw.http.reply import JSON, Reply

PREFIXES = ["v0", "servers"], ["v0.1", "servers"]
MOST = 100
"""Servers of a page."""
DEFAULT = 30


class RegistryAnswers:
    """Answers calls of the registry's port."""

    def __init__(self, registry: McpRegistry, servers: McpServers) -> None:
        self._registry = registry
        self._servers = servers

    def answer(self, call: Call) -> Reply:
        """The answer to any path."""
        raw = call.target.partition(b"?")[0]
        parts = [unquote(part) for part in raw.decode("ascii", "replace").strip("/").split("/")]
        if parts[:2] not in PREFIXES:
            return error(404, "Not found")
        caller = KnownCaller(EVERYBODY, call.peer, f"GET {call.path}")
        try:
            return self._answer(caller, call, parts[2:])
        except (McpUnknown, McpVersionUnknown):
            return error(404, "Server not found")
        except AiInvalid as problem:
            told = AI[AiInvalid](problem, "")
            return result(told.data, PARAMETER_ERROR, told.status)
        except Unavailable as problem:
            return error(503, str(problem))
        except NacosError:
            return error(400, "Bad request")

    def _answer(self, caller: Caller, call: Call, parts: list[str]) -> Reply:
        namespace = call.params.get("namespaceId")
        tenant = None if not namespace else tenant_of(namespace)
        if not parts:
            return self._page(caller, call, tenant)
        name = parts[0]
        if parts[1:] == ["versions"]:
            found = self._registry.versions(caller, OneMcp(tenant=tenant or "", name=name))
            return listed([server_response(each) for each in found], None)
        if len(parts) == 3 and parts[1] == "versions":
            version = "" if parts[2] == "latest" else parts[2]
            detail = self._servers.detail(caller, OneMcp(tenant=tenant or "", name=name, version=version))
            return json(server_response(detail))
        return error(404, "Not found")

    def _page(self, caller: Caller, call: Call, tenant: str | None) -> Reply:
        cursor = number(call.params.get("cursor") or "0", "cursor")
        limit = number(call.params.get("limit") or str(DEFAULT), "limit")
        if limit > MOST:
            raise AiInvalid("limit", "maximum", limit, MOST)
        request = RegistryPage(tenant=tenant, search=call.params.get("search", ""), offset=cursor, limit=limit)
        found = self._registry.page(caller, request)
        return listed([server_response(each) for each in found.details], found.next)


def number(text: str, field: str) -> int:
    """
    A number that is not negative.

    @raise AiInvalid: it is none.
    """
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise AiInvalid(field, "number", text)
    if int(text) < 0:
        raise AiInvalid(field, "minimum", text)
    return int(text)


def listed(servers: list[dict[str, Any]], next_one: int | None) -> Reply:
    """A page. @param next_one: where the next one begins; None behind the last."""
    metadata: dict[str, Any] = {"count": len(servers)}
    if next_one is not None:
        metadata["nextCursor"] = str(next_one)
    return json({"servers": servers, "metadata": metadata})


def error(status: int, said: str) -> Reply:
    """What went wrong, as the registry says it."""
    return Reply(status, msgspec.json.encode({"error": said}), JSON)


def json(value: Any) -> Reply:
    """A success."""
    return Reply(200, msgspec.json.encode(value), JSON)
