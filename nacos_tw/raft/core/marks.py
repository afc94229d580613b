"""What parts of the state had applied before a start, against the log that the cluster has now (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from nacos_tw.raft.core.log import Log

OTHER_STATE = "entry {mark.index} of term {mark.term} is part of this node's state, but not of the cluster's log"
"""What was applied before this start must be part of what is committed now."""


@attrs.frozen
class Mark:
    """An entry that was applied, so it was committed; and with it all before it."""

    index: int
    term: int


class Marks:
    """
    The entries up to which parts of the state, which keep it on disk themselves, are.

    @ivar left: those that were not found in what is committed yet.
    """

    __slots__ = ("left",)

    def __init__(self, marks: Iterable[Mark]) -> None:
        self.left = [mark for mark in marks if mark.term]

    def known(self, log: Log) -> int:
        """The highest index that they show to be committed in this log: its entry there is the one applied."""
        return max((mark.index for mark in self.left if log.term(mark.index) == mark.term), default=0)

    def contradicts(self, log: Log, commit: int, term: int) -> Mark | None:
        """
        Look for one that is no part of what is committed; those that are need no more looking at.

        @param commit: everything up to there is committed, as the leader of C{term} has it.
        """
        settled = log.term(commit) == term
        left = []
        for mark in self.left:
            if mark.index <= commit:
                if log.term(mark.index) not in (None, mark.term):
                    return mark
            elif settled and mark.term < term:
                # The leader has all that was ever committed in earlier terms before its own first entry.
                return mark
            else:
                left.append(mark)
        self.left = left
        return None
