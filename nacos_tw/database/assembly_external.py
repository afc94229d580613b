"""The configuration centre of one node on a database that all nodes share, put together."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterable
from random import random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from nacos_tw.auth.directory import Directory
from nacos_tw.config import store_capacity
from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.commands import EnsureCapacity
from nacos_tw.config.configs import Configs
from nacos_tw.config.content_check import ContentCheck
from nacos_tw.config.listeners import Listeners
from nacos_tw.config.notices import Notices
from nacos_tw.errors import NacosError, StartError
from nacos_tw.interfaces import IDurableMachine, IProposer
from nacos_tw.settings.settings import Settings
from nacos_tw.storage.facts import StorageFacts

OnStorage = Callable[..., object]
"""Called with C{embedded} or C{external}, and with the mark of the database once that is known."""
Ask = Callable[[str, str, bytes], "Deferred[bytes]"]
Answering = Callable[[str, bytes], Any]


def _millis() -> int:
    return int(time.time() * 1000)


def _offer() -> int:
    """A mark for a database that has none yet."""
    return secrets.randbelow(2**31 - 1) + 1


class ExternalConfigs:
    """
    With a database that all nodes share.

    @ivar on_storage: see L{OnStorage}.
    @ivar is_first: whether this node does what one node has to do for all.
    """

    log = Logger()

    def __init__(self, settings: Settings, reactor: Any, ask: Ask, others: Callable[[], Iterable[str]]) -> None:
        """@raise nacos_tw.errors.StartError: the settings or the local file cannot be used."""
        from nacos_tw.auth.account_sync import AccountSync, CopyFile
        from nacos_tw.config.intents import Intents
        from nacos_tw.config.local import LocalFile
        from nacos_tw.database.external import ExternalBackend
        from nacos_tw.storage.external import ExternalDatabase

        assert settings.database is not None
        self.durable: dict[bytes, IDurableMachine] = {}
        self.on_storage: OnStorage = lambda kind, mark="": None
        self.is_first: Callable[[], bool] = lambda: True
        self._started = False
        self._kind = settings.database.platform
        self._database = ExternalDatabase(settings.database, reactor)
        self._local = LocalFile(os.path.join(settings.data, "config", "cache.db"), reactor)
        self.cache = ConfigCache(self._local)
        self.listeners = Listeners(self.cache)
        self.directory = Directory()
        copy = CopyFile(os.path.join(settings.data, "auth", "accounts"))
        intents = Intents(os.path.join(settings.data, "config", "intents"))
        accounts_sync = AccountSync(reactor, self._database.query, self.directory, copy)
        self._backend = ExternalBackend(
            reactor, self._database, self.cache, self._local, random, _millis, ask, others, accounts_sync, intents
        )
        self.check = ContentCheck(reactor, self._database.query, settings.config.content_check, lambda: self.is_first())

    def join(self, proposer: IProposer, trouble: Callable[[], str]) -> Configs:
        """Make the face; the log has no part in it."""
        return Configs(self._backend, self.cache, self.listeners, self.check)

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

    async def examine(self) -> StorageFacts:
        """The database, looked at now."""
        return StorageFacts(self._kind, await self._database.examine(), self._backend.reason())

    @property
    def notices(self) -> Notices:
        """What this node tells the others."""
        return self._backend.notices

    def questions(self) -> dict[str, Answering]:
        """What other nodes may ask."""
        from nacos_tw.config.notices import WHAT

        return {WHAT: self._backend.notices.asked}

    async def _start(self) -> str:
        self.on_storage("external")
        self._database.master_changed = self._master_changed
        self._database.startService()
        self._backend.serve_copy()  # a database that does not answer is given up after seconds only
        try:
            found = await self._database.ready
        finally:
            self._backend.startService()
            self.check.startService()
        self._started = True
        if found:
            await self._backend.copies_known
            await self._prepare()
            return ""
        denied = self._database.sources.denied()
        if denied and not self._backend.ready:
            raise StartError(denied)
        copy = "configs are served from this node's copy" if self._backend.ready else "configs are answered with 503"
        return f"{self._database.sources.trouble()}; {copy} until it can be used"

    def _master_changed(self) -> None:
        """Another database takes writes, or none does."""
        if self._started and self._database.sources.master is not None:
            preparing = Deferred.fromCoroutine(self._prepare())
            preparing.addErrback(lambda failure: self.log.failure("the database could not be prepared", failure))

    async def _prepare(self) -> None:
        try:
            await self._backend.write(EnsureCapacity("", "", _millis()))
            self.on_storage("external", await self._database.interact("mark", store_capacity.mark, _offer()))
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
        if self.check.running:
            self.check.stopService()
        if self._backend.running:
            self._backend.stopService()
        await self._database.stopService()

    def stop(self) -> Deferred[None]:
        """Write the local copy, close all connections."""
        return Deferred.fromCoroutine(self._stop())
