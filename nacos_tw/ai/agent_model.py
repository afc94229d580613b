"""Agents (A2A) as values, by the names that Nacos gives their members (docs/ai.md)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from nacos_tw.config.model import ConfigKey

AGENT, AGENT_VERSION = "agent", "agent-version"
"""Groups of configs."""
ENDPOINTS = "agent-endpoints"
"""Group of services."""
URL, SERVICE = "URL", "SERVICE"
TYPES = URL, SERVICE
TAG, VERSION_TAG = "nacos.internal.config=agent", "nacos.internal.config=agent-version"
PREFIX = "__nacos.agent.endpoint."
"""Of the names in the metadata of endpoints."""


class AgentCard(Struct, rename="camel", kw_only=True):
    """What an agent says of itself."""

    protocol_version: str | None = None
    name: str | None = None
    description: str | None = None
    version: str | None = None
    icon_url: str | None = None
    capabilities: dict[str, Any] | None = None
    skills: list[Any] | None = None
    url: str | None = None
    preferred_transport: str | None = None
    additional_interfaces: list[dict[str, Any]] | None = None
    supported_interfaces: list[dict[str, Any]] | None = None
    provider: dict[str, Any] | None = None
    documentation_url: str | None = None
    security_schemes: dict[str, Any] | None = None
    security: list[dict[str, Any]] | None = None
    default_input_modes: list[str] | None = None
    default_output_modes: list[str] | None = None
    supports_authenticated_extended_card: bool | None = None


def interfaces_of(card: AgentCard) -> list[dict[str, Any]]:
    """
    Those of a card, as A2A 1.0 has them, the preferred one first; of an older card what its members say. None where it
    says too little.
    """
    given = [_named(each) for each in card.supported_interfaces or ()]
    found = [each for each in given if _whole(each)]
    if found or not (card.url and card.preferred_transport and card.protocol_version):
        return found
    binding, version = card.preferred_transport, card.protocol_version
    more = [_named({"protocolVersion": version, **each}) for each in card.additional_interfaces or ()]
    first = {"url": card.url, "protocolBinding": binding, "protocolVersion": version, "transport": binding}
    return [first, *(each for each in more if _whole(each) and each["url"] != card.url)]


def mirrored(card: CardDetail) -> CardDetail:
    """A card as readers of A2A 1.0 and of what was before it understand it, whichever of them wrote it."""
    found = interfaces_of(card)
    if not found:
        return card
    if not card.supported_interfaces:
        return replace(card, supported_interfaces=found)
    first = found[0]
    return replace(
        card,
        url=first["url"],
        preferred_transport=first["protocolBinding"],
        protocol_version=first["protocolVersion"],
        additional_interfaces=found[1:],
        supported_interfaces=found,
    )


def _named(interface: dict[str, Any]) -> dict[str, Any]:
    """With the name of its transport by both members that tell it."""
    binding = interface.get("protocolBinding") or interface.get("transport")
    return {**interface, "protocolBinding": binding, "transport": interface.get("transport") or binding}


def _whole(interface: dict[str, Any]) -> bool:
    return all(interface.get(member) for member in ("url", "protocolBinding", "protocolVersion"))


class CardDetail(AgentCard, rename="camel", kw_only=True):
    """A card as it is stored and given. @ivar registration_type: C{URL} or C{SERVICE}."""

    registration_type: str | None = None
    latest_version: bool | None = None


class AgentVersion(Struct, rename="camel", kw_only=True):
    """A version. Times as C{yyyy-MM-ddTHH:mm:ssZ}, in UTC."""

    version: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    latest: bool | None = None


class AgentVersionInfo(Struct, rename="camel", kw_only=True):
    """An agent with its versions: what lists show, and what is stored of the whole."""

    protocol_version: str | None = None
    name: str | None = None
    description: str | None = None
    version: str | None = None
    icon_url: str | None = None
    capabilities: dict[str, Any] | None = None
    skills: list[Any] | None = None
    latest_published_version: str | None = None
    version_details: list[AgentVersion] | None = None
    registration_type: str | None = None

    def has(self, version: str) -> bool:
        """Whether there is such a version."""
        return any(each.version == version for each in self.version_details or ())


class AgentEndpoint(Struct, rename="camel", kw_only=True):
    """An address of an agent."""

    transport: str | None = None
    address: str | None = None
    port: int = 0
    path: str | None = None
    support_tls: bool | None = None
    version: str | None = None
    protocol: str | None = None
    query: str | None = None
    protocol_version: str | None = None
    tenant: str | None = None


_METADATA = {
    "path": "path",
    "transport": "transport",
    "protocol": "protocol",
    "query": "query",
    "protocol_version": "protocolVersion",
    "tenant": "tenant",
}


def metadata_of(endpoint: AgentEndpoint) -> dict[str, str]:
    """An endpoint's, as its instance has them."""
    found = {"path": "", "transport": "JSONRPC", "protocol": "HTTP", "query": ""}
    for field, name in _METADATA.items():
        value = getattr(endpoint, field)
        if value is not None:
            found[name] = value
    found["supportTls"] = "true" if endpoint.support_tls else "false"
    return {f"{PREFIX}{name}__": value for name, value in found.items()}


def interface_of(ip: str, port: int, metadata: dict[str, str]) -> dict[str, str]:
    """An interface of a card: the address of an endpoint as an URL, and how it is spoken to."""
    given = {name[len(PREFIX) :].removesuffix("__"): value for name, value in metadata.items()}
    protocol = (given.get("protocol") or "http").lower()
    if protocol == "http" and given.get("supportTls") == "true":
        protocol = "https"
    path, query = given.get("path", ""), given.get("query", "")
    if path and not path.startswith("/"):
        path = f"/{path}"
    host = f"[{ip}]" if ":" in ip else ip
    url = f"{protocol}://{host}:{port}{path}{f'?{query}' if query else ''}"
    return {"url": url, "transport": given.get("transport") or "JSONRPC"}


def newer_interface(ip: str, port: int, metadata: dict[str, str], version: str | None) -> dict[str, str]:
    """The same as A2A 1.0 has it. @param version: of the protocol, where the endpoint names none."""
    found = interface_of(ip, port, metadata)
    spoken = metadata.get(f"{PREFIX}protocolVersion__") or version or ""
    return {**found, "protocolBinding": found["transport"], "protocolVersion": spoken}


def encoded(name: str) -> str:
    """An agent's name as dataIds and services have it."""
    if name and all(_plain(char) for char in name):
        return name
    return "____:" + "".join(char if _plain(char) else f"_{ord(char):03d}" for char in name)


def _plain(char: str) -> bool:
    return char in "-.:" or (char.isascii() and char.isalpha())


def agent_key(tenant: str, name: str) -> ConfigKey:
    """The config with an agent's versions."""
    return tenant, AGENT, encoded(name)


def version_key(tenant: str, name: str, version: str) -> ConfigKey:
    """The config of one version."""
    return tenant, AGENT_VERSION, f"{encoded(name)}-{version}"


def agent_endpoint_service(name: str, version: str) -> str:
    """The grouped name of the service with a version's endpoints."""
    return f"{ENDPOINTS}@@{encoded(name)}::{version}"
