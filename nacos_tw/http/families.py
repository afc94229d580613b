"""The HTTP carriers in the metrics."""

from __future__ import annotations

from collections.abc import Iterator

from nacos_tw.http.counters import UNKNOWN, Counters
from nacos_tw.metrics.exposition import Family, Labels, counter, gauge, timings

_OUTCOMES = {1: "INFORMATIONAL", 2: "SUCCESS", 3: "REDIRECTION", 4: "CLIENT_ERROR", 5: "SERVER_ERROR"}
_OLD_BOARD = "/v1/cs/"
"""Routes that are shown without the context path: so the older of Nacos's boards asks for them, and the newer takes
both."""


def _labels(method: str, path: str, status: int, context_path: str) -> Labels:
    """As Spring has them."""
    whole = path == UNKNOWN or path.startswith(_OLD_BOARD)
    outcome = _OUTCOMES.get(status // 100, UNKNOWN)
    uri = path if whole else context_path + path
    return {"method": method, "uri": uri, "status": str(status), "exception": "None", "outcome": outcome}


def http_families(counters: Counters, context_path: str, now: float) -> Iterator[Family]:
    """
    What the HTTP carriers counted.

    @param now: of a monotonic clock.
    """
    counters.routes.rotate(now)
    rows = [(_labels(*key, context_path), tally) for key, tally in sorted(counters.routes.items())]
    yield from timings("http_server_requests_seconds", "Requests answered, and the time that it took.", rows)
    yield counter("nacos_http_requests_total", "Requests answered.", counters.requests)
    yield counter("nacos_http_seconds_total", "Time taken to answer them, in seconds.", counters.seconds)
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
