"""C{/v3/admin/ns/instance}: instances, for operators (docs/spec/http-v2-v3.md#5.2)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein
from msgspec.structs import replace
from twisted.internet.defer import Deferred

from nacos_tw.errors import ClusterUnknown, Invalid, ServiceUnknown
from nacos_tw.http.api import instances as forms
from nacos_tw.http.api.instances import (
    BATCH,
    CLUSTERS,
    ENABLED,
    EPHEMERAL,
    HEALTHY_ONLY,
    INSTANCE,
    IP,
    NAMED,
    PORT,
    WEIGHT,
    Host,
    host,
    hosts,
    metadata_of,
    registration,
    removal,
)
from nacos_tw.http.api.parameters import GROUP, NAMESPACE, PAGE_NO, PAGE_SIZE, SERVICE, service_key
from nacos_tw.http.api.results import ok, page_json
from nacos_tw.http.api.routes import api
from nacos_tw.http.api.services import instances_of
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.naming.operations.instances import Instances
from nacos_tw.naming.operations.services import Services
from nacos_tw.naming.requests import OneInstance, OneService
from nacos_tw.paging import page_of

LIST = NAMESPACE, GROUP, SERVICE, CLUSTERS, HEALTHY_ONLY


@attrs.frozen
class AdminInstancesV3:
    """Instances."""

    prefix: ClassVar[str] = "/v3/admin/ns/instance"
    app = Klein()
    guard: Guard
    instances: Instances
    services: Services

    @api(app, "POST", "", does=Instances.register_one_kind, takes=INSTANCE)
    def register(self, call: Call) -> Deferred[Reply]:
        """Register an instance, or replace the one of its address."""
        return self.instances.register_one_kind(call, registration(call)).addCallback(ok)

    @api(app, "DELETE", "", does=Instances.deregister, takes=INSTANCE)
    async def deregister(self, call: Call) -> str:
        """Remove an instance; succeeds if it does not exist."""
        await self.instances.deregister(call, removal(call))
        return "ok"

    @api(app, "PUT", "", does=Instances.replace, takes=INSTANCE)
    async def update(self, call: Call) -> str:
        """Replace weight, metadata and state of an instance; of one that is not there nothing is kept."""
        await forms.replaced(self.instances, call)
        return "ok"

    @api(app, "PUT", "/partial", does=Instances.change, takes=INSTANCE)
    async def partial(self, call: Call) -> str:
        """Change weight, state and metadata; the first two become 1 and true where they are not sent."""
        metadata = metadata_of(call) if call.params.get("metadata") else None
        await self.instances.change(call, forms.change(call, metadata, WEIGHT(call), ENABLED(call)))
        return "ok"

    @api(app, "GET", "", does=Instances.detail, takes=NAMED, gives="The instance")
    def detail(self, call: Call) -> Host:
        """One instance with its real health."""
        wanted = OneInstance(service_key(call), forms.CLUSTER(call), IP(call), PORT(call))
        found = self.instances.detail(call, wanted)
        return host(found, found.healthy)

    @api(app, "GET", "/list", does=Services.find, takes=LIST, gives="The instances")
    def instance_list(self, call: Call) -> list[Host]:
        """A service's instances with their real health, disabled ones too; of all clusters or of one."""
        key, cluster = service_key(call), CLUSTERS(call)
        service = self.services.find(call, OneService(key))
        if service is None:
            raise ServiceUnknown(key)
        if cluster and cluster not in service.clusters:
            raise ClusterUnknown(key, cluster)
        found = instances_of(service, cluster)
        healthy_only = HEALTHY_ONLY(call)
        return hosts(each for each in found if each.healthy or not healthy_only)

    @api(app, "PUT", "/metadata/batch", does=Instances.change_metadata, takes=BATCH, gives="The instances found")
    async def merge_metadata(self, call: Call) -> dict[str, list[str]]:
        """Put keys into the metadata of several instances."""
        return await forms.changed_metadata(self.instances, call, remove=False)

    @api(app, "DELETE", "/metadata/batch", does=Instances.change_metadata, takes=BATCH, gives="The instances found")
    async def remove_metadata(self, call: Call) -> dict[str, list[str]]:
        """Take keys out of the metadata of several instances."""
        return await forms.changed_metadata(self.instances, call, remove=True)


@attrs.frozen
class ConsoleInstancesV3:
    """For a browser."""

    prefix: ClassVar[str] = "/v3/console/ns/instance"
    app = Klein()
    guard: Guard
    instances: Instances
    services: Services

    @api(app, "PUT", "", does=Instances.replace, takes=INSTANCE)
    async def update(self, call: Call) -> str:
        """Replace weight, metadata and state of an instance; of one that is not there nothing is kept."""
        await forms.replaced(self.instances, call)
        return "ok"

    @api(app, "DELETE", "", does=Instances.deregister, takes=INSTANCE)
    async def deregister(self, call: Call) -> str:
        """Remove a persistent instance; succeeds if it does not exist. Its own client removes an ephemeral one."""
        wanted = replace(removal(call), ephemeral=False)
        if EPHEMERAL.given(call):
            raise Invalid("ephemeral", "persistent", True)
        await self.instances.deregister(call, wanted)
        return "ok"

    @api(app, "GET", "/list", does=Services.find, takes=(*LIST, PAGE_NO, PAGE_SIZE), gives="A page of instances")
    def instance_list(self, call: Call) -> dict[str, Any]:
        """A page of a service's instances with their real health, disabled ones too."""
        service = self.services.find(call, OneService(service_key(call)))
        found = [] if service is None else instances_of(service, CLUSTERS(call))
        healthy_only = HEALTHY_ONLY(call)
        shown = [each for each in found if each.healthy or not healthy_only]
        return page_json(page_of(shown, PAGE_NO(call), PAGE_SIZE(call)), lambda each: host(each, each.healthy))
