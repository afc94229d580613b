"""Bounded caches of answers that can be computed again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedMemo(dict[K, V]):
    """
    A dict of what can be worked out again. When more was kept than its limit, all is forgotten.

    So reading it costs what reading a dict costs, and an entry takes no more memory than one of a dict. What is taken
    out or replaced counts on until then.

    @ivar most: the limit, in what L{keep} counts: entries or bytes.
    @ivar size: what was counted since all was forgotten.
    """

    __slots__ = ("_forgotten", "most", "size")

    def __init__(self, most: int, forgotten: Callable[[], object] | None = None) -> None:
        """@param forgotten: called when all is forgotten, for what holds only as long."""
        super().__init__()
        self.most = most
        self.size = 0
        self._forgotten = forgotten

    def keep(self, key: K, value: V, size: int = 1) -> None:
        """Remember it. C{size}: how much of the limit it takes."""
        self.make_room(size)
        self[key] = value

    def make_room(self, size: int) -> None:
        """Count something that is about to be kept, and forget all before if that is too much."""
        if self.size + size > self.most:
            self.clear()
        self.size += size

    def clear(self) -> None:
        """Forget all."""
        super().clear()
        self.size = 0
        if self._forgotten is not None:
            self._forgotten()


class RecentlyUsed(OrderedDict[K, V]):
    """A dict of at most so many entries, of which the one that was used longest ago goes first."""

    def __init__(self, most: int) -> None:
        """@param most: entries."""
        super().__init__()
        self._most = most

    def use(self, key: K, value: V) -> None:
        """It was used just now, and has this value."""
        self[key] = value
        self.move_to_end(key)
        if len(self) > self._most:
            self.popitem(last=False)
