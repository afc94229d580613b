"""Answers to queries: services looked up by the same operations as by every other API."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import attrs
from twisted.names.dns import AAAA, SOA, SRV, A

from nacos_tw.access.caller import KnownCaller
from nacos_tw.access.identity import Identity
from nacos_tw.dns import records
from nacos_tw.dns.counters import Counters
from nacos_tw.dns.messages import NO_ERROR, NO_SUCH_NAME, REFUSED, SERVER_FAILURE, TRUNCATED, Query, write
from nacos_tw.dns.records import Choice
from nacos_tw.dns.zone import Index, Zone
from nacos_tw.errors import Unavailable
from nacos_tw.memo import BoundedMemo
from nacos_tw.naming.model import Instance
from nacos_tw.naming.operations.discovery import Discovery, Look, View
from nacos_tw.naming.requests import OfNamespace

KEPT = 2**20
"""Bytes of queries and records that are remembered, about."""


@attrs.frozen
class Found:
    """
    What a query finds.

    @ivar code: of the answer.
    @ivar choices: the records; C{authority}: of those that are not there.
    @ivar ours: whether the name is below the suffix.
    @ivar view: the service as it was seen; None where the answer follows from none.
    """

    code: int
    choices: Sequence[Choice] = ()
    authority: bytes = b""
    ours: bool = True
    view: View | None = None


class Answers:
    """
    Answers queries.

    @ivar zone: what names are ours.
    """

    def __init__(
        self,
        zone: Zone,
        namespace: str,
        ttl: int,
        discovery: Discovery,
        readiness: Callable[[], str],
        clock: Callable[[], float],
        random: Callable[[], float],
        counters: Counters,
    ) -> None:
        """
        @param ttl: seconds that an answer may be remembered.
        @param readiness: why this node does not know all services; "" when it does.
        @param clock: monotonic seconds; C{random}: from 0 to 1, for the order of instances.
        """
        self.zone = zone
        self._namespace = namespace
        self._ttl = ttl
        self._discovery = discovery
        self._readiness = readiness
        self._clock = clock
        self._random = random
        self._counters = counters
        self._index = Index()
        self._caller = KnownCaller(Identity("", True), what="DNS")
        self._memo: BoundedMemo[tuple[bytes, int], Found] = BoundedMemo(KEPT)

    def answer(self, query: Query, size: int) -> bytes | None:
        """
        The answer.

        @param size: most bytes.
        @return: None for a name that is not below the suffix.
        """
        found = self._find(query)
        if not found.ours:
            return None
        choices = self._shuffled(found.choices)
        reply = write(
            query, found.code, [each.answer for each in choices], [found.authority] if found.authority else [],
            list(dict.fromkeys(each.additional for each in choices if each.additional)),
            authoritative=True, size=size,
        )  # fmt: skip
        self._counters.count(query.type, found.code)
        if reply[2] & TRUNCATED >> 8:
            self._counters.truncated += 1
        return reply

    def refuse(self, query: Query, code: int = REFUSED) -> bytes:
        """An answer without records."""
        self._counters.count(query.type, code)
        return write(query, code)

    # -- looking up

    def _find(self, query: Query) -> Found:
        key = query.question, query.type
        found = self._memo.get(key)
        if found is not None and found.view is not None and self._discovery.holds(self._caller, found.view):
            return found
        try:
            found = self._look_up(query)
        except Unavailable:
            return Found(SERVER_FAILURE)
        if found.view is not None and found.choices:
            size = len(query.question) + sum(len(each.answer) + len(each.additional) + 120 for each in found.choices)
            if size < KEPT // 4:
                self._memo.keep(key, found, size + 300)
        return found

    def _look_up(self, query: Query) -> Found:
        labels = self.zone.within(query.labels)
        if labels is None:
            return Found(REFUSED, ours=False)
        if not labels:
            if query.type == SOA:
                return Found(NO_ERROR, [Choice(1.0, self._authority())])
            return Found(NO_ERROR, authority=self._authority())
        if query.type == SRV:
            labels = _without_protocol(labels)
        view = self._view(labels)
        wanted: bytes | None = None
        if view is None and len(labels) > 1:  # a host of a service?
            wanted, view = labels[0], self._view(labels[1:])
        if view is None:
            return self._nothing(NO_SUCH_NAME)
        if (view.switches.overridden_server_status or "UP") not in ("UP", "READ_ONLY"):
            return Found(SERVER_FAILURE)
        service = view.service
        instances = records.visible(service.instances()) if service is not None else []
        if wanted is not None:
            instances = records.of_host(wanted, instances)
            if not instances:
                return self._nothing(NO_SUCH_NAME)
        choices = self._choices(query, instances, labels)
        return Found(NO_ERROR, choices, view=view) if choices else self._nothing(NO_ERROR)

    def _view(self, labels: Sequence[bytes]) -> View | None:
        """The service that these labels stand for."""
        candidates = list(self.zone.candidates(labels))
        catalog = self._discovery.catalog(self._caller, OfNamespace(self._namespace))
        grouped = self._index.find(catalog.services, catalog.version, candidates, self._clock())
        if not grouped:
            return None
        return self._discovery.look(self._caller, Look((self._namespace, grouped)))

    def _choices(self, query: Query, instances: list[Instance], labels: Sequence[bytes]) -> list[Choice]:
        if query.type in (A, AAAA):
            return records.addresses(instances, query.type, self._ttl)
        if query.type == SRV:
            return records.servers(instances, self._ttl, (*labels, *self.zone.suffix))
        if query.type == records.ANY and instances:
            return [Choice(1.0, records.few(self._ttl))]
        return []

    def _nothing(self, code: int) -> Found:
        """There is no such name, or no such record of it; a node that does not know all services cannot say so."""
        if self._readiness():
            return Found(SERVER_FAILURE)
        return Found(code, authority=self._authority())

    def _authority(self) -> bytes:
        return records.authority(self.zone.suffix, self._ttl, int(time.time()))

    def _shuffled(self, choices: Sequence[Choice]) -> Sequence[Choice]:
        """In a random order in which the heavier come first more often, each as often as its weight says."""
        if len(choices) < 2:
            return choices
        random = self._random
        return sorted(choices, key=lambda each: random() ** (1 / each.weight), reverse=True)


def _without_protocol(labels: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """C{_http._tcp.orders} asks for C{orders}, C{_orders._tcp} too."""
    if len(labels) > 1 and labels[0].startswith(b"_") and labels[1].lower() in (b"_tcp", b"_udp"):
        return labels[2:] or (labels[0][1:],)
    return labels
