"""What the tests of databases that nodes share have in common: each runs on MariaDB and on PostgreSQL."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

import attrs
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from nacos_tw.settings.database import DatabaseSettings
from nacos_tw.storage.external import ExternalDatabase
from nacos_tw.storage.txn import Txn
from tests import mariadb, postgres


class DatabaseCase(TestCase):
    """
    Starts databases, and stops them at the end.

    @ivar kind: L{mariadb} or L{postgres}.
    """

    kind: ModuleType = mariadb
    skip = mariadb.missing() or None
    timeout = 300

    async def start(self, settings: DatabaseSettings, **pool: Any) -> ExternalDatabase:
        """A started database, when it knows where it stands."""
        database = ExternalDatabase(attrs.evolve(settings, pool=attrs.evolve(settings.pool, **pool)), reactor)
        self.addCleanup(database.stopService)
        database.startService()
        await database.ready
        return database


class OwnServerCase(DatabaseCase):
    """One server that tests may stop; it is there again for the next one."""

    def setUp(self) -> None:
        self.server = self.kind.server("stopped")

    def tearDown(self) -> None:
        if not self.server.running:
            self.server.start()
        self.server.resume()


Case = TypeVar("Case", bound=type[DatabaseCase])


def on_both(case: Case) -> Case:
    """Let the tests of a class run on PostgreSQL as well, as a class of its own in the same module."""
    name = f"{case.__name__.removesuffix('Tests')}OnPostgresTests"
    values = {"kind": postgres, "skip": postgres.missing() or None, "__module__": case.__module__}
    setattr(sys.modules[case.__module__], name, type(name, (case,), {**values, "__doc__": case.__doc__}))
    return case


def database_of(settings: DatabaseSettings) -> str:
    """The name of the database."""
    return settings.urls[0].partition("?")[0].rpartition("/")[2]


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, looking often."""
    while not condition():
        await deferLater(reactor, 0.01)


async def trouble(waiting: Deferred[Any]) -> BaseException:
    """What a Deferred fails with."""
    try:
        value = await waiting
    except Exception as error:
        return error
    raise AssertionError(f"no error but {value!r}")


def insert(txn: Txn, data_id: str, content: str = "c") -> int:
    """A row of config_info. @return: its id."""
    txn.execute(
        "INSERT INTO config_info (data_id, group_id, tenant_id, content, gmt_create, gmt_modified) "
        "VALUES (?, 'g', '', ?, ?, ?)",
        (data_id, content, txn.datetime(1_700_000_000_999), txn.datetime(1_700_000_000_999)),
    )
    return txn.last_id


def names(txn: Txn) -> list[str]:
    """The data ids that are there, in order."""
    return [row[0] for row in txn.all("SELECT data_id FROM config_info ORDER BY data_id")]


def connection_id(txn: Txn) -> int:
    """The server's number of the connection."""
    row = txn.one(mariadb.CONNECTION if txn.dialect == "mysql" else postgres.CONNECTION)
    assert row is not None
    return int(row[0])
