"""Users of a directory that logs in by a table in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bcrypt
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.identity import Identity
from nacos_tw.auth import ldap_users
from nacos_tw.auth.accounts import Rows
from nacos_tw.auth.auth import Auth, Login
from nacos_tw.auth.commands import EnsureUser
from nacos_tw.auth.directory import Directory
from nacos_tw.auth.ldap import LdapTrouble
from nacos_tw.auth.ldap_users import LdapUsers
from nacos_tw.auth.passwords import Passwords
from nacos_tw.auth.problems import Refused
from nacos_tw.auth.tokens import Tokens
from nacos_tw.errors import Unavailable

HASHES = {text: bcrypt.hashpw(text.encode(), bcrypt.gensalt(4, b"2a")).decode() for text in ("local", "nacos")}


class FakeLdap:
    """A directory. C{asked}: the questions."""

    def __init__(self) -> None:
        self.people = {"ann": "right", "bob": "other"}
        self.asked: list[str] = []
        self.trouble = ""

    def matches(self, name: str, password: str) -> bool:
        self.asked.append(name)
        if self.trouble:
            raise LdapTrouble(self.trouble)
        return self.people.get(name.lower()) == password


class FakePasswords(Passwords):
    """Hashes at once."""

    def _in_thread(self, fn: Any, *args: Any) -> Deferred[Any]:
        return succeed(fn(*args))


class Case(SynchronousTestCase):
    """An Auth with a table and a directory."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.ldap = FakeLdap()
        self.directory = Directory()
        self.rows = [("nacos", HASHES["local"], True)]
        self.written: list[Any] = []
        self.write_error: Exception | None = None
        self.waiting: list[Callable[[], None]] | None = None
        self.show()
        self.make()

    def make(self, **settings: Any) -> None:
        passwords = FakePasswords(self.clock)
        self.users = LdapUsers(
            self.clock, self.directory, self.write, lambda text: succeed(f"hash of {text}"), self.ldap, self.run_it,
            **settings,
        )  # fmt: skip
        tokens = Tokens(b"k" * 32, 18000.0, self.clock.seconds)
        self.auth = Auth(
            self.clock, self.clock.seconds, self.directory, tokens, passwords, self.write, enabled=True, ldap=self.users
        )

    def show(self) -> None:
        self.directory.put(Rows(list(self.rows), [("nacos", "ROLE_ADMIN")], []))

    def write(self, command: Any) -> Deferred[Any]:
        self.written.append(command)
        if self.write_error is not None:
            return fail(self.write_error)
        self.rows.append((command.name, command.password, True))
        self.show()
        return succeed(True)

    def run_it(self, fn: Callable[..., bool], *args: Any) -> Deferred[bool]:
        """At once; or, with a list in C{waiting}, when what is put there is called."""
        result: Deferred[bool] = Deferred()

        def work() -> None:
            try:
                outcome: Any = fn(*args)
            except LdapTrouble:
                outcome = Failure()
            result.callback(outcome)

        work() if self.waiting is None else self.waiting.append(work)
        return result

    def find(self, name: str, password: str) -> Deferred[str | None]:
        return Deferred.fromCoroutine(self.users.find(name, password))

    def found(self, name: str, password: str) -> str | None:
        return self.successResultOf(self.find(name, password))

    def enter(self, name: str, password: str, address: str = "1.1.1.1") -> Identity:
        found = self.auth.by_password(name, password, address)
        return found if isinstance(found, Identity) else self.successResultOf(found)

    def refused(self, name: str, password: str, address: str = "1.1.1.1") -> None:
        found = self.auth.by_password(name, password, address)
        assert isinstance(found, Deferred)
        self.failureResultOf(found, Refused)


