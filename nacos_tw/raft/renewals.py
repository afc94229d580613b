"""Lease renewals (heartbeats) on their way through the leader to a majority, without the log.

Each node has at most one batch under way; what arrives meanwhile makes up the next one. On a
follower a batch is one message to the leader; on the leader it is one confirmation round, which
carries the numbers of all followers' batches and its own (``design``: heartbeats do not go through
the log).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable

from twisted.internet.defer import Deferred

NUMBER = "Q"
"""Type code of an instance's number in a batch: 8 bytes, in the machine's order (little-endian
on every machine that the protocol's handshake lets in)."""


OVERDUE = 4
"""Looks (see L{Renewals.overdue}) after which a batch without an acknowledgement is taken for lost."""


class _Batch:
    """
    @ivar waiting: who waits for it, the longest first; C{since}: from when on, for each.
    @ivar claims: the followers' batches that are part of it.
    """

    __slots__ = ("claims", "looks", "numbers", "since", "waiting")

    def __init__(self) -> None:
        self.numbers = array(NUMBER)
        self.waiting: list[Deferred[None]] = []
        self.since: list[float] = []
        self.claims: list[tuple[str, int]] = []
        self.looks = 0


class Renewals:
    """
    The batch that is open and the one under way.

    @ivar flying: the batch under way; None without one.

    @param carry: sends the numbers off; gives the batch's id, or None when nobody can take it now.
    @param acknowledge: tells a follower (peer, batch id) that a majority has its batch.
    """

    def __init__(
        self, carry: Callable[[bytes], int | None], acknowledge: Callable[[str, int], None], timeout: float
    ) -> None:
        self._carry = carry
        self._acknowledge = acknowledge
        self._timeout = timeout
        self._open = _Batch()
        self.flying: _Batch | None = None
        self._id = 0

    @property
    def can_fly(self) -> bool:
        """Whether L{flush} has something to send and may."""
        return self.flying is None and bool(self._open.numbers)

    def add(self, number: int, now: float) -> Deferred[None]:
        """Put one number into the open batch; fires when a majority has acknowledged it."""
        batch = self._open
        deferred: Deferred[None] = Deferred()
        batch.numbers.append(number)
        batch.waiting.append(deferred)
        batch.since.append(now)
        return deferred

    def claim(self, peer: str, batch_id: int, numbers: bytes) -> None:
        """The leader takes in a follower's batch."""
        batch = self._open
        batch.numbers.frombytes(numbers)
        batch.claims.append((peer, batch_id))

    def flush(self) -> None:
        """Send the open batch unless one is under way."""
        if self.flying is not None or not self._open.numbers:
            return
        batch_id = self._carry(self._open.numbers.tobytes())
        if batch_id is not None:
            self.flying, self._open, self._id = self._open, _Batch(), batch_id

    def confirmed(self, batch_id: int) -> None:
        """A majority has the batch with this id (and all before it)."""
        batch = self.flying
        if batch is None or batch_id < self._id:
            return
        self.flying = None
        for peer, claimed in batch.claims:
            self._acknowledge(peer, claimed)
        for deferred in batch.waiting:
            deferred.callback(None)
        self.flush()

    def again(self) -> None:
        """The leader or the connection to it changed: what was under way is open again. Claims of
        followers are dropped, they send theirs again themselves."""
        flying, self.flying = self.flying, None
        if flying is not None:
            flying.numbers.extend(self._open.numbers)
            flying.waiting.extend(self._open.waiting)
            flying.since.extend(self._open.since)
            flying.looks = 0
            self._open = flying
        self._open.claims = []

    def overdue(self) -> bool:
        """Whether the batch under way has been there for L{OVERDUE} calls of this method."""
        flying = self.flying
        if flying is None:
            return False
        flying.looks += 1
        return flying.looks >= OVERDUE

    def expired(self, now: float) -> list[Deferred[None]]:
        """The renewals that have waited for longer than the time limit, forgotten here."""
        found: list[Deferred[None]] = []
        for batch in (self.flying, self._open):
            if batch is not None and batch.since and now - batch.since[0] > self._timeout:
                late = bisect_left(batch.since, now - self._timeout)
                found += batch.waiting[:late]
                del batch.waiting[:late], batch.since[:late]
        if found and not self._open.waiting and not self._open.claims:
            self._open = _Batch()  # it could not leave in all that time
        return found

    def abandon(self) -> tuple[bytes, list[Deferred[None]]]:
        """Everything that waits, forgotten here: the numbers and their Deferreds."""
        self.again()
        batch, self._open = self._open, _Batch()
        return batch.numbers.tobytes(), batch.waiting
