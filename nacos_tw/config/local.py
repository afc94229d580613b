"""
The copy of the configs on this node's disk, for a node with a shared database (C{data/config/cache.db}).

With it a node starts at once, serves contents that do not fit into memory, and works while the database is down. It is
written after the cache, in batches by a thread; what is not on disk yet is read from memory.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.config.gray import BETA, TAG, Copy, Entry, LabelledCopy
from nacos_tw.config.gray_rules import by_labels
from nacos_tw.config.model import ConfigKey, named
from nacos_tw.errors import NacosError, StartError
from nacos_tw.storage.sqlite import SQLiteFile
from nacos_tw.storage.txn import Txn

VERSION = 1
SCRIPT = f"""
CREATE TABLE version (number INTEGER NOT NULL);
INSERT INTO version VALUES ({VERSION});
CREATE TABLE state (complete INTEGER NOT NULL);
INSERT INTO state VALUES (0);
CREATE TABLE config (
    id INTEGER PRIMARY KEY,
    data_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    name TEXT NOT NULL,
    md5 TEXT NOT NULL,
    modified_ms INTEGER NOT NULL,
    type TEXT NOT NULL,
    encrypted_data_key TEXT NOT NULL,
    ips TEXT NOT NULL,
    content BLOB NOT NULL
);
CREATE UNIQUE INDEX config_key ON config (data_id, group_id, tenant_id, name);
"""
DELAY = 0.05
"""Seconds for which changes are gathered."""
BATCH = 8 * 1024 * 1024
"""Bytes written in one transaction, about."""
AGAIN = 5.0
"""Seconds until a write that failed is tried again."""
MOST = 128 * 1024 * 1024
"""Bytes that may wait to be written; beyond, while the disk fails, the oldest are given up."""
PAGE = 5000
DOUBT = "?"
"""No copy's name: the row says that the config was changed in a way that is not known."""

COMPLETE: ConfigKey = ("", "", "")
"""No config's key: stands for the mark that all are there, which is written after them."""

Row = tuple[str, str, str, str, str, int, str, str, str, bytes]
Rows = list[Row]
Pending = dict[ConfigKey, Rows]


