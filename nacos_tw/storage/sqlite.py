"""A SQLite file: one connection that writes, and a few that read beside it (WAL)."""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.errors import StartError, Unavailable
from nacos_tw.storage.errors import Deadlock
from nacos_tw.storage.schema import VERSION, sqlite_script
from nacos_tw.storage.sqlite_txn import Snapshot, SQLiteTxn, translated, why
from nacos_tw.storage.txn import Txn

if TYPE_CHECKING:
    from twisted.enterprise.adbapi import ConnectionPool

T = TypeVar("T")

CHECKED_BYTES = 2**30
"""A file of up to so many bytes is read through when it is opened; a larger one is only opened."""
BUSY = 5.0
"""Seconds to wait for another connection's write."""
READERS = 4
"""Most threads, each with a connection."""
WAL_BYTES = 64 * 1024 * 1024
"""Bytes that the log of a file may have, about (see L{SQLiteFile.checkpoint})."""
TURN = 0.05
"""Seconds for which a checkpoint that empties the log waits for others, and may hold up who writes."""
TURNS = 10
"""How often it tries."""


class SQLiteFile:
    """
    One file. C{transaction} and what follows belong to the thread that opened it; the rest says what may be used where.

    A process that forks to become a daemon may open it before: no connection is kept across a fork, which SQLite's
    locks do not survive.

    @ivar path: the file's.
    @ivar created: whether this made it.
    """

    log = Logger()

    def __init__(
        self,
        path: str,
        reactor: Any = None,
        *,
        script: Callable[[], str] = sqlite_script,
        version: int = VERSION,
        synchronous: str = "NORMAL",
        checked_bytes: int = CHECKED_BYTES,
        own_checkpoints: bool = False,
        wal_bytes: int = WAL_BYTES,
    ) -> None:
        """
        Open a file, or make it.

        @param reactor: for L{interact} and L{query}; without one they fail.
        @param script: statements that make the tables (a table C{version} with its number among them).
        @param synchronous: C{NORMAL}: a power failure may cost the last transactions (not their order, nor the file)
            up to the last L{checkpoint}; C{FULL}: it costs none.
        @param own_checkpoints: the owner calls L{checkpoint} often enough, in a thread; else a commit now and then
            moves what was written from the log into the file, and waits for the disk.
        @param wal_bytes: how long the log may become before it is emptied, about, with C{own_checkpoints}.
        @raise StartError: the file cannot be used; the line names it.
        """
        self._own_checkpoints = own_checkpoints
        self._most = wal_bytes
        self._moved = 0
        self.path = os.path.abspath(path)
        self.created = False
        self._reactor = reactor
        self._synchronous = synchronous
        self._pool: ConnectionPool | None = None
        self._closed = False
        self._main: sqlite3.Connection | None = None
        try:
            self.created = not os.path.exists(self.path) or os.path.getsize(self.path) == 0
            os.makedirs(os.path.dirname(self.path), mode=0o750, exist_ok=True)
            self._open(self._connection, script, version, checked_bytes)
        except (OSError, sqlite3.Error) as error:
            self._release()
            raise StartError(f"{self.path}: cannot be used: {why(error)}") from None
        except BaseException:
            self._release()
            raise
        _files.add(self)

    # -- opening

    def _connect(self, read_only: bool = False) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
            connection.execute(f"PRAGMA synchronous={self._synchronous}")
            connection.execute("PRAGMA journal_size_limit=67108864")
            if self._own_checkpoints:
                connection.execute("PRAGMA wal_autocheckpoint=0")
            connection.execute("PRAGMA case_sensitive_like=ON")
            if read_only:
                connection.execute("PRAGMA query_only=ON")
        except BaseException:
            connection.close()
            raise
        return connection

    @property
    def _connection(self) -> sqlite3.Connection:
        """The one that writes."""
        if self._main is None:
            if self._closed:
                raise sqlite3.ProgrammingError("the file is closed")
            self._main = self._connect()
        return self._main

    def _release(self) -> None:
        """Close it until it is needed again; not within a transaction."""
        if self._main is not None and not self._main.in_transaction:
            self._main.close()
            self._main = None

    def _open(
        self, connection: sqlite3.Connection, script: Callable[[], str], version: int, checked_bytes: int
    ) -> None:
        if self.created:
            connection.executescript(f"BEGIN IMMEDIATE;{script()}COMMIT;")
            self.checkpoint()
            _sync_folder(os.path.dirname(self.path))
            return
        if os.path.getsize(self.path) <= checked_bytes:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()
            if found is None or found[0] != "ok":
                raise StartError(
                    f"{self.path}: the file is damaged ({' '.join(found[0].split()) if found else 'no answer'})"
                )
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'version'").fetchone() is None:
            if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
                raise StartError(f"{self.path}: this is no file of this server: it has no table version")
            connection.executescript(f"BEGIN IMMEDIATE;{script()}COMMIT;")  # a start that was cut off
            return
        number = connection.execute("SELECT number FROM version").fetchone()
        if number is None or number[0] != version:
            raise StartError(
                f"{self.path}: it has version {number[0] if number else 'none'}, this server knows {version}"
            )

    # -- in the opener's thread

    @contextmanager
    def transaction(self) -> Iterator[SQLiteTxn]:
        """
        A transaction around a C{with} block: committed at its end, rolled back if it raises.

        @raise nacos_tw.errors.Unavailable: it cannot begin or be committed; then nothing of it is there.
        """
        self._command("BEGIN IMMEDIATE")
        try:
            yield SQLiteTxn(self._connection)
        except BaseException:
            self._roll_back()
            raise
        try:
            self._command("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    @contextmanager
    def reading(self) -> Iterator[Txn]:
        """The same for queries alone, which see one state."""
        self._command("BEGIN")
        try:
            yield SQLiteTxn(self._connection)
        finally:
            self._roll_back()

    def load(self, path: str) -> None:
        """
        Replace all that is in the file by what L{Snapshot.save} wrote, at once. Readers go on with what they have.

        @raise StartError: that file is damaged; nothing was changed.
        """
        source = sqlite3.connect(path, isolation_level=None)
        try:
            found = source.execute("PRAGMA quick_check(1)").fetchone()
            if found is None or found[0] != "ok":
                raise StartError(f"{path}: the file is damaged")
            source.backup(self._connection)
        except sqlite3.Error as error:
            raise StartError(f"{path}: cannot be used: {why(error)}") from None
        finally:
            source.close()
        self._command("PRAGMA journal_mode=WAL")

    def _command(self, sql: str) -> None:
        try:
            self._connection.execute(sql)
        except sqlite3.Error as error:
            trouble = translated(error)
        else:
            return
        raise trouble

    def _roll_back(self) -> None:
        try:
            if self._main is not None and self._main.in_transaction:
                self._main.execute("ROLLBACK")
        except sqlite3.Error as error:
            self.log.error("{path}: a transaction cannot be rolled back: {why}", path=self.path, why=why(error))

    # -- in any thread

    def read_snapshot(self) -> Snapshot:
        """
        The state of now. Call it outside of a transaction; use and close what it gives in any one thread.

        @raise nacos_tw.errors.Unavailable: the file cannot be read.
        """
        try:
            connection = self._connect(read_only=True)
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # this is when it is taken
            return Snapshot(connection)
        except sqlite3.Error as error:
            trouble = translated(error)
        raise trouble

    def wal_bytes(self) -> int:
        """The length of the file's log."""
        return _size(f"{self.path}-wal")

    def file_bytes(self) -> int:
        """The length of the file, without its log."""
        return _size(self.path)

    @property
    def grown(self) -> bool:
        """Whether it is time for a L{checkpoint}: the log has become longer by a quarter of what it may have."""
        size = self.wal_bytes()
        self._moved = min(self._moved, size)
        return size - self._moved >= self._most // 4

    def checkpoint(self, empty: bool = False) -> None:
        """
        Make everything that was committed durable, and move it from the log into the file. Waits for the disk.

        A log is only written to from its start again when all of it was moved and nobody reads from it, which never
        comes about by itself while commits go on. So one that has half of the length that it may have is emptied:
        when nearly all was moved, the writer waits while the rest is.

        @param empty: do that with a shorter one, too.
        @raise nacos_tw.errors.Unavailable: the disk failed.
        """
        try:
            size = self.wal_bytes()
            _sync_file(f"{self.path}-wal")
            connection = self._connect()
            try:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if empty or size >= self._most // 2:
                    size = self._empty(connection)
            finally:
                # Not the last one to close, so SQLite leaves the log alone here.
                connection.close()
            self._moved = size
        except (OSError, sqlite3.Error) as error:
            trouble = Unavailable(f"the embedded database cannot be made durable: {why(error)}")
        else:
            return
        raise trouble

    def _empty(self, connection: sqlite3.Connection) -> int:
        """Empty the log, if readers let that be done. @return: its length now, as far as it was moved."""
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()  # what was written during the one before
        connection.execute(f"PRAGMA busy_timeout={int(TURN * 1000)}")
        for _ in range(TURNS):
            size = self.wal_bytes()
            if not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                return 0
        return size

    # -- by threads, for the reactor

    def interact(self, name: str, fn: Callable[..., T], *args: Any) -> Deferred[T]:
        """
        Run C{fn(txn, *args)} in a transaction of its own in a thread; it is repeated once if another write came in
        between. As L{nacos_tw.interfaces.IDatabase.interact}.
        """
        return self._in_thread(fn, args, True)

    def query(self, name: str, fn: Callable[..., T], *args: Any) -> Deferred[T]:
        """Run C{fn(txn, *args)} in a thread; it only reads. As L{nacos_tw.interfaces.IDatabase.query}."""
        return self._in_thread(fn, args, False)

    def health(self) -> str:
        """As L{nacos_tw.interfaces.IDatabase.health}."""
        return "DOWN:the embedded database is closed. " if self._closed else "UP"

    def startService(self) -> None:  # noqa: N802
        """Nothing: the file is open."""

    def stopService(self) -> None:  # noqa: N802
        """As L{close}."""
        self.close()

    def close(self) -> None:
        """End the threads when they are done, and close the file, with everything durable. Idempotent."""
        if self._closed:
            return
        _files.discard(self)
        if self._pool is not None:
            self._pool.close()
        try:
            self._roll_back()
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            self.log.error("{path}: {why}", path=self.path, why=why(error))
        self._release()
        self._closed = True

    def _in_thread(self, fn: Callable[..., T], args: tuple[Any, ...], writes: bool) -> Deferred[T]:
        if self._closed or self._reactor is None:
            return fail(Failure(Unavailable("the embedded database is closed")))
        if self._pool is None:
            self._pool = self._make_pool()
        return self._pool.runWithConnection(_work, fn, args, writes)

    def _make_pool(self) -> ConnectionPool:
        from twisted.enterprise.adbapi import ConnectionPool

        def configure(connection: sqlite3.Connection) -> None:
            connection.execute(f"PRAGMA synchronous={self._synchronous}")
            connection.execute("PRAGMA case_sensitive_like=ON")

        pool = ConnectionPool(
            "sqlite3",
            self.path,
            timeout=BUSY,
            isolation_level=None,
            check_same_thread=False,
            cp_min=0,
            cp_max=READERS,
            cp_openfun=configure,
            cp_reactor=self._reactor,
        )
        pool.start()
        return pool


_files: weakref.WeakSet[SQLiteFile] = weakref.WeakSet()


def _before_fork() -> None:
    for file in list(_files):
        file._release()


os.register_at_fork(before=_before_fork)


def _work(connection: Any, fn: Callable[..., T], args: tuple[Any, ...], writes: bool) -> T:
    """One transaction in a thread of the pool."""
    raw: sqlite3.Connection = connection
    for begin in ("BEGIN", "BEGIN IMMEDIATE"):
        try:
            return _attempt(raw, begin, fn, args, writes)
        except Deadlock:
            # It had read before another connection wrote; as a writer from the start it waits for its turn.
            if begin != "BEGIN" or not writes:
                raise
    raise AssertionError("unreachable")


def _attempt(raw: sqlite3.Connection, begin: str, fn: Callable[..., T], args: tuple[Any, ...], writes: bool) -> T:
    try:
        raw.execute(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
        raw.execute(begin)
        result = fn(SQLiteTxn(raw), *args)
        raw.execute("COMMIT")
        return result
    except sqlite3.Error as error:
        trouble = translated(error)
    finally:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
    raise trouble


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _sync_file(path: str) -> None:
    """Bring a file's data to the disk; one that is not there has none. (Never the database file itself: closing a
    descriptor of it would end SQLite's locks on it.)"""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
