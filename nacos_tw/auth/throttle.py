"""
Failed logins delay the next ones, for the user's name and for the address. Pure: time is passed in.

Attempts that wait do so one after the other, so that many at a time are no faster than one. An address from which a
user has logged in before is counted separately for that user: somebody who guesses elsewhere does not lock the user out
there.
"""

from __future__ import annotations

import attrs

from nacos_tw.auth.problems import TooManyFailures
from nacos_tw.memo import RecentlyUsed


@attrs.frozen
class Limit:
    """
    How a kind of attempts is slowed.

    @ivar free: failures after which it begins.
    @ivar first, longest: seconds between two attempts; they double with each failure.
    """

    free: int
    first: float
    longest: float


BY_USER = Limit(5, 0.5, 8.0)
BY_PAIR = Limit(5, 0.5, 2.0)
"""For a name at an address from which it has logged in: whoever mistyped there must not outwait a client's patience."""
BY_ADDRESS = Limit(50, 0.1, 2.0)
"""Whatever the names: many clients may share an address."""
LONGEST_WAIT = 10.0
"""Seconds that an attempt waits at most; one that would wait longer is refused."""
FORGET = 900.0
"""Seconds after which a failure is forgotten."""
MOST = 10_000
"""Names, addresses and pairs that are remembered, of each kind."""

Key = tuple[str, ...]


class _Count:
    """Failures of one name, address or pair; C{running}: attempts whose outcome is open count as failures."""

    __slots__ = ("failures", "last", "limit", "next", "running")

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.failures = self.running = 0
        self.next = self.last = 0.0

    def pause(self) -> float:
        """Seconds from one attempt to the next."""
        limit = self.limit
        over = self.failures + self.running - limit.free
        return 0.0 if over < 0 else min(limit.longest, limit.first * 2.0 ** min(over, 10))


class Attempt:
    """
    One login whose outcome is open.

    @ivar looked_at: whether the password is, or was; set it when the wait is over.
    """

    __slots__ = ("_counts", "_pauses", "_throttle", "address", "looked_at", "user", "wait")

    def __init__(
        self, throttle: Throttle, user: str, address: str, counts: list[_Count], pauses: list[float], wait: float
    ) -> None:
        self._throttle = throttle
        self._counts = counts
        self._pauses = pauses
        self.looked_at = False
        self.user = user
        self.address = address
        self.wait = wait

    def running(self) -> None:
        """It is not known to be right yet: until it ended it counts as a failure."""
        for count in self._counts:
            count.running += 1

    def ended(self, succeeded: bool | None, now: float) -> None:
        """
        It did; None: it could not be told. What was right, and a client that went away while it waited, do not make the
        next one wait.
        """
        for count, pause in zip(self._counts, self._pauses, strict=True):
            count.running -= 1
            if succeeded or not self.looked_at:
                count.next -= pause
        if succeeded is False:
            for count in self._counts:
                count.failures += 1
                count.last = now
        elif succeeded:
            self.succeeded()

    def succeeded(self) -> None:
        """The user is who they say: what they mistyped before does not count."""
        self._throttle.trust(self.user, self.address)


class Throttle:
    """All counts of this node."""

    def __init__(self) -> None:
        self._counts: dict[str, RecentlyUsed[Key, _Count]] = {}
        self._trusted: RecentlyUsed[Key, None] = RecentlyUsed(MOST)

    def crowded(self, user: str, address: str, now: float) -> bool:
        """
        Whether so many others from there are not decided yet that this one would have to wait if all of them failed.

        @param now: see L{attempt}.
        """
        if (user, address) in self._trusted:
            return False
        count = self._count("address", (address,), BY_ADDRESS, now)
        return count.failures < BY_ADDRESS.free <= count.failures + count.running

    def attempt(self, user: str, address: str, now: float) -> Attempt:
        """
        Somebody wants to log in.

        @param now: seconds; any clock that goes forward.
        @return: C{wait} is how many seconds it must wait before the password is looked at.
        @raise TooManyFailures: it would be too long.
        """
        if (user, address) in self._trusted:
            counts = [self._count("pair", (user, address), BY_PAIR, now)]
        else:
            counts = [
                self._count("user", (user,), BY_USER, now),
                self._count("address", (address,), BY_ADDRESS, now),
            ]
        wait = max([0.0, *(count.next - now for count in counts if count.pause())])
        if wait > LONGEST_WAIT:
            raise TooManyFailures
        pauses = [count.pause() for count in counts]
        for count, pause in zip(counts, pauses, strict=True):
            if pause:
                count.next = max(now, count.next) + pause
        return Attempt(self, user, address, counts, pauses, wait)

    def _count(self, kind: str, key: Key, limit: Limit, now: float) -> _Count:
        counts = self._counts.setdefault(kind, RecentlyUsed(MOST))
        found = counts.get(key)
        if found is None or (now - found.last > FORGET and not found.running):
            found = _Count(limit)
            found.last = now
        counts.use(key, found)
        return found

    def trust(self, user: str, address: str) -> None:
        """That user has logged in from there."""
        self._trusted.use((user, address), None)
        if "pair" in self._counts:
            self._counts["pair"].pop((user, address), None)
