"""Spans, by OpenTelemetry's SDK; the only module that knows it but L{nacos_tw.tracing.exporting}."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span as SdkSpan
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from nacos_tw import __version__

Value = str | int | bool
LONGEST_STATE = 512
"""Characters of a C{tracestate}, as W3C's Trace Context wants them to be passed on at least."""

_propagator = TraceContextTextMapPropagator()


class Place(NamedTuple):
    """Where in a trace somebody is, by the headers of W3C's Trace Context; children are begun there."""

    traceparent: str
    tracestate: str = ""

    @classmethod
    def read(cls, text: str) -> Place:
        """What L{written} gave."""
        traceparent, _, tracestate = text.partition(" ")
        return cls(traceparent, tracestate)

    @property
    def written(self) -> str:
        """As one text, for other nodes."""
        return f"{self.traceparent} {self.tracestate}".rstrip()


class Span:
    """
    One.

    @ivar place: for its children; None where this trace is not recorded.
    """

    __slots__ = ("_span", "place")

    def __init__(self, span: SdkSpan) -> None:
        self._span = span
        self.place: Place | None = None
        if span.is_recording():
            headers: dict[str, str] = {}
            _propagator.inject(headers, set_span_in_context(span))
            self.place = Place(headers["traceparent"], headers.get("tracestate", "")[:LONGEST_STATE])

    def end(self, error: str = "") -> None:
        """It is over. @param error: why it failed; "" if it did not."""
        if error:
            self._span.set_status(Status(StatusCode.ERROR, error))
        self._span.end()


class Tracer:
    """Begins spans of this node."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("nacos_tw", __version__)

    def start(self, name: str, kind: SpanKind, parent: Place | None, **attributes: Value) -> Span:
        """
        Begin a span.

        @param parent: None: it begins a trace. One that cannot be read does, too.
        @param attributes: with C{__} for C{.}; those that are empty are left out.
        """
        headers: Mapping[str, str] = {}
        if parent is not None and parent.traceparent:
            headers = {"traceparent": parent.traceparent, "tracestate": parent.tracestate}
        said = {name.replace("__", "."): value for name, value in attributes.items() if value != ""}
        return Span(self._tracer.start_span(name, _propagator.extract(headers), kind, said))
