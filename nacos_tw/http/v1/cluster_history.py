"""C{/v1/console/cluster/history}: the last ten minutes of all nodes, for the console's charts. Ours, not Nacos's."""

from __future__ import annotations

from typing import ClassVar

import attrs
import msgspec
from klein import Klein

from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.asking import ask_others
from nacos_tw.http.v1.faces import AskAll
from nacos_tw.metrics.history import RESOLUTION, SPAN, History, Story

HISTORY = "history"
"""The kind of question under which nodes ask each other for it; the body is how many seconds of it, in decimal."""

_decode = msgspec.json.Decoder(Story).decode


@attrs.frozen
class ClusterHistoryV1:
    """What the nodes' L{History} objects kept."""

    prefix: ClassVar[str] = "/v1/console/cluster"
    app = Klein()
    guard: Guard
    history: History
    ask_all: AskAll

    @serve(app, "GET", "/history", needs="user")
    async def cluster_history(self, call: Call) -> Reply:
        """The samples and events of all nodes that answer, of the last C{seconds} (600), by this node's clock."""
        seconds = min(max(1, call.integer("seconds", int(SPAN))), int(SPAN))
        others = await ask_others(self.ask_all, HISTORY, b"%d" % seconds, _decode)
        own = self.history.told(seconds)
        stories = [own, *(story.by_clock(own.now) for story in others)]
        data = {
            "now": own.now,
            "resolutionMillis": int(RESOLUTION * 1000),
            "spanMillis": int(SPAN * 1000),
            "nodes": [
                {"address": story.address, "samples": story.samples, "events": story.events}
                for story in sorted(stories, key=lambda story: story.address)
            ],
        }
        return json_reply({"code": 200, "message": None, "data": data})


def asked_history(history: History, body: bytes) -> bytes:
    """
    Answer another node.

    @raise ValueError: C{body} is no number.
    """
    return msgspec.json.encode(history.told(int(body)))
