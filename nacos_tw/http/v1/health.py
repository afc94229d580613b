"""C{/v1/ns/health}: health set by hand, and what there is to check it with (docs/spec/naming-v1.md#5.6 to #5.8)."""

from __future__ import annotations

from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.http import params
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply, ok_reply
from nacos_tw.http.routing import serve
from nacos_tw.naming.model import DEFAULT_CLUSTER
from nacos_tw.naming.operations.health import HealthOperations
from nacos_tw.naming.requests import Asking, HealthByHand


@attrs.frozen
class HealthV1:
    """@ivar port: this node's HTTP port, for its greeting."""

    prefix: ClassVar[str] = "/v1/ns/health"
    app = Klein()
    guard: Guard
    health: HealthOperations
    port: int

    @serve(app, "PUT", "/instance", needs=rule_of(HealthOperations.set))
    @serve(app, "PUT", "", needs=rule_of(HealthOperations.set))
    async def set_health(self, call: Call) -> Reply:
        """Set an instance's health, in a cluster with the checker NONE; succeeds if it does not exist."""
        key = call.service_key()
        ip, port = call.required("ip"), call.integer("port") if call.required("port") else 0
        cluster = call.get("clusterName", DEFAULT_CLUSTER)
        healthy = params.loose(call.get("healthy") or call.get("valid") or call.required("healthy"))
        await self.health.set(call, HealthByHand(key, cluster, ip, port, healthy))
        return ok_reply(call)

    @serve(app, "GET", "/checkers", needs=rule_of(HealthOperations.checkers))
    def health_checkers(self, call: Call) -> Reply:
        """Every type of checker with its defaults."""
        return json_reply(self.health.checkers(call, Asking()))

    @serve(app, "GET", "/server", needs=rule_of(HealthOperations.services))
    def health_server(self, call: Call) -> Reply:
        """A greeting that tells how many services there are."""
        count = self.health.services(call, Asking())
        return json_reply(
            {
                "msg": f"Hello! I am Nacos-Naming and healthy! total services: raft {count}, local port:{self.port}",
            }
        )
