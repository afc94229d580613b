"""The keys of OpenTelemetry traces (C{nacos.tracing.*}); off unless they are switched on."""

from __future__ import annotations

from nacos_tw.settings.key import Key
from nacos_tw.settings.kinds import switch, text
from nacos_tw.settings.oidc_keys import web_address

_TRACING = "nacos.tracing."


def fraction(value: str) -> float:
    """A number from 0 to 1."""
    try:
        found = float(value.strip())
    except ValueError:
        found = -1.0
    if not 0.0 <= found <= 1.0:
        raise ValueError("a number from 0 to 1")
    return found


ENABLED = Key(
    _TRACING + "enabled", switch(), "false", "Whether spans of the writes of configs are sent to a collector; needs "
    "the extra otel.",
)  # fmt: skip
ENDPOINT = Key(
    _TRACING + "endpoint", lambda value: web_address(value) if value.strip() else "", "", "Where spans are sent, by "
    "OTLP over HTTP: the whole URL, such as http://127.0.0.1:4318/v1/traces. If unset, the variables "
    "OTEL_EXPORTER_OTLP_* decide.",
)  # fmt: skip
SERVICE = Key(
    _TRACING + "service-name", text, "nacos", "service.name of the spans. OTEL_RESOURCE_ATTRIBUTES adds other "
    "attributes.",
)  # fmt: skip
SAMPLING = Key(
    _TRACING + "sampling", fraction, "1", "The share of writes that is traced if the client has not decided it.",
)  # fmt: skip
KEYS = ENABLED, ENDPOINT, SERVICE, SAMPLING
