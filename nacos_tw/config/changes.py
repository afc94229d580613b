"""Which configs a transaction has changed, and what is known of their rows without reading them."""

from __future__ import annotations

import msgspec

from nacos_tw.config.model import ConfigKey
from nacos_tw.config.results import Result, Written


class Changes:
    """The changes of one transaction."""

    def __init__(self) -> None:
        self._found: dict[ConfigKey, Written | None] = {}

    def add(self, result: Result) -> None:
        """A command has succeeded."""
        written = result.written
        found = self._found
        if written is None:
            found.update(dict.fromkeys(result.changed))
            return
        key = written.key
        if key in found:
            before = found[key]
            if before is None:
                return  # its copies may have changed too: it is read
            if written.type is None:
                written = msgspec.structs.replace(written, type=before.type)
        found[key] = written

    def written(self) -> list[Written]:
        """The configs whose rows are known."""
        return [written for written in self._found.values() if written is not None]

    def to_read(self) -> list[ConfigKey]:
        """The others."""
        return [key for key, written in self._found.items() if written is None]
