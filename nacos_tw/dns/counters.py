"""What DNS counts, and tells Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from nacos_tw.metrics.exposition import Family, counter

TYPES = {1: "A", 28: "AAAA", 33: "SRV", 6: "SOA", 255: "ANY"}
CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 16: "BADVERS"}


class Counters:
    """
    Since the start.

    @ivar answered: by (type, code), in words that are few.
    @ivar truncated: answers that a client must ask for over TCP.
    @ivar dropped: queries without an answer, as their client asked too often or they were none.
    @ivar forwarded: queries sent on; C{unanswered}: those that no resolver answered.
    """

    def __init__(self) -> None:
        self.answered: Counter[tuple[str, str]] = Counter()
        self.truncated = 0
        self.dropped = 0
        self.forwarded = 0
        self.unanswered = 0

    def count(self, type: int | None, code: int) -> None:
        """One was answered. C{type}: None where it was not readable."""
        word = "UNKNOWN" if type is None else TYPES.get(type, "OTHER")
        self.answered[word, CODES.get(code, "OTHER")] += 1


def dns_families(counters: Counters) -> Iterator[Family]:
    """All that was counted."""
    by: list[tuple[Mapping[str, str], float]] = [
        ({"type": type, "rcode": code}, number) for (type, code), number in sorted(counters.answered.items())
    ]
    yield Family("nacos_dns_queries_total", "counter", "Queries answered, by type and code of the answer.", by)
    yield counter("nacos_dns_truncated_total", "Answers that were too long for UDP.", counters.truncated)
    yield counter("nacos_dns_dropped_total", "Queries left without an answer.", counters.dropped)
    yield counter("nacos_dns_forward_queries_total", "Queries sent on to a resolver.", counters.forwarded)
    yield counter("nacos_dns_forward_failed_total", "Those that none answered.", counters.unanswered)
