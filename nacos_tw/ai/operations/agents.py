"""Agents: looking at them, publishing, changing and removing their cards; and their endpoints (docs/ai.md)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from msgspec.structs import replace
from twisted.internet.defer import Deferred

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.ai.agent_model import (
    TAG,
    URL,
    VERSION_TAG,
    AgentCard,
    AgentVersion,
    AgentVersionInfo,
    CardDetail,
    agent_endpoint_service,
    agent_key,
    metadata_of,
    mirrored,
    version_key,
)
from nacos_tw.ai.agent_requests import AgentEndpoints, AgentWrite, OneAgent
from nacos_tw.ai.agents import Agents
from nacos_tw.ai.jsons import stored
from nacos_tw.ai.mcp_endpoints import naming_namespace
from nacos_tw.ai.problems import AgentExists, AgentUnknown
from nacos_tw.ai.requests import LARGEST_PAGE, Listing, OfName
from nacos_tw.ai.writing import Step, Writer, document
from nacos_tw.config.commands import Change
from nacos_tw.naming.clients import Clients
from nacos_tw.naming.operations.publications import StreamRegistration
from nacos_tw.paging import Page, page_of

READ, WRITE = Rule("read", "ai"), Rule("write", "ai", recorded=True)
_COPIED = "protocol_version", "name", "description", "version", "icon_url", "capabilities", "skills"


class AgentCards(Operations):
    """A write is done once this node shows it."""

    __slots__ = ("_agents", "_writer")

    def __init__(self, agents: Agents, writer: Writer, audit: AuditLog) -> None:
        super().__init__(audit)
        self._agents = agents
        self._writer = writer

    # -- looking

    @operation(READ)
    def page(self, caller: Caller, request: Listing) -> Page[AgentVersionInfo]:
        """
        A page of the agents of a namespace, by name.

        @raise nacos_tw.errors.Invalid: there can be no such page.
        """
        wanted = request.name
        found = [
            info
            for info in self._agents.all(request.tenant)
            if not wanted or (wanted in (info.name or "") if request.blur else wanted == info.name)
        ]
        return page_of(found, request.number, min(request.size, LARGEST_PAGE))

    @operation(READ)
    def card(self, caller: Caller, request: OneAgent) -> CardDetail:
        """
        A version of a card with the addresses that answer now.

        @raise AgentUnknown, AgentVersionUnknown: there is none.
        """
        return self._agents.card(request.tenant, request.name, request.version, request.type)

    @operation(READ)
    def versions(self, caller: Caller, request: OfName) -> list[AgentVersion]:
        """
        All versions of an agent.

        @raise AgentUnknown: there is none.
        """
        return self._agents.found(request.tenant, request.name).version_details or []

    # -- writing

    @operation(WRITE)
    def create(self, caller: Caller, request: AgentWrite) -> Deferred[bool]:
        """
        Publish an agent that is not there yet.

        @return: fails with AgentExists.
        """
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._creation(request)))

    @operation(WRITE)
    def update(self, caller: Caller, request: AgentWrite) -> Deferred[bool]:
        """
        Change a version of an agent, or add one.

        @return: fails with AgentUnknown.
        """
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._change(request)))

    @operation(WRITE)
    def release(self, caller: Caller, request: AgentWrite) -> Deferred[bool]:
        """What clients do: an agent or a version of it that is there already stays as it is."""
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._release(request)))

    @operation(WRITE)
    def remove(self, caller: Caller, request: OneAgent) -> Deferred[bool]:
        """Remove a version of an agent, or all of it; fine if there is none."""
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._removal(request)))

    # -- steps

    async def _creation(self, request: AgentWrite) -> tuple[Step, bool]:
        name = request.card.name
        info, md5 = await self._agents.current(request.tenant, name)
        if info is not None:
            raise AgentExists(name)
        return await self._write(request, AgentVersionInfo(), md5, request.type or URL, True)

    async def _change(self, request: AgentWrite) -> tuple[Step, bool]:
        info, md5 = await self._agents.current(request.tenant, request.card.name)
        if info is None:
            raise AgentUnknown(request.card.name)
        return await self._write(request, info, md5, request.type or info.registration_type or URL, request.latest)

    async def _release(self, request: AgentWrite) -> tuple[Step, bool]:
        info, md5 = await self._agents.current(request.tenant, request.card.name)
        if info is None:
            return await self._write(request, AgentVersionInfo(), md5, request.type, True)
        if info.has(request.card.version):
            return Step([]), True
        return await self._write(request, info, md5, request.type, request.latest)

    async def _write(
        self, request: AgentWrite, before: AgentVersionInfo, md5: str, type_: str, latest: bool
    ) -> tuple[Step, bool]:
        """@param md5: of the agent's document as it is."""
        card: AgentCard = request.card
        tenant, name, version = request.tenant, card.name or "", card.version or ""
        _, version_md5 = await self._agents.current_version(tenant, name, version)
        at = datetime.fromtimestamp(self._writer.millis() / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        new = CardDetail(**{field: getattr(card, field) for field in AgentCard.__struct_fields__})
        new.registration_type = type_
        info = _with_version(before, mirrored(new), type_, latest, at)
        changes = [
            document(version_key(tenant, name, version), stored(new), version_md5, name, VERSION_TAG),
            document(agent_key(tenant, name), stored(info), md5, name, TAG),
        ]
        return Step(changes), True

    async def _removal(self, request: OneAgent) -> tuple[Step, bool]:
        tenant, name = request.tenant, request.name
        info, md5 = await self._agents.current(tenant, name)
        if info is None or (request.version and not info.has(request.version)):
            return Step([]), False
        details = info.version_details or []
        gone = [request.version] if request.version else [each.version or "" for each in details]
        left = [each for each in details if each.version not in gone]
        changes = [Change(version_key(tenant, name, version), None) for version in gone]
        last = Change(agent_key(tenant, name), None, md5)
        if left:
            kept = replace(info, version_details=left)
            if info.latest_published_version in gone:
                kept.latest_published_version = None
            last = document(agent_key(tenant, name), stored(kept), md5, name, TAG)
        return Step([*changes, last]), True


class AgentEndpointOperations(Operations):
    """Endpoints that clients have: there as long as the connection that registered them. They are not recorded."""

    __slots__ = ("_clients",)

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    @operation(Rule("write", "ai"))
    def register(self, caller: Caller, request: AgentEndpoints) -> Deferred[Any]:
        """All endpoints of a connection for a version, in the place of those before. The agent may come later."""
        key = naming_namespace(request.tenant), agent_endpoint_service(request.name, request.version)
        wanted = [
            StreamRegistration(key, each.address or "", each.port, ephemeral=True, metadata=metadata_of(each))
            for each in request.endpoints
        ]
        return self._clients.publish_batch(request.client, key, wanted)

    @operation(Rule("write", "ai"))
    def withdraw(self, caller: Caller, request: AgentEndpoints) -> Deferred[Any]:
        """It has none any more."""
        key = naming_namespace(request.tenant), agent_endpoint_service(request.name, request.version)
        return self._clients.withdraw(request.client, key)


def _with_version(before: AgentVersionInfo, card: AgentCard, type_: str, latest: bool, at: str) -> AgentVersionInfo:
    """The list of versions with this one in it."""
    details = [replace(each) for each in before.version_details or ()]
    mine = next((each for each in details if each.version == card.version), None)
    if mine is None:
        mine = AgentVersion(version=card.version, created_at=at)
        details.append(mine)
    mine.updated_at = at
    info = replace(before, version_details=details, registration_type=type_)
    if latest or not before.version_details:
        info.latest_published_version = card.version
    for each in details:
        each.latest = each.version == info.latest_published_version
    if info.latest_published_version == card.version:
        for field in _COPIED:
            setattr(info, field, getattr(card, field))
    info.name = card.name
    return info
