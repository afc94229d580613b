"""The configuration centre of one node, put together for the storage that the settings name."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from random import random
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.auth import store as accounts
from nacos_tw.auth.directory import PATIENCE, Directory
from nacos_tw.config import store_adopt
from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.commands import EnsureCapacity
from nacos_tw.config.configs import Configs
from nacos_tw.config.embedded import EmbeddedBackend
from nacos_tw.config.following import StoredContents
from nacos_tw.config.listeners import Listeners
from nacos_tw.config.machine import NAME, ConfigMachine
from nacos_tw.config.model import ConfigKey
from nacos_tw.errors import NacosError, StartError
from nacos_tw.interfaces import IDurableMachine, IProposer
from nacos_tw.settings.settings import Settings
from nacos_tw.storage.sqlite import SQLiteFile
from nacos_tw.storage.txn import Txn

Ask = Callable[[str, str, bytes], "Deferred[bytes]"]
Answering = Callable[[str, bytes], Any]


class EmbeddedConfigs:
    """
    With embedded storage: a SQLite file, changed by the log.

    @ivar durable: the machines for the log.
    @ivar directory: users and their rights.
    """

    log = Logger()

    def __init__(self, settings: Settings, reactor: Any) -> None:
        """@raise nacos_tw.errors.StartError: the file cannot be used."""
        self._file = SQLiteFile(os.path.join(settings.data, "config", "config.db"), reactor, own_checkpoints=True)
        self._reactor = reactor
        self._moving: Deferred[None] | None = None
        machine = ConfigMachine(self._file)
        self.durable: dict[bytes, IDurableMachine] = {NAME: machine}
        self.cache = ConfigCache(StoredContents(self._file))
        self.cache.ready = False
        self.listeners = Listeners(reactor, self.cache)
        self.directory = Directory()
        machine.on_written = self.cache.published
        machine.on_changed = self._changed
        machine.on_accounts = self._accounts_changed
        machine.on_grown = self._checkpoint
        machine.on_set_aside = self._begins_anew
        self._anew = False
        self._patience: IDelayedCall | None = None
        with self._file.reading() as txn:
            self.cache.load(txn)

    def _begins_anew(self) -> None:
        """The file is made anew: until that is through, what it lacks may exist, and who was known is known."""
        self.cache.ready, self._anew = False, True

    def _accounts_changed(self, txn: Txn) -> None:
        if self._anew:
            return
        # While the log is not applied yet since the start it may be about to say who was deleted meanwhile.
        if self.cache.ready or self.directory.now.known:
            self.directory.put(accounts.rows(txn))

    def _take_accounts(self) -> None:
        """The log says nothing for a while: there may be no majority. Who was known at the end is let in."""
        with self._file.reading() as txn:
            found = accounts.rows(txn)
        if found.users and not self.directory.now.known:  # an empty one may only not have heard of its users yet
            self.directory.put(found)

    def _changed(self, txn: Txn, keys: list[ConfigKey] | None) -> None:
        if keys is None:
            self.cache.load(txn)
        else:
            self.cache.refresh(txn, keys)

    def _checkpoint(self) -> None:
        """Move the file's log into the file, in a thread: it waits for the disk."""
        if self._moving is None:
            self._moving = deferToThreadPool(self._reactor, self._reactor.getThreadPool(), self._file.checkpoint)
            self._moving.addBoth(self._checkpointed)

    def _checkpointed(self, result: object) -> None:
        self._moving = None
        if isinstance(result, Failure):
            self.log.warn("{error}", error=result.value)

    def join(self, proposer: IProposer, trouble: Callable[[], str]) -> Configs:
        """
        Make the face.

        @param trouble: why the log does not work; "" when it does.
        """
        self._trouble = trouble
        return Configs(EmbeddedBackend(proposer, self._file, trouble), self.cache, self.listeners)

    def in_order(self) -> None:
        """The node may be in order again: once it has all that the log held, what it does not know does not exist."""
        if not self.cache.ready and not self._trouble():
            self.cache.ready, self._anew = True, False
            with self._file.reading() as txn:
                self._accounts_changed(txn)

    def reading(self) -> str:
        """Why clients cannot be served yet; the log's own reasons are told by its node, which has none now."""
        self.in_order()
        return ""

    def questions(self) -> dict[str, Answering]:
        """What other nodes may ask."""
        return {}

    def start(self) -> Deferred[str]:
        """Nothing more to do, but to wait for the log. @return: C{""}: nothing is missing."""
        self._patience = self._reactor.callLater(PATIENCE, self._take_accounts)
        return succeed("")

    def peer_connected(self, peer: str) -> None:
        """Nothing to tell it."""

    def peer_disconnected(self, peer: str) -> None:
        """Nothing was said over it."""

    async def _stop(self) -> None:
        self.listeners.stop()
        if self._patience is not None and self._patience.active():
            self._patience.cancel()
        if self._moving is not None:
            await self._moving
        self._file.close()

    def stop(self) -> Deferred[None]:
        """Let listeners go; the log is stopped already."""
        return Deferred.fromCoroutine(self._stop())