class LocalFile:
    """
    The file. Provides L{nacos_tw.config.cache.IContents}.

    @ivar complete: whether it has held all configs of the database at some time.
    @ivar pending_bytes: bytes that are not written yet.
    @ivar doubtful: configs of which L{load} found that they were changed in a way that is not known.
    @ivar noted: configs that were about to be changed when the process ended; L{load} takes them for doubtful.
    @ivar on_saved: called with configs of which the file holds now what was last put into it.
    @ivar on_lost: called when the file turned out to be damaged and was made anew: it holds nothing.
    """

    log = Logger()

    def __init__(self, path: str, reactor: Any, *, open_file: Callable[..., SQLiteFile] = SQLiteFile) -> None:
        """
        @param path: a damaged file there, or another version's, is replaced: it is only a copy.
        @param reactor: provides L{IReactorTime} and threads.
        @raise StartError: no file can be made there.
        """
        self._clock: IReactorTime = reactor
        self._file = _opened(path, reactor, open_file)
        with self._file.reading() as txn:
            found = txn.one("SELECT complete FROM state")
        self.complete = found is not None and bool(found[0])
        self._pending: Pending = {}
        self._writing: Pending = {}
        self.pending_bytes = 0
        self.doubtful: list[ConfigKey] = []
        self.noted: list[ConfigKey] = []
        self.on_saved: Callable[[list[ConfigKey]], object] = lambda keys: None
        self.on_lost: Callable[[], object] = lambda: None
        self._file.on_damaged = self._damaged
        self._renewing: IDelayedCall | None = None
        self._timer: IDelayedCall | None = None
        self._settled: list[tuple[int, Deferred[None]]] = []
        self._closed = False
        self._failing = False

    # -- reading

    def load(self) -> Iterator[Entry]:
        """
        All configs in the file, without contents.

        @raise nacos_tw.errors.Unavailable: it cannot be read.
        """
        last = 0
        self.doubtful = list(self.noted)
        entries: dict[ConfigKey, Entry] = {}
        while True:
            with self._file.reading() as txn:
                rows = txn.all(
                    "SELECT id, data_id, group_id, tenant_id, name, md5, modified_ms, type, encrypted_data_key, ips"
                    " FROM config WHERE id > ? ORDER BY id LIMIT ?",
                    (last, PAGE),
                )
            if not rows:
                break
            for row in rows:
                if row[4] == DOUBT:
                    self.doubtful.append((row[3], row[2], row[1]))
                else:
                    _merge(entries, _loaded(row))
            last = rows[-1][0]
        yield from entries.values()

    def content(self, key: ConfigKey, name: str, md5: str) -> bytes | None:
        """As L{nacos_tw.config.cache.IContents.content}."""
        for waiting in (self._pending, self._writing):
            rows = waiting.get(key)
            if rows is not None:
                return next((row[9] for row in rows if row[3] == name and row[4] == md5), None)
        try:
            with self._file.reading() as txn:
                found = txn.one(
                    "SELECT content FROM config"
                    " WHERE data_id = ? AND group_id = ? AND tenant_id = ? AND name = ? AND md5 = ?",
                    (key[2], key[1], key[0], name, md5),
                )
        except NacosError as error:
            self.log.error("the local copy of the configs cannot be read: {error}", error=str(error))
            return None
        if found is None:
            return None
        content = bytes(found[0])
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:  # the disk has changed it
            self.log.error("the local copy of {config} differs from its md5; it is read anew", config=named(key))
            return None
        return content

    # -- writing

    def save(self, entry: Entry) -> None:
        """A config is now so; its contents must all be in it."""
        self._put(entry.key, [_row(entry, name, copy) for name, copy in entry.copies() if copy.content is not None])

    def remove(self, key: ConfigKey) -> None:
        """A config is gone."""
        self._put(key, [])

    def doubt(self, key: ConfigKey) -> None:
        """A config was changed, but how is not known yet; that outlives a restart."""
        tenant, group, data_id = key
        self._put(key, [(data_id, group, tenant, DOUBT, "", 0, "", "", "", b"")])

    def completed(self) -> None:
        """All configs are in it now."""
        if not self.complete:
            self.complete = True
            self._put(COMPLETE, [])

    def settled(self, most_bytes: int = 0) -> Deferred[None]:
        """
        Wait for the disk.

        @return: fires when at most so many bytes wait to be written, or the disk fails.
        """
        if self._is_settled(most_bytes):
            return succeed(None)
        result: Deferred[None] = Deferred()
        self._settled.append((most_bytes, result))
        return result

    def _is_settled(self, most_bytes: int) -> bool:
        if self._failing or not (self._pending or self._writing):
            return True
        return 0 < self.pending_bytes <= most_bytes

    def _put(self, key: ConfigKey, rows: Rows) -> None:
        older = self._pending.pop(key, None)
        self.pending_bytes += _bytes(rows) - (0 if older is None else _bytes(older))
        self._pending[key] = rows
        while self._failing and self.pending_bytes > MOST:
            self.pending_bytes -= _bytes(self._pending.pop(next(iter(self._pending))))
        if self._timer is None and not self._writing and not self._closed:
            self._timer = self._clock.callLater(AGAIN if self._failing else DELAY, self._write)

    def _write(self) -> None:
        self._timer = None
        self._writing, size = _part(self._pending)
        writing = maybeDeferred(self._file.interact, "save", _save, self._writing)
        writing.addCallbacks(self._written, self._failed, callbackArgs=(size,)).addErrback(
            lambda failure: self.log.failure("writing the local copy failed", failure)
        )

    def _written(self, _: object, size: int) -> None:
        self._failing = False
        written, self._writing = self._writing, {}
        self.on_saved([key for key in written if key not in self._pending])
        self.pending_bytes -= size
        self._go_on(0.0)

    def _failed(self, failure: Failure) -> None:
        if self._closed:
            return
        if not self._failing:
            self.log.error("the local copy of the configs cannot be written: {why}", why=failure.getErrorMessage())
        self._failing = True
        self._pending = {**self._writing, **self._pending}
        self._writing = {}
        self.pending_bytes = sum(map(_bytes, self._pending.values()))
        self._go_on(AGAIN)

    def _damaged(self) -> None:
        """The disk has spoiled the file, which is only a copy: an empty one takes its place, to be filled anew."""
        self._renewing = None
        if self._closed:
            return
        try:
            folder = self._file.renew()
        except NacosError as error:
            self.log.error("the damaged local copy of the configs cannot be made anew: {why}", why=str(error))
            self._renewing = self._clock.callLater(AGAIN, self._damaged)
            return
        self.complete = False
        self._pending.pop(COMPLETE, None)
        self._writing.pop(COMPLETE, None)
        self.log.error("the local copy of the configs is damaged: it is in {folder}, and made anew", folder=folder)
        self.on_lost()

    def _go_on(self, delay: float) -> None:
        if self._pending and not self._closed:
            self._timer = self._clock.callLater(delay, self._write)
        waiting, self._settled = self._settled, []
        for most_bytes, result in waiting:
            if self._is_settled(most_bytes):
                result.callback(None)
            else:
                self._settled.append((most_bytes, result))

    def close(self) -> None:
        """Write what is left, and close the file."""
        if self._closed:
            return
        self._closed = True
        for timer in (self._timer, self._renewing):
            if timer is not None:
                timer.cancel()
        left = {**self._writing, **self._pending}
        try:
            with self._file.transaction() as txn:
                _save(txn, left)
            self.on_saved(list(left))
        except NacosError as error:
            self.log.error("the local copy of the configs cannot be written: {why}", why=str(error))
        self._file.close()


