"""C{/v1/ns/instance}: registering, changing and removing instances (docs/spec/naming-v1.md#3)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein
from twisted.internet.defer import Deferred

from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply, ok_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1 import reading
from nacos_tw.naming import queries
from nacos_tw.naming.commands import MetadataBatch, Patch, Register, Update
from nacos_tw.naming.model import DEFAULT_CLUSTER
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.validation import check_weight


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
    naming: Naming
    app: ClassVar[Klein] = Klein()

    @property
    def _default_ephemeral(self) -> bool:
        return self.naming.registry.switches.default_instance_ephemeral

    @serve(app, "POST", "", needs="write:naming")
    def register(self, call: Call) -> Deferred[Reply]:
        """Register an instance."""
        command = reading.registration(call, self._default_ephemeral)
        assert isinstance(command, Register)
        return self.naming.register(command).addCallback(_ok, call)

    @serve(app, "DELETE", "", needs="write:naming")
    def deregister(self, call: Call) -> Deferred[Reply]:
        """Remove an instance; C{ok} also when there is none."""
        return self.naming.deregister(reading.removal(call, self._default_ephemeral)).addCallback(_ok, call)

    @serve(app, "PUT", "", needs="write:naming")
    def update(self, call: Call) -> Deferred[Reply]:
        """Replace an instance: for a Java client it must exist, for others this registers."""
        if call.java_agent:
            command = reading.registration(call, self._default_ephemeral, Update)
            return self.naming.change(command).addCallback(_ok, call)
        return self.register(call)

    @serve(app, "PATCH", "", needs="write:naming")
    def patch(self, call: Call) -> Deferred[Reply]:
        """Change the given fields of an instance."""
        service = call.service_key()
        ip, port = reading.address(call)
        params = call.params
        weight = call.number("weight") if params.get("weight") else None
        if weight is not None:
            check_weight(weight)
        command = Patch(
            service,
            reading.cluster_name(call),
            ip,
            port,
            reading.read_metadata(params["metadata"]) if params.get("metadata") else None,
            params.get("app") or None,
            weight,
            call.loose("healthy") if params.get("healthy") else None,
            call.loose("enabled") if params.get("enabled") else None,
        )
        return self.naming.change(command).addCallback(_ok, call)

    @serve(app, "GET", "", needs="read:naming")
    def detail(self, call: Call) -> Reply:
        """One instance with its real health."""
        service = call.service_key()
        ip, port = reading.address(call)
        cluster = call.get("clusterName", DEFAULT_CLUSTER)
        instance = queries.find_one(self.naming.registry, self.naming.overlay, service, cluster, ip, port)
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

    @serve(app, "PUT", "/metadata/batch", needs="write:naming")
    def merge_metadata(self, call: Call) -> Deferred[Reply]:
        """Put keys into the metadata of several instances."""
        return self._metadata_batch(call, remove=False)

    @serve(app, "DELETE", "/metadata/batch", needs="write:naming")
    def remove_metadata(self, call: Call) -> Deferred[Reply]:
        """Take keys out of the metadata of several instances."""
        return self._metadata_batch(call, remove=True)

    def _metadata_batch(self, call: Call, remove: bool) -> Deferred[Reply]:
        service = call.service_key()
        metadata = reading.read_metadata(call.required("metadata"))
        kind = call.get("consistencyType")
        targets = [] if kind else reading.targets(call.get("instances"))
        command = MetadataBatch(service, kind, targets, metadata, remove)
        return self.naming.change(command).addCallback(lambda found: json_reply({"updated": found or []}))

    @serve(app, "GET", "/statuses", needs="admin")
    def instance_statuses(self, call: Call) -> Reply:
        """The health of a service's instances, for another node of Nacos."""
        key = queries.split_status_key(call.required("key"))
        return json_reply({"ips": queries.statuses(self.naming.registry, self.naming.overlay, key)})
