"""Cached answers with contents, valid as long as the config is unchanged."""

from __future__ import annotations

from nacos_tw.config.gray import Chosen
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

    @ivar by_target: the raw target to what was read and the answer, which is good while that holds.
    """

    __slots__ = ("_rendered", "by_target")

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self._rendered: dict[ConfigKey, tuple[Chosen, Reply]] = {}
        self.by_target: BoundedMemo[bytes, tuple[Chosen, Reply]] = BoundedMemo(most, self._rendered.clear)

    @property
    def bytes_kept(self) -> int:
        """About."""
        return self.by_target.size

    def of(self, key: ConfigKey) -> tuple[Chosen, Reply] | None:
        """What another request for the same config got, if it holds."""
        found = self._rendered.get(key)
        return found if found is not None and found[0].holds() else None

    def keep(self, target: bytes, chosen: Chosen, reply: Reply) -> None:
        """Give this answer again."""
        if not chosen.for_all or len(reply.body) > LARGEST or len(target) > LONGEST_TARGET:
            return
        size = len(target) + 150
        before = self._rendered.get(chosen.entry.key)
        if before is not None and before[0].entry is chosen.entry:
            found = before[0], reply
        else:
            # The body, and the response that it is part of. (The one before may be held by other targets yet.)
            size += 2 * len(reply.body) + ENTRY
            found = chosen, reply
        self.by_target.keep(target, found, size)
        self._rendered[chosen.entry.key] = found
