"""
What operators do with Nacos's maintainer client for Python, each of its methods. Each stage prints C{ok <stage>} or
C{FAILED <stage> <why>}::

    python trial.py <address> <password> <folder>     # with the package nacos-maintainer-sdk-python
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Awaitable
from typing import Any

from a2a.types import AgentCapabilities, AgentCard, AgentSkill  # type: ignore[import-not-found]
from maintainer.ai.nacos_ai_maintainer_service import NacosAIMaintainerService  # type: ignore[import-not-found]
from v2.nacos import ClientConfigBuilder  # type: ignore[import-not-found]
from v2.nacos.ai.model.mcp.mcp import (  # type: ignore[import-not-found]
    McpEndpointSpec,
    McpServerBasicInfo,
    McpServerRemoteServiceConfig,
    McpTool,
    McpToolSpecification,
)
from v2.nacos.ai.model.mcp.registry import ServerVersionDetail  # type: ignore[import-not-found]

ADDRESS, PASSWORD, FOLDER = sys.argv[1:4]
SPACE = "maintained"
TOOLS = McpToolSpecification(tools=[McpTool(name="forecast", description="f", inputSchema={"type": "object"})])


def same(wanted: object, found: object) -> None:
    """Fail unless they are."""
    if wanted != found:
        raise AssertionError(f"wanted {wanted!r}, found {found!r}")


async def refused(asked: Awaitable[object], said: str) -> None:
    """It is refused so."""
    try:
        await asked
    except Exception as error:
        if said not in str(error):
            raise AssertionError(f"wanted {said!r}, found {error}") from None
    else:
        raise AssertionError(f"not refused: {said}")


async def service(password: str = PASSWORD) -> Any:
    """A client that is logged in."""
    settings = ClientConfigBuilder().server_address(ADDRESS).username("nacos").password(password).log_dir(FOLDER)
    return await NacosAIMaintainerService.create_ai_service(settings.timeout_ms(60000).build())


def server(name: str, version: str, protocol: str, **more: Any) -> Any:
    """An MCP server."""
    detail = ServerVersionDetail(version=version)
    return McpServerBasicInfo(name=name, protocol=protocol, description="d", versionDetail=detail, **more)


def direct(address: str) -> Any:
    """An address."""
    return McpEndpointSpec(type="DIRECT", data={"address": address, "port": "8080", "transportProtocol": "http"})


def remote(version: str) -> Any:
    """A server that answers there."""
    return server("remote", version, "mcp-sse", remoteServerConfig=McpServerRemoteServiceConfig(exportPath="/sse"))


async def servers(client: Any) -> None:
    """A local and a remote one: created, found, listed, searched for."""
    local = server("local", "1.0.0", "stdio", localServerConfig={"command": "run"})
    same(True, await client.create_mcp_server(SPACE, "local", local, TOOLS, McpEndpointSpec()))
    same(True, await client.create_mcp_server(SPACE, "remote", remote("1.0.0"), TOOLS, direct("10.0.0.1")))
    found = await client.get_mcp_server_detail(SPACE, "local", "1.0.0")
    same(("stdio", {"command": "run"}, None), (found.protocol, found.localServerConfig, found.backendEndpoints))
    same(["forecast"], [each.name for each in found.toolSpec.tools])
    found = await client.get_mcp_server_detail(SPACE, "remote", "")
    same([("10.0.0.1", 8080, "/sse")], [(each.address, each.port, each.path) for each in found.backendEndpoints])
    total, number, pages, items = await client.list_mcp_servers(SPACE, "", 1, 1)
    same((2, 1, 2, ["local"]), (total, number, pages, [each.name for each in items]))
    same(["local"], [each.name for each in (await client.list_mcp_servers(SPACE, "local", 1, 10))[3]])
    same(0, (await client.list_mcp_servers(SPACE, "oca", 1, 10))[0])
    same(["remote"], [each.name for each in (await client.search_mcp_server(SPACE, "emot", 1, 10))[3]])


async def versions(client: Any) -> None:
    """One more version, which is the latest only if that is said; all are removed."""

    async def latest() -> tuple[str, list[str]]:
        found = await client.get_mcp_server_detail(SPACE, "remote", "")
        return found.versionDetail.version, [each.version for each in found.allVersions]

    same(True, await client.update_mcp_server(SPACE, "remote", False, remote("2.0.0"), TOOLS, direct("10.0.0.2")))
    same(("1.0.0", ["1.0.0", "2.0.0"]), await latest())
    same(True, await client.update_mcp_server(SPACE, "remote", True, remote("2.0.0"), TOOLS, direct("10.0.0.2")))
    same(("2.0.0", ["1.0.0", "2.0.0"]), await latest())
    found = await client.get_mcp_server_detail(SPACE, "remote", "2.0.0")
    same(["10.0.0.2"], [each.address for each in found.backendEndpoints])
    for name in ("local", "remote"):
        same(True, await client.delete_mcp_server(SPACE, name))
        await refused(client.get_mcp_server_detail(SPACE, name, ""), "not found")
    same(0, (await client.list_mcp_servers(SPACE, "", 1, 10))[0])


def card(version: str) -> Any:
    """An agent's."""
    skill = AgentSkill(id="s", name="Counting", description="Counts sheep", tags=["sheep"])
    return AgentCard(
        name="agent 1", description="d", version=version, protocol_version="0.3.0", url="http://10.3.3.3:80",
        preferred_transport="JSONRPC", capabilities=AgentCapabilities(streaming=True), skills=[skill],
        default_input_modes=["text"], default_output_modes=["text"],
    )  # fmt: skip


