"""Whether a node lacks something that it once had, or that was there before it: what it does not find may exist."""

from __future__ import annotations

from collections.abc import Callable


class Restoring:
    """
    From the opening of a log until the node has what that had committed; if it had nothing, until the node is in order:
    a new node in an old cluster lacks everything.

    @ivar under_way: whether it is so.
    """

    def __init__(self, reason: Callable[[], str]) -> None:
        """@param reason: why the node is not in order; "" when it is."""
        self._reason = reason
        self._committed = 0
        self.under_way = False

    def begin(self, applied: int, committed: int) -> None:
        """The log was opened. @param applied, committed: indexes, as far as that is known from the disk."""
        self._committed = committed
        self.under_way = applied < committed or not committed

    def ends(self, applied: int) -> bool:
        """Whether it was so until now, and is not any more."""
        if not self.under_way or applied < self._committed or (not self._committed and self._reason()):
            return False
        self.under_way = False
        return True