class UserTests(Case):
    """Who is found, and what becomes of it."""

    def test_first_login(self) -> None:
        """A row is made for roles to be given to; its password is nobody's."""
        self.assertEqual(self.found("ann", "right"), "LDAP_ann")
        (command,) = self.written
        self.assertEqual((type(command), command.name), (EnsureUser, "LDAP_ann"))
        self.assertGreater(len(command.password), len("hash of ") + 60)
        self.assertEqual(self.found("bob", "other"), "LDAP_bob")
        self.assertNotEqual(self.written[1].password, command.password)

    def test_next_login(self) -> None:
        """The row stays."""
        self.found("ann", "right")
        self.assertEqual(self.found("ann", "right"), "LDAP_ann")
        self.assertEqual(len(self.written), 1)

    def test_wrong(self) -> None:
        """No row for nobody."""
        self.assertIsNone(self.found("ann", "wrong"))
        self.assertIsNone(self.found("nobody", "right"))
        self.assertEqual(self.written, [])

    def test_disabled(self) -> None:
        """Who may not log in here does not, and is not written again and again."""
        self.rows.append(("LDAP_ann", "x", False))
        self.show()
        self.assertIsNone(self.found("ann", "right"))
        self.assertEqual(self.written, [])

    def test_not_asked(self) -> None:
        """Texts that are no user's: no password, signs that no name has, other ways to write a name."""
        for password in ("", "\0", "right\0", "\ud800"):
            self.assertIsNone(self.found("ann", password))
        for name in ("", " ", " ann", "ann ", "an  n", "ann\0", "a\nnn", "\uff41nn", "ann\ud800", "x" * 46):
            self.ldap.people[name] = "right"
            self.assertIsNone(self.found(name, "right"))
        self.assertEqual(self.ldap.asked, [])
        self.ldap.people["x" * 45] = "right"
        self.assertEqual(self.found("x" * 45, "right"), "LDAP_" + "x" * 45)

    def test_case(self) -> None:
        """Names in two cases are two users, as in Nacos, unless the settings make them one."""
        self.assertEqual(self.found("Ann", "right"), "LDAP_Ann")
        self.make(case_sensitive=False)
        self.assertEqual(self.found("ANN", "right"), "LDAP_ann")
        self.assertEqual(self.users.remembered("aNN", "right"), "LDAP_ann")

    def test_cannot_be_written(self) -> None:
        """Without the row there is no login."""
        self.write_error = Unavailable("no majority")
        self.failureResultOf(self.find("ann", "right"), Unavailable)

    def test_remembered(self) -> None:
        """A right password holds for a few seconds, counted from when the directory was asked."""
        self.waiting = []
        asking = self.find("ann", "right")
        self.clock.advance(2)
        self.waiting.pop()()
        self.assertEqual(self.successResultOf(asking), "LDAP_ann")
        self.assertEqual(self.users.remembered("ann", "right"), "LDAP_ann")
        self.assertIsNone(self.users.remembered("ann", "wrong"))
        self.clock.advance(ldap_users.KEPT - 2 - 0.01)
        self.assertEqual(self.users.remembered("ann", "right"), "LDAP_ann")
        self.clock.advance(0.01)
        self.assertIsNone(self.users.remembered("ann", "right"))

    def test_remembered_row(self) -> None:
        """Not of a user who is gone."""
        self.found("ann", "right")
        del self.rows[1:]
        self.show()
        self.assertIsNone(self.users.remembered("ann", "right"))

    def test_remembered_most(self) -> None:
        """There is an end to what is remembered."""
        self.users._right.most = 1
        self.found("ann", "right")
        self.found("bob", "other")
        self.assertIsNone(self.users.remembered("ann", "right"))
        self.assertEqual(self.users.remembered("bob", "other"), "LDAP_bob")

    def test_same_question(self) -> None:
        """Many who ask the same are one question; one who goes away does not end it."""
        self.waiting = []
        asking = [self.find("ann", "right") for _ in range(3)]
        asking[0].addErrback(lambda _: None).cancel()
        (work,) = self.waiting
        work()
        self.assertEqual([self.successResultOf(one) for one in asking], [None, "LDAP_ann", "LDAP_ann"])
        self.assertEqual(self.ldap.asked, ["ann"])

    def test_limits(self) -> None:
        """So many questions at a time; so many may wait, for so long."""
        self.waiting = []
        self.patch(ldap_users, "MOST_WAITING", 1)
        running = [self.find(f"u{number}", "x") for number in range(ldap_users.MOST_ASKING)]
        self.assertEqual(len(self.waiting), ldap_users.MOST_ASKING)
        waits = self.find("late", "x")
        self.failureResultOf(self.find("later", "x"), Unavailable)
        self.clock.advance(ldap_users.PATIENCE)
        self.failureResultOf(waits, Unavailable)
        waits = self.find("ann", "right")
        self.waiting.pop(0)()
        self.waiting.pop()()
        self.assertEqual(self.successResultOf(waits), "LDAP_ann")
        self.assertNotIn("late", self.ldap.asked)
        for work in self.waiting:
            work()
        self.assertEqual([self.successResultOf(one) for one in running], [None] * ldap_users.MOST_ASKING)

    def test_trouble(self) -> None:
        """It is logged once with its reason, and when it is over; the client does not see the reason."""
        logged: list[str] = []
        self.patch(self.users, "log", Recorder(logged))
        self.ldap.trouble = "ldap://one: refused"
        for _ in range(2):
            failure = self.failureResultOf(self.find("ann", "right"), Unavailable)
            self.assertNotIn("one", failure.getErrorMessage())
        self.ldap.trouble = ""
        self.found("ann", "right")
        self.assertEqual(
            logged,
            ["users of LDAP cannot log in: ldap://one: refused", "the LDAP directory answers again"],
        )


