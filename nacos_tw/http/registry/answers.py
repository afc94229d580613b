"""
The paths of the registry::

    GET /v0/servers                              page by page, with a cursor
    GET /v0/servers/{name}/versions              all versions of a server, the newest in front
    GET /v0/servers/{name}/versions/{version}    one of them; C{latest} is the latest
    GET /v0/servers/{name}                       the latest, as older clients ask for it
    GET /v0/health, /v0/ping                     whether the registry is there

Names are coded in paths (C{com.example%2Fweather}). C{/v0.1} is the same. Nobody is asked who they are: who switches
the port on shows all MCP servers of all namespaces to whoever reaches it.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import msgspec

from nacos_tw.access.caller import Caller, KnownCaller
from nacos_tw.access.identity import EVERYBODY
from nacos_tw.ai.operations.mcp_registry import McpRegistry, RegistryPage, RegistryServer
from nacos_tw.ai.problems import AiInvalid, McpUnknown, McpVersionUnknown
from nacos_tw.config.model import tenant_of
from nacos_tw.errors import NacosError, Unavailable
from nacos_tw.http.api.codes import PARAMETER_ERROR
from nacos_tw.http.api.phrases_ai import AI
from nacos_tw.http.api.results import result
from nacos_tw.http.call import Call
from nacos_tw.http.registry.shapes import server_response
from nacos_tw.http.reply import JSON, Reply

VERSIONS = "v0", "v0.1"
LATEST = "latest"
MOST = 100
"""Servers of a page."""
DEFAULT = 30
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


class RegistryAnswers:
    """Answers calls of the registry's port."""

    def __init__(self, registry: McpRegistry) -> None:
        self._registry = registry

    def answer(self, call: Call) -> Reply:
        """The answer to any path."""
        raw = call.target.partition(b"?")[0]
        parts = [unquote(part) for part in raw.decode("ascii", "replace").strip("/").split("/")]
        caller = KnownCaller(EVERYBODY, call.peer, f"GET {call.path}")
        try:
            return self._answer(caller, call, parts)
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
        match parts:
            case [prefix, "servers", *rest] if prefix in VERSIONS:
                return self._servers(caller, call, tenant, rest)
            case [prefix, "health"] if prefix in VERSIONS:
                return json({"status": "ok"})
            case [prefix, "ping"] if prefix in VERSIONS:
                return json({"pong": True})
        return error(404, "Not found")

    def _servers(self, caller: Caller, call: Call, tenant: str | None, parts: list[str]) -> Reply:
        if not parts:
            return self._page(caller, call, tenant)
        asked = RegistryServer(tenant=tenant or "", name=parts[0], deleted=flag(call, "include_deleted"))
        match parts[1:]:
            case []:
                return json(server_response(self._registry.version(caller, asked)))
            case ["versions"]:
                return listed([server_response(each) for each in self._registry.versions(caller, asked)], None)
            case ["versions", version]:
                asked = msgspec.structs.replace(asked, version="" if version == LATEST else version)
                return json(server_response(self._registry.version(caller, asked)))
        return error(404, "Not found")

    def _page(self, caller: Caller, call: Call, tenant: str | None) -> Reply:
        cursor = number(call.params.get("cursor") or "0", "cursor")
        limit = number(call.params.get("limit") or str(DEFAULT), "limit")
        if limit > MOST:
            raise AiInvalid("limit", "maximum", limit, MOST)
        version = call.params.get("version", "")
        since = call.params.get("updated_since", "")
        request = RegistryPage(
            tenant=tenant,
            search=call.params.get("search", ""),
            version="" if version == LATEST else version,
            since_ms=moment(since, "updated_since") if since else 0,
            deleted=bool(since) or flag(call, "include_deleted"),
            offset=cursor,
            limit=limit,
        )
        found = self._registry.page(caller, request)
        return listed([server_response(each) for each in found.servers], found.next)


def flag(call: Call, field: str) -> bool:
    """Whether a parameter says yes."""
    return call.params.get(field, "").lower() in ("true", "1")


def moment(text: str, field: str) -> int:
    """
    A time of RFC 3339 in epoch milliseconds.

    @raise AiInvalid: it is none.
    """
    found = _TIME.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        zone = "+00:00" if found[4] in "Zz" else found[4]
        at = datetime.fromisoformat(f"{found[1]}T{found[2]}{(found[3] or '.')[:7].ljust(7, '0')}{zone}")
        return int(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise AiInvalid(field, "time", text) from None


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
