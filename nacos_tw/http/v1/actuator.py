"""C{/actuator} and C{/actuator/health}: what Spring Boot has for probes, and so Nacos."""

from __future__ import annotations

from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.cluster.operations.node import Nodes
from nacos_tw.cluster.requests import Asking
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply
from nacos_tw.http.routing import serve

LINKS = {"self": "", "health": "/health", "prometheus": "/prometheus"}


@attrs.frozen
class ActuatorV1:
    """Beside C{/actuator/prometheus}."""

    prefix: ClassVar[str] = "/actuator"
    app = Klein()
    guard: Guard
    node: Nodes

    @serve(app, "GET", "", needs=rule_of(Nodes.alive))
    def links(self, call: Call) -> Reply:
        """What there is."""
        self.node.alive(call, Asking())
        here = call.target.partition(b"?")[0].decode("utf-8", "replace").rstrip("/")
        links = {name: {"href": here + path, "templated": False} for name, path in LINKS.items()}
        return json_reply({"_links": links})

    @serve(app, "GET", "/health", needs=rule_of(Nodes.readiness))
    @serve(app, "GET", "/health/readiness", needs=rule_of(Nodes.readiness))
    def health(self, call: Call) -> Reply:
        """C{UP}, or C{DOWN} with 503 while the node cannot do its work."""
        down = self.node.readiness(call, Asking())
        return json_reply({"status": "DOWN"}, 503) if down else json_reply({"status": "UP"})

    @serve(app, "GET", "/health/liveness", needs=rule_of(Nodes.alive))
    def liveness(self, call: Call) -> Reply:
        """C{UP}: the process answers."""
        self.node.alive(call, Asking())
        return json_reply({"status": "UP"})
