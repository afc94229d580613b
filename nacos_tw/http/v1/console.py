"""What the console and container platforms ask of a node (docs/spec/naming-v1.md#9)."""

from __future__ import annotations

from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.cluster.operations.node import Nodes
from nacos_tw.cluster.requests import Asking
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.node_state import state_json
from nacos_tw.http.reply import Reply, json_reply, text_reply
from nacos_tw.http.routing import serve


@attrs.frozen
class ConsoleV1:
    """C{/v1/console/server/state} and C{/v1/console/health/*}."""

    prefix: ClassVar[str] = "/v1/console"
    app = Klein()
    guard: Guard
    node: Nodes

    @serve(app, "GET", "/server/state", needs=rule_of(Nodes.state))
    def server_state(self, call: Call) -> Reply:
        """What the node is, all texts."""
        return json_reply(state_json(self.node.state(call, Asking())))

    @serve(app, "GET", "/health/liveness", needs=rule_of(Nodes.alive))
    def liveness(self, call: Call) -> Reply:
        """C{OK}: the process answers."""
        self.node.alive(call, Asking())
        return text_reply("OK", call)

    @serve(app, "GET", "/health/readiness", needs=rule_of(Nodes.readiness))
    def readiness_check(self, call: Call) -> Reply:
        """C{OK}, or 500 and the reason."""
        reason = self.node.readiness(call, Asking())
        return text_reply(reason, call, 500) if reason else text_reply("OK", call)
