"""Contents that were given out, for as long as they hold."""

from __future__ import annotations

from nacos_tw.config.gray import Entry
from nacos_tw.config.model import ConfigKey
from nacos_tw.http.reply import Reply
from nacos_tw.memo import BoundedMemo

KEPT_BYTES = 32 * 1024 * 1024
"""Bytes of answers and of requests' targets that are kept, about; when there are more, all are forgotten."""
ENTRY = 700
"""Bytes that one takes beside its own, about: the response's head is there too."""
LARGEST = 256 * 1024
"""Bytes of a content that is kept here; the cache of configs has the others too."""
LONGEST_TARGET = 2048


class ContentAnswers:
    """
    The way from a request's bytes to its answer, for configs of which all clients get the same content.

    An answer holds while the cache has the same entry: it puts another one there for any change.

    @ivar by_target: the raw target to the entry and the answer.
    """

    __slots__ = ("_rendered", "by_target")

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self._rendered: dict[ConfigKey, tuple[Entry, Reply]] = {}
        self.by_target: BoundedMemo[bytes, tuple[Entry, Reply]] = BoundedMemo(most, self._rendered.clear)

    @property
    def bytes_kept(self) -> int:
        """About."""
        return self.by_target.size

    def rendered(self, entry: Entry) -> Reply | None:
        """The answer that another request for the same got."""
        found = self._rendered.get(entry.key)
        return found[1] if found is not None and found[0] is entry else None

    def keep(self, target: bytes, entry: Entry, reply: Reply) -> None:
        """Give this answer again."""
        if entry.gray or len(reply.body) > LARGEST or len(target) > LONGEST_TARGET:
            return
        size = len(target) + 150
        before = self._rendered.get(entry.key)
        if before is None or before[0] is not entry:
            # The body, and the response that it is part of. (The one before may be held by other targets yet.)
            size += 2 * len(reply.body) + ENTRY
        self.by_target.keep(target, (entry, reply), size)
        self._rendered[entry.key] = (entry, reply)
