"""MCP servers: looking at them, creating, changing and removing them (docs/ai.md)."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import Any

import msgspec
from msgspec.structs import replace
from twisted.internet.defer import Deferred

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.ai import mcp_endpoints
from nacos_tw.ai.jsons import stored
from nacos_tw.ai.mcp_model import (
    TAG,
    BasicInfo,
    Detail,
    RemoteConfig,
    ServiceRef,
    StoredVersion,
    VersionDetail,
    VersionInfo,
    resources_key,
    server_key,
    tools_key,
    versions_key,
)
from nacos_tw.ai.mcp_servers import Servers
from nacos_tw.ai.problems import AiInvalid, Lacks, McpExists, McpUnknown, McpVersionExists, McpVersionUnknown
from nacos_tw.ai.requests import LARGEST_PAGE, Listing, McpWrite, OneMcp
from nacos_tw.ai.writing import Step, Writer, document
from nacos_tw.config.commands import Change
from nacos_tw.paging import Page, page_of

READ, WRITE = Rule("read", "ai"), Rule("write", "ai", recorded=True)
_COPIED = (
    "name", "protocol", "front_protocol", "description", "repository", "packages", "icons", "website_url",
    "enabled", "status", "capabilities", "remote_server_config", "local_server_config",
)  # fmt: skip
"""What the list of versions has of the latest one."""


class McpServers(Operations):
    """A write is done once this node shows it."""

    __slots__ = ("_servers", "_writer")

    def __init__(self, servers: Servers, writer: Writer, audit: AuditLog) -> None:
        super().__init__(audit)
        self._servers = servers
        self._writer = writer

    # -- looking

    @operation(READ)
    def page(self, caller: Caller, request: Listing) -> Page[VersionInfo]:
        """
        A page of the servers of a namespace, by name.

        @raise nacos_tw.errors.Invalid: there can be no such page.
        """
        ids, wanted = self._servers.ids(request.tenant), request.name
        names = [name for name in ids if not wanted or (wanted in name if request.blur else wanted == name)]
        found = page_of(names, request.number, min(request.size, LARGEST_PAGE))
        items = [self._servers.listed(request.tenant, ids[name]) for name in found.items]
        return Page(found.total, found.number, found.size, items)

    @operation(READ)
    def detail(self, caller: Caller, request: OneMcp) -> Detail:
        """
        A version of a server.

        @raise McpUnknown, McpVersionUnknown: there is none.
        """
        info = self._servers.found(request.tenant, request.id, request.name)
        return self._servers.detail(request.tenant, info, request.version)

    # -- writing

    @operation(WRITE)
    def create(self, caller: Caller, request: McpWrite) -> Deferred[str]:
        """
        Publish a server that is not there yet.

        @return: its id; fails with McpExists, AiInvalid, Lacks.
        """
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._creation(request)))

    @operation(WRITE)
    def update(self, caller: Caller, request: McpWrite) -> Deferred[str]:
        """
        Change a version of a server, or add one.

        @return: the server's id; fails with McpUnknown, AiInvalid, Lacks.
        """
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._change(request)))

    @operation(WRITE)
    def release(self, caller: Caller, request: McpWrite) -> Deferred[str]:
        """
        What clients do: create a server, or add a version to one that is there.

        @return: the server's id; fails with McpVersionExists, AiInvalid, Lacks.
        """
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._release(request)))

    @operation(WRITE)
    def remove(self, caller: Caller, request: OneMcp) -> Deferred[bool]:
        """
        Remove a version of a server, or all of it.

        @return: fails with McpUnknown, McpVersionUnknown.
        """
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._removal(request)))

    # -- steps

    async def _creation(self, request: McpWrite) -> tuple[Step, str]:
        tenant, spec = request.tenant, _named(request)
        name = spec.name or ""
        if name in self._servers.ids(tenant):
            raise McpExists(name)
        server = await self._new_id(tenant, name, spec.id)
        version = _version_of(spec)
        _, stored_md5 = await self._servers.current_version(tenant, server, version)
        return self._write(request, spec, VersionInfo(id=server), "", version, True, stored_md5)

    async def _new_id(self, tenant: str, name: str, given: str | None) -> str:
        """An id that nobody has; the same for the same name, so that two who create it at once do not both."""
        if given:
            try:
                uuid.UUID(given)
            except ValueError:
                raise AiInvalid("serverSpecification.id", "uuid", given) from None
            if (await self._servers.current(tenant, given))[1]:
                raise AiInvalid("serverSpecification.id", "used", given)
            return given
        made = str(uuid.uuid3(uuid.NAMESPACE_URL, f"mcp:{tenant}:{name}"))
        there, md5 = await self._servers.current(tenant, made)
        if there is not None and there.name == name:
            raise McpExists(name)
        return str(uuid.uuid4()) if md5 else made

    async def _change(self, request: McpWrite) -> tuple[Step, str]:
        tenant, spec = request.tenant, _named(request)
        server = request.id or spec.id or self._servers.ids(tenant).get(request.name or spec.name or "", "")
        info, md5 = await self._servers.current(tenant, server) if server else (None, "")
        if info is None:
            raise McpUnknown(tenant, request.id, request.name or spec.name or "")
        other = self._servers.ids(tenant).get(spec.name or "", server)
        if other != server:
            raise McpExists(spec.name or "")
        version = _version_of(spec)
        _, stored_md5 = await self._servers.current_version(tenant, server, version)
        return self._write(request, spec, info, md5, version, request.latest, stored_md5)

    async def _release(self, request: McpWrite) -> tuple[Step, str]:
        tenant, spec = request.tenant, _named(request)
        version = _version_of(spec)
        name = spec.name or ""
        server = self._servers.ids(tenant).get(name, "")
        info, md5 = await self._servers.current(tenant, server) if server else (None, "")
        if info is None:
            return await self._creation(request)
        if info.has(version):
            raise McpVersionExists(name, version)
        latest = spec.version_detail is not None and spec.version_detail.is_latest is True
        _, stored_md5 = await self._servers.current_version(tenant, server, version)
        return self._write(request, spec, info, md5, version, latest, stored_md5)

    def _write(
        self,
        request: McpWrite,
        spec: BasicInfo,
        before: VersionInfo,
        md5: str,
        version: str,
        latest: bool,
        stored_md5: str,
    ) -> tuple[Step, str]:
        """@param md5, stored_md5: of the documents of the server and of the version as they are."""
        tenant, server, name = request.tenant, before.id or "", spec.name or ""
        endpoints = self._endpoints(request, spec, name, version)
        new = StoredVersion(**{each: getattr(spec, each) for each in BasicInfo.__struct_fields__})
        new.namespace_id, new.id, new.name, new.version = tenant or "public", server, name, version
        new.capabilities = ["TOOL"] if _has_tools(request.tools) else []
        if endpoints.ref is not None:
            new.remote_server_config = replace(spec.remote_server_config or RemoteConfig(), service_ref=endpoints.ref)
        at = datetime.fromtimestamp(self._writer.millis() / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        info = _with_version(before, new, version, latest, at)
        new.version_detail = VersionDetail(
            version=version, release_date=_date_of(info, version), is_latest=info.latest == version
        )
        changes: list[Change] = []
        for given, key, field in (
            (request.tools, tools_key(tenant, server, version), "tools_description_ref"),
            (request.resources, resources_key(tenant, server, version), "resource_description_ref"),
        ):
            if given:
                setattr(new, field, key[2])
                changes.append(document(key, msgspec.json.encode(given).decode(), None, name, TAG))
            elif stored_md5:
                changes.append(Change(key, None))
        changes.append(document(server_key(tenant, server, version), stored(new), stored_md5, name, TAG))
        tags = f"{TAG},mcpServerName={name}"
        changes.append(document(versions_key(tenant, server), stored(info), md5, name, tags))
        return Step(changes, endpoints.commands, endpoints.undo), server

    def _endpoints(self, request: McpWrite, spec: BasicInfo, name: str, version: str) -> mcp_endpoints.Wanted:
        if spec.local:
            return mcp_endpoints.Wanted(None)
        if request.endpoints is None:
            remote = spec.remote_server_config
            given = remote.service_ref if remote is not None else None
            ref: ServiceRef = given or mcp_endpoints.own_service(request.tenant, name, version)
            return mcp_endpoints.Wanted(ref)
        there = self._servers.endpoints
        return mcp_endpoints.wanted(there, request.tenant, name, version, request.endpoints, request.only)

    async def _removal(self, request: OneMcp) -> tuple[Step, bool]:
        tenant = request.tenant
        server = request.id or self._servers.ids(tenant).get(request.name, "")
        info, md5 = await self._servers.current(tenant, server) if server else (None, "")
        if info is None:
            raise McpUnknown(tenant, request.id, request.name)
        if request.version and not info.has(request.version):
            raise McpVersionUnknown(server, info.name or "", request.version)
        all_versions = [each.version or "" for each in info.version_details or ()]
        gone = [request.version] if request.version else all_versions
        left = [each for each in info.version_details or () if each.version not in gone]
        changes: list[Change] = []
        naming: list[Any] = []
        for version in gone:
            kinds = server_key, tools_key, resources_key
            changes += [Change(kind(tenant, server, version), None) for kind in kinds]
            key = mcp_endpoints.made_service(tenant, info.name or "", version)
            naming += mcp_endpoints.dropped(self._servers.endpoints, key)
        last = Change(versions_key(tenant, server), None, md5)
        if left:
            info = replace(info, version_details=left)
            info.latest_published_version = info.latest
            info = await self._of_latest(tenant, server, info)
            tags = f"{TAG},mcpServerName={info.name}"
            last = document(versions_key(tenant, server), stored(info), md5, info.name or "", tags)
        return Step([*changes, last], naming), True

    async def _of_latest(self, tenant: str, server: str, info: VersionInfo) -> VersionInfo:
        """The list of versions, which describes the server by its latest one."""
        latest, _ = await self._servers.current_version(tenant, server, info.latest)
        if latest is None:
            return info
        details = [replace(each, is_latest=each.version == info.latest) for each in info.version_details or ()]
        copied = {name: getattr(latest, name) for name in _COPIED if name != "name"}
        return replace(info, version_details=details, version=info.latest, version_detail=None, **copied)


def _named(request: McpWrite) -> BasicInfo:
    """@raise Lacks: the server has no name, or no specification."""
    spec: BasicInfo = request.spec
    if not spec.name:
        if not request.name:
            raise Lacks("mcpName")
        spec = replace(spec, name=request.name)
    return spec


def _version_of(spec: BasicInfo) -> str:
    """@raise Lacks: it says none."""
    if not spec.wanted_version:
        raise Lacks("serverSpecification.versionDetail.version")
    return spec.wanted_version


def _has_tools(tools: dict[str, Any] | None) -> bool:
    return bool(tools and (tools.get("tools") is not None or tools.get("securitySchemes") is not None))


def _with_version(before: VersionInfo, new: StoredVersion, version: str, latest: bool, at: str) -> VersionInfo:
    """The list of versions with this one in it."""
    details = [replace(each) for each in before.version_details or ()]
    mine = next((each for each in details if each.version == version), None)
    if mine is None:
        mine = VersionDetail(version=version)
        details.append(mine)
    if latest or not mine.release_date:
        mine.release_date = at
    info = replace(before, version_details=details)
    if latest or len(details) == 1:
        info.latest_published_version = version
    for each in details:
        each.is_latest = each.version == info.latest
    info.namespace_id, info.id = new.namespace_id, new.id
    info.name = new.name
    if info.latest == version:
        for field in _COPIED:
            setattr(info, field, getattr(new, field))
        info.version, info.version_detail = version, None
    return info


def _date_of(info: VersionInfo, version: str) -> str | None:
    return next((each.release_date for each in info.version_details or () if each.version == version), None)
