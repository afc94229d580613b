"""Who asks: patterns of resources, roles and their permissions."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.globs import Glob
from nacos_tw.access.identity import EVERYBODY, READ, WRITE, Identity, Permission
from nacos_tw.access.resources import config_resource, naming_resource, without_public
from nacos_tw.auth.accounts import UNKNOWN, Accounts, Rows

LETTERS = st.text("ab*:./", max_size=12)


def reference(pattern: str, text: str) -> bool:
    """The same by a regular expression."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


class GlobTests(SynchronousTestCase):
    """Patterns."""

    @given(LETTERS, LETTERS)
    def test_like_a_regular_expression(self, pattern: str, text: str) -> None:
        """C{*} is any text, everything else itself."""
        self.assertEqual(Glob(pattern).matches(text), reference(pattern, text))

    @given(
        st.lists(st.text("ab", max_size=3), min_size=1, max_size=5), st.lists(st.text("ab:", max_size=4), max_size=5)
    )
    def test_what_was_made_to_match(self, pieces: list[str], between: list[str]) -> None:
        """A text made out of a pattern's pieces matches it, however they overlap."""
        gaps = (between + [""] * len(pieces))[: len(pieces) - 1]
        text = pieces[0] + "".join(gap + piece for gap, piece in zip(gaps, pieces[1:], strict=True))
        self.assertTrue(Glob("*".join(pieces)).matches(text))

    def test_examples(self) -> None:
        """Those of the documents."""
        for pattern, yes, no in (
            ("dev:*:*", "dev:g:config/d", "dev2:g:config/d"),
            ("dev:*:*", "dev::", "dev:"),
            (":*:*", ":g:naming/s", "dev:g:naming/s"),
            ("dev:g:config/*", "dev:g:config/a.yaml", "dev:h:config/a.yaml"),
            ("dev:g:config/a.yaml", "dev:g:config/a.yaml", "dev:g:config/aXyaml"),
            ("*:*:naming/*", "x:y:naming/z", "x:y:config/z"),
            ("a*a", "aa", "a"),
            ("", "", "x"),
        ):
            self.assertTrue(Glob(pattern).matches(yes), pattern)
            self.assertFalse(Glob(pattern).matches(no), pattern)

    def test_lines(self) -> None:
        """Line ends are text like any other: no pattern is matched by a part of a text."""
        self.assertTrue(Glob("a*b").matches("a\n\nb"))
        self.assertFalse(Glob("ab").matches("ab\n"))

    def test_hostile(self) -> None:
        """A pattern and a text that would keep a backtracking matcher busy for years need no time."""
        pattern, text = "*a" * 120 + "*b", "a" * 4000
        self.assertFalse(Glob(pattern).matches(text))  # or this test would not end


class ResourceTests(SynchronousTestCase):
    """Names of resources."""

    def test_config(self) -> None:
        """The public namespace is empty; without a dataId it is all of the namespace, whatever the group."""
        self.assertEqual(config_resource("dev", "g", "d"), "dev:g:config/d")
        self.assertEqual(config_resource("", "g", "d"), ":g:config/d")
        self.assertEqual(config_resource("dev", "g"), "dev:*:config/*")
        self.assertEqual(config_resource("dev", "", "d"), "dev:*:config/d")

    def test_naming(self) -> None:
        """The registry calls the public namespace public, permissions do not."""
        self.assertEqual(naming_resource("dev", "g", "s"), "dev:g:naming/s")
        self.assertEqual(naming_resource("public", "g", "s"), ":g:naming/s")
        self.assertEqual(naming_resource("public"), ":*:naming/*")

    def test_public(self) -> None:
        """A rule's author may call it public, too; a namespace whose name only begins so is another one."""
        self.assertEqual(without_public("public:*:*"), ":*:*")
        self.assertEqual(without_public("public2:*:*"), "public2:*:*")
        self.assertEqual(without_public("public"), "public")
        self.assertEqual(without_public(":*:*"), ":*:*")


