"""The keys of the AI registries (C{nacos.ai.*}, as Nacos 3 has them)."""

from __future__ import annotations

from nacos_tw.settings.key import Key
from nacos_tw.settings.kinds import integer, switch

REGISTRY = Key(
    "nacos.ai.mcp.registry.enabled", switch(), "false", "Whether MCP servers can be read in the form of the official "
    "MCP registry, on a port of its own that asks for no login.",
)  # fmt: skip
REGISTRY_PORT = Key(
    "nacos.ai.registry.port", integer(1, 65535), "9080", "That port.", instead="nacos.ai.mcp.registry.port"
)

MCP = Key(
    "nacos.ai.mcp.enabled", switch(), "false", "Whether the node is an MCP server itself, at /nacos/mcp: tools for "
    "agents that ask what operators ask. Needs the Python package mcp (nacos_tw[mcp]).",
)  # fmt: skip

KEYS = (MCP, REGISTRY, REGISTRY_PORT)
