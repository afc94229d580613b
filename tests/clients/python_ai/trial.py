"""
What an application does with Nacos's own Python client for the AI registries. Each stage prints C{ok <stage>} or
C{FAILED <stage> <why>}; the test that starts this program reads these lines::

    python trial.py <address> <http port> <folder>     # with the package nacos-sdk-python 3.2
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import sys
import time
import traceback
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Awaitable, Callable
from typing import Any

from a2a.types import AgentCapabilities, AgentCard  # type: ignore[import-not-found]
from v2.nacos import ClientConfigBuilder, GRPCConfig, NacosException  # type: ignore[import-not-found]
from v2.nacos.ai.model import ai_param as params  # type: ignore[import-not-found]
from v2.nacos.ai.model.mcp.mcp import (  # type: ignore[import-not-found]
    McpEndpointSpec,
    McpServerBasicInfo,
    McpTool,
    McpToolSpecification,
)
from v2.nacos.ai.model.mcp.registry import ServerVersionDetail  # type: ignore[import-not-found]
from v2.nacos.ai.nacos_ai_service import NacosAIService  # type: ignore[import-not-found]

ADDRESS, FOLDER = sys.argv[1], sys.argv[2]
RUN = f"{time.time_ns():x}"


def same(wanted: object, found: object) -> None:
    """Fail unless they are."""
    if wanted != found:
        raise AssertionError(f"wanted {wanted!r}, found {found!r}")


async def soon(what: str, holds: Callable[[], Awaitable[object]]) -> None:
    """Wait until it holds."""
    end = time.monotonic() + 90
    while not await holds():
        if time.monotonic() > end:
            raise AssertionError(f"not in time: {what}")
        await asyncio.sleep(0.2)


async def fails(asked: Awaitable[object], said: str) -> None:
    """It is refused so."""
    try:
        await asked
    except NacosException as error:
        if said not in str(error):
            raise AssertionError(f"wanted {said!r}, found {error}") from None
    else:
        raise AssertionError(f"not refused: {said}")


def settings() -> Any:
    """A client's."""
    found = ClientConfigBuilder().server_address(ADDRESS).log_dir(FOLDER).cache_dir(f"{FOLDER}/{time.time_ns()}")
    return found.grpc_config(GRPCConfig(grpc_timeout=30000)).build()


def http(method: str, path: str, body: bytes = b"", type_: str = "", **fields: str) -> Any:
    """What an operator does."""
    url = f"http://{ADDRESS}/nacos{path}?{urllib.parse.urlencode(fields)}"
    headers = {"Content-Type": type_} if type_ else {}
    request = urllib.request.Request(url, body or None, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())["data"]


def server(name: str, version: str, protocol: str = "mcp-sse") -> Any:
    """An MCP server."""
    return McpServerBasicInfo(
        name=name, protocol=protocol, versionDetail=ServerVersionDetail(version=version), description="d"
    )


async def mcp(client: Any, other: Any) -> None:
    """Released, found, with an endpoint that goes with its connection; a new version is told of."""
    name = f"weather-{RUN}"
    await fails(client.get_mcp_server(params.GetMcpServerParam(mcp_name=name)), "not found")
    tools = McpToolSpecification(tools=[McpTool(name="forecast", description="f", inputSchema={"type": "object"})])
    given = params.ReleaseMcpServerParam(server_spec=server(name, "1.0.0"), tool_spec=tools)
    id_ = await client.release_mcp_server(given)
    found = await client.get_mcp_server(params.GetMcpServerParam(mcp_name=name))
    same((id_, "1.0.0", "forecast"), (found.id, found.versionDetail.version, found.toolSpec.tools[0].name))
    await fails(client.release_mcp_server(given), "already exist")
    told: list[Any] = []

    async def changed(*detail: Any) -> None:
        told.append(detail)

    subscription = params.SubscribeMcpServerParam(mcp_name=name, subscribe_callback=changed)
    same("1.0.0", (await client.subscribe_mcp_server(subscription)).versionDetail.version)
    endpoint = params.RegisterMcpServerEndpointParam(mcp_name=name, address="10.1.1.1", port=80, version="1.0.0")
    await other.register_mcp_server_endpoint(endpoint)

    async def addresses() -> list[str]:
        detail = await client.get_mcp_server(params.GetMcpServerParam(mcp_name=name))
        return [each.address for each in detail.backendEndpoints]

    same(["10.1.1.1"], await addresses())

    async def heard() -> bool:
        return any(detail[-1].backendEndpoints for detail in told)

    await soon("the subscriber hears of the endpoint", heard)
    await client.unsubscribe_mcp_server(subscription)
    await other.shutdown()

    async def gone() -> bool:
        return not await addresses()

    await soon("the endpoint goes with its connection", gone)


async def direct(client: Any, other: Any) -> None:
    """A server with an address that stays."""
    name = f"direct-{RUN}"
    spec = McpEndpointSpec(type="DIRECT", data={"address": "10.2.2.2", "port": "8080", "transportProtocol": "http"})
    await client.release_mcp_server(
        params.ReleaseMcpServerParam(server_spec=server(name, "1", "mcp-streamable"), mcp_endpoint_spec=spec)
    )
    found = await client.get_mcp_server(params.GetMcpServerParam(mcp_name=name, version="1"))
    same([("10.2.2.2", 8080)], [(each.address, each.port) for each in found.backendEndpoints])


