"""Tests."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A run tells of the code, not of how busy the machine was or of what was drawn: examples have no limits of time, and
# are the same each time, unless more are asked for.
settings.register_profile(
    "nacos_tw",
    deadline=None,
    derandomize=not os.environ.get("NACOS_TW_FUZZ"),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("nacos_tw")
