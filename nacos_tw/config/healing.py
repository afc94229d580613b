"""
Repairs contents of an embedded database that differ from their md5: it takes the content of the same row from another
node; else the file is put aside, as a damaged one is, and made again from the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from nacos_tw.config import store_check
from nacos_tw.config.model import ConfigKey, md5_of
from nacos_tw.config.store_check import Checked
from nacos_tw.errors import NacosError, Unavailable

WHAT = "config-content"
"""The kind of question."""
TRIES = 3
"""Tries, after which nobody will have it."""

Ask = Callable[[str, str, bytes], "Deferred[bytes]"]


class Wanted(msgspec.Struct, frozen=True, array_like=True):
    """The question: which content."""

    table: str
    key: ConfigKey
    name: str


class StoredContent(msgspec.Struct, frozen=True, array_like=True):
    """
    The answer.

    @ivar content: None if there is none.
    @ivar whole: whether it is what its md5 says.
    """

    content: str | None = None
    md5: str = ""
    modified_ms: int = 0
    whole: bool = True


class IFile(Protocol):
    """The part of L{nacos_tw.storage.sqlite.SQLiteFile} that is used."""

    def query(self, name: str, fn: Callable[..., Any], *args: Any) -> Deferred[Any]: ...


class IMachine(Protocol):
    """The part of L{nacos_tw.database.machine.ConfigMachine} that is used."""

    def mend(self, row: Checked, content: str, md5: str) -> bool: ...


class Healing:
    """One node's."""

    log = Logger()

    def __init__(
        self,
        file: IFile,
        machine: IMachine,
        ask: Ask,
        others: Callable[[], Iterable[str]],
        quarantine: Callable[[str], bool],
        rebuilding: Callable[[], str] = lambda: "",
    ) -> None:
        """
        @param others: the names of the other members.
        @param quarantine: puts the file aside because of what is said, to make it again from the log. @return: False if
            that cannot be done.
        @param rebuilding: why the file does not hold yet what it should; "" when it does.
        """
        self._file = file
        self._machine = machine
        self._ask = ask
        self._others = others
        self._quarantine = quarantine
        self._rebuilding = rebuilding
        self._tries: dict[tuple[object, str, str], int] = {}
        self._given_up: set[object] = set()

    def asked(self, peer: str, body: bytes) -> Deferred[bytes]:
        """What this node has of a content."""
        return Deferred.fromCoroutine(self._asked(body))

    async def _asked(self, body: bytes) -> bytes:
        wanted = msgspec.msgpack.decode(body, type=Wanted)
        if self._rebuilding():
            raise Unavailable(self._rebuilding())
        row = await self._file.query("check", store_check.one, wanted.table, wanted.key, wanted.name)
        found = StoredContent() if row is None else StoredContent(row.content, row.md5, row.modified_ms, row.whole)
        return msgspec.msgpack.encode(found)

    async def heal(self, row: Checked) -> bool:
        """Try to put it right. @return: whether it is."""
        if self._rebuilding():
            return False
        body = msgspec.msgpack.encode(Wanted(row.table, row.key, row.name))
        everybody, shared = True, False
        for peer in list(self._others()):
            try:
                found = msgspec.msgpack.decode(await self._ask(peer, WHAT, body), type=StoredContent)
            except (NacosError, msgspec.MsgspecError) as error:
                self.log.debug("{peer} does not say what it has: {error}", peer=peer, error=error)
                everybody = False
                continue
            shared = shared or not found.whole
            if _fits(row, found) and found.content is not None and self._machine.mend(row, found.content, found.md5):
                self.log.warn("{config} was put right by what {peer} has", config=row.named(), peer=peer)
                return True
        if everybody and not shared:
            self._nobody_has_it(row)
        return False

    def _nobody_has_it(self, row: Checked) -> None:
        """Others may be ahead or behind: only what stays so is damage. That is put aside once: it may not help."""
        what = (row.place, row.md5, row.actual)
        self._tries[what] = self._tries.get(what, 0) + 1
        if self._tries[what] < (TRIES if any(True for _ in self._others()) else 1) or row.place in self._given_up:
            return
        if self._quarantine(f"the embedded database is damaged: {row.named()} differs from its md5"):
            self._given_up.add(row.place)
            self._tries.clear()


def _fits(row: Checked, found: StoredContent) -> bool:
    """Whether another node's content is what this row held when it was written."""
    if found.content is None or not found.whole or md5_of(found.content) != found.md5:
        return False
    if found.md5 == row.md5:  # the content has changed
        return True
    return found.md5 == row.actual and found.modified_ms == row.modified_ms  # the md5 has
