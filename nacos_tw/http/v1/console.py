"""What the console and container platforms ask of a node (docs/spec/naming-v1.md#9, docs/spec/config-v1.md#11.7)."""

from __future__ import annotations

from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.cluster.operations.node import Nodes
from nacos_tw.cluster.operations.notices import LANGUAGES, Notices
from nacos_tw.cluster.requests import Asking, NoticeIn
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.node_state import state_json
from nacos_tw.http.reply import Reply, json_reply, text_reply
from nacos_tw.http.routing import serve


@attrs.frozen
class ConsoleV1:
    """C{/v1/console/server/*} and C{/v1/console/health/*}."""

    prefix: ClassVar[str] = "/v1/console"
    app = Klein()
    guard: Guard
    node: Nodes
    notices: Notices

    @serve(app, "GET", "/server/state", needs=rule_of(Nodes.state))
    def server_state(self, call: Call) -> Reply:
        """What the node is, all texts."""
        return json_reply(state_json(self.node.state(call, Asking())))

    @serve(app, "GET", "/server/announcement", needs=rule_of(Notices.announcement))
    def announcement(self, call: Call) -> Reply:
        """What the operator announces, in conf/announcement_<language>.conf; nothing in another language."""
        language = call.params.get("language") or LANGUAGES[0]
        return told(self.notices.announcement(call, NoticeIn(language)))

    @serve(app, "GET", "/server/guide", needs=rule_of(Notices.guide))
    def guide(self, call: Call) -> Reply:
        """Where the operator sends who finds no pages here, in conf/console-guide.conf."""
        return told(self.notices.guide(call, Asking()))

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


def told(text: str | None) -> Reply:
    """A text of the operator's, in the envelope RestResult."""
    return json_reply({"code": 200, "message": None, "data": text})
