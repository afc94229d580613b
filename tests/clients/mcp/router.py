"""
An agent behind nacos-mcp-router: finds a server in the registry, and calls its tool. Each stage prints C{ok <stage>}::

    python router.py <address of the node> <password>     # with the package nacos-mcp-router
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

ADDRESS, PASSWORD = sys.argv[1], sys.argv[2]
ROUTER = {"NACOS_ADDR": ADDRESS, "NACOS_USERNAME": "nacos", "NACOS_PASSWORD": PASSWORD, "UPDATE_INTERVAL": "10"}


def said(result: Any) -> str:
    """The text of an answer."""
    return "".join(each.text for each in result.content)


async def until(what: str, ask: Any) -> str:
    """Ask until the answer has a text in it; the router reads the registry every 10 s."""
    end = time.monotonic() + 200
    while what not in (found := said(await ask())):
        if time.monotonic() > end:
            raise AssertionError(f"wanted {what!r}, found {found!r}")
        await asyncio.sleep(1)
    return found


async def router(session: ClientSession) -> None:
    """In front of all: one is added by its name, and used."""
    assert "add_mcp_server" in [each.name for each in (await session.list_tools()).tools]
    await until("forecast", lambda: session.call_tool("add_mcp_server", {"mcp_server_name": "weather"}))
    used = {"mcp_server_name": "weather", "mcp_tool_name": "forecast", "params": '{"city": "Rome"}'}
    await until("sun in Rome", lambda: session.call_tool("use_tool", used))


async def main() -> None:
    """The one stage. (In front of a single server, MODE=proxy, this version trips over its own missing headers.)"""
    environment = {**os.environ, **ROUTER, "MODE": "router"}
    parameters = StdioServerParameters(command=sys.executable, args=["-m", "nacos_mcp_router"], env=environment)
    try:
        async with stdio_client(parameters) as streams, ClientSession(*streams) as session:
            await session.initialize()
            await router(session)
        print("ok router", flush=True)
    except BaseException as error:
        print(f"FAILED router {error!r}", flush=True)


asyncio.run(main())
