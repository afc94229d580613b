"""C{/v3/admin/ns/service} and C{/v3/console/ns/service}: services (docs/spec/http-v2-v3.md#5.2 and #5.6)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.http.api.parameters import GROUP, NAMESPACE, PAGE_NO, PAGE_SIZE, SERVICE, boolean, service_key, text
from nacos_tw.http.api.results import page_json
from nacos_tw.http.api.routes import api
from nacos_tw.http.api.services import SERVICE_FORM, cluster_json, service_json, settings
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.naming.catalog import catalog_page, summary
from nacos_tw.naming.model import Service
from nacos_tw.naming.operations.services import Services
from nacos_tw.naming.requests import Asking, OfNamespace, OneService, ServiceRemoval
from nacos_tw.paging import page_of

NAMED = NAMESPACE, GROUP, SERVICE
NAME_PART = text("serviceNameParam", "A part of the names that are wanted.")
GROUP_PART = text("groupNameParam", "A part of the groups that are wanted.")
IGNORE_EMPTY = boolean("ignoreEmptyService", "Only services with instances.")
WITH_INSTANCES = boolean("withInstances", "Whole services with their instances, not lines.")
EVERY = 2**31
LIST = NAMESPACE, NAME_PART, GROUP_PART, IGNORE_EMPTY, WITH_INSTANCES, PAGE_NO, PAGE_SIZE


def detail_json(service: Service, with_hosts: bool = False) -> dict[str, Any]:
    """A whole service, as v3 writes it."""
    clusters = {
        each.name: {
            **cluster_json(service, each, with_hosts),
            "healthyCheckPort": each.default_check_port,
            "useInstancePortForCheck": each.use_instance_port,
        }
        for each in service.clusters.values()
    }
    return {"namespaceId": service.namespace, "clusterMap": clusters, **service_json(service)}


def line_json(service: Service) -> dict[str, Any]:
    """A line of the list."""
    line = summary(service)
    return {
        "name": line.name,
        "groupName": line.group,
        "clusterCount": line.clusters,
        "ipCount": line.instances,
        "healthyInstanceCount": line.healthy,
        "triggerFlag": "true" if line.trigger else "false",
    }


@attrs.frozen
class ServicesV3:
    """Services. Built for operators and for a browser."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    services: Services

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
        await self.services.remove(call, ServiceRemoval(service_key(call), must_be_empty=True))
        return "ok"

    @api(app, "GET", "", does=Services.detail, takes=NAMED, gives="The service")
    def detail(self, call: Call) -> dict[str, Any]:
        """A service's settings and clusters."""
        return detail_json(self.services.detail(call, OneService(service_key(call))))

    @api(app, "GET", "/list", does=Services.of_namespace, takes=LIST, gives="A page of services")
    def service_list(self, call: Call) -> dict[str, Any]:
        """A page of the services of a namespace."""
        all_of_them = self.services.of_namespace(call, OfNamespace(call.namespace))
        found, _ = catalog_page(all_of_them, 0, EVERY, NAME_PART(call), GROUP_PART(call), "", IGNORE_EMPTY(call))
        row = (lambda each: detail_json(each, True)) if WITH_INSTANCES(call) else line_json
        return page_json(page_of(found, PAGE_NO(call), PAGE_SIZE(call)), row)

    @api(app, "GET", "/selector/types", does=Services.selector_types, gives="The types")
    def selector_types(self, call: Call) -> list[str]:
        """The types that a service's selector may have."""
        return self.services.selector_types(call, Asking())
