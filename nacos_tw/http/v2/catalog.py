"""C{/v2/ns/catalog}: what a browser shows of services (docs/spec/http-v2-v3.md#2)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.http.api.instances import hosts
from nacos_tw.http.api.parameters import GROUP, NAMESPACE, REQUEST, SERVICE_ASKED, boolean, integer, service_key
from nacos_tw.http.api.routes import api
from nacos_tw.http.api.services import instances_of
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.naming.catalog import catalog_service
from nacos_tw.naming.operations.services import Services
from nacos_tw.naming.requests import OneService
from nacos_tw.paging import page

PAGE_NO = integer("pageNo", "Which page, from 1.", needed=REQUEST)
PAGE_SIZE = integer("pageSize", "How many a page.", needed=REQUEST)
HEALTHY_ONLY = boolean("healthyOnly", "true: only healthy ones; false: only unhealthy ones.")
ENABLED_ONLY = boolean("enabledOnly", "true: only enabled ones; false: only disabled ones.")
PAGE = NAMESPACE, GROUP, SERVICE_ASKED, PAGE_NO, PAGE_SIZE, HEALTHY_ONLY, ENABLED_ONLY


@attrs.frozen
class CatalogV2:
    """Services."""

    prefix: ClassVar[str] = "/v2/ns/catalog"
    app = Klein()
    guard: Guard
    services: Services

    @api(app, "GET", "/instances", does=Services.find, takes=PAGE, gives="A page of instances, and how many there are")
    def instances(self, call: Call) -> dict[str, Any]:
        """A page of a service's instances with their real health, disabled ones too."""
        key = service_key(call, SERVICE_ASKED)
        number, size = PAGE_NO(call), PAGE_SIZE(call)
        healthy, enabled = HEALTHY_ONLY.given(call), ENABLED_ONLY.given(call)
        found = [
            each
            for each in instances_of(catalog_service(self.services.find(call, OneService(key)), key))
            if healthy in (None, each.healthy) and enabled in (None, each.enabled)
        ]
        shown = page(found, number, size)
        return {**({"instances": hosts(shown)} if shown else {}), "count": len(found)}
