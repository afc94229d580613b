"""What v3 says about problems of the AI registries, in Nacos's words (docs/ai.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.ai import problems
from nacos_tw.http.api.codes import (
    ACCESS_DENIED,
    AGENT_NOT_FOUND,
    AGENT_VERSION_NOT_FOUND,
    MCP_NOT_FOUND,
    MCP_VERSION_NOT_FOUND,
    NOT_MODIFIED,
    PARAMETER_ERROR,
    PARAMETER_MISSING,
    RESOURCE_CONFLICT,
    RESOURCE_NOT_FOUND,
    SERVER_ERROR,
)
from nacos_tw.http.api.error_result import ErrorResult

_NAME = "illegal characters should not appear in the param."
_INVALID = {
    ("search", "choice"): "Request parameter `search` should be `accurate` or `blur`.",
    ("serverSpecification.id", "uuid"): (
        "parameter `serverSpecification.id` is not match uuid pattern,  must obey uuid pattern"
    ),
    ("serverSpecification.id", "used"): "parameter `serverSpecification.id` conflict with exist mcp server id",
    ("mcpName", "name"): f"Param 'mcpName' is illegal, {_NAME}",
    ("mcpName", "length"): "Param 'mcpName' is illegal, the param length should not exceed 128.",
    ("importType", "choice"): "importType must be one of: json, url, file",
    ("registrationType", "choice"): (
        "Required parameter 'registrationType' value should be `URL` or `SERVICE` but was `{value}`"
    ),
    ("scope", "choice"): "Request parameter `scope` should be PUBLIC or PRIVATE.",
    ("targetVersion", "numbers"): "Invalid targetVersion format: {value}, expected x.y.z or vN",
    ("version", "draft"): "Current editing version is not draft: {value}",
    ("version", "online"): "Version is already online, force-publish is not needed: {value}",
    ("version", "offline"): "Only reviewing version can be published: {value}",
    ("labels", "draft"): "Label '{value}' cannot point to draft version: {limit}",
    ("skillCard", "other"): "skillCard name must match skillName",
    ("agentSpecCard", "other"): "agentSpecCard name must match agentSpecName",
    ("cursor", "number"): "cursor must be numeric",
    ("cursor", "minimum"): "cursor must be >= 0",
    ("updated_since", "time"): "updated_since must be a time of RFC 3339, such as 2025-08-07T13:15:04Z",
    ("limit", "pages"): "limit must be -1, or from 1 to {limit}",
    ("limit", "minimum"): "limit must be >= 0",
    ("limit", "maximum"): "limit must <= 100",
}
_REFUSED = {
    "address": "{url} is no address of http or https that can be asked",
    "private": (
        "{url} has a private or local address that is not among nacos.console.ai.mcp.import.allowed-private-addresses"
    ),
    "origin": "{url} leads to another host",
    "tools": "nacos.console.ai.mcp.import.enabled is false",
    "urls": "importType url is off (nacos.ai.resource.import.allow-user-url): fetch the document, and send it as file",
}
_JSON = {
    "serverSpecification": "serverSpecification or toolSpecification is invalid. Can't be parsed.",
    "toolSpecification": "serverSpecification or toolSpecification is invalid. Can't be parsed.",
    "resourceSpecification": "serverSpecification or toolSpecification is invalid. Can't be parsed.",
    "endpointSpecification": "serverSpecification or toolSpecification is invalid. Can't be parsed.",
    "agentCard": "agentCard is invalid. Can't be parsed.",
}
_NO_DRAFT = {"submit": "No draft version to submit for", "change": "No editing draft exists for"}
_OLDER = "agentCard.protocolVersion", "agentCard.preferredTransport", "agentCard.url"
"""Fields that a card needs that has no interfaces of A2A 1.0."""
_LACKS = {
    "mcpId": "Required parameter 'mcpId' or 'mcpName' type String at lease one is not present",
    "serverSpecification": "Required parameter 'serverSpecification' type McpServerBasicInfo is not present",
    "endpointSpecification": ("request parameter `endpointSpecification` is required if mcp server type not `local`."),
    "agentCard": "Request parameter `agentCard` should not be `null` or empty.",
    "importType": "Required parameter 'importType' is not present",
    "data": "Required parameter 'data' is not present",
}


def checked_words(error: BaseException) -> str:
    """What Nacos's check of parameters, which comes before any handler, says of a name; "" of all else."""
    if isinstance(error, problems.AiInvalid) and error.field == "mcpName" and error.rule in ("name", "length"):
        return _INVALID[error.field, error.rule]
    return ""


def _invalid(it: problems.AiInvalid, route: str) -> ErrorResult:
    if it.rule == "ref":
        said = "`namespaceId`, `groupName`, `serviceName` should be in remoteServerConfig data if type is `REF`"
        return ErrorResult(400, PARAMETER_MISSING, said)
    if it.rule == "json":
        return ErrorResult(400, PARAMETER_ERROR, _JSON.get(it.field, f"{it.field} is invalid. Can't be parsed."))
    said = _INVALID.get((it.field, it.rule), f"Param '{it.field}' is illegal, {_NAME}")
    return ErrorResult(400, PARAMETER_ERROR, said.format(value=it.value, limit=it.limit))


