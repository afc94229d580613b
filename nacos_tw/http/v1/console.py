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
        """The three keys of 1.4, then those of 2.5.1 that mean something here (all texts)."""
        state = self.node.state(call, Asking())
        auth_enabled = _text(state.auth_enabled)
        mode = "standalone" if state.standalone else "cluster"
        return json_reply(
            {
                "version": state.version,
                "standalone_mode": mode,
                "function_mode": state.function_mode or None,
                "startup_mode": mode,
                "server_port": str(state.port),
                "auth_enabled": auth_enabled,
                "auth_system_type": state.auth_type,
                "auth_admin_request": _text(state.wants_admin),
                "login_page_enabled": auth_enabled,
                "console_ui_enabled": _text(state.pages),
            }
        )

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


def _text(flag: bool) -> str:
    return "true" if flag else "false"
