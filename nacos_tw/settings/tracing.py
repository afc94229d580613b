"""What an operator decided about traces."""

from __future__ import annotations

import attrs

from nacos_tw.settings import tracing_keys as keys
from nacos_tw.settings.reading import Reader


@attrs.frozen
class TracingSettings:
    """
    Of OpenTelemetry.

    @ivar endpoint: URL of the collector; "": as the environment says.
    @ivar service: C{service.name}; C{sampling}: the part of writes that is traced, 0 to 1.
    """

    endpoint: str = ""
    service: str = "nacos"
    sampling: float = 1.0


def tracing(reader: Reader) -> TracingSettings | None:
    """None where it is switched off."""
    if not reader.get(keys.ENABLED):
        return None
    return TracingSettings(reader.get(keys.ENDPOINT) or "", reader.get(keys.SERVICE), reader.get(keys.SAMPLING))
