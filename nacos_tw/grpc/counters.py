"""What 9848 counts; plain numbers that the metrics read."""

from __future__ import annotations

from collections import Counter

from nacos_tw.metrics.tally import Tallies


class Counters:
    """
    All grow only, but C{open} and C{registered}.

    @ivar accepted: connections; C{open}: now; C{turned_away}: closed at once, as too many were open.
    @ivar registered: clients now; C{registrations}: of all time; C{refused}: setups over a limit or while starting.
    @ivar requests: by C{metadata.type}, those that are known; C{errors}: responses with an error, by its code.
    @ivar limited: calls refused for a limit, by it (see L{nacos_tw.grpc.engine.shared.Shared}).
    @ivar ends: connections that we ended, by cause (see L{nacos_tw.grpc.engine.seam.CAUSES}).
    @ivar pushes: sent; C{acks}: answered with success; C{unanswered}: not in time, or with a failure.
    @ivar detected: silent connections that were dropped; C{late}: calls whose time was over.
    @ivar failures: handlers that broke.
    @ivar calls: those that were answered, by type and error code (0: none), with the times that it took.
    """

    def __init__(self) -> None:
        self.accepted = self.open = self.turned_away = 0
        self.registered = self.registrations = self.refused = 0
        self.pushes = self.acks = self.unanswered = 0
        self.detected = self.late = self.failures = 0
        self.requests: Counter[str] = Counter()
        self.errors: Counter[int] = Counter()
        self.limited: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()
        self.calls: Tallies[tuple[str, int]] = Tallies()
