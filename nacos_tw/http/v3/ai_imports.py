"""C{/v3/admin/ai/mcp/import}, C{/v3/console/ai/mcp/import}: MCP servers from documents (docs/ai.md)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.ai.jsons import compact
from nacos_tw.ai.operations.mcp_imports import PAGE, Imported, Judged, McpImport, McpImports, ToolQuestion
from nacos_tw.errors import NacosError
from nacos_tw.http.api.parameters import NAMESPACE, boolean, integer, text
from nacos_tw.http.api.phrases import phrased
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.v3.ai_parameters import tenant
from nacos_tw.http.v3.phrases import WORDS

PREFIXES = "/v3/admin/ai/mcp/import", "/v3/console/ai/mcp/import"

KIND = text(
    "importType", "What the data are: one server (json), a list of them (file), or the address of a registry's list "
    "(url, where that is allowed). Has to be there.",
)  # fmt: skip
DATA = text("data", "The document, as JSON, or the address. Has to be there.")
CURSOR = text("cursor", "Of a registry: behind what.")
LIMIT = integer("limit", "Of a registry: how many, up to 30; -1 for all.", PAGE)
SEARCH = text("search", "Of a registry: a part of the names.")
OVERRIDE = boolean("overrideExisting", "Whether versions that are there are replaced.")
SKIP = boolean("skipInvalid", "Whether what is wrong is passed over.")
SELECTED = text(
    "selectedServers", "The ids of those that are meant, with commas between them; all where none is named."
)
TAKES = NAMESPACE, KIND, DATA, OVERRIDE, SKIP, SELECTED, CURSOR, LIMIT, SEARCH
TRANSPORT = text("transportType", "mcp-sse or mcp-streamable. Has to be there.")
BASE = text("baseUrl", "Its address: http or https. Has to be there.")
ENDPOINT = text("endpoint", "The path there.")
TOKEN = text("authToken", "A token that is sent to it.")


def request_of(call: Call) -> McpImport:
    """The document that a call brings."""
    selected = frozenset(filter(None, (each.strip() for each in SELECTED(call).split(","))))
    return McpImport(
        tenant(call),
        KIND(call),
        DATA(call),
        OVERRIDE(call),
        SKIP(call),
        selected,
        CURSOR(call),
        LIMIT(call),
        SEARCH(call),
    )


def judged_json(found: Judged) -> dict[str, Any]:
    """A server of a document."""
    candidate = found.candidate
    return {
        "serverName": candidate.name,
        "serverId": candidate.id,
        "status": found.status,
        "errors": candidate.errors,
        "exists": found.status == "duplicate",
        "server": compact(candidate.spec),
        "selected": found.status == "valid",
    }


def imported_json(found: Imported) -> dict[str, Any]:
    """What became of one."""
    error = found.error
    if isinstance(error, NacosError):
        known = phrased(WORDS, error, "POST import")
        error = str(error) if known is None or known.data is None else known.data
    return {
        "serverName": found.candidate.name,
        "serverId": found.candidate.id,
        "status": found.status,
        "errorMessage": error,
        "conflictType": "existing" if found.status == "skipped" else None,
    }


@attrs.frozen
class ToolsV3:
    """For a browser."""

    prefix: ClassVar[str] = "/v3/console/ai/mcp/importToolsFromMcp"
    app = Klein()
    guard: Guard
    imports: McpImports

    @api(
        app, "GET", "", does=McpImports.tools, takes=(NAMESPACE, TRANSPORT, BASE, ENDPOINT, TOKEN), gives="The tools"
    )  # fmt: skip
    async def tools(self, call: Call) -> list[dict[str, Any]]:
        """Ask a running MCP server for its tools."""
        request = ToolQuestion(tenant(call), TRANSPORT(call), BASE(call), ENDPOINT(call), TOKEN(call))
        return await self.imports.tools(call, request)


@attrs.frozen
class ImportsV3:
    """What operators and browsers ask alike. Built for each of them."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    imports: McpImports

    @api(app, "POST", "/validate", does=McpImports.validate, takes=TAKES, gives="What is in the document")
    async def validate(self, call: Call) -> dict[str, Any]:
        """Show what is in a document, and whether it could be published."""
        looked = await self.imports.validate(call, request_of(call))
        found = looked.servers
        counts = {status: sum(each.status == status for each in found) for status in ("valid", "invalid", "duplicate")}
        return {
            "valid": bool(found) and not counts["invalid"],
            "totalCount": len(found),
            "validCount": counts["valid"],
            "invalidCount": counts["invalid"],
            "duplicateCount": counts["duplicate"],
            "servers": [judged_json(each) for each in found],
            "errors": None,
            "nextCursor": looked.cursor or None,
            "hasMore": bool(looked.cursor),
        }

    @api(app, "POST", "/execute", does=McpImports.execute, takes=TAKES, gives="What was done")
    async def execute(self, call: Call) -> dict[str, Any]:
        """Publish what is in a document."""
        found = await self.imports.execute(call, request_of(call))
        counts = {status: sum(each.status == status for each in found) for status in ("success", "failed", "skipped")}
        return {
            "success": not counts["failed"],
            "totalCount": len(found),
            "successCount": counts["success"],
            "failedCount": counts["failed"],
            "skippedCount": counts["skipped"],
            "results": [imported_json(each) for each in found],
            "errorMessage": None,
        }
