"""C{/actuator/prometheus}: what monitoring reads, under Nacos's names and ours (docs/spec/naming-v1.md#9)."""

from __future__ import annotations

from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import serve
from nacos_tw.metrics.exposition import CONTENT_TYPE, OPEN_METRICS, OPEN_METRICS_TYPE, render, render_open
from nacos_tw.metrics.operations import AskingMetrics, Metrics


@attrs.frozen
class PrometheusV1:
    """Always there; it is Nacos that hides it unless it is exposed."""

    prefix: ClassVar[str] = "/actuator"
    app = Klein()
    guard: Guard
    metrics: Metrics

    @serve(app, "GET", "/prometheus", needs=rule_of(Metrics.families))
    def prometheus(self, call: Call) -> Reply:
        """All of it, as text; in OpenMetrics for those who say that they take it."""
        families = self.metrics.families(call, AskingMetrics())
        if OPEN_METRICS in call.raw_header(b"accept"):
            return Reply(200, render_open(families), OPEN_METRICS_TYPE)
        return Reply(200, render(families), CONTENT_TYPE)
