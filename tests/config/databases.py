"""What the tests of the store run on: SQLite, PostgreSQL, and MariaDB with the tables of each version."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import attrs
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config.results import Result
from nacos_tw.database import applying
from nacos_tw.database.commands import DatabaseCommand
from nacos_tw.settings.database import DatabaseSettings
from nacos_tw.storage.link import Link
from nacos_tw.storage.sqlite import SQLiteFile
from nacos_tw.storage.txn import Txn
from nacos_tw.storage.urls import make_link, targets
from tests import mariadb, postgres

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds that connecting, or a statement, may take, on a machine that is busy."""

T0 = 1_700_000_000_000
"""A time in ms; whole seconds, as MySQL keeps them."""

PATIENT = 300.0
"""Seconds that one waits for the locks of all others, on a machine that is busy."""
TABLES = (
    "config_info", "config_info_beta", "config_info_tag", "config_info_gray", "config_tags_relation", "his_config_info",
    "group_capacity", "tenant_capacity", "tenant_info",
)  # fmt: skip

OLD = (
    "DROP TABLE config_info_gray",
    "ALTER TABLE config_info DROP COLUMN encrypted_data_key",
    "ALTER TABLE config_info_beta DROP COLUMN encrypted_data_key",
    "ALTER TABLE his_config_info DROP COLUMN encrypted_data_key, DROP COLUMN publish_type, DROP COLUMN gray_name,"
    " DROP COLUMN ext_info",
)
"""From our schema to that of 1.4."""
NEW = (
    "DROP TABLE config_info_beta",
    "DROP TABLE config_info_tag",
    "DROP TABLE config_info_aggr",
    "ALTER TABLE config_info_gray CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci",
)
"""From our schema to a fresh one of 2.5."""


class StoreCase(SynchronousTestCase):
    """A test with a database: C{run} runs a function in a transaction of its own, C{do} a command."""

    dialect: str

    def run_in(self, fn: Callable[..., T], *args: Any) -> T:
        raise NotImplementedError

    def do(self, command: DatabaseCommand) -> Result:
        """Apply a command and commit."""
        return self.run_in(applying.apply, command)

    def value(self, command: DatabaseCommand) -> Any:
        """What a command came to."""
        return self.do(command).value

    def sql(self, statement: str, *params: Any) -> list[tuple[Any, ...]]:
        """The rows of a query, or [] of another statement."""

        def work(txn: Txn) -> list[tuple[Any, ...]]:
            if statement.startswith("SELECT"):
                return txn.all(statement, params)
            txn.execute(statement, params)
            return []

        return self.run_in(work)


class OnSQLite(StoreCase):
    """On a new file."""

    dialect = "sqlite"

    def setUp(self) -> None:
        self.file = SQLiteFile(self.mktemp() + "/config.db")
        self.addCleanup(self.file.close)

    def run_in(self, fn: Callable[..., T], *args: Any) -> T:
        with self.file.transaction() as txn:
            return fn(txn, *args)


class OnMariaDB(StoreCase):
    """On our schema, emptied."""

    skip = mariadb.missing() or None
    dialect = "mysql"
    changes: tuple[str, ...] = ()

    def setUp(self) -> None:
        self.database = _database(self.changes)
        self.link = self.database.link()
        self.addCleanup(self.link.close)
        self.database.clear(self.link)

    def run_in(self, fn: Callable[..., T], *args: Any) -> T:
        return in_link(self.link, fn, *args)


class OnPostgres(StoreCase):
    """On our schema for PostgreSQL, emptied."""

    skip = postgres.missing() or None
    dialect = "postgresql"

    def setUp(self) -> None:
        self.database = _postgres()
        self.link = self.database.link()
        self.addCleanup(self.link.close)
        self.database.clear(self.link)

    def run_in(self, fn: Callable[..., T], *args: Any) -> T:
        return in_link(self.link, fn, *args)


class OnOldMariaDB(OnMariaDB):
    """On the tables of 1.4."""

    changes = OLD


class OnNewMariaDB(OnMariaDB):
    """On the tables of 2.5."""

    changes = NEW


class OnMixedMariaDB(OnMariaDB):
    """On the tables of 1.4 and that of 2.5 as it ships it, which has the collation of its own."""

    changes = NEW[-1:]


def on_each(
    namespace: dict[str, Any], *mixins: type, databases: tuple[type, ...] = (OnSQLite, OnMariaDB, OnPostgres)
) -> None:
    """Put test cases of the mixins for each database into a module's namespace."""
    for mixin in mixins:
        for database in databases:
            name = f"{mixin.__name__}{database.__name__}Tests"
            made = type(name, (mixin, database), {"__module__": namespace["__name__"], "__doc__": mixin.__doc__})
            namespace[name] = made


ALL = (OnSQLite, OnMariaDB, OnPostgres, OnOldMariaDB, OnNewMariaDB)


class _Database:
    def __init__(self, settings: DatabaseSettings) -> None:
        self.settings = settings
        self.target = targets(settings)[0]
        first = self.link()
        self.columns = first.describe().columns
        first.close()

    def link(self, socket_timeout: float = PATIENCE) -> Link:
        """@param socket_timeout: seconds that a statement, or a wait for a lock, may take."""
        target = attrs.evolve(self.target, connect_timeout=PATIENCE, socket_timeout=socket_timeout)
        link = make_link(target, 0, getattr(self, "columns", None))
        link.open(PATIENCE)
        link.limit(socket_timeout)  # opening has lessened it
        return link

    def clear(self, link: Link) -> None:
        txn = link.txn(lambda: None)
        here = "DATABASE()" if txn.dialect == "mysql" else "current_schema()"
        found = {
            row[0] for row in txn.all(f"SELECT table_name FROM information_schema.tables WHERE table_schema={here}")
        }
        for table in TABLES:
            if table in found:
                txn.execute(f"DELETE FROM {table}")
        link.commit()


@functools.cache
def _database(changes: tuple[str, ...]) -> _Database:
    server = mariadb.server()
    settings = server.fresh()
    for change in changes:
        server.admin(change, targets(settings)[0].database)
    return _Database(settings)


@functools.cache
def _postgres() -> _Database:
    return _Database(
        postgres.server().fresh(postgres.PATIENT)
    )  # 50 writers of one row are a test of order, not of time


def in_link(link: Link, fn: Callable[..., T], *args: Any) -> T:
    """A transaction."""
    try:
        result = fn(link.txn(lambda: None), *args)
    except BaseException:
        link.rollback()
        raise
    link.commit()
    return result


def in_threads(work: list[Callable[[], T]]) -> list[T | BaseException]:
    """Run all at once; their results or errors, in their order."""
    results: list[Any] = [None] * len(work)
    barrier = threading.Barrier(len(work))

    def run(position: int) -> None:
        barrier.wait()
        try:
            results[position] = work[position]()
        except BaseException as error:  # noqa: B036 - handed to the test
            results[position] = error

    threads = [threading.Thread(target=run, args=(position,)) for position in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENT)
    return results
