"""What the carriers count; plain numbers that the metrics read."""

from __future__ import annotations


class Counters:
    """
    All grow only, but C{open}.

    @ivar requests: answers given, by both carriers.
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
        "seconds",
        "server_errors",
        "timed_out",
        "turned_away",
    )

    def __init__(self) -> None:
        self.requests = self.client_errors = self.server_errors = self.refused = 0
        self.handed_over = self.accepted = self.turned_away = self.timed_out = self.open = 0
        self.seconds = 0.0

    def failed(self, status: int) -> None:
        """Count an answer of at least 400."""
        if status >= 500:
            self.server_errors += 1
        else:
            self.client_errors += 1
