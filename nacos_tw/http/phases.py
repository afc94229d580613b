"""The phases of a connection, in either carrier."""

from __future__ import annotations

import enum


class Phase(enum.Enum):
    """The value says it. The twisted.web carrier knows the first four only."""

    IDLE = "between requests"
    HEAD = "a request line or headers are coming"
    BODY = "a body is coming"
    BUSY = "an answer is being made"
    HANDED = "the twisted.web carrier has the connection"
    CLOSED = "closed, or closing once all is written"


IDLE, HEAD, BODY, BUSY, HANDED, CLOSED = Phase

BODY_TIME = 60.0
"""Seconds that a body may take to arrive."""
