"""A transaction of a SQLite file, what its errors mean, and the state of one moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from nacos_tw.errors import Damaged, Duplicate, NacosError, Unavailable, ValueRefused
from nacos_tw.storage.errors import Deadlock, Defect, ReadOnly
from nacos_tw.storage.txn import Columns, Row, Txn

COLUMNS = Columns()
"""What our own schema has: one object, which statements are looked up by for each command."""


def _null(value: None) -> None:
    """NULL."""


# For each value that is neither a number nor a text sqlite3 looks for who adapts it. Without this it finds nobody for
# None, by way of exceptions that nobody sees: those of a publish, half of whose values are None, take as long as its
# first statement.
sqlite3.register_adapter(type(None), _null)


class SQLiteTxn(Txn):
    """A transaction of a SQLite file."""

    __slots__ = ("_connection",)

    dialect = "sqlite"
    for_update = ""
    for_share = ""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(COLUMNS)
        self._connection = connection

    @property
    def changes(self) -> int:
        """Rows written since the file was opened; a statement that failed may or may not count."""
        return self._connection.total_changes

    def execute(self, sql: str, params: Sequence[Any] = ()) -> int:
        """As L{Txn.execute}."""
        cursor = self._run(sql, params)
        self.last_id = cursor.lastrowid or 0
        return cursor.rowcount

    def all(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """As L{Txn.all}."""
        cursor = self._run(sql, params)
        try:
            return cursor.fetchall()
        except sqlite3.Error as error:
            trouble = sqlite_problem(error)
        raise trouble

    def one(self, sql: str, params: Sequence[Any] = ()) -> Row | None:
        """As L{Txn.one}."""
        cursor = self._run(sql, params)
        try:
            row: Row | None = cursor.fetchone()
            cursor.close()
            return row
        except sqlite3.Error as error:
            trouble = sqlite_problem(error)
        raise trouble

    def datetime(self, millis: int, whole: bool = True) -> int:
        """As L{Txn.datetime}: milliseconds are kept as they are."""
        return millis

    def millis(self, value: Any) -> int:
        """As L{Txn.millis}."""
        return value if isinstance(value, int) else 0

    def _run(self, sql: str, params: Sequence[Any]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, params)
        except (sqlite3.Error, UnicodeError, OverflowError) as error:
            trouble = sqlite_problem(error)
        raise trouble  # out of the except block: the new error must not carry the old one with its values


def sqlite_problem(error: BaseException) -> NacosError:
    """What an error of sqlite3 means."""
    text = str(error)
    damage = damage_in(error)
    if damage:
        return Damaged(f"the embedded database is damaged: {damage}")
    if isinstance(error, UnicodeError):
        return ValueRefused("text")
    if isinstance(error, OverflowError):
        return ValueRefused("number")
    if isinstance(error, sqlite3.IntegrityError):
        return _refused(text)
    if isinstance(error, sqlite3.DataError) or "too big" in text:
        return ValueRefused("size")
    if "locked" in text or "busy" in text:
        return Deadlock("the embedded database is busy")
    if "readonly" in text:
        return ReadOnly("the embedded database cannot be written to")
    if isinstance(error, (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.NotSupportedError)):
        return Unavailable("the embedded database is closed") if "closed" in text else Defect(f"SQLite: {text}")
    if "syntax" in text or "no such" in text:
        return Defect(f"SQLite: {text}")
    return Unavailable(f"the embedded database failed: {text}")


def _refused(text: str) -> NacosError:
    """What the refusal of a row means."""
    _, _, what = text.partition(": ")
    if text.startswith(("UNIQUE", "PRIMARY KEY")):
        return Duplicate(what)
    if text.startswith("CHECK"):
        return ValueRefused("length", what)
    if text.startswith("NOT NULL"):
        return ValueRefused("null", what.rpartition(".")[2])
    return ValueRefused("row")


def damage_in(error: BaseException) -> str:
    """What an error of sqlite3 says of a file that is damaged; "" if it says something else."""
    text = str(error)
    if text.startswith("Could not decode to UTF-8"):
        return "a text in it is not valid"  # what follows is the text itself
    return text if "malformed" in text or "is not a database" in text else ""


class Snapshot:
    """
    The state of a file as it was at one moment, whatever is written meanwhile. For one thread at a time, any.

    @ivar txn: to query with.
    """

    def __init__(self, connection: sqlite3.Connection, closed: Callable[[], None] = lambda: None) -> None:
        """@param closed: called once, when it was closed, in the thread that does."""
        self._connection = connection
        self._closed = closed
        self.txn: Txn = SQLiteTxn(connection)

    def save(self, path: str) -> None:
        """
        Write the state to a new file, which is durable when this returns.

        @raise nacos_tw.errors.Damaged: the state is damaged; the new file is then, too.
        """
        copy = sqlite3.connect(path, isolation_level=None)
        try:
            self._connection.backup(copy)
            found = copy.execute("PRAGMA quick_check(1)").fetchone()
            if found is None or found[0] != "ok":
                raise sqlite3.DatabaseError("malformed: " + (" ".join(found[0].split()) if found else "no answer"))
        except sqlite3.Error as error:
            trouble = sqlite_problem(error)
        else:
            return
        finally:
            copy.close()
        raise trouble

    def rows(self, sql: str, size: int) -> Iterator[Row]:
        """
        The rows of a query, of which C{size} are in memory at a time.

        @raise nacos_tw.errors.NacosError: the file cannot be read.
        """
        try:
            cursor = self._connection.execute(sql)
            while found := cursor.fetchmany(size):
                yield from found
        except sqlite3.Error as error:
            trouble = sqlite_problem(error)
        else:
            return
        raise trouble

    def close(self) -> None:
        """Let the file's log be shortened again."""
        self._connection.close()
        closed, self._closed = self._closed, lambda: None
        closed()

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def why(error: BaseException) -> str:
    """An error in a few words."""
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
