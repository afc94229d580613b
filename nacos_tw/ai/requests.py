"""What can be asked of the AI registries: frozen values, which every API makes of its own parameters."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from nacos_tw.access.resources import ai_resource
from nacos_tw.ai.problems import AiInvalid

LARGEST_PAGE = 500
MCP_NAME = re.compile(r"[A-Za-z0-9\-_/.]{1,128}")
BLUR, ACCURATE = "blur", "accurate"


class OfName(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """
    What is about one thing by its name.

    @ivar tenant: the namespace, C{""} for the public one; C{name}: "" for all of it.
    """

    tenant: str
    name: str = ""

    def resource(self) -> str:
        """It, as permissions name it."""
        return ai_resource(self.tenant, self.name)

    def details(self) -> dict[str, str]:
        """Its names, for the audit log."""
        return {"namespaceId": self.tenant, "name": self.name}


class Listing(OfName, frozen=True, gc=False, kw_only=True):
    """A page of those whose name is, or holds, a text; counted from 1."""

    blur: bool = False
    number: int = 1
    size: int = 100


class OneMcp(OfName, frozen=True, gc=False, kw_only=True):
    """A version of an MCP server, by the server's id or name; "" is the latest, of what removes: all of them."""

    id: str = ""
    version: str = ""

    def details(self) -> dict[str, str]:
        """As L{OfName.details}."""
        return {**super().details(), "mcpId": self.id, "version": self.version}


class McpWrite(OneMcp, frozen=True, gc=False, kw_only=True):
    """
    An MCP server to be created or changed.

    @ivar spec: a L{BasicInfo<nacos_tw.ai.mcp_model.BasicInfo>}; C{endpoints}: an L{EndpointSpec
        <nacos_tw.ai.mcp_model.EndpointSpec>} or None; C{tools}, C{resources}: objects of JSON, or None.
    @ivar latest: whether the version becomes the latest; C{only}: whether endpoints that were given before go.
    """

    spec: Any
    tools: dict[str, Any] | None = None
    resources: dict[str, Any] | None = None
    endpoints: Any = None
    latest: bool = True
    only: bool = False

    def __post_init__(self) -> None:
        check_mcp_name(self.spec.name or self.name)


class McpEndpoint(OneMcp, frozen=True, gc=False, kw_only=True):
    """An endpoint of an MCP server that a connection has; C{address} "" to have it no more."""

    client: str
    address: str = ""
    port: int = 0


def check_mcp_name(name: str) -> None:
    """@raise AiInvalid: no MCP server can be called so."""
    if name and not MCP_NAME.fullmatch(name):
        raise AiInvalid("mcpName", "name" if len(name) <= 128 else "length", name, 128)
