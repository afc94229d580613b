"""What a probe of an instance has found."""

from __future__ import annotations

import enum
from typing import NamedTuple


class Outcome(enum.Enum):
    """How a probe ended."""

    OK = "ok"
    FAIL = "fail"
    """Counts; several in a row make the instance unhealthy."""
    FAIL_NOW = "fail now"
    """Makes it unhealthy at once."""


class ProbeResult(NamedTuple):
    """
    The result of one probe.

    @ivar message: for the event log, as Nacos words it.
    """

    outcome: Outcome
    message: str


TIMEOUT = 0.5
"""Seconds for connecting, and for reading."""
