"""What the tests of MySQL share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from nacos_tw.settings.settings import DatabaseSettings
from nacos_tw.storage.mysql import MySQLDatabase
from nacos_tw.storage.txn import Txn
from tests import mariadb

QUICK = mariadb.OPTIONS.replace("socketTimeout=3000", "socketTimeout=2000")
"""Options with a short time limit."""


class DatabaseCase(TestCase):
    """Starts databases, and stops them at the end."""

    skip = mariadb.missing() or None
    timeout = 300

    async def start(self, settings: DatabaseSettings, **pool: Any) -> MySQLDatabase:
        """A started database, when it knows where it stands."""
        database = MySQLDatabase(attrs.evolve(settings, pool=attrs.evolve(settings.pool, **pool)), reactor)
        self.addCleanup(database.stopService)
        database.startService()
        await database.ready
        return database


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
    row = txn.one("SELECT CONNECTION_ID()")
    assert row is not None
    return int(row[0])
