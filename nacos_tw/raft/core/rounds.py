"""Confirmation rounds: payloads that a majority must have got, without the log (thesis, 6.4)."""

from __future__ import annotations

from collections.abc import Sequence

from nacos_tw.raft.core.progress import Progress
from nacos_tw.raft.core.quorum import reached


class Rounds:
    """
    A leader's rounds.

    @ivar newest: the number of the newest round.
    @ivar confirmed: the number of the newest one that a majority acknowledged.
    """

    __slots__ = ("_payloads", "confirmed", "newest")

    def __init__(self, last: int) -> None:
        """@param last: the last number used before this lead."""
        self.newest = self.confirmed = last
        self._payloads: list[bytes] = []

    def open(self, payload: bytes) -> int:
        """Open a round; return its number."""
        self.newest += 1
        self._payloads.append(payload)
        return self.newest

    def take(self, progress: Progress) -> tuple[int, tuple[bytes, ...], int]:
        """What to put on a message to a follower that was not sent the newest round yet: C{round},
        C{beats} and C{floor} of L{nacos_tw.raft.core.messages.AppendEntries}."""
        if progress.round_sent >= self.newest:
            return 0, (), 0
        beats = tuple(self._payloads[max(0, progress.round_sent - self.confirmed) :])
        progress.round_sent = self.newest
        return self.newest, beats, max(self.confirmed, progress.round_acked)

    def settle(self, acknowledged: Sequence[int]) -> bool:
        """
        Find out which rounds a majority has; their payloads are needed no more.

        @param acknowledged: the newest round that each voter has (this node: C{newest}).
        @return: whether that confirmed any.
        """
        newest = reached(acknowledged)
        if newest <= self.confirmed:
            return False
        del self._payloads[: newest - self.confirmed]
        self.confirmed = newest
        return True
