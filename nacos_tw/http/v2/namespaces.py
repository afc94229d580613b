"""C{/v2/console/namespace}: namespaces (docs/spec/http-v2-v3.md#4)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.http.api.codes import ILLEGAL_NAMESPACE, PARAMETER_MISSING
from nacos_tw.http.api.namespaces import DESC, ID, NAME, NEW_ID, RENAMED_ID, namespace_json, new, one, renaming
from nacos_tw.http.api.results import result
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.namespaces.operations import Namespaces
from nacos_tw.namespaces.requests import All

PUBLIC = ""


@attrs.frozen
class NamespacesV2:
    """Namespaces."""

    prefix: ClassVar[str] = "/v2/console/namespace"
    app = Klein()
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

    @api(app, "POST", "", does=Namespaces.create, takes=(NEW_ID, NAME, DESC), gives="true")
    async def create(self, call: Call) -> Reply | bool:
        """Create a namespace."""
        if not call.params.get("namespaceName"):
            return result("required parameter 'namespaceName' is missing", PARAMETER_MISSING, 400)
        request = new(call)
        if not await self.namespaces.create(call, request):
            return result(f"the namespaceId is existed, namespaceId: {request.id}", ILLEGAL_NAMESPACE, 400)
        return True

    @api(app, "PUT", "", does=Namespaces.update, takes=(RENAMED_ID, NAME, DESC), gives="true")
    async def update(self, call: Call) -> bool:
        """Rename a namespace; succeeds if it does not exist."""
        await self.namespaces.update(call, renaming(call))
        return True

    @api(app, "DELETE", "", does=Namespaces.delete, takes=(ID,), gives="true")
    async def delete(self, call: Call) -> bool:
        """Remove a namespace, but nothing that is in it; succeeds if it does not exist."""
        await self.namespaces.delete(call, one(call))
        return True
