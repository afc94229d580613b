"""The results of commands."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from nacos_tw.config.model import ConfigKey
from nacos_tw.errors import NacosError


class ByWhom(Protocol):
    """A command that writes history: who changes something, and when."""

    @property
    def at_ms(self) -> int: ...
    @property
    def src_ip(self) -> str | None: ...
    @property
    def src_user(self) -> str | None: ...


class Written(msgspec.Struct, frozen=True, gc=False):
    """
    A config as a publish has left its row. C{modified_ms}: in ms.

    @ivar type: None: the one that was stored before is kept, or the default one if there was none.
    """

    key: ConfigKey
    content: str
    md5: str
    modified_ms: int
    type: str | None
    encrypted_data_key: str


class Result(msgspec.Struct, frozen=True, gc=False):
    """
    @ivar value: as the command's docstring says. An exception of L{nacos_tw.errors}: refused, and nothing was changed.
    @ivar changed: configs (or their copies) that were written or removed, for the cache and for listeners.
    @ivar written: what the row of the one changed config holds now, where that is known without reading it.
    @ivar accounts: whether users, roles or permissions were written.
    """

    value: Any
    changed: tuple[ConfigKey, ...] = ()
    accounts: bool = False
    written: Written | None = None


DONE = Result(True)


class RefusalError(Exception):
    """Ends a command that has changed nothing yet; L{nacos_tw.config.store.apply} makes it the result."""

    def __init__(self, error: NacosError) -> None:
        super().__init__(str(error))
        self.error = error
