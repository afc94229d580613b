"""
What one node remembers of the others' starts (pure): by that it knows one whose disk is an older copy.

A node counts its starts on its own disk, and draws a number at each. It tells both when it connects. One that comes
with a lower count than before, or with the same count and another number, runs on a copy of its folder that is older
than what its peers have seen. The number is needed: the first start of a copy has the count of the start that followed
it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nacos_tw.raft.net.codec import Hello

KEPT = 64
"""So many nodes are remembered, the ones heard last: more than a cluster has, with those that were replaced."""

Start = tuple[int, int]
"""Which start of a node it is, counted from 1, and the number that was drawn for it."""


class Starts:
    """
    The last start of each node, by its id.

    @ivar on_news: called when there is something else to remember.
    """

    def __init__(self, known: Mapping[str, Start]) -> None:
        """@param known: what was remembered before this node's own start."""
        self.on_news: Callable[[], object] = lambda: None
        self._known = dict(known)

    @property
    def known(self) -> dict[str, Start]:
        """What is to be kept, the node heard last at the end."""
        return dict(self._known)

    def behind(self, hello: Hello) -> int:
        """
        A node has proved itself, and said which start this is. One that is new is remembered.

        @return: the count that is remembered of a node that is not ahead of that; 0 for all others, also for those of
            versions that do not say.
        """
        if not hello.id or hello.starts <= 0:
            return 0
        now, before = (hello.starts, hello.run), self._known.get(hello.id, (0, 0))
        if now == before:
            return 0
        if now[0] <= before[0]:
            return before[0]
        self._known.pop(hello.id, None)
        self._known[hello.id] = now
        for old in list(self._known)[:-KEPT]:
            del self._known[old]
        self.on_news()
        return 0
