"""A SQLite file: one connection that writes, and a few that read beside it (WAL)."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.errors import Damaged, FileDamaged, StartError, Unavailable
from nacos_tw.storage.damaged import move_away
from nacos_tw.storage.schema import VERSION, sqlite_additions, sqlite_script
from nacos_tw.storage.sqlite_pool import BUSY, make_pool, work
from nacos_tw.storage.sqlite_txn import Snapshot, SQLiteTxn, damage_in, sqlite_problem, why
from nacos_tw.storage.txn import Txn
from nacos_tw.storage.wal import WAL_BYTES, Wal, size_of

if TYPE_CHECKING:
    from twisted.enterprise.adbapi import ConnectionPool

T = TypeVar("T")

CHECKED_BYTES = 2**30
"""A file of up to so many bytes is read through when it is opened; a larger one is only opened."""


class SQLiteFile:
    """
    One file. C{transaction} and what follows belong to the thread that opened it; the rest says what may be used where.

    A process that forks to become a daemon may open it before: no connection is kept across a fork, which SQLite's
    locks do not survive.

    @ivar path: the file's.
    @ivar created: whether this made it.
    @ivar damage: what was found to be damaged in it; "" while nothing was. Only L{renew} mends that.
    @ivar on_damaged: called once when that was found, in the reactor's thread.
    """

    log = Logger()

    def __init__(
        self,
        path: str,
        reactor: Any = None,
        *,
        script: Callable[[], str] = sqlite_script,
        version: int = VERSION,
        additions: Callable[[], str] | None = None,
        synchronous: str = "NORMAL",
        checked_bytes: int = CHECKED_BYTES,
        own_checkpoints: bool = False,
        wal_bytes: int = WAL_BYTES,
    ) -> None:
        """
        Open a file, or make it.

        @param reactor: for L{interact} and L{query}; without one they fail.
        @param script: statements that make the tables (a table C{version} with its number among them).
        @param additions: statements that add what a file of an earlier day lacks, and change nothing where it is there.
        @param synchronous: C{NORMAL}: a power failure may cost the last transactions (not their order, nor the file)
            up to the last L{checkpoint}; C{FULL}: it costs none.
        @param own_checkpoints: the owner calls L{checkpoint} often enough, in a thread; else a commit now and then
            moves what was written from the log into the file, and waits for the disk.
        @param wal_bytes: how long the log may become before it is emptied, about, with C{own_checkpoints}.
        @raise FileDamaged: the file is damaged.
        @raise StartError: the file cannot be used; the line names it.
        """
        self._script, self._version = script, version
        own = sqlite_additions if script is sqlite_script else str
        self._additions: Callable[[], str] = own if additions is None else additions
        self.damage = ""
        self.on_damaged: Callable[[], None] = lambda: None
        self._changing = threading.Lock()
        self._snapshots = 0
        self._counting = threading.Lock()
        self._own_checkpoints = own_checkpoints
        self._wal = Wal(f"{os.path.abspath(path)}-wal", wal_bytes, self._connect)
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
            self._open(self._connection, checked_bytes)
        except (OSError, sqlite3.Error) as error:
            self._release()
            if damage_in(error):
                raise FileDamaged(f"{self.path}: the file is damaged ({damage_in(error)})") from None
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

    def _open(self, connection: sqlite3.Connection, checked_bytes: int) -> None:
        script, version = self._script, self._version
        if self.created:
            connection.executescript(f"BEGIN IMMEDIATE;{script()}{self._additions()}COMMIT;")
            self._wal.move(False)
            _sync_folder(os.path.dirname(self.path))
            return
        if os.path.getsize(self.path) <= checked_bytes:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()
            if found is None or found[0] != "ok":
                raise FileDamaged(
                    f"{self.path}: the file is damaged ({' '.join(found[0].split()) if found else 'no answer'})"
                )
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'version'").fetchone() is None:
            if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
                raise StartError(f"{self.path}: this is no file of this server: it has no table version")
            connection.executescript(
                f"BEGIN IMMEDIATE;{script()}{self._additions()}COMMIT;"
            )  # a start that was cut off
            return
        number = connection.execute("SELECT number FROM version").fetchone()
        if number is None or number[0] != version:
            raise StartError(
                f"{self.path}: it has version {number[0] if number else 'none'}, this server knows {version}"
            )
        connection.executescript(self._additions())

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
        except BaseException as error:
            self.suspect(error)
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
        except Damaged as error:
            self.suspect(error)
            raise
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
            self._connection.executescript(self._additions())
        except sqlite3.Error as error:
            raise StartError(f"{path}: cannot be used: {why(error)}") from None
        finally:
            source.close()
        self._command("PRAGMA journal_mode=WAL")

    def _command(self, sql: str) -> None:
        try:
            self._connection.execute(sql)
        except sqlite3.Error as error:
            trouble = sqlite_problem(error)
        else:
            return
        self.suspect(trouble)
        raise trouble

    def _roll_back(self) -> None:
        try:
            if self._main is not None and self._main.in_transaction:
                self._main.execute("ROLLBACK")
        except sqlite3.Error as error:
            self.log.error("{path}: a transaction cannot be rolled back: {why}", path=self.path, why=why(error))

    # -- damage

    def suspect(self, error: BaseException) -> None:
        """An error came out of the file, in any thread: perhaps the file is damaged."""
        if isinstance(error, Damaged) and not self.damage:
            self.damage = str(error)
            if self._reactor is not None:
                self._reactor.callFromThread(self._tell_damage)

    def _tell_damage(self) -> None:
        if self.damage and not self._closed:
            self.on_damaged()

    def renew(self) -> str:
        """
        Put the damaged file aside and begin with a new one, with nothing but the tables. In the opener's thread; waits
        for what others do with it.

        @return: the folder where the damaged one is now.
        @raise nacos_tw.errors.Unavailable: it cannot be done now.
        """
        with self._changing:
            if self._snapshots:
                # Its connection would remove the log of the new file when it ends.
                raise Unavailable("the damaged database is still being read from")
            pool, self._pool = self._pool, None
            if pool is not None:
                pool.close()
            self._roll_back()
            try:
                with suppress(sqlite3.Error):
                    self._release()
                self._main = None
                folder = move_away(self.path)
                self.created = True
                self._open(self._connection, 0)
            except (OSError, sqlite3.Error) as error:
                trouble = Unavailable(f"{self.path}: cannot be made anew: {why(error)}")
            else:
                self.damage = ""
                return folder
        raise trouble

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
        except sqlite3.Error as error:
            trouble = sqlite_problem(error)
        else:
            with self._counting:
                self._snapshots += 1
            return Snapshot(connection, self._snapshot_closed)
        self.suspect(trouble)
        raise trouble

    def _snapshot_closed(self) -> None:
        with self._counting:
            self._snapshots -= 1

    def save_snapshot(self, state: Snapshot, path: str) -> None:
        """
        Write a state that L{read_snapshot} gave to a new file, durably, and close it.

        @raise nacos_tw.errors.Damaged: the file is damaged.
        """
        try:
            with state:
                state.save(path)
        except Damaged as error:
            self.suspect(error)
            raise

    def wal_bytes(self) -> int:
        """The length of the file's log."""
        return self._wal.size()

    def file_bytes(self) -> int:
        """The length of the file, without its log."""
        return size_of(self.path)

    @property
    def grown(self) -> bool:
        """Whether it is time for a L{checkpoint}."""
        return self._wal.grown

    def checkpoint(self, empty: bool = False) -> None:
        """
        Make everything that was committed durable, and move it from the log into the file. Waits for the disk.

        @param empty: empty the log, even if it is short.
        @raise nacos_tw.errors.Unavailable: the disk failed.
        """
        try:
            with self._changing:
                self._wal.move(empty)
        except (OSError, sqlite3.Error) as error:
            trouble = Unavailable(f"the embedded database cannot be made durable: {why(error)}")
            if damage_in(error):
                trouble = Damaged(f"the embedded database is damaged: {damage_in(error)}")
        else:
            return
        self.suspect(trouble)
        raise trouble

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
        if self.damage:
            return f"DOWN:{self.damage}. "
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
            self._pool = make_pool(self.path, self._synchronous, self._reactor)
        return self._pool.runWithConnection(work, fn, args, writes).addErrback(self._failed)

    def _failed(self, failure: Failure) -> Failure:
        error = failure.value
        if isinstance(error, sqlite3.Error):  # no connection could be made
            failure = Failure(sqlite_problem(error))
        self.suspect(failure.value or failure)
        return failure


_files: weakref.WeakSet[SQLiteFile] = weakref.WeakSet()


def _before_fork() -> None:
    for file in list(_files):
        file._release()


os.register_at_fork(before=_before_fork)


def _sync_folder(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
