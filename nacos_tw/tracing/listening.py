"""Traces listeners of configs: a span for each one that is told of a change, until it has the answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from opentelemetry.trace import SpanKind

from nacos_tw.config.listeners import Listener, Tell
from nacos_tw.config.model import ConfigKey
from nacos_tw.grpc.config_push import StreamListener
from nacos_tw.push.longpoll import Poll
from nacos_tw.tracing.tracer import Place, Span
from nacos_tw.tracing.write_spans import WriteSpans, described
from nacos_tw.tracing.writes import why

MOST = 100
"""Listeners of one change that have spans; the others are told all the same."""
AGAIN = "the config has changed again"
GONE = "the client has gone, or listens no more"


class Told:
    """The spans of clients that are being told."""

    def __init__(self, spans: WriteSpans) -> None:
        self._spans = spans
        self._streams: dict[tuple[StreamListener, ConfigKey], Span] = {}

    def around(self, tell: Tell[Any]) -> Tell[Any]:
        """For L{Listeners.watch<nacos_tw.config.listeners.Listeners.watch>}."""

        def told(key: ConfigKey, listeners: Iterable[Listener]) -> None:
            place = self._spans.place(key)
            if place is not None:
                listeners = list(listeners)
                for listener in listeners[:MOST]:
                    self._begin(key, listener, place)
            tell(key, listeners)

        return told

    def _begin(self, key: ConfigKey, listener: Listener, place: Place) -> None:
        if isinstance(listener, StreamListener):
            before = self._streams.pop((listener, key), None)
            if before is not None:
                before.end(AGAIN)
            self._streams[listener, key] = self._start(key, listener, place, "grpc")
        elif isinstance(listener, Poll) and listener.deferred is not None:
            listener.deferred.addBoth(_answered, self._start(key, listener, place, "long poll"))

    def _start(self, key: ConfigKey, listener: Listener, place: Place, by: str) -> Span:
        tracer, about = self._spans.tracer, described([key])
        return tracer.start(
            "config push", SpanKind.PRODUCER, place, client__address=listener.ip, nacos__transport=by, **about
        )

    def acknowledged(self, listener: StreamListener, key: ConfigKey, told: bool) -> None:
        """For L{ConfigPushes.on_told<nacos_tw.grpc.config_push.ConfigPushes>}."""
        span = self._streams.pop((listener, key), None)
        if span is not None:
            span.end("" if told else GONE)


def _answered(result: Any, span: Span) -> Any:
    span.end(why(result))
    return result
