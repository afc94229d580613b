"""C{/v1/console/cluster/history}: the last ten minutes of all nodes, for the console's charts. Ours, not Nacos's."""

from __future__ import annotations

from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.cluster.operations.history import Histories
from nacos_tw.cluster.requests import Span
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply
from nacos_tw.http.routing import serve
from nacos_tw.metrics.history import RESOLUTION, SPAN


@attrs.frozen
class ClusterHistoryV1:
    """What happened at the nodes."""

    prefix: ClassVar[str] = "/v1/console/cluster"
    app = Klein()
    guard: Guard
    histories: Histories

    @serve(app, "GET", "/history", needs=rule_of(Histories.all))
    async def cluster_history(self, call: Call) -> Reply:
        """The samples and events of all nodes that answer, of the last C{seconds} (600), by this node's clock."""
        stories = await self.histories.all(call, Span(call.integer("seconds", int(SPAN))))
        data = {
            "now": stories[0].now,
            "resolutionMillis": int(RESOLUTION * 1000),
            "spanMillis": int(SPAN * 1000),
            "nodes": [
                {"address": story.address, "samples": story.samples, "events": story.events}
                for story in sorted(stories, key=lambda story: story.address)
            ],
        }
        return json_reply({"code": 200, "message": None, "data": data})