async def agents(client: Any) -> None:
    """Registered, changed, listed, searched for, a version at a time, removed."""
    same(True, await client.register_agent(card("1.0"), SPACE, "URL"))
    found = await client.get_agent_card("agent 1", "", SPACE, "")
    same(("1.0", "URL", ["Counting"]), (found.version, found.registration_type, [each.name for each in found.skills]))
    same(True, await client.update_agent_card(card("2.0"), SPACE, False, "URL"))
    same("1.0", (await client.get_agent_card("agent 1", "", SPACE, "URL")).version)
    same(True, await client.update_agent_card(card("2.0"), SPACE, True, "URL"))
    found = await client.get_agent_card("agent 1", "", SPACE, "URL")
    same(("2.0", True), (found.version, found.latest_version))
    same(["1.0", "2.0"], [each.version for each in await client.list_all_version_of_agent("agent 1", SPACE)])
    for asked in (
        client.list_agent_cards_by_name(SPACE, "", 1, 10),
        client.list_agent_cards_by_name(SPACE, "agent 1", 1, 10),
        client.search_agent_cards_by_name(SPACE, "gent", 1, 10),
    ):
        total, number, pages, items = await asked
        same((1, 1, 1), (total, number, pages))
        same([("agent 1", "2.0")], [(each.name, each.latest_published_version) for each in items])
        same(["1.0", "2.0"], [each.version for each in items[0].version_details])
    same(0, (await client.list_agent_cards_by_name(SPACE, "gent", 1, 10))[0])
    same(True, await client.delete_agent("agent 1", SPACE, "1.0"))
    same(["2.0"], [each.version for each in await client.list_all_version_of_agent("agent 1", SPACE)])
    same(True, await client.delete_agent("agent 1", SPACE, ""))
    await refused(client.get_agent_card("agent 1", "", SPACE, ""), "not found")


async def refusals(client: Any) -> None:
    """What is there already, and what the wrong password gets: nothing."""
    same(True, await client.register_agent(card("1.0"), SPACE, "URL"))
    await refused(client.register_agent(card("1.0"), SPACE, "URL"), "already exist")
    same(True, await client.create_mcp_server(SPACE, "remote", remote("1.0.0"), TOOLS, direct("10.0.0.1")))
    again = client.create_mcp_server(SPACE, "remote", remote("1.0.0"), TOOLS, direct("10.0.0.1"))
    await refused(again, "has existed")
    await refused((await service("wrong")).delete_mcp_server(SPACE, "remote"), "access token")
    same(1, (await client.list_mcp_servers(SPACE, "", 1, 10))[0])
    same(True, await client.delete_mcp_server(SPACE, "remote"))
    same(True, await client.delete_agent("agent 1", SPACE, ""))


async def main() -> None:
    """All stages."""
    client = await service()
    for stage in (servers, versions, agents, refusals):
        try:
            await stage(client)
            print(f"ok {stage.__name__}", flush=True)
        except BaseException:
            print(f"FAILED {stage.__name__} {traceback.format_exc()}", flush=True)


asyncio.run(main())
