"""What of a core's memory is on its disk, while several saves are on their way."""

from __future__ import annotations

from collections import deque

from nacos_tw.raft.core.messages import HardState


class _Save:
    """One save that was handed out."""

    __slots__ = ("hard", "last", "since", "token")

    def __init__(self, token: int, last: int, hard: HardState, since: float) -> None:
        self.token = token
        self.last = last
        self.hard = hard
        self.since = since


class Persistence:
    """
    Book-keeping of saves. Memory runs ahead of the disk, saves finish in the order in which they
    were handed out, so the disk always is some earlier state of the memory.

    @ivar stable: the last index whose entry in memory is on disk.
    @ivar unsaved: the first index that was not handed out yet.
    @ivar durable: term, vote and flag on disk.
    """

    __slots__ = ("_pending", "durable", "handed", "stable", "unsaved")

    def __init__(self, hard: HardState, last: int) -> None:
        self.durable = hard
        self.handed = hard
        self.stable = last
        self.unsaved = last + 1
        self._pending: deque[_Save] = deque()

    def hand_out(self, token: int, hard: HardState, last: int, now: float) -> None:
        """All of the memory, up to index C{last}, will be on disk once C{token} is."""
        self.handed = hard
        self.unsaved = last + 1
        self._pending.append(_Save(token, last, hard, now))

    def done(self, token: int) -> bool:
        """Everything up to C{token} is on disk. Return whether that was news."""
        pending = self._pending
        if not pending or pending[0].token > token:
            return False
        while pending and pending[0].token <= token:
            save = pending.popleft()
        self.durable = save.hard
        if save.last > self.stable:
            self.stable = save.last
        return True

    def truncate(self, index: int) -> None:
        """The memory dropped its entries from C{index} on; saves on their way no longer speak of them."""
        last = index - 1
        self.stable = min(self.stable, last)
        self.unsaved = min(self.unsaved, index)
        for save in self._pending:
            save.last = min(save.last, last)

    def restart(self, index: int, kept: int) -> None:
        """The log starts anew after C{index} (a snapshot that is not on disk yet); of the old one, only
        entries up to C{kept} can be vouched for."""
        self.truncate(kept + 1)
        self.unsaved = index + 1

    def stuck(self, now: float, limit: float) -> bool:
        """Whether the disk has left a save unfinished for longer than C{limit} seconds."""
        return bool(self._pending) and now - self._pending[0].since > limit
