"""Users, roles and permissions as SQL, on each database."""

from __future__ import annotations

from typing import Any

from nacos_tw.access.identity import ADMIN_ROLE
from nacos_tw.auth import store
from nacos_tw.auth.accounts import Rows
from nacos_tw.auth.commands import (
    AddPermission,
    AddRole,
    AuthCommand,
    CreateAdmin,
    CreateUser,
    DeletePermission,
    DeleteRole,
    DeleteUser,
    SetPassword,
)
from nacos_tw.database import applying
from nacos_tw.errors import BadParameter
from nacos_tw.storage.errors import Deadlock
from nacos_tw.storage.txn import Txn
from tests.config.databases import OnMariaDB, OnPostgres, StoreCase, in_link, in_threads, on_each
from tests.wording import said

TABLES = ("users", "roles", "permissions")


def empty(txn: Txn) -> None:
    """Nobody is there."""
    for table in TABLES:
        txn.execute(f"DELETE FROM {table}")


class AccountsCase(StoreCase):
    """Begins with empty tables."""

    def setUp(self) -> None:
        super().setUp()
        self.run_in(empty)

    def ran(self, *given: AuthCommand) -> list[bool]:
        """What they come to."""
        return [self.run_in(store.apply, command) for command in given]

    def refused(self, command: AuthCommand, text: str) -> None:
        """It is, and nothing is changed."""
        before = self.rows()
        error = self.assertRaises(BadParameter, self.run_in, store.apply, command)
        self.assertEqual(said(error, "POST /v1/auth/roles" if isinstance(command, AddRole) else ""), text)
        self.assertEqual(self.rows(), before)

    def rows(self) -> Rows:
        return self.run_in(store.rows)

    def admin(self, name: str = "nacos") -> None:
        self.run_in(_admin, name)


def _admin(txn: Txn, name: str) -> None:
    """An administrator, as an operator makes one in the database."""
    txn.execute("INSERT INTO users (username, password, enabled) VALUES (?, ?, ?)", (name, "hash", True))
    txn.execute("INSERT INTO roles (username, role) VALUES (?, ?)", (name, ADMIN_ROLE))


class Users:
    """Users."""

    def test_create(self: Any) -> None:
        """A user has a name and a hash, and may log in; the name is taken then."""
        self.assertEqual(self.ran(CreateUser("bob", "h1"), CreateUser("ann", "h2")), [True, True])
        self.assertEqual(self.rows().users, [("ann", "h2", True), ("bob", "h1", True)])
        self.refused(CreateUser("bob", "h3"), "user 'bob' already exist!")

    def test_delete(self: Any) -> None:
        """With its roles; the roles of others and the permissions stay. An unknown user is gone too."""
        self.ran(CreateUser("bob", "h"), CreateUser("ann", "h"), AddRole("r", "bob"), AddRole("r", "ann"))
        self.ran(AddPermission("r", "a:*:*", "r"))
        self.assertEqual(self.ran(DeleteUser("bob"), DeleteUser("nobody")), [True, True])
        found = self.rows()
        self.assertEqual([row[0] for row in found.users], ["ann"])
        self.assertEqual(found.roles, [("ann", "r")])
        self.assertEqual(found.permissions, [("r", "a:*:*", "r")])

    def test_delete_administrator(self: Any) -> None:
        """Not even when there is another one."""
        self.admin()
        self.admin("second")
        self.refused(DeleteUser("nacos"), "cannot delete admin: nacos")

    def test_password(self: Any) -> None:
        """It is replaced; where an old hash is expected, only that one."""
        self.ran(CreateUser("bob", "old"), CreateUser("ann", "old"))
        self.assertEqual(self.ran(SetPassword("bob", "new")), [True])
        self.assertEqual(self.ran(SetPassword("bob", "newer", "old")), [False])
        self.assertEqual(self.ran(SetPassword("bob", "newest", "new")), [True])
        self.assertEqual(self.rows().users, [("ann", "old", True), ("bob", "newest", True)])
        self.refused(SetPassword("nobody", "new"), "user nobody not exist!")

    def test_first_administrator(self: Any) -> None:
        """Of an empty table; not a second time."""
        self.assertEqual(self.ran(CreateAdmin("nacos", "h1"), CreateAdmin("nacos", "h2")), [True, False])
        self.assertEqual(self.rows(), Rows([("nacos", "h1", True)], [("nacos", ADMIN_ROLE)], []))

    def test_first_administrator_of_others(self: Any) -> None:
        """A user of that name, who may not log in, becomes it; another administrator is reason enough not to."""
        self.run_in(_disabled, "nacos")
        self.assertEqual(self.rows().users, [("nacos", "h0", False)])
        self.assertEqual(self.ran(CreateAdmin("nacos", "h1")), [True])
        self.assertEqual(self.rows(), Rows([("nacos", "h1", True)], [("nacos", ADMIN_ROLE)], []))
        self.run_in(empty)
        self.admin("root")
        self.assertEqual(self.ran(CreateAdmin("nacos", "h1")), [False])
        self.assertEqual(self.rows().users, [("root", "hash", True)])

    def test_names_are_values(self: Any) -> None:
        """SQL in a name is a name."""
        for name in ("'; DROP TABLE users; -- ", "a' OR '1'='1", "%", "_", "\u4e2d\u6587", "a\\", '"', "`"):
            self.ran(CreateUser(name, "h"), AddRole(name, name), AddPermission(name, name, "r"))
            found = self.rows()
            self.assertIn((name, "h", True), found.users)
            self.assertIn((name, name, "r"), found.permissions)
            self.ran(DeletePermission(name, name, "r"), DeleteRole(name, name), DeleteUser(name))
            self.assertEqual(self.rows(), Rows([], [], []))


