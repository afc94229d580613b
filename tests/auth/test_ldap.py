"""Questions to an LDAP directory, on a connection that is none."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.auth.ldap import Ldap, LdapTrouble, shown
from nacos_tw.settings.kinds import LdapUrl
from nacos_tw.settings.ldap import LdapSettings

ANN = "uid=ann,dc=example"
FIRST, SECOND = ("one", 389, False), ("two", 636, True)


class FakeConnection:
    """Answers from a script: results of binds and of the search, by number."""

    def __init__(self, binds: list[int], found: list[dict[str, Any]], code: int = 0) -> None:
        self.binds = binds
        self.found = found
        self.code = code
        self.done: list[Any] = []
        self.result: dict[str, Any] = {}
        self.response: list[dict[str, Any]] | None = None
        self.open_error: Exception | None = None
        self.unbind_error: Exception | None = None

    def connect(self, server: LdapUrl, user: str, password: bytes) -> FakeConnection:
        self.done.append(("connect", server, user, password))
        if self.open_error is not None:
            raise self.open_error
        return self

    def bind(self) -> bool:
        return self._bound("bind")

    def rebind(self, user: str, password: bytes) -> bool:
        return self._bound("rebind", user, password)

    def _bound(self, *what: Any) -> bool:
        self.done.append(what)
        code = self.binds.pop(0)
        self.result = {"result": code, "description": f"number {code}"}
        return code == 0

    def search(self, base: str, query: str, attributes: list[str], size_limit: int, time_limit: int) -> bool:
        self.done.append(("search", base, query, attributes, size_limit, time_limit))
        self.result = {"result": self.code, "description": f"number {self.code}"}
        self.response = self.found
        return self.code == 0

    def unbind(self) -> None:
        self.done.append("unbind")
        if self.unbind_error is not None:
            raise self.unbind_error


def entry(dn: str = ANN) -> dict[str, Any]:
    """One that a search found."""
    return {"type": "searchResEntry", "dn": dn}


REFERENCE = {"type": "searchResRef", "uri": ["ldap://elsewhere"]}


class QuestionTests(SynchronousTestCase):
    """What is asked, and what the answers mean."""

    def ask(self, connection: FakeConnection, name: str = "ann", password: str = "pw", **more: Any) -> bool:
        settings = LdapSettings(
            **{
                "servers": (FIRST,),
                "base": "dc=example",
                "timeout": 2.5,
                "user": "cn=finder",
                "password": "finds",
                **more,
            }
        )
        return Ldap(settings, connection.connect).matches(name, password)

    def test_steps(self) -> None:
        """Who looks logs in, looks, and the user logs in as what was found; on one connection, that is closed."""
        connection = FakeConnection([0, 0], [entry()])
        self.assertTrue(self.ask(connection))
        self.assertEqual(
            connection.done,
            [
                ("connect", FIRST, "cn=finder", b"finds"),
                ("bind",),
                ("search", "dc=example", "(uid=ann)", ["1.1"], 2, 3),
                ("rebind", ANN, b"pw"),
                "unbind",
            ],
        )

    def test_direct(self) -> None:
        """A pattern of DNs needs no search."""
        connection = FakeConnection([0], [])
        self.assertTrue(self.ask(connection, "a,b", user="uid={0},dc=x", password="p"))
        self.assertEqual(connection.done, [("connect", FIRST, "uid=a\\,b,dc=x", b"p"), ("bind",), "unbind"])

    def test_filter(self) -> None:
        """The name cannot leave its place in the filter."""
        connection = FakeConnection([0], [])
        self.assertFalse(self.ask(connection, "*)(a=\\"))
        self.assertIn(("search", "dc=example", "(uid=\\2a\\29\\28a=\\5c)", ["1.1"], 2, 3), connection.done)

    def test_not_asked(self) -> None:
        """No name, no password, a NUL in one of them: no connection is made."""
        for name, password in (("", "pw"), ("ann", ""), ("a\0", "pw"), ("ann", "\0"), ("ann", "p\0w")):
            connection = FakeConnection([], [])
            self.assertFalse(self.ask(connection, name, password))
            self.assertEqual(connection.done, [])

    def test_refusals(self) -> None:
        """What says no about the user is no."""
        for code in (19, 32, 34, 48, 49, 50, 53):
            connection = FakeConnection([0, code], [entry()])
            self.assertFalse(self.ask(connection), code)
            self.assertEqual(connection.done[-1], "unbind")

    def test_nobody(self) -> None:
        """Nobody of that name; or the entry without a name, as which anybody may log in."""
        for found in ([], [entry("")]):
            connection = FakeConnection([0], found)
            self.assertFalse(self.ask(connection))
            self.assertEqual(connection.binds, [])

    def test_trouble(self) -> None:
        """What says nothing about the user is no no."""
        for code in (1, 2, 8, 13, 51, 52, 80):
            self.fails(FakeConnection([0, code], [entry()]), f"logging in: number {code}")
        for code in (1, 3, 32, 50, 52):
            self.fails(FakeConnection([0], [], code), f"searching below dc=example: number {code}")
        self.fails(FakeConnection([49], []), "cn=finder may not look for users: number 49")

    def test_several(self) -> None:
        """Entries that share a name have no user."""
        for code in (0, 4):
            self.fails(FakeConnection([0], [entry(), entry("uid=ann,ou=b")], code), "several entries")

    def test_references(self) -> None:
        """They fail a search unless the settings ignore them."""
        self.fails(FakeConnection([0], [entry(), REFERENCE]), "referred")
        self.fails(FakeConnection([0], [], 10), "referred")
        self.assertTrue(self.ask(FakeConnection([0, 0], [REFERENCE, entry()]), ignore_references=True))
        self.assertFalse(self.ask(FakeConnection([0], [], 10), ignore_references=True))

    def test_closing_fails(self) -> None:
        """An answer stands, whatever becomes of the connection after it."""
        connection = FakeConnection([0, 0], [entry()])
        connection.unbind_error = OSError("gone")
        self.assertTrue(self.ask(connection))

    def test_servers(self) -> None:
        """One that does not answer is followed by the next; an answer ends the round."""
        connection = FakeConnection([52, 0, 49], [entry()])
        self.assertFalse(self.ask(connection, servers=(FIRST, SECOND, FIRST)))
        opened = [one[1] for one in connection.done if one[0] == "connect"]
        self.assertEqual(opened, [FIRST, SECOND])

    def test_no_server(self) -> None:
        """The text names each with its trouble, and not the password."""
        connection = FakeConnection([], [])
        connection.open_error = OSError("no route")
        text = self.fails(connection, "ldap://one:389: OSError: no route; ldaps://two:636: ", servers=(FIRST, SECOND))
        self.assertNotIn("pw", text)

    def test_url(self) -> None:
        """A server as text."""
        self.assertEqual([shown(FIRST), shown(("::1", 1, True))], ["ldap://one:389", "ldaps://[::1]:1"])

    def fails(self, connection: FakeConnection, text: str, **more: Any) -> str:
        """It cannot be told, for the reason given."""
        found = str(self.assertRaises(LdapTrouble, self.ask, connection, **more))
        self.assertIn(text, found)
        return found