def _lacks(it: problems.Lacks, route: str) -> ErrorResult:
    if it.field == "serverSpecification.versionDetail.version":
        return ErrorResult(400, PARAMETER_ERROR, "Version must be specified in parameter `serverSpecification` ")
    if it.field.startswith("agentCard."):
        nor = ", nor is `agentCard.supportedInterfaces`" if it.field in _OLDER else ""
        return ErrorResult(400, PARAMETER_MISSING, f"Required parameter `{it.field}` not present{nor}")
    said = _LACKS.get(it.field, f"Required parameter '{it.field}' type {it.kind} is not present")
    return ErrorResult(400, PARAMETER_MISSING, said)


def _mcp(it: problems.McpUnknown, route: str) -> ErrorResult:
    named = it.id or "null"
    said = f"Mcp server [ID: {named}] not found in namespace [{it.namespace or 'public'}]. Response: null"
    return ErrorResult(404, MCP_NOT_FOUND, said if not it.name or it.id else f"{said} (name: {it.name})")


def _agent_version(it: problems.AgentVersionUnknown, route: str) -> ErrorResult:
    said = f"Agent {it.name} version {it.version} not found." if it.version else _no_latest(it.name)
    return ErrorResult(404, AGENT_VERSION_NOT_FOUND, said)


def _kind(name: str) -> str:
    return "AgentSpec" if name == "agentspec" else name.capitalize()


def _exists(it: problems.ResourceExists) -> str:
    if it.wanted:
        return f"targetVersion already exists: {it.version}"
    return f"{_kind(it.kind)} already exists: {it.name} {it.version}".rstrip()


def _wrong_state(it: problems.WrongState, route: str) -> ErrorResult:
    if not it.state:
        return ErrorResult(404, RESOURCE_NOT_FOUND, f"{_NO_DRAFT[it.wanted]} {it.kind}: {it.name}")
    return ErrorResult(409, RESOURCE_CONFLICT, f"cannot {it.wanted} {it.kind} {it.name} {it.version}: it is {it.state}")


def _no_latest(name: str) -> str:
    return f"Agent {name} latest version not found"


AI: dict[type[BaseException], Callable[[Any, str], ErrorResult]] = {
    problems.AiInvalid: _invalid,
    problems.Lacks: _lacks,
    problems.McpUnknown: _mcp,
    problems.McpVersionUnknown: lambda it, route: ErrorResult(
        404, MCP_VERSION_NOT_FOUND, f"mcp server `{it.id}` for version `{it.version}` not found"
    ),
    problems.McpExists: lambda it, route: ErrorResult(
        409, RESOURCE_CONFLICT, f"mcp server `{it.name}` has existed, please update it rather than create."
    ),
    problems.McpVersionExists: lambda it, route: ErrorResult(
        409, RESOURCE_CONFLICT, f"Mcp server {it.name} and target version {it.version} already exist"
    ),
    problems.EndpointServiceUnknown: lambda it, route: ErrorResult(
        404, RESOURCE_NOT_FOUND, "The Mcp Server Ref endpoint service not found."
    ),
    problems.AgentUnknown: lambda it, route: ErrorResult(404, AGENT_NOT_FOUND, f"Agent not found: {it.name}"),
    problems.AgentVersionUnknown: _agent_version,
    problems.AgentExists: lambda it, route: ErrorResult(
        409, RESOURCE_CONFLICT, f"AgentCard name {it.name} already exist"
    ),
    problems.ResourceUnknown: lambda it, route: ErrorResult(
        404, RESOURCE_NOT_FOUND, f"{_kind(it.kind)} not found: {it.name}"
    ),
    problems.ResourceVersionUnknown: lambda it, route: ErrorResult(
        404, RESOURCE_NOT_FOUND, f"{_kind(it.kind)} version not found: {it.name} {it.wanted or 'latest'}"
    ),
    problems.ResourceExists: lambda it, route: ErrorResult(409, RESOURCE_CONFLICT, _exists(it)),
    problems.WrongState: _wrong_state,
    problems.UpToDate: lambda it, route: ErrorResult(304, NOT_MODIFIED, "data is up to date"),
    problems.Unfetched: lambda it, route: ErrorResult(200, SERVER_ERROR, f"{it.url} cannot be read: {it.detail}"),
    problems.FetchRefused: lambda it, route: ErrorResult(200, ACCESS_DENIED, _REFUSED[it.why].format(url=it.url)),
    problems.TransportUnsupported: lambda it, route: ErrorResult(
        200, SERVER_ERROR, f"Unsupported transport type: {it.transport}"
    ),
}
