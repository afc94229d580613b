"""What the console and container platforms ask of a node (docs/spec/naming-v1.md#9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw import __version__
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply, text_reply
from nacos_tw.http.routing import serve


@attrs.frozen
class ConsoleV1:
    """
    C{/v1/console/server/state} and C{/v1/console/health/*}.

    @ivar readiness: "" when this node can do its work, else the reason why not.
    @ivar auth_enabled: whether logins are asked for now.
    @ivar wants_admin: whether logins are asked for and there is no administrator yet.
    @ivar pages: whether the console's pages are served.
    """

    prefix: ClassVar[str] = "/v1/console"
    app = Klein()
    guard: Guard
    readiness: Callable[[], str]
    standalone: bool
    port: int
    function_mode: str = ""
    auth_enabled: Callable[[], bool] = lambda: False
    auth_type: str = "nacos"
    wants_admin: Callable[[], bool] = lambda: False
    pages: bool = True

    @serve(app, "GET", "/server/state", needs="open")
    def server_state(self, call: Call) -> Reply:
        """The three keys of 1.4, then those of 2.5.1 that mean something here (all texts)."""
        auth_enabled = _text(self.auth_enabled())
        mode = "standalone" if self.standalone else "cluster"
        return json_reply(
            {
                "version": __version__,
                "standalone_mode": mode,
                "function_mode": self.function_mode or None,
                "startup_mode": mode,
                "server_port": str(self.port),
                "auth_enabled": auth_enabled,
                "auth_system_type": self.auth_type,
                "auth_admin_request": _text(self.wants_admin()),
                "login_page_enabled": auth_enabled,
                "console_ui_enabled": _text(self.pages),
            }
        )

    @serve(app, "GET", "/health/liveness", needs="open")
    def liveness(self, call: Call) -> Reply:
        """C{OK}: the process answers."""
        return text_reply("OK", call)

    @serve(app, "GET", "/health/readiness", needs="open")
    def readiness_check(self, call: Call) -> Reply:
        """C{OK}, or 500 and the reason."""
        reason = self.readiness()
        return text_reply(reason, call, 500) if reason else text_reply("OK", call)


def _text(flag: bool) -> str:
    return "true" if flag else "false"
