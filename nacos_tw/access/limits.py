"""
Rate limits: how much one client address, and one user, may ask of this node. All limits are off unless an operator sets
them; a limit that is off costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import ClassVar

import attrs

from nacos_tw.access.caller import Caller
from nacos_tw.errors import NacosError, Problem

ADDRESS, USER = "address", "user"
REQUESTS, REGISTRATIONS, CONNECTIONS = "requests", "registrations", "connections"
MOST = 50_000
"""Addresses or users that one limit remembers before it forgets those that have asked for nothing of late."""


@attrs.define(slots=False)
class OverLimit(Problem, NacosError):
    """
    Too much was asked for; nothing was done.

    @ivar what: L{REQUESTS} or L{REGISTRATIONS}; C{of}: L{ADDRESS} or L{USER}.
    @ivar limit: as many a second.
    """

    what: str
    of: str
    limit: int
    outcome: ClassVar[str] = "refused 429"

    @property
    def text(self) -> str:
        """In words, the same in every API."""
        return f"too many {self.what} of this {self.of}: at most {self.limit} a second, try again later"


@attrs.frozen
class Rates:
    """As many a second; 0: no limit. C{burst}: seconds for which what was not used may be used at once."""

    of_address: int = 0
    of_user: int = 0
    burst: float = 2.0


class Rate:
    """
    One limit for each of many keys (the generic cell rate algorithm): for each key the time at which all that it has
    asked for would be through at the rate allowed.
    """

    __slots__ = ("_ahead", "_burst", "_each", "_until")

    def __init__(self, rate: int, burst: float) -> None:
        """
        @param rate: as many a second.
        @param burst: seconds.
        """
        self._each = 1.0 / rate
        self._burst = max(burst, self._each)
        self._until: dict[str, float] = {}
        self._ahead = MOST

    def take(self, key: str, now: float, count: int = 1) -> bool:
        """
        Whether so many more are within the limit; if so they count. More than a burst are as many as a burst: what
        comes in one piece cannot be asked for in smaller ones.
        """
        begin = self._until.get(key, now)
        if begin < now:
            begin = now
        until = begin + min(count * self._each, self._burst)
        if until - now > self._burst * 1.000001:  # sums of many small times are not exact
            return False
        self._until[key] = until
        if len(self._until) > self._ahead:
            self._forget(now)
        return True

    def _forget(self, now: float) -> None:
        """Those that are through: they are as new ones. Not looked for again before there are twice as many."""
        self._until = {key: until for key, until in self._until.items() if until > now}
        self._ahead = max(MOST, 2 * len(self._until))

    def __len__(self) -> int:
        return len(self._until)


class Admission:
    """
    Lets callers in as far as limits of one thing go.

    @ivar refused: how many were not, by (what, of).
    """

    __slots__ = ("_address", "_clock", "_rates", "_user", "_what", "refused")

    def __init__(self, what: str, rates: Rates, clock: Callable[[], float], refused: Counter[tuple[str, str]]) -> None:
        """@param clock: monotonic seconds."""
        self._what = what
        self._rates = rates
        self._clock = clock
        self._address = Rate(rates.of_address, rates.burst) if rates.of_address else None
        self._user = Rate(rates.of_user, rates.burst) if rates.of_user else None
        self.refused = refused

    def address(self, source: str, count: int = 1) -> None:
        """
        Somebody asks from an address.

        @raise OverLimit: it has asked for too much.
        """
        if self._address is not None and not self._address.take(source, self._clock(), count):
            self._refuse(ADDRESS, self._rates.of_address)

    def user(self, name: str, count: int = 1) -> None:
        """
        A user asks; nobody in particular ("") has no limit as such.

        @raise OverLimit: likewise.
        """
        if name and self._user is not None and not self._user.take(name, self._clock(), count):
            self._refuse(USER, self._rates.of_user)

    def caller(self, caller: Caller, count: int = 1) -> None:
        """@raise OverLimit: of either."""
        self.address(caller.source, count)
        self.user(caller.identity.name, count)

    def _refuse(self, of: str, limit: int) -> None:
        self.refused[self._what, of] += 1
        raise OverLimit(self._what, of, limit)


def admission(
    what: str, rates: Rates, clock: Callable[[], float], refused: Counter[tuple[str, str]]
) -> Admission | None:
    """None where there is no limit."""
    return Admission(what, rates, clock, refused) if rates.of_address or rates.of_user else None


class OpenByAddress:
    """
    Connections that each address has open.

    @ivar most: of one address.
    """

    __slots__ = ("_free", "_open", "_refused", "most")

    def __init__(self, most: int, free: frozenset[str], refused: Counter[tuple[str, str]]) -> None:
        """@param free: addresses without a limit: proxies, which bring the connections of many."""
        self.most = most
        self._free = free
        self._refused = refused
        self._open: dict[str, int] = {}

    def full(self, address: str) -> bool:
        """Whether an address has as many as it may; one that is turned away for that counts."""
        if self._open.get(address, 0) < self.most or address in self._free:
            return False
        self._refused[CONNECTIONS, ADDRESS] += 1
        return True

    def opened(self, address: str) -> None:
        """It has one more."""
        self._open[address] = self._open.get(address, 0) + 1

    def closed(self, address: str) -> None:
        """It has one less."""
        left = self._open.get(address, 0) - 1
        if left > 0:
            self._open[address] = left
        else:
            self._open.pop(address, None)


@attrs.frozen
class Limits:
    """
    All limits of a node; None for what has none.

    @ivar refused: how often something was refused, by (what, of).
    """

    requests: Admission | None = None
    registrations: Admission | None = None
    connections: OpenByAddress | None = None
    refused: Counter[tuple[str, str]] = attrs.Factory(Counter)


NO_LIMITS = Limits()


def limits_of(
    requests: Rates, registrations: Rates, connections: int, clock: Callable[[], float], free: frozenset[str]
) -> Limits:
    """
    Those of a node.

    @param connections: that one address may have open; 0: as many as it likes.
    @param clock: monotonic seconds.
    @param free: addresses that may have any number of connections.
    """
    refused: Counter[tuple[str, str]] = Counter()
    return Limits(
        admission(REQUESTS, requests, clock, refused),
        admission(REGISTRATIONS, registrations, clock, refused),
        OpenByAddress(connections, free, refused) if connections else None,
        refused,
    )
