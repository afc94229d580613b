"""
An MCP server with a tool, by the official package of either generation. It prints its port, and asks for a token::

    python server.py sse|streamable|stateless <token>     # with the package mcp
"""

from __future__ import annotations

import importlib
import socket
import sys
from typing import Any

import uvicorn

KIND, TOKEN = sys.argv[1:3]


def made() -> Any:
    """The package's server, as 2.x or 1.x calls it."""
    try:
        return importlib.import_module("mcp.server.mcpserver").MCPServer("sums")
    except ImportError:
        return importlib.import_module("mcp.server.fastmcp").FastMCP("sums")


def application(server: Any) -> Any:
    """What answers HTTP."""
    if KIND == "sse":
        return server.sse_app()
    if KIND == "streamable":
        return server.streamable_http_app()
    if hasattr(server.settings, "stateless_http"):
        server.settings.stateless_http = server.settings.json_response = True
        return server.streamable_http_app()
    return server.streamable_http_app(stateless_http=True, json_response=True)


server = made()


@server.tool()  # type: ignore[untyped-decorator]
def add(one: int, other: int = 0) -> int:
    """Adds two numbers."""
    return one + other


@server.tool()  # type: ignore[untyped-decorator]
def greet(name: str) -> str:
    """Says hello."""
    return f"hello {name}"


inside = application(server)


async def guarded(scope: Any, receive: Any, send: Any) -> None:
    """Only with the token."""
    if scope["type"] != "http" or (b"authorization", f"Bearer {TOKEN}".encode()) in scope["headers"]:
        return await inside(scope, receive, send)
    await send({"type": "http.response.start", "status": 401, "headers": []})
    await send({"type": "http.response.body", "body": b"no token"})


place = socket.create_server(("127.0.0.1", 0))
print(place.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(guarded, log_level="warning", lifespan="on")).run(sockets=[place])
