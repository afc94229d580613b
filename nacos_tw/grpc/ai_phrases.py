"""What clients of gRPC are told of problems of the AI registries: a code and a text, in Nacos's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.ai import problems
from nacos_tw.errors import BadParameter, Conflict, NacosError, NotFound
from nacos_tw.grpc.messages import BAD_PARAMETER

NOT_FOUND, CONFLICT, NOT_MODIFIED = 404, 409, 304


def _mcp(it: problems.McpUnknown) -> str:
    return f"MCP server `{it.name or it.id}` not found in namespaceId: `{it.namespace or 'public'}`"


def _agent_version(it: problems.AgentVersionUnknown) -> str:
    return (
        f"Agent {it.name} version {it.version} not found."
        if it.version
        else f"Agent {it.name} latest version not found"
    )


WORDS: dict[type[NacosError], Callable[[Any], str]] = {
    problems.McpUnknown: _mcp,
    problems.McpVersionUnknown: lambda it: f"MCP server `{it.name}` for version `{it.version}` not found",
    problems.McpVersionExists: lambda it: (
        f"Mcp Server {it.name} and target version {it.version} already exist, do not do release"
    ),
    problems.McpExists: lambda it: f"Mcp Server {it.name} already exist",
    problems.EndpointServiceUnknown: lambda it: "The Mcp Server Ref endpoint service not found.",
    problems.AgentUnknown: lambda it: f"Agent not found: {it.name}",
    problems.AgentVersionUnknown: _agent_version,
    problems.ResourceUnknown: lambda it: f"{it.kind} not found: {it.name}",
    problems.ResourceVersionUnknown: lambda it: f"{it.kind} not found: {it.name} {it.wanted}".rstrip(),
    problems.UpToDate: lambda it: "prompt data is up to date",
    problems.Lacks: lambda it: f"Required parameter `{it.field}` not present",
    problems.AiInvalid: lambda it: f"parameter `{it.field}` is invalid: {it.value or it.detail or it.rule}",
}
_CODES: dict[type[NacosError], int] = {
    NotFound: NOT_FOUND,
    Conflict: CONFLICT,
    BadParameter: BAD_PARAMETER,
    problems.UpToDate: NOT_MODIFIED,
}


def told(error: NacosError) -> tuple[int, str] | None:
    """The code and the text; None for what is no problem of these registries."""
    for kind in type(error).__mro__:
        words = WORDS.get(kind)
        if words is not None:
            code = next(number for of, number in _CODES.items() if isinstance(error, of))
            return code, words(error)
    return None
