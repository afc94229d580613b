"""What the carriers count; plain numbers that the metrics read."""

from __future__ import annotations

from time import perf_counter

from nacos_tw.metrics.tally import Tallies

Answered = tuple[str, str, int]
"""Method and path of a route, status."""
UNKNOWN = "UNKNOWN"
"""The path of requests that have no route, as Spring names it."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Counters:
    """
    All grow only, but C{open}.

    @ivar requests: answers given, by both carriers.
    @ivar routes: the same by route and status, with the times that they took.
    @ivar client_errors: those with a status from 400 to 499.
    @ivar server_errors: those with a status from 500.
    @ivar seconds: sum of the times from a request's last byte to its answer.
    @ivar refused: requests that broke the protocol or a limit, answered and closed.
    @ivar handed_over: connections that went on to Klein's Site.
    @ivar accepted: connections.
    @ivar turned_away: connections closed at once, as too many were open.
    @ivar timed_out: connections closed as they were slow or idle.
    @ivar open: connections now.
    """

    __slots__ = (
        "accepted",
        "client_errors",
        "handed_over",
        "open",
        "refused",
        "requests",
        "routes",
        "seconds",
        "server_errors",
        "timed_out",
        "turned_away",
    )

    def __init__(self) -> None:
        self.requests = self.client_errors = self.server_errors = self.refused = 0
        self.handed_over = self.accepted = self.turned_away = self.timed_out = self.open = 0
        self.seconds = 0.0
        self.routes: Tallies[Answered] = Tallies()

    def answered(self, method: str, path: str, status: int, began: float) -> None:
        """
        Count an answer.

        @param path: of the route, beneath the context path; L{UNKNOWN} where there is none.
        @param began: when the request was complete, by C{perf_counter}.
        """
        self.requests += 1
        if status >= 400:
            self.failed(status)
        self.routes.add((method, path, status), perf_counter() - began)

    def unknown(self, method: str, status: int, began: float) -> None:
        """Likewise, to a request without a route."""
        self.answered(method if method in _METHODS else UNKNOWN, UNKNOWN, status, began)

    def failed(self, status: int) -> None:
        """Count an answer of at least 400."""
        if status >= 500:
            self.server_errors += 1
        else:
            self.client_errors += 1
