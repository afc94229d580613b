"""Traces where they are switched on; nothing of OpenTelemetry is imported where they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nacos_tw.errors import StartError
from nacos_tw.settings.tracing import TracingSettings

if TYPE_CHECKING:
    from nacos_tw.tracing.assembly import Tracing


def tracing_of(settings: TracingSettings | None, node: str, reactor: Any) -> Tracing | None:
    """
    Those of a node; None where they are off.

    @param node: C{ip:port}.
    @raise StartError: OpenTelemetry is not installed.
    """
    if settings is None:
        return None
    try:
        import opentelemetry.exporter.otlp.proto.http
        import opentelemetry.sdk.trace  # noqa: F401
    except ImportError:
        raise StartError(
            "nacos.tracing.enabled needs the Python packages opentelemetry-sdk and "
            "opentelemetry-exporter-otlp-proto-http, which are not installed: pip install 'nacos_tw[otel]', into the "
            "environment that runs this server"
        ) from None
    from nacos_tw.tracing.assembly import Tracing
    from nacos_tw.tracing.exporting import export, provider_of, shut_down

    provider = provider_of(settings, node)
    return Tracing(provider, lambda: export(provider, settings), lambda: shut_down(provider, reactor))
