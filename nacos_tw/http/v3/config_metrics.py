"""C{/v3/admin/cs/metrics}: what clients say themselves (docs/spec/http-v2-v3.md#5.3)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein
from twisted.internet.defer import Deferred

from nacos_tw.config.listener_requests import MetricsOf
from nacos_tw.config.model import tenant_of
from nacos_tw.config.operations.listening import Listening
from nacos_tw.http.api.parameters import GROUP, NAMESPACE, REQUEST, text
from nacos_tw.http.api.problems import Lacking
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard

IP = text("ip", "The address of the clients.", needed=REQUEST)
DATA_ID = text("dataId", "The config that they are asked for; without one they tell of themselves.")
TAKES = IP, DATA_ID, GROUP, NAMESPACE


@attrs.frozen
class ConfigMetricsV3:
    """Java clients on gRPC answer; others have nothing to say."""

    prefix: ClassVar[str] = "/v3/admin/cs/metrics"
    app = Klein()
    guard: Guard
    listening: Listening

    @api(app, "GET", "/cluster", does=Listening.metrics, takes=TAKES, gives="What the clients say")
    def of_cluster(self, call: Call) -> Deferred[dict[str, Any]]:
        """What the clients of an address report of a config that they have, or of themselves."""
        return self.listening.metrics(call, _asked(call)).addCallback(lambda found: {**found, "complete": True})

    @api(app, "GET", "/ip", does=Listening.metrics, takes=TAKES, gives="What the clients say")
    def of_node(self, call: Call) -> Deferred[dict[str, Any]]:
        """The same for clients of this node."""
        return self.listening.metrics(call, _asked(call, here=True))


def _asked(call: Call, here: bool = False) -> MetricsOf:
    ip = IP(call)
    if not ip:
        raise Lacking(IP.name, IP.java, bound=False)
    return MetricsOf(ip, tenant_of(call.params.get("namespaceId")), GROUP(call), DATA_ID(call), here)
