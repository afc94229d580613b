"""Sending spans to a collector, by OpenTelemetry's exporter for OTLP over HTTP, in a thread of its own."""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from nacos_tw import __version__
from nacos_tw.settings.tracing import TracingSettings

PATIENCE = 3.0
"""Seconds in which what is left can be sent at the end."""
DELAY = 1000
"""Milliseconds after which spans are sent, unless OTEL_BSP_SCHEDULE_DELAY says otherwise."""


def provider_of(settings: TracingSettings, node: str) -> TracerProvider:
    """
    What makes spans of this node; nothing is sent yet.

    @param node: C{ip:port}.
    """
    resource = Resource.create(
        {SERVICE_NAME: settings.service, SERVICE_VERSION: __version__, SERVICE_INSTANCE_ID: node}
    )
    sampler = ParentBased(TraceIdRatioBased(settings.sampling))
    return TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)


def export(provider: TracerProvider, settings: TracingSettings) -> None:
    """Begin to send; what the library has to say of it goes into the node's log."""
    library = logging.getLogger("opentelemetry")
    if not any(isinstance(handler, ToOurLog) for handler in library.handlers):
        library.addHandler(ToOurLog(logging.WARNING))
    delay = None if "OTEL_BSP_SCHEDULE_DELAY" in os.environ else DELAY
    exporter = OTLPSpanExporter(endpoint=settings.endpoint or None)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=delay))


class ToOurLog(logging.Handler):
    """What the library says of its troubles, in the node's log."""

    log = Logger("nacos_tw.tracing")

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        self.log.warn("traces: {text}", text=record.getMessage())


def shut_down(provider: TracerProvider, reactor: Any) -> Deferred[None]:
    """Send what is left, and end; a collector that does not answer holds up nobody for longer than L{PATIENCE}."""
    done: Deferred[None] = Deferred(lambda _: None)

    def ended() -> None:
        if not done.called:
            done.callback(None)

    def work() -> None:
        try:
            provider.shutdown()
        finally:
            reactor.callFromThread(ended)

    threading.Thread(target=work, name="traces", daemon=True).start()
    return done.addTimeout(PATIENCE, reactor, onTimeoutCancel=lambda result, seconds: None)
