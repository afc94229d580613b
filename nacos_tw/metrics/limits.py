"""What was refused because an address or a user asked for too much."""

from __future__ import annotations

from collections.abc import Iterator

from nacos_tw.access.limits import Limits
from nacos_tw.metrics.exposition import Family


def limit_families(limits: Limits) -> Iterator[Family]:
    """None where there are no limits."""
    if limits.requests is None and limits.registrations is None and limits.connections is None:
        return
    rows = [({"limit": what, "by": of}, float(count)) for (what, of), count in sorted(limits.refused.items())]
    yield Family("nacos_limited_total", "counter", "Refused, as an address or a user asked for too much.", [*rows])