class ExternalConfigs:
    """With a database that all nodes share."""

    log = Logger()

    def __init__(self, settings: Settings, reactor: Any, ask: Ask, others: Callable[[], Iterable[str]]) -> None:
        """@raise nacos_tw.errors.StartError: the settings or the local file cannot be used."""
        from nacos_tw.auth.following import CopyFile, Following
        from nacos_tw.config.external import ExternalBackend
        from nacos_tw.config.local import LocalFile
        from nacos_tw.storage.mysql import MySQLDatabase

        assert settings.database is not None
        self.durable: dict[bytes, IDurableMachine] = {}
        self._database = MySQLDatabase(settings.database, reactor)
        self._local = LocalFile(os.path.join(settings.data, "config", "cache.db"), reactor)
        self.cache = ConfigCache(self._local)
        self.listeners = Listeners(reactor, self.cache)
        self.directory = Directory()
        copy = CopyFile(os.path.join(settings.data, "auth", "accounts"))
        following = Following(reactor, self._database.query, self.directory, copy)
        self._backend = ExternalBackend(
            reactor, self._database, self.cache, self._local, random, ask, others, following
        )

    def join(self, proposer: IProposer, trouble: Callable[[], str]) -> Configs:
        """Make the face; the log has no part in it."""
        return Configs(self._backend, self.cache, self.listeners)

    def in_order(self) -> None:
        """The log has no part in it."""

    def reading(self) -> str:
        """Why clients cannot be served yet. A database that is away is no reason if there is a copy of it."""
        if self._backend.ready:
            return ""
        trouble = self._database.sources.trouble()
        if trouble:
            return f"the configs cannot be read: {trouble}"
        return "the configs are still being read from the database"

    def questions(self) -> dict[str, Answering]:
        """What other nodes may ask."""
        from nacos_tw.config.notices import WHAT

        return {WHAT: self._backend.notices.asked}

    async def _start(self) -> str:
        self._database.startService()
        try:
            found = await self._database.ready
        finally:
            self._backend.startService()
        if found:
            await self._prepare()
            return ""
        denied = self._database.sources.denied()
        if denied and not self._backend.ready:
            raise StartError(denied)
        self._database.master_changed = self._found_late
        copy = "configs are served from this node's copy" if self._backend.ready else "configs are answered with 503"
        return f"{self._database.sources.trouble()}; {copy} until it can be used"

    def _found_late(self) -> None:
        """Another database takes writes, or none does."""
        if self._database.sources.master is not None:
            self._database.master_changed = lambda: None
            preparing = Deferred.fromCoroutine(self._prepare())
            preparing.addErrback(lambda failure: self.log.failure("the database could not be prepared", failure))

    async def _prepare(self) -> None:
        try:
            await self._database.interact("adopt", store_adopt.adopt)
            await self._backend.write(EnsureCapacity("", "", int(time.time() * 1000)))
        except NacosError as error:
            self.log.warn("the database could not be prepared: {error}", error=error)

    def start(self) -> Deferred[str]:
        """
        Connect and follow the database.

        @return: fires when it was tried: with C{""}, or why no database takes writes and what that means. Fails with
            StartError when a table is missing, or when the settings are wrong and there is no copy to serve.
        """
        return Deferred.fromCoroutine(self._start())

    def peer_connected(self, peer: str) -> None:
        """Tell it what it missed."""
        self._backend.peer_connected(peer)

    def peer_disconnected(self, peer: str) -> None:
        """What it wanted to say is looked for."""
        self._backend.peer_disconnected(peer)

    async def _stop(self) -> None:
        self.listeners.stop()
        if self._backend.running:
            self._backend.stopService()
        await self._database.stopService()

    def stop(self) -> Deferred[None]:
        """Let listeners go, write the local copy, close all connections."""
        return Deferred.fromCoroutine(self._stop())
