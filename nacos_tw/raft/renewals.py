"""Lease renewals (heartbeats) on their way through the leader to a majority, without the log.

Each node has at most one batch under way; what arrives meanwhile makes up the next one. On a
follower a batch is one message to the leader; on the leader it is one confirmation round, which
carries the numbers of all followers' batches and its own (``design``: heartbeats do not go through
the log).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

from twisted.internet.defer import Deferred

NUMBER = "Q"
"""Type code of an instance's number in a batch: 8 bytes, in the machine's order (little-endian
on every machine that the protocol's handshake lets in)."""


class _Batch:
    __slots__ = ("claims", "numbers", "opened", "waiting")

    def __init__(self) -> None:
        self.numbers = array(NUMBER)
        self.waiting: list[Deferred[None]] = []
        self.claims: list[tuple[str, int]] = []
        self.opened = 0.0


class Renewals:
    """
    The batch that is open and the one under way.

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
        self._flying: _Batch | None = None
        self._id = 0

    @property
    def can_fly(self) -> bool:
        """Whether L{flush} has something to send and may."""
        return self._flying is None and bool(self._open.numbers)

    def add(self, number: int, now: float) -> Deferred[None]:
        """Put one number into the open batch; fires when a majority has acknowledged it."""
        batch = self._open
        if not batch.numbers:
            batch.opened = now
        deferred: Deferred[None] = Deferred()
        batch.numbers.append(number)
        batch.waiting.append(deferred)
        return deferred

    def claim(self, peer: str, batch_id: int, numbers: bytes, now: float) -> None:
        """The leader takes in a follower's batch."""
        batch = self._open
        if not batch.numbers:
            batch.opened = now
        batch.numbers.frombytes(numbers)
        batch.claims.append((peer, batch_id))

    def flush(self) -> None:
        """Send the open batch unless one is under way."""
        if self._flying is not None or not self._open.numbers:
            return
        batch_id = self._carry(self._open.numbers.tobytes())
        if batch_id is not None:
            self._flying, self._open, self._id = self._open, _Batch(), batch_id

    def confirmed(self, batch_id: int) -> None:
        """A majority has the batch with this id (and all before it)."""
        batch = self._flying
        if batch is None or batch_id < self._id:
            return
        self._flying = None
        for peer, claimed in batch.claims:
            self._acknowledge(peer, claimed)
        for deferred in batch.waiting:
            deferred.callback(None)
        self.flush()

    def again(self) -> None:
        """The leader or the connection to it changed: what was under way is open again. Claims of
        followers are dropped, they send theirs again themselves."""
        flying, self._flying = self._flying, None
        if flying is not None:
            flying.numbers.extend(self._open.numbers)
            flying.waiting.extend(self._open.waiting)
            self._open = flying
        self._open.claims = []

    def expired(self, now: float) -> list[Deferred[None]]:
        """The renewals that have waited for longer than the time limit, forgotten here."""
        found: list[Deferred[None]] = []
        flying = self._flying
        if flying is not None and now - flying.opened > self._timeout:
            found, self._flying = flying.waiting, None
        if self._open.numbers and now - self._open.opened > self._timeout:
            found, self._open = found + self._open.waiting, _Batch()
        return found

    def abandon(self) -> tuple[bytes, list[Deferred[None]]]:
        """Everything that waits, forgotten here: the numbers and their Deferreds."""
        self.again()
        batch, self._open = self._open, _Batch()
        return batch.numbers.tobytes(), batch.waiting
