"""The keys of the AI registries (C{nacos.ai.*}, as Nacos 3 has them)."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import attrs

from nacos_tw.settings.key import Key
from nacos_tw.settings.kinds import integer, switch

Network = IPv4Network | IPv6Network


def networks(value: str) -> tuple[Network, ...]:
    """@raise ValueError: what is wrong, of addresses and networks with commas between them."""
    found = []
    for each in filter(None, (word.strip() for word in value.split(","))):
        try:
            found.append(ip_network(each, strict=False))
        except ValueError:
            raise ValueError("must be addresses or networks such as 10.0.0.0/8, with commas between them") from None
    return tuple(found)


REGISTRY = Key(
    "nacos.ai.mcp.registry.enabled", switch(), "false", "Whether MCP servers can be read in the form of the official "
    "MCP registry, on a separate port that asks for no login.",
)  # fmt: skip
REGISTRY_PORT = Key(
    "nacos.ai.registry.port", integer(1, 65535), "9080", "The port of that registry.",
    instead="nacos.ai.mcp.registry.port",
)  # fmt: skip

MCP = Key(
    "nacos.ai.mcp.enabled", switch(), "false", "Whether the node is an MCP server itself, at /nacos/mcp, with tools "
    "for AI agents that do the work of operators. Needs the Python package mcp (nacos_tw[mcp]).",
)  # fmt: skip

USER_URLS = Key(
    "nacos.ai.resource.import.allow-user-url", switch(), "false", "Whether the node may fetch lists of MCP servers "
    "from registries at addresses that users give (importType=url).",
)  # fmt: skip
TOOLS = Key(
    "nacos.console.ai.mcp.import.enabled", switch(), "true", "Whether the node may ask MCP servers at addresses that "
    "users give for their tools.",
)  # fmt: skip
PRIVATE = Key(
    "nacos.console.ai.mcp.import.allowed-private-addresses", networks, "", "Addresses and networks that are not "
    "public, but may be asked in these two cases, comma separated: 10.0.0.0/8.",
)  # fmt: skip

FETCHING: tuple[Key[Any], ...] = (USER_URLS, TOOLS, PRIVATE)
"""In the order of the members of L{AiFetching}."""
KEYS: tuple[Key[Any], ...] = (MCP, REGISTRY, REGISTRY_PORT, *FETCHING)


@attrs.frozen
class AiFetching:
    """
    What the node fetches because users say so.

    @ivar urls: lists of registries; C{tools}: tools of MCP servers; C{private}: which addresses that are not
        public may be asked.
    @ivar connect: seconds for a connection.
    """

    urls: bool = False
    tools: bool = True
    private: tuple[Network, ...] = ()
    connect: float = 5.0
