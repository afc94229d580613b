"""
The configs that this node knows: md5s in memory, contents as far as they fit, the rest in a local SQLite file.

Reading and listening clients use nothing else. It follows the database: whoever learns that a row may have changed
reads the row again and puts it here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from twisted.logger import Logger

from nacos_tw.config import cache_queries, gray
from nacos_tw.config.gray import NO_LABELS, Chosen, Copy, Entry
from nacos_tw.config.model import DEFAULT_TYPE, ConfigKey
from nacos_tw.config.results import Written
from nacos_tw.errors import Unavailable
from nacos_tw.storage.txn import Txn

MEMORY = 64 * 1024 * 1024
"""Bytes of contents that are kept in memory."""

Changed = Callable[[ConfigKey, "Entry | None", "Entry | None"], None]
"""(key, before, after): the entry before and after a change, None if there is none."""


class IContents(Protocol):
    """Where contents are read back from, synchronously and by primary key."""

    def content(self, key: ConfigKey, name: str, md5: str) -> bytes | None:
        """
        A content.

        @param name: which copy, see L{nacos_tw.config.gray}.
        @return: in UTF-8; None if there is none with that md5.
        """


class ConfigCache:
    """
    The cache.

    An L{Entry} in it is never changed: another state of the config is another entry.

    @ivar entries: all of them. Not to be written to from outside.
    @ivar on_change: called after each change, in order, within the call that makes it.
    @ivar ready: False while this node has never known all configs; then "there is none" is no answer.
    @ivar current: False while it does not know all configs as they are now: then what it knows not may be there.
    @ivar doubtful: configs that were changed in a way that this node does not know yet, with what they were before
        (None: unknown). They are not among C{entries}: of them nothing is said, until they are put or removed.
    @ivar on_missing: called with the key of a config whose content cannot be read back.
    """

    log = Logger()

    def __init__(self, local: IContents, memory_bytes: int = MEMORY) -> None:
        self._local = local
        self._budget = memory_bytes
        self.entries: dict[ConfigKey, Entry] = {}
        self.on_change: list[Changed] = []
        self.ready = self.current = True
        self.doubtful: dict[ConfigKey, Entry | None] = {}
        self.on_missing: Callable[[ConfigKey], object] = lambda key: None
        # Copies with content, the one that was longest not asked for first.
        self._resident: OrderedDict[Copy, None] = OrderedDict()
        self._bytes = 0
        self._names: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[ConfigKey]:
        return iter(self.entries)

    @property
    def resident_bytes(self) -> int:
        """Bytes of the contents in memory."""
        return self._bytes

    # -- reading

    def get(self, key: ConfigKey) -> Entry | None:
        """The config, if it or a copy of it exists."""
        return self.entries.get(key)

    def choose(
        self,
        key: ConfigKey,
        client_ip: str,
        tag_param: str = "",
        vip_tag: str = "",
        labels: Mapping[str, str] = NO_LABELS,
    ) -> Chosen | None:
        """
        What a client gets, see L{gray.choose}.

        @return: None if there is nothing for it. (L{get} tells whether the config is unknown or just the tag.)
        @raise Unavailable: the content cannot be read back, or this node cannot know whether there is one.
        """
        entry = self.entries.get(key)
        found = None if entry is None else gray.choose(entry, client_ip, tag_param, vip_tag, labels)
        if entry is None or found is None:
            self.check_ready()
            if not self.sure(key):
                raise Unavailable("this node does not know yet whether there is such a config, please try later")
            return None
        name, copy = found
        return Chosen(
            self.content(entry, name, copy),
            copy.md5,
            entry.type,
            copy.modified_ms,
            copy.encrypted_data_key,
            name,
            entry,
            self.entries,
        )

    def check_ready(self) -> None:
        """@raise Unavailable: this node has never known all configs; a 404 would make clients forget what they have."""
        if not self.ready:
            raise Unavailable("this node is still reading the configs, please try later")

    def sure(self, key: ConfigKey) -> bool:
        """Whether a config that is not among C{entries} does not exist, and a copy that is not in its entry neither."""
        return self.current and key not in self.doubtful

    def content(self, entry: Entry, name: str, copy: Copy) -> bytes:
        """
        The content of one of an entry's copies.

        @raise Unavailable: it cannot be read back.
        """
        if copy.content is not None:
            if copy in self._resident:
                self._resident.move_to_end(copy)
            return copy.content
        content = self._local.content(entry.key, name, copy.md5)
        if content is None:
            self.log.warn("the content of {key} is not on this node's disk", key=entry.key)
            self.on_missing(entry.key)
            raise Unavailable("the content is not at hand, please try later")
        if self.entries.get(entry.key) is entry:
            copy.content = content
            self._keep(copy)
        return content

    def md5_for(self, key: ConfigKey, client_ip: str, vip_tag: str = "", labels: Mapping[str, str] = NO_LABELS) -> str:
        """The md5 that such a client is up to date with; C{""} if there is nothing for it."""
        entry = self.entries.get(key)
        if entry is None:
            return ""
        if entry.beta is None and entry.tags is None and entry.labelled is None:
            return entry.md5
        return gray.md5_for(entry, client_ip, vip_tag, labels)

    # -- following

    def put(self, entry: Entry) -> bool:
        """
        A config is now so. An entry without any content is a removal.

        @return: whether anything is different from before.
        """
        key = entry.key
        if not entry.md5 and not entry.gray:
            return self.remove(key)
        self._settle(key)
        before = self.entries.get(key)
        if before is None:
            # Few names of groups and namespaces, many configs; and one key object for all who mean it.
            names = self._names
            entry.key = (names.setdefault(key[0], key[0]), names.setdefault(key[1], key[1]), key[2])
            entry.type = names.setdefault(entry.type, entry.type)
        else:
            if gray.same(before, entry):
                return False
            entry.key, entry.type = before.key, self._names.setdefault(entry.type, entry.type)
            self._drop(before)
        self.entries[entry.key] = entry
        for _, copy in entry.copies():
            if copy.content is not None:
                self._keep(copy)
        self._tell(key, before, entry)
        return True

    def remove(self, key: ConfigKey) -> bool:
        """
        A config is gone, with all its copies.

        @return: whether it was there.
        """
        self._settle(key)
        before = self.entries.pop(key, None)
        if before is None:
            return False
        self._drop(before)
        self._tell(key, before, None)
        return True

    def doubt(self, key: ConfigKey) -> None:
        """It was changed, but how is not known yet: nobody is told of it, nor gets it."""
        if key not in self.doubtful:
            self.doubtful[key] = self.entries.pop(key, None)

    def _settle(self, key: ConfigKey) -> None:
        """It is known again: what it was before is compared with what it is."""
        before = self.doubtful.pop(key, None) if self.doubtful else None
        if before is not None:
            self.entries[key] = before

    def update(self, keys: Iterable[ConfigKey], found: Iterable[Entry]) -> list[ConfigKey]:
        """
        These configs were read anew.

        @param keys: all that were asked for; those not among C{found} are gone.
        @return: those that are different from before.
        """
        changed = []
        gone = dict.fromkeys(keys)
        for entry in found:
            gone.pop(entry.key, None)
            if self.put(entry):
                changed.append(entry.key)
        changed += [key for key in gone if self.remove(key)]
        return changed

    def published(self, written: Iterable[Written]) -> None:
        """These configs were published; their copies stay. For a cache that has followed every change."""
        entries = self.entries
        for row in written:
            before = entries.get(row.key)
            self.put(
                Entry(
                    key=row.key,
                    md5=row.md5,
                    modified_ms=row.modified_ms,
                    type=row.type or (DEFAULT_TYPE if before is None else before.type),
                    encrypted_data_key=row.encrypted_data_key,
                    content=row.content.encode(),
                    beta=None if before is None else before.beta,
                    tags=None if before is None else before.tags,
                    labelled=None if before is None else before.labelled,
                )
            )

    def refresh(self, txn: Txn, keys: Iterable[ConfigKey]) -> list[ConfigKey]:
        """
        Read these configs anew and wake who listens to those that have changed.

        @return: those.
        """
        keys = list(dict.fromkeys(keys))
        return self.update(keys, cache_queries.entries(txn, keys))

    def compare(self, txn: Txn, rows: Iterable[tuple[ConfigKey, str, str, bytes]]) -> list[ConfigKey]:
        """
        Compare with rows that are whole, and follow them where they differ. Rows may be older than the entries.

        @param txn: for what is stored now.
        @param rows: key, name of the copy, md5 and content of each.
        @return: the configs that were not what is stored.
        """
        keys: dict[ConfigKey, None] = {}
        spoiled = []
        for key, name, md5, content in rows:
            entry = self.entries.get(key)
            copy = None if entry is None else entry.copy(name)
            if entry is None or copy is None or copy.md5 != md5:
                keys[key] = None
            elif copy.content is not None and copy.content != content:
                self._drop(entry)
                for _, one in entry.copies():
                    one.content = None
                spoiled.append(key)
        return spoiled + (self.refresh(txn, keys) if keys else [])

    def load(self, txn: Txn) -> list[ConfigKey]:
        """
        Follow a database that may have changed altogether: at start, and after a snapshot has replaced it.

        @return: the configs that are different from before.
        """
        return self.update(list(self.entries), cache_queries.index(txn))

    def _tell(self, key: ConfigKey, before: Entry | None, after: Entry | None) -> None:
        for listener in self.on_change:
            try:
                listener(key, before, after)
            except Exception:
                self.log.failure("a listener to changes failed for {key}", key=key)

    # -- contents in memory

    def _keep(self, copy: Copy) -> None:
        assert copy.content is not None
        self._resident[copy] = None
        self._bytes += len(copy.content)
        while self._bytes > self._budget:
            oldest, _ = self._resident.popitem(last=False)
            assert oldest.content is not None
            self._bytes -= len(oldest.content)
            oldest.content = None

    def _drop(self, entry: Entry) -> None:
        for _, copy in entry.copies():
            if copy.content is not None and copy in self._resident:
                del self._resident[copy]
                self._bytes -= len(copy.content)