class Recorder:
    """A logger whose lines are seen."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def info(self, text: str, **fields: Any) -> None:
        self._lines.append(text.format(**fields))

    warn = info


class LoginTests(Case):
    """The directory beside the table."""

    def test_table_first(self) -> None:
        """Whom the table lets in is not asked for."""
        self.assertEqual(self.enter("nacos", "local").name, "nacos")
        self.assertEqual(self.ldap.asked, [])

    def test_both(self) -> None:
        """A name of both with the directory's password is the directory's user, with no right of the table's."""
        self.ldap.people["nacos"] = "ldap"
        identity = self.enter("nacos", "ldap")
        self.assertEqual((identity.name, identity.admin), ("LDAP_nacos", False))
        self.refused("nacos", "neither")

    def test_token(self) -> None:
        """It is the user's with the prefix, and ends with the row."""
        login: Login = self.successResultOf(Deferred.fromCoroutine(self.auth.log_in("ann", "right", "1.1.1.1")))
        self.assertEqual(login.identity.name, "LDAP_ann")
        self.assertEqual(self.auth.by_token(login.token.encode()).name, "LDAP_ann")
        del self.rows[1:]
        self.show()
        with self.assertRaises(Refused):
            self.auth.by_token(login.token.encode())
        self.enter("ann", "right")
        with self.assertRaises(Refused):  # another row: another hash
            self.auth.by_token(login.token.encode())

    def test_prefixed(self) -> None:
        """The table's password of such a user opens nothing: Nacos has nacos there. With a directory or without."""
        self.rows.append(("LDAP_ann", HASHES["nacos"], True))
        self.show()
        self.refused("LDAP_ann", "nacos")
        self.refused("LDAP_ann", "right")
        self.auth.ldap = None
        self.refused("LDAP_ann", "nacos")
        self.refused("LDAP_ann", "right")

    def test_with_each_request(self) -> None:
        """A password that came a moment ago needs no question, and is asked for again soon."""
        self.enter("ann", "right")
        self.assertIsInstance(self.auth.by_password("ann", "right", "1.1.1.1"), Identity)
        self.assertEqual(self.ldap.asked, ["ann"])
        self.ldap.people["ann"] = "new"
        self.clock.advance(ldap_users.KEPT)
        self.refused("ann", "right")
        self.assertEqual(self.enter("ann", "new").name, "LDAP_ann")

    def test_guessing(self) -> None:
        """Wrong passwords slow the next, in whatever case the name is written: it is one user there."""
        for name in ("ann", "Ann", "aNn", "anN", "ANN"):
            self.refused(name, "wrong")
        found = self.auth.by_password("ann", "right", "2.2.2.2")
        assert isinstance(found, Deferred)
        self.assertEqual(self.successResultOf(found).name, "LDAP_ann")
        self.refused("ann", "wrong")
        found = self.auth.by_password("aNN", "wrong", "1.1.1.1")
        assert isinstance(found, Deferred)
        self.assertNoResult(found)
        self.clock.advance(10)
        self.failureResultOf(found, Refused)

    def test_away(self) -> None:
        """Then the table's users log in and no others, which is no failure of theirs."""
        self.ldap.trouble = "away"
        self.assertEqual(self.enter("nacos", "local").name, "nacos")
        for _ in range(20):
            found = self.auth.by_password("ann", "right", "1.1.1.1")
            assert isinstance(found, Deferred)
            self.failureResultOf(found, Unavailable)
        self.ldap.trouble = ""
        self.assertEqual(self.enter("ann", "right").name, "LDAP_ann")