def _disabled(txn: Txn, name: str) -> None:
    txn.execute("INSERT INTO users (username, password, enabled) VALUES (?, ?, ?)", (name, "h0", False))


class Roles:
    """Roles and permissions."""

    def test_add(self: Any) -> None:
        """A user gets it once; an unknown user does not."""
        self.ran(CreateUser("bob", "h"))
        self.assertEqual(self.ran(AddRole("r", "bob"), AddRole("q", "bob")), [True, True])
        self.assertEqual(self.rows().roles, [("bob", "q"), ("bob", "r")])
        self.refused(AddRole("r", "bob"), "user 'bob' already bound to the role 'r'!")
        self.refused(AddRole("r", "nobody"), "user 'nobody' not found!")

    def test_delete(self: Any) -> None:
        """From one user, from all, and from nobody."""
        self.ran(CreateUser("bob", "h"), CreateUser("ann", "h"), AddRole("r", "bob"), AddRole("r", "ann"))
        self.ran(AddRole("q", "ann"))
        self.assertEqual(self.ran(DeleteRole("r", "bob"), DeleteRole("r", "bob")), [True, True])
        self.assertEqual(self.rows().roles, [("ann", "q"), ("ann", "r")])
        self.assertEqual(self.ran(DeleteRole("r"), DeleteRole("nope")), [True, True])
        self.assertEqual(self.rows().roles, [("ann", "q")])

    def test_last_administrator(self: Any) -> None:
        """Somebody stays administrator; one of two may go."""
        self.admin()
        self.admin("second")
        text = "cannot delete the role of the last administrator"
        self.refused(DeleteRole(ADMIN_ROLE), text)
        self.assertEqual(self.ran(DeleteRole(ADMIN_ROLE, "nobody"), DeleteRole(ADMIN_ROLE, "second")), [True, True])
        self.refused(DeleteRole(ADMIN_ROLE, "nacos"), text)
        self.refused(DeleteRole(ADMIN_ROLE), text)
        self.assertEqual(self.rows().roles, [("nacos", ADMIN_ROLE)])

    def test_permissions(self: Any) -> None:
        """They are there once, however often they are given; the role must be somebody's."""
        self.ran(CreateUser("bob", "h"), AddRole("r", "bob"))
        for _ in range(2):
            self.assertEqual(
                self.ran(AddPermission("r", "dev:*:*", "r"), AddPermission("r", "dev:*:*", "w")), [True] * 2
            )
        self.assertEqual(self.rows().permissions, [("r", "dev:*:*", "r"), ("r", "dev:*:*", "w")])
        self.refused(AddPermission("nope", "dev:*:*", "r"), "role nope not found!")
        self.assertEqual(self.ran(DeletePermission("r", "dev:*:*", "r"), DeletePermission("x", "y", "r")), [True, True])
        self.assertEqual(self.rows().permissions, [("r", "dev:*:*", "w")])


