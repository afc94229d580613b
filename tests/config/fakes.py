"""A shared database and a disk without threads, for nodes that follow them on a L{Clock}."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, execute, fail, succeed
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.gray import Copy, Entry
from nacos_tw.config.local import LocalFile
from nacos_tw.config.model import ConfigKey
from nacos_tw.database import applying
from nacos_tw.database.commands import DatabaseCommand
from nacos_tw.errors import NacosError, Unavailable
from nacos_tw.storage.sqlite import SQLiteFile


def md5(text: str) -> str:
    """As the wire has it."""
    return hashlib.md5(text.encode()).hexdigest()


def entry(key: ConfigKey, text: str = "", at: int = 1, beta: str = "", ips: str = "", **tags: str) -> Entry:
    """A config with these contents; empty ones are missing."""
    made = Entry(key=key, type="text")
    if text:
        made.md5, made.content, made.modified_ms = md5(text), text.encode(), at
    if beta:
        made.beta = copy(beta, at)
        made.beta.ips = frozenset(ips.split(","))
    if tags:
        made.tags = {tag: copy(text, at) for tag, text in tags.items()}
    return made


def copy(text: str, at: int = 1) -> Copy:
    """A copy for some."""
    return Copy(md5=md5(text), content=text.encode(), modified_ms=at)


class Database:
    """
    An IDatabase on a SQLite file. Every transaction is run at once.

    @ivar away: whether it cannot be reached.
    @ivar holding: whether answers wait in C{held}; the transactions themselves are run at once.
    @ivar queries: names of the queries that came.
    @ivar error: what interact fails with after it has committed.
    """

    def __init__(self, path: str) -> None:
        self.file = SQLiteFile(path)
        self.away = self.holding = False
        self.held: list[Callable[[], None]] = []
        self.queries: list[str] = []
        self.asked: list[tuple[str, tuple[Any, ...]]] = []
        self.error: NacosError | None = None
        self.at = 1000

    def do(self, command: DatabaseCommand) -> Any:
        """Somebody else writes."""
        with self.file.transaction() as txn:
            return applying.apply(txn, command).value

    def sql(self, statement: str, *params: Any) -> None:
        """An operator writes."""
        with self.file.transaction() as txn:
            txn.execute(statement, params)

    def interact(self, name: str, fn: Callable[..., Any], *args: Any) -> Deferred[Any]:
        done = self._run(name, fn, args)
        if self.error is not None:
            done.addErrback(lambda _: None)
            return fail(Failure(self.error))
        return done

    def query(self, name: str, fn: Callable[..., Any], *args: Any) -> Deferred[Any]:
        return self._run(name, fn, args)

    def _run(self, name: str, fn: Callable[..., Any], args: tuple[Any, ...]) -> Deferred[Any]:
        self.queries.append(name)
        self.asked.append((name, args))
        if self.away:
            return fail(Failure(Unavailable("the database is away")))

        def work() -> Any:
            with self.file.transaction() as txn:
                return fn(txn, *args)

        if not self.holding:
            return execute(work)
        result = work()
        waiting: Deferred[Any] = Deferred()
        self.held.append(lambda: waiting.callback(result))
        return waiting

    def release(self) -> None:
        """Give the answer that waits for the longest time."""
        self.held.pop(0)()

    def health(self) -> str:
        return "DOWN:master db (127.0.0.1) down. " if self.away else "UP"


class InlineFile(SQLiteFile):
    """Its threads are none; C{full}: writing fails."""

    full = False

    def interact(self, name: str, fn: Callable[..., Any], *args: Any) -> Deferred[Any]:
        def work() -> Any:
            with self.transaction() as txn:
                return fn(txn, *args)

        if InlineFile.full:
            return fail(Failure(Unavailable("the disk is full")))
        return execute(work)


def local_file(clock: Clock, path: str) -> LocalFile:
    """A local copy there."""
    return LocalFile(path, clock, open_file=InlineFile)


class Memory:
    """Contents in a dict."""

    def __init__(self) -> None:
        self.contents: dict[tuple[ConfigKey, str, str], bytes] = {}
        self.asked = 0

    def content(self, key: ConfigKey, name: str, md5: str) -> bytes | None:
        self.asked += 1
        return self.contents.get((key, name, md5))

    def save(self, made: Entry) -> Entry:
        """Remember an entry's contents."""
        for name, one in made.copies():
            assert one.content is not None
            self.contents[(made.key, name, one.md5)] = one.content
        return made


def cache_with(*entries: Entry, memory: Memory | None = None, budget: int = 1 << 20) -> ConfigCache:
    """A cache that holds these."""
    memory = memory or Memory()
    cache = ConfigCache(memory, budget)
    for made in entries:
        cache.put(memory.save(made))
    return cache


def fired(deferred: Deferred[Any]) -> Deferred[Any]:
    """To say that the result is not looked at."""
    return deferred.addErrback(lambda _: None)


__all__ = ["Database", "InlineFile", "Memory", "cache_with", "copy", "entry", "fired", "local_file", "md5", "succeed"]
