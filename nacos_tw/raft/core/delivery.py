"""What of the committed log the state machine has been given, and has applied."""

from __future__ import annotations

from nacos_tw.raft.core.log import Log
from nacos_tw.raft.core.messages import Entry


class Delivery:
    """
    Committed entries are given once, in order, and none while a snapshot is being restored.

    @ivar given: the last index that was given.
    """

    __slots__ = ("_restoring", "given")

    def __init__(self, index: int) -> None:
        """@param index: what the state machine has already."""
        self.given = index
        self._restoring = 0

    def next(self, log: Log, commit: int, limit: int) -> tuple[Entry, ...]:
        """The entries that come next, of about C{limit} bytes."""
        if self.given >= commit or self._restoring:
            return ()
        entries = log.slice(self.given + 1, commit, limit)
        self.given = entries[-1].index
        return entries

    def more(self, commit: int) -> bool:
        """Whether there is something to give."""
        return self.given < commit and not self._restoring

    def restore(self, index: int) -> None:
        """The state machine gets a snapshot that ends at that index."""
        self.given = self._restoring = index

    def applied(self, index: int) -> bool:
        """It has applied the log up to there. @return: whether it can be given entries again since now."""
        if self._restoring and index >= self._restoring:
            self._restoring = 0
            return True
        return False
