"""C{/v2/ns/instance}: instances (docs/spec/http-v2-v3.md#2)."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import unquote

import attrs
from klein import Klein
from twisted.internet.defer import Deferred

from nacos_tw.http.api import instances as forms
from nacos_tw.http.api.instances import (
    BATCH,
    ENABLED,
    INSTANCE,
    IP_ASKED,
    NAMED,
    PORT_ASKED,
    one_instance,
    registration,
    removal,
)
from nacos_tw.http.api.parameters import NAMESPACE, REQUEST, SERVICE_ASKED, boolean, number, text
from nacos_tw.http.api.results import ok
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply, ok_reply
from nacos_tw.naming.operations.instances import Instances
from nacos_tw.naming.requests import OneService
from nacos_tw.naming.validation import parse_metadata, split_status_key

WEIGHT_ASKED = number("weight", "Its weight.", needed=REQUEST)
ENABLED_ASKED = boolean("enabled", ENABLED.about, needed=REQUEST)
METADATA_ASKED = text("metadata", "A JSON object, or k=v,k2=v2.", needed=REQUEST)
KEY = text("key", "namespace##group@@service, or group@@service.", needed=REQUEST)
PATCHED_CLUSTER = text("cluster", "The cluster.", "DEFAULT")
PATCH = NAMESPACE, SERVICE_ASKED, IP_ASKED, PORT_ASKED, WEIGHT_ASKED, ENABLED_ASKED, METADATA_ASKED, PATCHED_CLUSTER


@attrs.frozen
class InstancesV2:
    """Writes, and the reads of one instance. The list is in L{nacos_tw.http.v2.listing}."""

    prefix: ClassVar[str] = "/v2/ns/instance"
    app = Klein()
    guard: Guard
    instances: Instances

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

    @api(app, "PATCH", "", does=Instances.change, takes=PATCH)
    async def patch(self, call: Call) -> Reply:
        """Change weight, state and metadata of an instance."""
        SERVICE_ASKED(call), IP_ASKED(call), PORT_ASKED(call)
        weight, enabled = WEIGHT_ASKED(call), ENABLED_ASKED(call)
        metadata = parse_metadata(METADATA_ASKED(call))
        await self.instances.change(call, forms.change(call, metadata, weight, enabled))
        return ok_reply(call)

    @api(app, "GET", "", does=Instances.detail, takes=NAMED, gives="The instance")
    def detail(self, call: Call) -> dict[str, Any]:
        """One instance with its real health."""
        found = self.instances.detail(call, one_instance(call))
        return {
            "serviceName": found.service[1],
            "ip": found.ip,
            "port": found.port,
            "clusterName": found.cluster,
            "weight": found.weight,
            "healthy": found.healthy,
            "instanceId": found.instance_id,
            "metadata": found.metadata,
        }

    @api(app, "PUT", "/metadata/batch", does=Instances.change_metadata, takes=BATCH, gives="The instances found")
    async def merge_metadata(self, call: Call) -> dict[str, list[str]]:
        """Put keys into the metadata of several instances."""
        return await forms.changed_metadata(self.instances, call, remove=False)

    @api(app, "DELETE", "/metadata/batch", does=Instances.change_metadata, takes=BATCH, gives="The instances found")
    async def remove_metadata(self, call: Call) -> dict[str, list[str]]:
        """Take keys out of the metadata of several instances."""
        return await forms.changed_metadata(self.instances, call, remove=True)

    @api(app, "GET", "/statuses/{key}", does=Instances.statuses, takes=(KEY,), gives="Health by address, bare")
    def statuses(self, call: Call) -> Reply:
        """The health of a service's instances, for another node of Nacos."""
        last = call.target.partition(b"?")[0].rstrip(b"/").rpartition(b"/")[2]
        key = call.params.get(KEY.name) or unquote(last.decode("utf-8", "replace"))
        return json_reply({"ips": self.instances.statuses(call, OneService(split_status_key(key)))})