def _opened(path: str, reactor: Any, open_file: Callable[..., SQLiteFile]) -> SQLiteFile:
    try:
        return open_file(path, reactor, script=lambda: SCRIPT, version=VERSION)
    except StartError as error:
        LocalFile.log.warn("the local copy of the configs is made anew: {why}", why=str(error))
    for suffix in ("", "-wal", "-shm"):
        try:
            os.remove(path + suffix)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StartError(f"{path}{suffix}: cannot be removed: {error.strerror}") from error
    return open_file(path, reactor, script=lambda: SCRIPT, version=VERSION)


def _row(entry: Entry, name: str, copy: Copy) -> Row:
    tenant, group, data_id = entry.key
    ips = copy.rule if isinstance(copy, LabelledCopy) else ",".join(sorted(copy.ips))
    content = copy.content or b""
    return (
        data_id,
        group,
        tenant,
        name,
        copy.md5,
        copy.modified_ms,
        entry.type,
        copy.encrypted_data_key,
        ips,
        content,
    )


def _loaded(row: Any) -> Entry:
    """An entry with the one copy that a row has. In C{ips} a copy by labels has its rule."""
    _, data_id, group, tenant, name, md5, modified_ms, type_, encrypted, ips = row
    key = (tenant, group, data_id)
    if not name:
        return Entry(key=key, md5=md5, modified_ms=modified_ms, type=type_, encrypted_data_key=encrypted)
    understood = by_labels(ips) if ips.startswith("{") else None
    if understood is not None:
        entry = Entry(key=key, type=type_)
        entry.add(
            LabelledCopy(
                md5=md5,
                modified_ms=modified_ms,
                encrypted_data_key=encrypted,
                name=name,
                rule=ips,
                priority=understood[0],
                conditions=understood[1],
            )
        )
        return entry
    copy = Copy(
        md5=md5,
        modified_ms=modified_ms,
        encrypted_data_key=encrypted,
        ips=frozenset(ips.split(",")) if ips else frozenset(),
    )
    if name == BETA:
        return Entry(key=key, type=type_, beta=copy)
    return Entry(key=key, type=type_, tags={name[len(TAG) :]: copy})


def _merge(entries: dict[ConfigKey, Entry], more: Entry) -> None:
    """Add the copy in C{more} to the config's entry."""
    entry = entries.setdefault(more.key, more)
    if entry is more:
        return
    if more.md5:
        entry.md5, entry.modified_ms, entry.encrypted_data_key = more.md5, more.modified_ms, more.encrypted_data_key
    if more.beta is not None:
        entry.beta = more.beta
    if more.tags is not None:
        entry.tags = {**(entry.tags or {}), **more.tags}
    for labelled in more.labelled or ():
        entry.add(labelled)


def _bytes(rows: Rows) -> int:
    return sum(len(row[9]) + 200 for row in rows) + 200


def _part(pending: Pending) -> tuple[Pending, int]:
    """Take the oldest ones out, up to a batch. @return: these, and their bytes."""
    part: Pending = {}
    size = 0
    for key, rows in pending.items():
        part[key] = rows
        size += _bytes(rows)
        if size >= BATCH:
            break
    for key in part:
        del pending[key]
    return part, size


def _save(txn: Txn, part: Pending) -> None:
    for key, rows in part.items():
        if key is COMPLETE:
            txn.execute("UPDATE state SET complete = 1")
            continue
        tenant, group, data_id = key
        txn.execute("DELETE FROM config WHERE data_id = ? AND group_id = ? AND tenant_id = ?", (data_id, group, tenant))
        for row in rows:
            txn.execute(
                "INSERT INTO config (data_id, group_id, tenant_id, name, md5, modified_ms, type, encrypted_data_key,"
                " ips, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