class IdentityTests(SynchronousTestCase):
    """Users."""

    def may(self, resource: str, action: str, *rights: tuple[str, str]) -> bool:
        return Identity("bob", False, [Permission("r", *right) for right in rights]).may(action, resource)

    def test_actions(self) -> None:
        """r, w and both."""
        self.assertTrue(self.may("dev:g:config/d", READ, ("dev:*:*", "r")))
        self.assertFalse(self.may("dev:g:config/d", WRITE, ("dev:*:*", "r")))
        self.assertFalse(self.may("dev:g:config/d", READ, ("dev:*:*", "w")))
        for action in (READ, WRITE):
            self.assertTrue(self.may("dev:g:config/d", action, ("dev:*:*", "rw")))
        self.assertTrue(self.may("dev:g:config/d", WRITE, ("prod:*:*", "r"), ("dev:*:*", "r"), ("dev:g:*", "w")))

    def test_public(self) -> None:
        """Both spellings are of the public namespace only."""
        for pattern in (":*:*", "public:*:*"):
            self.assertTrue(self.may(":g:naming/s", READ, (pattern, "r")))
            self.assertFalse(self.may("dev:g:naming/s", READ, (pattern, "r")))

    def test_nobody_and_everybody(self) -> None:
        """Without a right nothing is allowed; an administrator may do everything."""
        self.assertFalse(self.may("dev:g:config/d", READ))
        self.assertTrue(Identity("root", True).may(WRITE, "x"))
        self.assertTrue(EVERYBODY.may(WRITE, "x"))
        self.assertNotIn("dev", repr(Identity("bob", False, [Permission("r", "dev:*:*", "r")])))

    @given(st.sampled_from(["r", "w", "rw"]), st.sampled_from([READ, WRITE]), LETTERS, LETTERS)
    def test_like_the_reference(self, allowed: str, action: str, pattern: str, resource: str) -> None:
        """Allowed is what is among the actions and matches."""
        wanted = action in allowed and reference(pattern, resource)
        self.assertEqual(self.may(resource, action, (pattern, allowed)), wanted)


class AccountsTests(SynchronousTestCase):
    """The tables as a value."""

    def setUp(self) -> None:
        self.accounts = Accounts(
            Rows(
                [("ann", "h1", True), ("bob", "h2", True), ("eve", "h3", False), ("nacos", "h4", True)],
                [
                    ("ann", "q"),
                    ("ann", "r"),
                    ("bob", "r"),
                    ("nacos", "ROLE_ADMIN"),
                    ("nobody", "r"),
                    ("eve", "Role_Admin"),
                ],
                [("q", "b:*:*", "w"), ("r", "a:*:*", "r"), ("unused", "c:*:*", "rw")],
            )
        )

    def test_passwords(self) -> None:
        """Of users that may log in."""
        found = [self.accounts.password(name) for name in ("ann", "bob", "eve", "nobody", "ANN", "")]
        self.assertEqual(found, ["h1", "h2", None, None, None, None])

    def test_identities(self) -> None:
        """All roles of a user count; a role that only looks like an administrator's is none."""
        ann = self.accounts.identity("ann")
        self.assertEqual([one.resource for one in ann.permissions], ["b:*:*", "a:*:*"])
        self.assertEqual(
            (ann.admin, ann.may(READ, "a:g:config/d"), ann.may(WRITE, "a:g:config/d")), (False, True, False)
        )
        self.assertIs(self.accounts.identity("ann"), ann)
        self.assertTrue(self.accounts.identity("nacos").admin)
        self.assertFalse(self.accounts.identity("eve").admin)
        self.assertEqual(self.accounts.identity("stranger").permissions, ())

    def test_lists(self) -> None:
        """Names of users and roles."""
        self.assertEqual(list(self.accounts.names), ["ann", "bob", "eve", "nacos"])
        self.assertEqual(self.accounts.role_names, ["ROLE_ADMIN", "Role_Admin", "q", "r"])
        self.assertTrue(self.accounts.has_admin)

    def test_unknown(self) -> None:
        """Before anything was read nobody is there, which is not the same as an empty table."""
        self.assertEqual((UNKNOWN.known, UNKNOWN.has_admin, UNKNOWN.password("nacos")), (False, False, None))
        self.assertTrue(Accounts(Rows([], [], [])).known)
