"""The same of the AI registries; what operators have at C{/v3/admin} browsers have at C{/v3/console}."""

from __future__ import annotations

_WRITTEN: dict[str, tuple[str, ...]] = {
    "read ai": (
        "GET /v3/admin/ai/a2a",
        "GET /v3/admin/ai/a2a/list",
        "GET /v3/admin/ai/a2a/version/list",
        "GET /v3/admin/ai/mcp",
        "GET /v3/admin/ai/mcp/list",
        "GET /v3/admin/ai/prompt/detail",
        "GET /v3/admin/ai/prompt/list",
        "GET /v3/admin/ai/prompt/metadata",
        "GET /v3/admin/ai/prompt/versions",
        "GET /v3/admin/ai/skills",
        "GET /v3/admin/ai/skills/list",
        "GET /v3/admin/ai/skills/version",
        "GET /v3/admin/ai/skills/version/download",
        "GET /v3/client/ai/prompt",
        "GET /v3/client/ai/skills",
    ),
    "write ai": (
        "GET /v3/console/ai/mcp/importToolsFromMcp",  # asks a server that the caller names
        "POST /v3/admin/ai/mcp/import/validate",
        "POST /v3/admin/ai/mcp/import/execute",
        "DELETE /v3/admin/ai/a2a",
        "POST /v3/admin/ai/a2a",
        "PUT /v3/admin/ai/a2a",
        "DELETE /v3/admin/ai/mcp",
        "POST /v3/admin/ai/mcp",
        "PUT /v3/admin/ai/mcp",
        "DELETE /v3/admin/ai/prompt",
        "POST /v3/admin/ai/prompt",
        "DELETE /v3/admin/ai/prompt/label",
        "PUT /v3/admin/ai/prompt/label",
        "PUT /v3/admin/ai/prompt/metadata",
        "DELETE /v3/admin/ai/skills",
        "PUT /v3/admin/ai/skills/biz-tags",
        "DELETE /v3/admin/ai/skills/draft",
        "POST /v3/admin/ai/skills/draft",
        "PUT /v3/admin/ai/skills/draft",
        "POST /v3/admin/ai/skills/force-publish",
        "PUT /v3/admin/ai/skills/labels",
        "POST /v3/admin/ai/skills/offline",
        "POST /v3/admin/ai/skills/online",
        "POST /v3/admin/ai/skills/publish",
        "PUT /v3/admin/ai/skills/scope",
        "POST /v3/admin/ai/skills/submit",
        "POST /v3/admin/ai/skills/upload",
    ),
}

RULES = {
    rule: (*names, *(name.replace("/v3/admin/", "/v3/console/") for name in names if "/v3/admin/" in name))
    for rule, names in _WRITTEN.items()
}
