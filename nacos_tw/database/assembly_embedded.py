"""The configuration centre of one node with embedded storage, put together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.auth import store as accounts
from nacos_tw.auth.directory import PATIENCE, Directory
from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.cache_queries import StoredContents
from nacos_tw.config.configs import Configs
from nacos_tw.config.content_check import ContentCheck
from nacos_tw.config.healing import WHAT, Ask, Healing
from nacos_tw.config.listeners import Listeners
from nacos_tw.config.model import ConfigKey, named
from nacos_tw.config.results import Written
from nacos_tw.config.store_check import Checked
from nacos_tw.database.commands import LABELS
from nacos_tw.database.embedded import EmbeddedBackend
from nacos_tw.database.machine import NAME, TEMPORARY, ConfigMachine
from nacos_tw.errors import Damaged, FileDamaged, NacosError
from nacos_tw.interfaces import IDurableMachine, IProposer
from nacos_tw.settings.settings import Settings
from nacos_tw.storage.damaged import move_away
from nacos_tw.storage.facts import StorageFacts
from nacos_tw.storage.sqlite import SQLiteFile
from nacos_tw.storage.txn import Txn

Answering = Callable[[str, bytes], Any]

LOOK = 0.25
"""Seconds between looks at whether the log is applied to a file that is made again."""


class EmbeddedConfigs:
    """
    With embedded storage: a SQLite file, changed by the log.

    A damaged file is put aside, and made again from the log and its snapshot. Until that is through, what the cache
    knew before is served as far as it is in memory: what the new file holds meanwhile is older.

    @ivar durable: the machines for the log.
    @ivar directory: users and their rights.
    @ivar on_storage: called with C{embedded} when it starts.
    @ivar rebuilding: why the file does not hold yet what it should; "" when it does.
    @ivar on_damaged: called with what is wrong when a file that is in use turns out to be damaged: the log is to be
        applied again from its snapshot on.
    @ivar members_level: the level of commands that every member is known to know.
    @ivar on_begun_anew: called once, when the file holds what neither the log nor its snapshot does.
    """

    log = Logger()

    def __init__(
        self,
        settings: Settings,
        reactor: Any,
        ask: Ask | None = None,
        others: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        """
        @param ask: asks another node; C{others} names those there are. None: it stands alone.
        @raise nacos_tw.errors.StartError: the file cannot be used.
        """
        self._reactor = reactor
        self.on_storage: Callable[..., object] = lambda kind, mark="": None
        self._moving: Deferred[None] | None = None
        self._looking: IDelayedCall | None = None
        self._patience: IDelayedCall | None = None
        self.rebuilding = ""
        self.on_damaged: Callable[[Damaged], None] = lambda error: None
        self.on_begun_anew: Callable[[], object] = lambda: None
        self.members_level: Callable[[], int] = lambda: LABELS
        self._file = self._opened(settings, reactor)
        self._machine = machine = self._made_sound(lambda: ConfigMachine(self._file))
        self.durable: dict[bytes, IDurableMachine] = {NAME: machine}
        self.cache = ConfigCache(StoredContents(self._file))
        self.cache.ready = False
        self.listeners = Listeners(self.cache)
        self.directory = Directory()
        machine.on_written = self._written
        machine.on_changed = self._changed
        machine.on_accounts = self._accounts_changed
        machine.on_grown = self.checkpoint
        machine.on_renewed = self._renewed
        machine.on_quarantined = self._begins_anew
        self._anew = False
        self._made_sound(self._load)
        self._file.on_damaged = self._damaged
        self._healing = Healing(
            self._file, machine, ask or _nobody, others, self._quarantine, lambda: self.rebuilding or self._file.damage
        )
        self.check = ContentCheck(reactor, self._file.query, settings.config.content_check, self._is_whole)
        self.check.heal, self.check.seen = self._healing.heal, self._compare
        self.cache.on_missing = self.check.suspect

    # -- contents that are not what their md5 says

    def _is_whole(self) -> bool:
        return self.cache.ready and not self.rebuilding and not self._file.damage

    def _compare(self, rows: list[Checked]) -> None:
        """What is in memory is what is stored."""
        if not self._is_whole():
            return
        with self._file.reading() as txn:
            found = [(row.key, row.name, row.md5 or row.actual, row.content.encode()) for row in rows]
            for key in self.cache.compare(txn, found):
                self.log.error("{config} was not in memory as it is stored; it was read anew", config=named(key))

    def _quarantine(self, what: str) -> bool:
        """Nobody has the right content: perhaps the log and its snapshot do."""
        if self._machine.begun_anew or self._trouble() or not self._is_whole():
            return False
        self._file.suspect(Damaged(what))
        return True

    # -- the file, and what becomes of a damaged one

    def _opened(self, settings: Settings, reactor: Any) -> SQLiteFile:
        path = os.path.join(settings.data, "config", "config.db")
        _remove_leftovers(os.path.dirname(path))
        try:
            return SQLiteFile(path, reactor, own_checkpoints=True, wal_bytes=settings.disk.wal)
        except FileDamaged as error:
            if settings.standalone and not _holds_log(os.path.join(settings.data, "raft")):
                raise  # nobody could give them back
            try:
                folder = move_away(path)
            except OSError as failed:
                raise FileDamaged(f"{error}, and cannot be set aside: {failed.strerror}") from None
            self._say_renewed(str(error), folder)
            return SQLiteFile(path, reactor, own_checkpoints=True, wal_bytes=settings.disk.wal)

    def _made_sound(self, use: Callable[[], Any]) -> Any:
        """Do what reads the file for the first time; again with a new one if it is damaged."""
        try:
            return use()
        except Damaged as error:
            self._say_renewed(str(error), self._file.renew())
            return use()

    def _load(self) -> None:
        if not self.rebuilding:
            with self._file.reading() as txn:
                self.cache.load(txn)

    def _say_renewed(self, what: str, folder: str) -> None:
        self.rebuilding = (
            f"the configs are being made again from the log: the embedded database was damaged, it is kept in {folder}"
        )
        self.log.error(
            "{what}. The damaged files are kept in {folder}; the configs are made again from the log and its snapshot",
            what=what,
            folder=folder,
        )
        if self._looking is None:
            self._looking = self._reactor.callLater(LOOK, self._look)

    def _damaged(self) -> None:
        """Somebody read or wrote, and found it so."""
        error = Damaged(self._file.damage)
        self.rebuilding = str(error)
        self.on_damaged(error)

    def _renewed(self, folder: str) -> None:
        self._say_renewed(f"{self._file.path}: the file is damaged", folder)

    def _look(self) -> None:
        self._looking = None
        self.in_order()
        if self.rebuilding:
            self._looking = self._reactor.callLater(LOOK, self._look)

    # -- following the log

    def _begins_anew(self) -> None:
        """The file is made anew: until that is through, what it lacks may exist, and who was known is known."""
        self.cache.ready, self._anew = False, True

    def _accounts_changed(self, txn: Txn) -> None:
        if self.rebuilding or self._anew:
            return
        # While the log is not applied yet since the start it may be about to say who was deleted meanwhile.
        if self.cache.ready or self.directory.now.known:
            self.directory.put(accounts.rows(txn))

    def _take_accounts(self) -> None:
        """The log says nothing for a while: there may be no majority. Who was known at the end is let in."""
        if self.rebuilding:
            return
        with self._file.reading() as txn:
            found = accounts.rows(txn)
        if found.users and not self.directory.now.known:  # an empty one may only not have heard of its users yet
            self.directory.put(found)

    def _written(self, written: Iterable[Written]) -> None:
        if not self.rebuilding:
            self.cache.published(written)

    def _changed(self, txn: Txn, keys: list[ConfigKey] | None) -> None:
        if self.rebuilding:
            return
        if keys is None:
            self.cache.load(txn)
        else:
            self.cache.refresh(txn, keys)

    # -- the file's log

    def checkpoint(self, empty: bool = False) -> None:
        """Move the file's log into the file, in a thread: it waits for the disk."""
        if self._moving is None:
            self._moving = deferToThreadPool(self._reactor, self._reactor.getThreadPool(), self._file.checkpoint, empty)
            self._moving.addBoth(self._checkpointed)

    def _checkpointed(self, result: object) -> None:
        self._moving = None
        if isinstance(result, Failure):
            self.log.warn("{error}", error=result.value)

    def sizes(self) -> dict[str, int]:
        """The lengths of its files, by name."""
        return {"config.db": self._file.file_bytes(), "config.db-wal": self._file.wal_bytes()}

    # -- as a part of the node

    def join(self, proposer: IProposer, trouble: Callable[[], str]) -> Configs:
        """
        Make the face.

        @param trouble: why the log does not work; "" when it does.
        """
        self._trouble = trouble
        backend = EmbeddedBackend(
            proposer,
            self._file,
            trouble,
            lambda: self.rebuilding,
            self.check.reason,
            lambda: self._machine.level,
            lambda: self.members_level(),
        )
        return Configs(backend, self.cache, self.listeners, self.check)

    def in_order(self) -> None:
        """The node may be in order again: once it has all that the log held, what it does not know does not exist."""
        if (self.cache.ready and not self.rebuilding) or self._file.damage or self._trouble():
            return
        rebuilt, self.rebuilding = bool(self.rebuilding), ""
        self.cache.ready, self._anew = True, False
        with self._file.reading() as txn:
            if rebuilt:
                self.cache.load(txn)
                self.log.info("the {count} configs are whole again", count=len(self.cache))
            self._accounts_changed(txn)
        if self._machine.begun_anew:
            self._machine.begun_anew = False
            self.on_begun_anew()

    def reading(self) -> str:
        """Why clients cannot be served yet; the log's own reasons are told by its node."""
        self.in_order()
        return self.rebuilding

    async def examine(self) -> StorageFacts:
        """The file of this node, by what is known of it."""
        health = self._file.health()
        trouble = self.rebuilding or self._trouble() or ("" if health == "UP" else health)
        return StorageFacts("embedded", trouble=trouble)

    def questions(self) -> dict[str, Answering]:
        """What other nodes may ask."""
        return {WHAT: self._healing.asked}

    def start(self) -> Deferred[str]:
        """Nothing more to do, but to wait for the log. @return: C{""}: nothing is missing."""
        self.on_storage("embedded")
        self._patience = self._reactor.callLater(PATIENCE, self._take_accounts)
        self.check.startService()
        return succeed("")

    def peer_connected(self, peer: str) -> None:
        """Nothing to tell it."""

    def peer_disconnected(self, peer: str) -> None:
        """Nothing was said over it."""

    async def _stop(self) -> None:
        if self.check.running:
            self.check.stopService()
        for call in (self._patience, self._looking):
            if call is not None and call.active():
                call.cancel()
        if self._moving is not None:
            await self._moving
        self._file.close()

    def stop(self) -> Deferred[None]:
        """Close the file; the log is stopped already."""
        return Deferred.fromCoroutine(self._stop())


def _nobody(peer: str, what: str, body: bytes) -> Deferred[bytes]:
    raise NacosError("there are no other nodes")


def _remove_leftovers(folder: str) -> None:
    """Passing files that a killed process has left."""
    if os.path.isdir(folder):
        for name in os.listdir(folder):
            if name.startswith(TEMPORARY):
                os.unlink(os.path.join(folder, name))


def _holds_log(folder: str) -> bool:
    """Whether there is a log from which the file could be made again."""
    return os.path.isdir(folder) and any(name.endswith((".seg", ".snap")) for name in os.listdir(folder))
