"""The HTTP carriers in the metrics."""

from __future__ import annotations

from collections.abc import Iterator

from nacos_tw.http.counters import Counters
from nacos_tw.metrics.exposition import Family, counter, gauge


def http_families(counters: Counters) -> Iterator[Family]:
    """What the HTTP carriers counted."""
    yield counter("http_server_requests_seconds_count", "Requests answered.", counters.requests)
    yield counter("http_server_requests_seconds_sum", "Time taken to answer them, in seconds.", counters.seconds)
    errors = [
        ({"outcome": "CLIENT_ERROR"}, counters.client_errors),
        ({"outcome": "SERVER_ERROR"}, counters.server_errors),
    ]
    yield Family("nacos_http_errors_total", "counter", "Answers with a status from 400, and from 500.", list(errors))
    yield gauge("nacos_http_connections", "Connections open.", counters.open)
    yield counter("nacos_http_connections_total", "Connections accepted.", counters.accepted)
    yield counter("nacos_http_handed_over_total", "Connections that left the fast path.", counters.handed_over)
    yield counter("nacos_http_refused_total", "Requests that broke HTTP or a limit.", counters.refused)
    yield counter("nacos_http_turned_away_total", "Connections refused, as too many were open.", counters.turned_away)
    yield counter("nacos_http_timed_out_total", "Connections closed for being slow or idle.", counters.timed_out)
