"""The row of a directory's user, on each database."""

from __future__ import annotations

from typing import Any

from nacos_tw.auth import store
from nacos_tw.auth.commands import CreateUser, DeleteUser, EnsureUser
from nacos_tw.storage.txn import Txn
from tests.config.databases import OnMariaDB, OnPostgres, OnSQLite, StoreCase, in_link, on_each

NAME = "LDAP_ensured"
ROWS = "SELECT username, password FROM users WHERE username=?"


class Ensure(StoreCase):
    """Make it, or leave it."""

    def setUp(self) -> None:
        super().setUp()
        self.do(DeleteUser(NAME))

    def test_new(self) -> None:
        """It is made, and may log in."""
        result = self.do(EnsureUser(NAME, "first"))
        self.assertEqual((result.value, result.accounts), (True, True))
        self.assertEqual(self.sql(ROWS, NAME), [(NAME, "first")])
        self.assertIn((NAME, "first", True), self.run_in(store.rows).users)

    def test_there(self) -> None:
        """It stays as it is, however it was made."""
        self.do(CreateUser(NAME, "first"))
        self.assertIs(self.value(EnsureUser(NAME, "second")), True)
        self.assertEqual(self.sql(ROWS, NAME), [(NAME, "first")])


on_each(globals(), Ensure)
del Ensure


class Races(StoreCase):
    """Two nodes on one database at the same first login."""

    database: Any

    def test_slower(self) -> None:
        """The second to write finds the first's row, which it could not see yet."""
        self.do(DeleteUser(NAME))
        other = self.database.link()
        self.addCleanup(other.close)

        def work(txn: Txn) -> bool:
            self.assertIsNone(txn.one(ROWS, (NAME,)))  # from here on it sees this moment
            in_link(other, store.apply, EnsureUser(NAME, "faster"))
            return store.apply(txn, EnsureUser(NAME, "slower"))

        self.assertIs(self.run_in(work), True)
        self.assertEqual(self.sql(ROWS, NAME), [(NAME, "faster")])


class RaceTests(Races, OnMariaDB):
    """On MariaDB."""


class RaceOnPostgresTests(Races, OnPostgres):
    """On PostgreSQL."""


del Races, OnMariaDB, OnPostgres, OnSQLite, StoreCase
