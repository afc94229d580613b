"""C{/v1/ns/cluster}: settings of a service's cluster (docs/spec/naming-v1.md#5.5)."""

from __future__ import annotations

from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, ok_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.reading import java_int_or_zero, read_metadata
from nacos_tw.naming.checkers import parse_checker
from nacos_tw.naming.operations.services import Services
from nacos_tw.naming.requests import ClusterSettings
from nacos_tw.naming.validation import check_cluster_name


@attrs.frozen
class ServiceClustersV1:
    """The clusters of services; C{/v1/core} has the cluster of nodes."""

    prefix: ClassVar[str] = "/v1/ns/cluster"
    app = Klein()
    guard: Guard
    services: Services

    @serve(app, "PUT", "", needs=rule_of(Services.update_cluster))
    async def update_cluster(self, call: Call) -> Reply:
        """Create the cluster, or replace its settings."""
        key = call.service_key()
        name = call.required("clusterName")
        check_cluster_name(name)
        port = java_int_or_zero(call.required("checkPort"))
        call.required("useInstancePort4Check")
        use_instance_port = call.loose("useInstancePort4Check")
        checker = parse_checker(call.required("healthChecker"))
        metadata = read_metadata(call.get("metadata"))
        request = ClusterSettings(key, name, checker, port, use_instance_port, metadata)
        await self.services.update_cluster(call, request)
        return ok_reply(call)
