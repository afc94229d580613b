"""Which configs exist, as this node knows it."""

from __future__ import annotations

from collections.abc import Iterator

from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.gray import Entry
from nacos_tw.config.model import ConfigKey


def there(entry: Entry | None) -> bool:
    """Whether it is a config, and not copies for some alone."""
    return entry is not None and bool(entry.md5)


class Present:
    """Those of now."""

    __slots__ = ("_cache",)

    def __init__(self, cache: ConfigCache) -> None:
        self._cache = cache

    def keys(self, tenant: str) -> Iterator[ConfigKey]:
        """Those of a namespace."""
        return (key for key, entry in list(self._cache.entries.items()) if key[0] == tenant and there(entry))

    def has(self, key: ConfigKey) -> bool:
        """Whether there is one; of what has changed in a way that is not known yet: whether there was."""
        return there(self._cache.entries.get(key) or self._cache.doubtful.get(key))

    def check_ready(self) -> None:
        """@raise nacos_tw.errors.Unavailable: this node has never known all configs."""
        self._cache.check_ready()
