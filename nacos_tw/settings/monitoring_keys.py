"""The keys of what monitoring reads."""

from __future__ import annotations

from nacos_tw.settings.key import Key
from nacos_tw.settings.kinds import choice, switch

TARGETS = Key(
    "nacos.prometheus.metrics.enabled", switch(), "false", "Whether /prometheus tells Prometheus (http_sd) which "
    "instances there are.",
)  # fmt: skip
LOG_FORMAT = Key(
    "nacos.logs.format", choice("text", "json"), "text", "What lines of nacos.log and of standard output are: text, or "
    "a JSON object each.",
)  # fmt: skip
KEYS = TARGETS, LOG_FORMAT
