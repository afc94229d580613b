"""C{/v2/ns/service}: services (docs/spec/http-v2-v3.md#2)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.http.api.parameters import GROUP, NAMESPACE, PAGE_NO, SERVICE_ASKED, integer, service_key, text
from nacos_tw.http.api.routes import api
from nacos_tw.http.api.services import SERVICE_FORM, cluster_json, service_json, settings
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.naming.operations.discovery import Discovery, NamesOfGroup
from nacos_tw.naming.operations.services import Services
from nacos_tw.naming.requests import OneService, ServiceRemoval

NAMED = NAMESPACE, GROUP, SERVICE_ASKED
LARGEST_PAGE = 500
LIST_SIZE = integer("pageSize", f"How many a page, at most {LARGEST_PAGE}.", 20)
LIST_SELECTOR = text("selector", "Nothing depends on it.")


@attrs.frozen
class ServicesV2:
    """Services."""

    prefix: ClassVar[str] = "/v2/ns/service"
    app = Klein()
    guard: Guard
    services: Services
    discovery: Discovery

    @api(app, "POST", "", does=Services.create, takes=SERVICE_FORM)
    async def create(self, call: Call) -> str:
        """Create a service that is not there yet."""
        await self.services.create(call, settings(call))
        return "ok"

    @api(app, "PUT", "", does=Services.update, takes=SERVICE_FORM)
    async def update(self, call: Call) -> str:
        """Replace a service's settings; what is not sent becomes empty."""
        await self.services.update(call, settings(call))
        return "ok"

    @api(app, "DELETE", "", does=Services.remove, takes=NAMED)
    async def delete(self, call: Call) -> str:
        """Remove a service that has no instances."""
        await self.services.remove(call, ServiceRemoval(service_key(call, SERVICE_ASKED), must_be_empty=True))
        return "ok"

    @api(app, "GET", "", does=Services.detail, takes=NAMED, gives="The service")
    def detail(self, call: Call) -> dict[str, Any]:
        """A service's settings and clusters."""
        found = self.services.detail(call, OneService(service_key(call, SERVICE_ASKED)))
        clusters = {each.name: cluster_json(found, each, False) for each in found.clusters.values()}
        return {"namespace": found.namespace, "clusterMap": clusters, **service_json(found)}

    @api(
        app,
        "GET",
        "/list",
        does=Discovery.names,
        takes=(NAMESPACE, GROUP, LIST_SELECTOR, PAGE_NO, LIST_SIZE),
        gives="The names and how many there are",
    )
    def names(self, call: Call) -> dict[str, Any]:
        """A page of the names of a group's services, without the group."""
        size = min(max(LIST_SIZE(call), 0), LARGEST_PAGE)
        names, count = self.discovery.names(call, NamesOfGroup(call.namespace, GROUP(call), PAGE_NO(call), size))
        return {"count": count, "services": names}
