"""What the tests of the store run on: SQLite, and MariaDB with the tables of each version where it can be had."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config.results import Result
from nacos_tw.database import applying
from nacos_tw.database.commands import DatabaseCommand
from nacos_tw.storage.link import Link, MySQLTxn
from nacos_tw.storage.mysql import targets
from nacos_tw.storage.schema import check_mysql
from nacos_tw.storage.sqlite import SQLiteFile
from nacos_tw.storage.txn import Txn
from tests import mariadb

T = TypeVar("T")

T0 = 1_700_000_000_000
"""A time in ms; whole seconds, as MySQL keeps them."""

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


class OnOldMariaDB(OnMariaDB):
    """On the tables of 1.4."""

    changes = OLD


class OnNewMariaDB(OnMariaDB):
    """On the tables of 2.5."""

    changes = NEW


class OnMixedMariaDB(OnMariaDB):
    """On the tables of 1.4 and that of 2.5 as it ships it, which has the collation of its own."""

    changes = NEW[-1:]


def on_each(namespace: dict[str, Any], *mixins: type, databases: tuple[type, ...] = (OnSQLite, OnMariaDB)) -> None:
    """Put test cases of the mixins for each database into a module's namespace."""
    for mixin in mixins:
        for database in databases:
            name = f"{mixin.__name__}{database.__name__}Tests"
            made = type(name, (mixin, database), {"__module__": namespace["__name__"], "__doc__": mixin.__doc__})
            namespace[name] = made


ALL = (OnSQLite, OnMariaDB, OnOldMariaDB, OnNewMariaDB)


class _Database:
    def __init__(self, changes: tuple[str, ...]) -> None:
        server = mariadb.server()
        self.settings = server.fresh()
        self.target = targets(self.settings)[0]
        for change in changes:
            server.admin(change, self.target.database)
        first = self.link()
        self.columns = in_link(first, check_mysql)
        first.close()

    def link(self) -> Link:
        link = Link(self.target, 0, getattr(self, "columns", None))
        link.open(5)
        return link

    def clear(self, link: Link) -> None:
        found = {row[0] for row in link.run("SHOW TABLES")[2]}
        for table in TABLES:
            if table in found:
                link.run(f"DELETE FROM {table}")
        link.run("COMMIT")


@functools.cache
def _database(changes: tuple[str, ...]) -> _Database:
    return _Database(changes)


def in_link(link: Link, fn: Callable[..., T], *args: Any) -> T:
    """A transaction."""
    try:
        result = fn(MySQLTxn(link, lambda: None), *args)
    except BaseException:
        link.run("ROLLBACK")
        raise
    link.run("COMMIT")
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
        thread.join(60)
    return results
