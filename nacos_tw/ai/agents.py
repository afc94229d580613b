"""Agents, as this node knows them; and as the database has them, for a write that is about to change one."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from nacos_tw.ai.agent_model import (
    AGENT,
    SERVICE,
    URL,
    AgentVersionInfo,
    CardDetail,
    agent_endpoint_service,
    agent_key,
    interface_of,
    mirrored,
    newer_interface,
    version_key,
)
from nacos_tw.ai.documents import Documents, decoded
from nacos_tw.ai.jsons import from_document
from nacos_tw.ai.mcp_endpoints import Endpoints, naming_namespace
from nacos_tw.ai.problems import AgentUnknown, AgentVersionUnknown
from nacos_tw.config.model import ConfigKey

T = TypeVar("T")


class Agents:
    """The registry of agents."""

    def __init__(self, documents: Documents, endpoints: Endpoints) -> None:
        self._documents = documents
        self._endpoints = endpoints

    def all(self, tenant: str) -> list[AgentVersionInfo]:
        """Those of a namespace, by name."""
        found = []
        for data_id in self._documents.names(AGENT, tenant):
            info = from_document(self._documents.get((tenant, AGENT, data_id)), AgentVersionInfo)
            if info is not None and info.name:
                found.append(info)
        return sorted(found, key=lambda info: info.name or "")

    def found(self, tenant: str, name: str) -> AgentVersionInfo:
        """@raise AgentUnknown: there is none."""
        info = from_document(self._documents.get(agent_key(tenant, name)), AgentVersionInfo)
        if info is None:
            raise AgentUnknown(name)
        return info

    def card(self, tenant: str, name: str, version: str = "", type_: str = "") -> CardDetail:
        """
        A version of a card with the addresses that answer now.

        @param version: "" for the latest one.
        @param type_: see L{nacos_tw.ai.agent_requests.OneAgent}.
        @raise AgentUnknown, AgentVersionUnknown: there is none.
        """
        info = self.found(tenant, name)
        latest = info.latest_published_version or ""
        wanted = version or latest
        document = self._documents.get(version_key(tenant, name, wanted)) if wanted and info.has(wanted) else None
        card = from_document(document, CardDetail) if document is not None else None
        if card is None:
            raise AgentVersionUnknown(name, wanted)
        card.latest_version = wanted == latest
        card.registration_type = card.registration_type or info.registration_type or URL
        card = mirrored(card)
        card.description, card.url = card.description or "", card.url or ""
        card.capabilities, card.skills = card.capabilities or {}, card.skills or []
        card.default_input_modes = card.default_input_modes or []
        card.default_output_modes = card.default_output_modes or []
        if (type_ or card.registration_type) == SERVICE:
            card = self._addressed(tenant, name, wanted, card)
        return card

    def _addressed(self, tenant: str, name: str, version: str, card: CardDetail) -> CardDetail:
        """
        With the endpoints that are registered, if there are any. Which is the card's own address does not change from
        question to question: clients that ask again and again would take that for a change.
        """
        key = naming_namespace(tenant), agent_endpoint_service(name, version)
        given = [(each.ip, each.port, each.metadata or {}) for each in self._endpoints.healthy(key)]
        found = [interface_of(*each) for each in given]
        if not found:
            return card
        preferred = [each for each in found if each["transport"] == card.preferred_transport] or found
        first = preferred[0]
        newer = [newer_interface(*each, card.protocol_version) for each in given]
        newer.sort(key=lambda each: each["url"] != first["url"])
        return replace(
            card,
            additional_interfaces=list(found),
            url=first["url"],
            preferred_transport=first["transport"],
            supported_interfaces=newer,
        )

    # -- for who changes one

    async def current(self, tenant: str, name: str) -> tuple[AgentVersionInfo | None, str]:
        """What the database has of an agent now, and its md5; None and "" if there is none."""
        return await self._row(agent_key(tenant, name), AgentVersionInfo)

    async def current_version(self, tenant: str, name: str, version: str) -> tuple[CardDetail | None, str]:
        """The same of one of its versions."""
        return await self._row(version_key(tenant, name, version), CardDetail)

    async def _row(self, key: ConfigKey, kind: type[T]) -> tuple[T | None, str]:
        row = await self._documents.row(key)
        return (None, "") if row is None else (from_document(decoded(row.content), kind), row.md5)