async def agents(client: Any, other: Any) -> None:
    """A card, its versions, its endpoints."""
    name = f"agent {RUN}"

    def card(version: str) -> Any:
        return AgentCard(
            name=name, description="d", version=version, protocol_version="0.3.0", url="http://10.3.3.3:80",
            preferred_transport="JSONRPC", capabilities=AgentCapabilities(streaming=True), skills=[],
            default_input_modes=["text"], default_output_modes=["text"],
        )  # fmt: skip

    await fails(client.get_agent_card(params.GetAgentCardParam(agent_name=name)), "not found")
    await client.release_agent_card(params.ReleaseAgentCardParam(agent_card=card("1.0")))
    await client.release_agent_card(params.ReleaseAgentCardParam(agent_card=card("1.0")))
    found = await client.get_agent_card(params.GetAgentCardParam(agent_name=name))
    same(("1.0", "http://10.3.3.3:80", True), (found.version, found.url, found.latest_version))
    await client.release_agent_card(params.ReleaseAgentCardParam(agent_card=card("2.0"), set_as_latest=True))
    same("2.0", (await client.get_agent_card(params.GetAgentCardParam(agent_name=name))).version)
    told: list[Any] = []

    async def changed(*card: Any) -> None:
        told.append(card)

    async def heard() -> bool:
        return any(each[-1].url == "https://10.4.4.4:443/a2a" for each in told)

    subscription = params.SubscribeAgentCardParam(agent_name=name, subscribe_callback=changed)
    await client.subscribe_agent_card(subscription)
    endpoint = {"agent_name": name, "version": "2.0", "address": "10.4.4.4", "port": 443}
    await client.register_agent_endpoint(
        params.RegisterAgentEndpointParam(**endpoint, path="/a2a", transport="JSONRPC", support_tls=True)
    )
    found = await client.get_agent_card(params.GetAgentCardParam(agent_name=name))
    same("https://10.4.4.4:443/a2a", found.url)
    await soon("the subscriber hears of the endpoint", heard)
    await client.unsubscribe_agent_card(subscription)
    await client.deregister_agent_endpoint(params.DeregisterAgentEndpointParam(**endpoint))
    found = await client.get_agent_card(params.GetAgentCardParam(agent_name=name))
    same("http://10.3.3.3:80", found.url)


async def prompts(client: Any, other: Any) -> None:
    """Read by version, by label, as the latest; a new version is told of."""
    key = f"greeting-{RUN}"
    publish = {"promptKey": key, "variables": '[{"name":"who","defaultValue":"you"}]'}
    http("POST", "/v3/admin/ai/prompt", version="1.0.0", template="Hello {{who}}", **publish)
    http("PUT", "/v3/admin/ai/prompt/label", promptKey=key, label="stable", version="1.0.0")
    found = await client.get_prompt(params.GetPromptParam(prompt_key=key))
    same(("1.0.0", "Hello you"), (found.version, found.render()))
    told: list[Any] = []

    async def changed(*prompt: Any) -> None:
        told.append(prompt)

    subscription = params.SubscribePromptParam(prompt_key=key, subscribe_callback=changed)
    same("1.0.0", (await client.subscribe_prompt(subscription)).version)
    http("POST", "/v3/admin/ai/prompt", version="1.1.0", template="Hi {{who}}", **publish)

    async def heard() -> bool:
        return any("1.1.0" in repr(each) or "Hi" in repr(getattr(each[-1], "template", "")) for each in told)

    await soon("the subscriber hears of the version", heard)
    await client.unsubscribe_prompt(subscription)
    found = await client.get_prompt(params.GetPromptParam(prompt_key=key, label="stable"))
    same("1.0.0", found.version)
    found = await client.get_prompt(params.GetPromptParam(prompt_key=key, version="1.1.0"))
    same("Hi {{who}}", found.template)
    await fails(client.get_prompt(params.GetPromptParam(prompt_key="nobody")), "not found")


async def skills(client: Any, other: Any) -> None:
    """Uploaded, published, and downloaded as it was."""
    name = f"skill-{RUN}"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{name}/SKILL.md", f"---\nname: {name}\ndescription: d\n---\n# what to do\n")
        archive.writestr(f"{name}/scripts/run.py", "print(1)\n")
        archive.writestr(f"{name}/assets/icon.bin", bytes(range(256)))
    boundary = "x" * 20
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="s.zip"\r\n\r\n'
    body = head.encode() + packed.getvalue() + f"\r\n--{boundary}--\r\n".encode()
    same(name, http("POST", "/v3/admin/ai/skills/upload", body, f"multipart/form-data; boundary={boundary}"))
    await fails(client.download_skill_zip(params.DownloadSkillParam(skill_name=name)), "")
    http("POST", "/v3/admin/ai/skills/publish", skillName=name, version="0.0.1")
    found = await client.download_skill_zip(params.DownloadSkillParam(skill_name=name))
    with zipfile.ZipFile(io.BytesIO(found)) as archive:
        same([f"{name}/SKILL.md", f"{name}/assets/icon.bin", f"{name}/scripts/run.py"], archive.namelist())
        same(bytes(range(256)), archive.read(f"{name}/assets/icon.bin"))


async def main() -> None:
    """All stages."""
    for stage in (mcp, direct, agents, prompts, skills):
        client = await NacosAIService.create_ai_service(settings())
        other = await NacosAIService.create_ai_service(settings())
        try:
            await stage(client, other)
            print(f"ok {stage.__name__}", flush=True)
        except BaseException:
            print(f"FAILED {stage.__name__} {traceback.format_exc()}", flush=True)
        for each in (client, other):
            with contextlib.suppress(Exception):
                await each.shutdown()


asyncio.run(main())
