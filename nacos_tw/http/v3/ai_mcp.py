"""C{/v3/admin/ai/mcp} and C{/v3/console/ai/mcp}: MCP servers, for operators and for a browser (docs/ai.md)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.ai.jsons import read
from nacos_tw.ai.mcp_model import BasicInfo, Detail, EndpointSpec
from nacos_tw.ai.operations.mcp import McpServers
from nacos_tw.ai.problems import Lacks
from nacos_tw.ai.requests import Listing, McpWrite, OneMcp, check_mcp_name
from nacos_tw.http.api.parameters import NAMESPACE, PAGE_NO, PAGE_SIZE, boolean, text
from nacos_tw.http.api.results import page_json
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.v3.ai_parameters import PAGED, blurred, tenant

ADMIN, CONSOLE = "/v3/admin/ai/mcp", "/v3/console/ai/mcp"

NAME = text("mcpName", "The MCP server's name.")
ID = text("mcpId", "Its id; it counts for more than the name.")
VERSION = text("version", "The version.")
SPEC = text("serverSpecification", "The server, as JSON. Has to be there.")
TOOLS = text("toolSpecification", "Its tools, as JSON.")
RESOURCES = text("resourceSpecification", "Its resources, as JSON.")
ENDPOINTS = text("endpointSpecification", "Its endpoints, as JSON. Has to be there, but for a stdio server.")
LATEST = boolean("latest", "Whether the version becomes the latest.", True)
ONLY = boolean("overrideExisting", "Whether endpoints that were given before go.")
ONE = NAMESPACE, ID, NAME, VERSION
WRITTEN = NAMESPACE, NAME, SPEC, TOOLS, RESOURCES, ENDPOINTS


def one(call: Call) -> OneMcp:
    """
    Which server, and version.

    @raise Lacks: neither its id nor its name is given.
    """
    name, id_ = NAME(call), ID(call)
    if not name and not id_:
        raise Lacks("mcpId")
    check_mcp_name(name)
    return OneMcp(tenant=tenant(call), name=name, id=id_, version=VERSION(call))


def mcp_write(call: Call, changed: bool = False) -> McpWrite:
    """
    A server to be mcp_write.

    @raise Lacks, AiInvalid: it is not given, or not as it should be.
    """
    given = SPEC(call)
    if not given:
        raise Lacks("serverSpecification")
    spec = read(given, BasicInfo, "serverSpecification")
    tools, resources, endpoints = TOOLS(call), RESOURCES(call), ENDPOINTS(call)
    if not endpoints and not spec.local:
        raise Lacks("endpointSpecification")
    return McpWrite(
        tenant=tenant(call),
        name=NAME(call) or spec.name or "",
        id=ID(call) if changed else "",
        spec=spec,
        tools=read(tools, dict[str, Any], "toolSpecification") if tools else None,
        resources=read(resources, dict[str, Any], "resourceSpecification") if resources else None,
        endpoints=read(endpoints, EndpointSpec, "endpointSpecification") if endpoints and not spec.local else None,
        latest=LATEST(call),
        only=changed and ONLY(call),
    )


@attrs.frozen
class McpV3:
    """What operators and browsers ask alike. Built for each of them."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    servers: McpServers

    @api(app, "GET", "/list", does=McpServers.page, takes=(NAME, *PAGED), gives="A page of servers")
    def page(self, call: Call) -> dict[str, Any]:
        """A page of the MCP servers of a namespace, each with its versions."""
        request = Listing(
            tenant=tenant(call), name=NAME(call), blur=blurred(call), number=PAGE_NO(call), size=PAGE_SIZE(call)
        )
        return page_json(self.servers.page(call, request), lambda item: item)

    @api(app, "GET", "", does=McpServers.detail, takes=ONE, gives="The server")
    def detail(self, call: Call) -> Detail:
        """One version of an MCP server with its tools and endpoints; the latest one where none is named."""
        return self.servers.detail(call, one(call))

    @api(app, "POST", "", does=McpServers.create, takes=WRITTEN, gives="The new id")
    async def create(self, call: Call) -> str:
        """Publish an MCP server that is not there yet."""
        return await self.servers.create(call, mcp_write(call))

    @api(app, "PUT", "", does=McpServers.update, takes=(*WRITTEN, ID, LATEST, ONLY), gives="ok")
    async def update(self, call: Call) -> str:
        """Change a version of an MCP server, or add one."""
        await self.servers.update(call, mcp_write(call, changed=True))
        return "ok"

    @api(app, "DELETE", "", does=McpServers.remove, takes=ONE, gives="ok")
    async def remove(self, call: Call) -> str:
        """Remove a version of an MCP server, or all of it."""
        await self.servers.remove(call, one(call))
        return "ok"
