"""C{/v3/admin/core/namespace} and C{/v3/console/core/namespace}: namespaces (docs/spec/http-v2-v3.md#5.4 and #5.6)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.http.api.codes import ILLEGAL_NAMESPACE, NAMESPACE_EXISTS
from nacos_tw.http.api.namespaces import (
    CUSTOM_ID,
    DESC,
    ID,
    NAME,
    NEW_ID,
    RENAMED_ID,
    namespace_json,
    new,
    one,
    renaming,
)
from nacos_tw.http.api.parameters import REQUEST, text
from nacos_tw.http.api.problems import Lacking
from nacos_tw.http.api.results import result
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.namespaces.operations import Namespaces
from nacos_tw.namespaces.requests import All

ADMIN, CONSOLE = "/v3/admin/core/namespace", "/v3/console/core/namespace"
PUBLIC = "public"
LONGEST_ID = 64
"""Nacos lets one of 128 be created, which then no other route takes."""
CHECKED_ID = text("customNamespaceId", "The namespace's id.", needed=REQUEST)


@attrs.frozen
class NamespacesV3:
    """What operators and browsers ask alike. Built for each of them."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    namespaces: Namespaces

    @api(app, "GET", "/list", does=Namespaces.all, gives="The namespaces")
    async def all(self, call: Call) -> list[dict[str, Any]]:
        """All namespaces, the public one first."""
        return [namespace_json(each, PUBLIC) for each in await self.namespaces.all(call, All())]

    @api(app, "GET", "", does=Namespaces.detail, takes=(ID,), gives="The namespace")
    async def detail(self, call: Call) -> dict[str, Any]:
        """One namespace."""
        return namespace_json(await self.namespaces.detail(call, one(call)), PUBLIC)

    @api(app, "POST", "", does=Namespaces.create, takes=(NEW_ID, CUSTOM_ID, NAME, DESC), gives="true", checked=False)
    async def create(self, call: Call) -> Reply | bool:
        """Create a namespace; one of the ids has to be there, though it may be empty."""
        if not {NEW_ID.name, CUSTOM_ID.name} & call.params.keys():
            raise Lacking(NEW_ID.name)
        given = NEW_ID(call) or CUSTOM_ID(call)
        if len(given) > LONGEST_ID:
            return result(f"too long namespaceId, over {LONGEST_ID}", ILLEGAL_NAMESPACE, 400)
        if given.lower() == PUBLIC:
            return _exists(given)
        request = new(call)
        return True if await self.namespaces.create(call, request) else _exists(request.id)

    @api(app, "PUT", "", does=Namespaces.update, takes=(RENAMED_ID, NAME, DESC), gives="true", checked=False)
    async def update(self, call: Call) -> bool:
        """Rename a namespace; succeeds if it does not exist."""
        await self.namespaces.update(call, renaming(call))
        return True

    @api(app, "DELETE", "", does=Namespaces.delete, takes=(ID,), gives="true")
    async def delete(self, call: Call) -> bool:
        """Remove a namespace, but nothing that is in it; succeeds if it does not exist."""
        await self.namespaces.delete(call, one(call))
        return True


def _exists(id: str) -> Reply:
    return result(f"namespaceId [{id}] already exist", NAMESPACE_EXISTS, 400)


@attrs.frozen
class AdminCheckV3:
    """Whether there is one, for operators."""

    prefix: ClassVar[str] = ADMIN
    app = Klein()
    guard: Guard
    namespaces: Namespaces

    @api(app, "GET", "/check", does=Namespaces.exists, takes=(ID,), gives="How many: 0 or 1")
    async def check(self, call: Call) -> int:
        """How many namespaces have that id: 0 or 1."""
        return int(await self.namespaces.exists(call, one(call)))


@attrs.frozen
class ConsoleCheckV3:
    """The same, for a browser."""

    prefix: ClassVar[str] = CONSOLE
    app = Klein()
    guard: Guard
    namespaces: Namespaces

    @api(app, "GET", "/exist", does=Namespaces.exists, takes=(CHECKED_ID,), gives="Whether it is")
    async def check(self, call: Call) -> bool:
        """Whether a namespace has that id."""
        return bool(await self.namespaces.exists(call, one(call, CHECKED_ID)))
