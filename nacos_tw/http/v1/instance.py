"""C{/v1/ns/instance}: registering, changing and removing instances (docs/spec/naming-v1.md#3)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein
from twisted.internet.defer import Deferred

from nacos_tw.access.operations import rule_of
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply, ok_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1 import reading
from nacos_tw.naming.model import DEFAULT_CLUSTER
from nacos_tw.naming.operations.instances import Instances
from nacos_tw.naming.requests import OneInstance, OneService
from nacos_tw.naming.validation import split_status_key


def _ok(_: Any, call: Call) -> Reply:
    return ok_reply(call)


@attrs.frozen
class InstancesV1:
    """
    Writes, and the reads of one instance. The list is in L{nacos_tw.http.v1.listing}, beats in
    L{nacos_tw.http.v1.beat}.
    """

    prefix: str
    guard: Guard
    instances: Instances
    app: ClassVar[Klein] = Klein()

    @serve(app, "POST", "", needs=rule_of(Instances.register))
    def register(self, call: Call) -> Deferred[Reply]:
        """Register an instance."""
        return self.instances.register(call, reading.registration(call)).addCallback(_ok, call)

    @serve(app, "DELETE", "", needs=rule_of(Instances.deregister))
    def deregister(self, call: Call) -> Deferred[Reply]:
        """Remove an instance; C{ok} also when there is none."""
        return self.instances.deregister(call, reading.removal(call)).addCallback(_ok, call)

    @serve(app, "PUT", "", needs=rule_of(Instances.replace))
    def update(self, call: Call) -> Deferred[Reply]:
        """Replace an instance: for a Java client it must exist, for others this registers."""
        put = self.instances.replace if call.java_agent else self.instances.put
        return put(call, reading.registration(call)).addCallback(_ok, call)

    @serve(app, "PATCH", "", needs=rule_of(Instances.change))
    def patch(self, call: Call) -> Deferred[Reply]:
        """Change the given fields of an instance."""
        return self.instances.change(call, reading.change(call)).addCallback(_ok, call)

    @serve(app, "GET", "", needs=rule_of(Instances.detail))
    def detail(self, call: Call) -> Reply:
        """One instance with its real health."""
        service = call.service_key()
        ip, port = reading.address(call)
        request = OneInstance(service, call.get("clusterName", DEFAULT_CLUSTER), ip, port)
        instance = self.instances.detail(call, request)
        return json_reply(
            {
                "service": service[1],
                "ip": instance.ip,
                "port": instance.port,
                "clusterName": instance.cluster,
                "weight": instance.weight,
                "healthy": instance.healthy,
                "instanceId": instance.instance_id,
                "metadata": instance.metadata,
            }
        )

    @serve(app, "PUT", "/metadata/batch", needs=rule_of(Instances.change_metadata))
    def merge_metadata(self, call: Call) -> Deferred[Reply]:
        """Put keys into the metadata of several instances."""
        return self._metadata_batch(call, remove=False)

    @serve(app, "DELETE", "/metadata/batch", needs=rule_of(Instances.change_metadata))
    def remove_metadata(self, call: Call) -> Deferred[Reply]:
        """Take keys out of the metadata of several instances."""
        return self._metadata_batch(call, remove=True)

    def _metadata_batch(self, call: Call, remove: bool) -> Deferred[Reply]:
        done = self.instances.change_metadata(call, reading.metadata_change(call, remove))
        return done.addCallback(lambda found: json_reply({"updated": found or []}))

    @serve(app, "GET", "/statuses", needs=rule_of(Instances.statuses))
    def instance_statuses(self, call: Call) -> Reply:
        """The health of a service's instances, for another node of Nacos."""
        request = OneService(split_status_key(call.required("key")))
        return json_reply({"ips": self.instances.statuses(call, request)})
