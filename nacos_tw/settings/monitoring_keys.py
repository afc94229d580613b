"""The keys of what monitoring reads."""

from __future__ import annotations

from nacos_tw.settings.key import Key
from nacos_tw.settings.kinds import choice, switch

TARGETS = Key(
    "nacos.prometheus.metrics.enabled", switch(), "false", "Whether /prometheus gives Prometheus the registered "
    "instances as targets (http_sd).",
)  # fmt: skip
LOG_FORMAT = Key(
    "nacos.logs.format", choice("text", "json"), "text", "Format of the lines of nacos.log and of standard output: "
    "text, or a JSON object each.",
)  # fmt: skip
KEYS = TARGETS, LOG_FORMAT
