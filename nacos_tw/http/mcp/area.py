"""C{POST /mcp}: the route of the MCP server (streamable HTTP; each call is answered by itself, with JSON)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs
from klein import Klein
from twisted.internet.defer import Deferred

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.rules import NotAllowed, Rule
from nacos_tw.http.api.parts import ApiParts
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.mcp.cluster_tools import ClusterTools
from nacos_tw.http.mcp.config_tools import ConfigTools
from nacos_tw.http.mcp.engine import McpEngine
from nacos_tw.http.mcp.naming_tools import NamingTools
from nacos_tw.http.mcp.tool import Desk, Tool
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import serve

LOGIN = Rule("user")


@attrs.frozen
class McpArea:
    """
    @ivar origins: pages of these may call it. Pages of no other may, so that none that a browser happens to show
        reaches a node that asks for no login (DNS rebinding).
    """

    prefix: ClassVar[str] = "/mcp"
    app = Klein()
    guard: Guard
    engine: McpEngine
    tools: Mapping[str, Tool]
    audit: AuditLog
    origins: frozenset[str]

    @serve(app, "POST", "", needs=LOGIN)
    def message(self, call: Call) -> Deferred[Reply]:
        """A message of MCP: initialize, tools/list, tools/call, and what else the protocol has."""
        origin = call.header(b"origin")
        if origin and origin not in self.origins:
            raise NotAllowed(call.identity, LOGIN)
        return self.engine.ask(Desk(self.tools, call.identity, call.source, self.audit), call)


def tools_of(parts: ApiParts) -> dict[str, Tool]:
    """The tools of a node, by name: those for which it has the parts."""
    found = list(ClusterTools(parts.cluster, parts.namespaces).tools())
    if parts.config is not None:
        found += ConfigTools(parts.config).tools()
    if parts.naming is not None:
        found += NamingTools(parts.naming).tools()
    return {each.name: each for each in found}