class Look:
    """
    Names that a database may take for the same: its tables of accounts tell no cases or accents apart where the
    database was made with MySQL's own collation, as Nacos's were. Here they are different names, always.
    """

    def test_administrator_by_another_name(self: Any) -> None:
        """An administrator is not deleted, changed or bereft of its role under a name that looks like its own."""
        self.admin()
        before = self.rows()
        for name in ("NACOS", "Nacos", "nac\u00f3s", "nacos "):
            for command in (
                DeleteUser(name), DeleteRole(ADMIN_ROLE, name), DeleteRole("role_admin", "nacos"),
                DeleteRole("role_admin"), DeleteRole("R\u00f4le_Admin"), SetPassword(name, "evil"),
                SetPassword(name, "evil", "hash"),
            ):  # fmt: skip
                self.tried(command)
                self.assertEqual(self.rows(), before, command)

    def test_role_by_another_name(self: Any) -> None:
        """A role that looks like the administrators' makes no administrator, and does not stand for one."""
        self.ran(CreateUser("bob", "h"))
        self.tried(AddRole("role_admin", "bob"))
        self.assertEqual(self.ran(CreateAdmin("nacos", "h1")), [True])
        self.assertIn(("nacos", ADMIN_ROLE), self.rows().roles)
        self.tried(DeleteRole(ADMIN_ROLE, "nacos"))
        self.assertIn(("nacos", ADMIN_ROLE), self.rows().roles)

    def test_user_by_another_name(self: Any) -> None:
        """Deleting, or giving a role to, a name that nobody has leaves the one alone that looks like it."""
        self.ran(CreateUser("bob", "h"), AddRole("r", "bob"), AddPermission("r", "dev:*:*", "r"))
        before = self.rows()
        for command in (
            DeleteUser("BOB"), AddRole("q", "BOB"), DeleteRole("R", "bob"), DeleteRole("r", "BOB"), DeleteRole("R"),
            SetPassword("BOB", "evil"), DeletePermission("r", "DEV:*:*", "r"), DeletePermission("R", "dev:*:*", "r"),
            AddPermission("R", "dev:*:*", "w"),
        ):  # fmt: skip
            self.tried(command)
            self.assertEqual(self.rows(), before, command)

    def test_permission_by_another_name(self: Any) -> None:
        """A permission that is said to be given is there."""
        self.ran(CreateUser("bob", "h"), AddRole("r", "bob"), AddPermission("r", "dev:*:*", "r"))
        if self.tried(AddPermission("r", "DEV:*:*", "r")):
            self.assertIn(("r", "DEV:*:*", "r"), self.rows().permissions)
        if self.tried(CreateUser("BOB", "h")):
            self.assertIn("BOB", [row[0] for row in self.rows().users])

    def tried(self: Any, command: AuthCommand) -> bool:
        """Whether it was not refused."""
        try:
            return bool(self.run_in(store.apply, command))
        except BadParameter:
            return False


def made(mixin: type) -> type:
    """With the tables of accounts emptied before each test."""
    return type(mixin.__name__, (mixin, AccountsCase), {"__doc__": mixin.__doc__})


on_each(globals(), made(Users), made(Roles), made(Look))


class BitTests(AccountsCase, OnMariaDB):
    """A database whose column C{enabled} is of another type."""

    changes = ("ALTER TABLE users MODIFY enabled BIT(1) NOT NULL",)

    def test_enabled(self) -> None:
        """Who may log in is read from it all the same."""
        self.ran(CreateUser("bob", "h"))
        self.run_in(_disabled, "ann")
        self.assertEqual(self.rows().users, [("ann", "h0", False), ("bob", "h", True)])


class Races(AccountsCase):
    """Two nodes at the same moment, on connections of their own."""

    database: Any

    def race(self, *given: AuthCommand) -> list[Any]:
        """What they come to; one that the database gives up for another is tried again, as the pool does."""
        links = [self.database.link() for _ in given]
        for link in links:
            self.addCleanup(link.close)

        def run(position: int) -> Any:
            try:
                return in_link(links[position], applying.apply, given[position]).value
            except Deadlock:
                return in_link(links[position], applying.apply, given[position]).value

        return in_threads([lambda position=position: run(position) for position in range(len(given))])  # type: ignore[misc]

    def test_same_user(self) -> None:
        """One of eight makes it, and its hash is the one; the others are told that the name is taken."""
        for number in range(5):
            name = f"bob{number}"
            found = self.race(*(CreateUser(name, f"h{place}") for place in range(8)))
            winners = [place for place, value in enumerate(found) if value is True]
            self.assertEqual(len(winners), 1, found)
            self.assertEqual({said(value) for value in found if value is not True}, {f"user '{name}' already exist!"})
            self.assertIn((name, f"h{winners[0]}", True), self.rows().users)

    def test_first_administrator(self) -> None:
        """Exactly one of eight is the first, and its password counts; the others find that there is one."""
        for _ in range(5):
            self.run_in(empty)
            found = self.race(*(CreateAdmin("nacos", f"h{place}") for place in range(8)))
            self.assertEqual(sorted(found), [False] * 7 + [True])
            self.assertEqual(self.rows(), Rows([("nacos", f"h{found.index(True)}", True)], [("nacos", ADMIN_ROLE)], []))

    def test_last_administrator(self) -> None:
        """Two administrators who take each other's role at the same moment: one stays."""
        for _ in range(5):
            self.run_in(empty)
            self.admin("a")
            self.admin("b")
            found = self.race(DeleteRole(ADMIN_ROLE, "a"), DeleteRole(ADMIN_ROLE, "b"))
            self.assertEqual([value for value in found if value is True], [True], found)
            self.assertEqual(len(self.rows().roles), 1)

    def test_same_role(self) -> None:
        """A role and a permission that are given twice at once are there once."""
        self.ran(CreateUser("bob", "h"), AddRole("q", "bob"))
        found = self.race(*[AddRole("r", "bob")] * 4)
        self.assertEqual(found.count(True), 1, found)
        self.assertEqual(self.race(*[AddPermission("q", "x", "r")] * 4), [True] * 4)
        self.assertEqual(self.rows(), Rows([("bob", "h", True)], [("bob", "q"), ("bob", "r")], [("q", "x", "r")]))


class RaceTests(Races, OnMariaDB):
    """On MariaDB."""


class RaceOnPostgresTests(Races, OnPostgres):
    """On PostgreSQL."""


del Races
