"""
JSON documents that are stored as configs of certain groups, as this node knows them.

Reads use this node's copy, so they put no load on the database and work while it is down. A document that is about to
be changed is read from the database, with its md5, by which the write notices a change in between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from twisted.internet.defer import Deferred

from nacos_tw.config import store_search
from nacos_tw.config.configs import Configs
from nacos_tw.config.gray import Entry
from nacos_tw.config.model import ConfigKey, Item
from nacos_tw.config.present import there

KEPT = 4096
"""Documents that are kept as they were read."""


class Documents:
    """@ivar version: by group, grows at each change of one of its documents."""

    def __init__(self, configs: Configs, groups: Iterable[str]) -> None:
        self._configs = configs
        self._names: dict[str, dict[str, dict[str, None]]] = {group: {} for group in groups}
        self._read: dict[ConfigKey, tuple[str, Any]] = {}
        self.version = dict.fromkeys(self._names, 0)
        for key, entry in list(configs.cache.entries.items()):
            self._changed(key, None, entry)
        configs.cache.on_change.append(self._changed)

    def _changed(self, key: ConfigKey, before: Entry | None, after: Entry | None) -> None:
        tenant, group, data_id = key
        names = self._names.get(group)
        if names is None:
            return
        self.version[group] += 1
        if there(after):
            names.setdefault(tenant, {})[data_id] = None
        else:
            names.get(tenant, {}).pop(data_id, None)
            self._read.pop(key, None)

    def names(self, group: str, tenant: str) -> Collection[str]:
        """The dataIds of a group in a namespace, in the order in which they came."""
        self._configs.cache.check_ready()
        return list(self._names[group].get(tenant, ()))

    def tenants(self, group: str) -> list[str]:
        """The namespaces that have some, by id."""
        self._configs.cache.check_ready()
        return sorted(tenant for tenant, names in self._names[group].items() if names)

    def get(self, key: ConfigKey) -> Any:
        """
        A document, not to be changed; None if there is none, or it is no JSON.

        @raise nacos_tw.errors.Unavailable: this node cannot say.
        """
        chosen = self._configs.cache.choose(key, "")
        if chosen is None:
            return None
        kept = self._read.get(key)
        if kept is not None and kept[0] == chosen.md5:
            return kept[1]
        document = decoded(chosen.content)
        if len(self._read) >= KEPT:
            self._read.pop(next(iter(self._read)))
        self._read[key] = (chosen.md5, document)
        return document

    def md5(self, key: ConfigKey) -> str:
        """The md5 of a document; "" if there is none."""
        return self._configs.cache.md5_for(key, "")

    def written_ms(self, key: ConfigKey) -> int:
        """When a document was last written, in epoch milliseconds; 0 if there is none."""
        chosen = self._configs.cache.choose(key, "")
        return 0 if chosen is None else chosen.modified_ms

    def row(self, key: ConfigKey) -> Deferred[Item | None]:
        """A document as the database has it now."""
        return self._configs.query(store_search.full_row, key)


def decoded(content: str | bytes) -> Any:
    """A document's JSON; None if it is none."""
    try:
        return msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
