"""Problems: values of facts, and what APIs make of them."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw import errors
from nacos_tw.auth.problems import UserUnknown
from nacos_tw.cluster.problems import OrderFailed
from nacos_tw.errors import (
    Alike,
    Defect,
    InstanceUnknown,
    Invalid,
    NotFound,
    Problem,
    ServiceExists,
    ServiceUnknown,
    ValueRefused,
)
from nacos_tw.http.api.problems import Unchecked
from nacos_tw.http.v1 import phrases, phrases_naming
from nacos_tw.http.v1.phrases import words
from nacos_tw.http.v2 import phrases as v2
from nacos_tw.http.v3 import phrases as v3
from nacos_tw.naming import validation

S = ("public", "g@@s")


def kinds(base: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """Every type of problem there is."""
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


class ProblemTests(SynchronousTestCase):
    """The values."""

    def test_equality(self) -> None:
        """By type and facts, and they can be raised as what they are a kind of."""
        self.assertEqual(ServiceUnknown(S), ServiceUnknown(S))
        self.assertEqual(hash(ServiceUnknown(S)), hash(ServiceUnknown(S)))
        self.assertNotEqual(ServiceUnknown(S), ServiceUnknown(("dev", "g@@s")))
        self.assertNotEqual(ServiceUnknown(S), ServiceExists(S))
        with self.assertRaises(NotFound):
            raise ServiceUnknown(S)

    def test_text(self) -> None:
        """The facts, for a log."""
        self.assertEqual(str(ServiceUnknown(S)), "ServiceUnknown(service=('public', 'g@@s'))")
        self.assertEqual(str(Defect()), "Defect()")


NOT_IN_V1 = ("PluginUnknown", "PluginFixed", "MemberUnknown", "ChangeRefused", "BackupGone")
"""Of operations that v1 has no way to."""


class PhraseTests(SynchronousTestCase):
    """v1's table."""

    def test_every_problem_has_words(self) -> None:
        """Of its own: none is told by its kind alone, which would show the facts as they are."""
        found = list(kinds())
        self.assertIn(ServiceUnknown, found)
        for kind in found:
            others = kind.__module__.startswith(("nacos_tw.http.api.", "nacos_tw.grpc.", "nacos_tw.ai."))
            if not others and kind.__name__ not in NOT_IN_V1:
                self.assertIn(kind, phrases.WORDS, kind)

    def test_every_problem_has_words_in_v2_and_v3(self) -> None:
        """Likewise."""
        for table in (v2.WORDS.table, v3.WORDS.table):
            for kind in kinds():
                if not kind.__module__.startswith(("nacos_tw.http.v1.", "nacos_tw.grpc.")) and kind is not Unchecked:
                    self.assertIn(kind, table, kind)

    def test_every_rule_has_words(self) -> None:
        """Of those that the checks of names and numbers know."""
        for name in validation._LIMITED:
            for rule in ("length", "characters"):
                status, text = words(Invalid(name, rule, "x", 64), "") or (0, "")
                self.assertEqual(status, 400)
                self.assertTrue(text.startswith(f"Param '{name}' is illegal, "), text)

    def test_values_are_not_formats(self) -> None:
        """What a client sends comes back as it is."""
        self.assertEqual(
            words(Invalid("metadata", "format", "{limit}{0}"), ""), (400, "metadata format incorrect:{limit}{0}")
        )

    def test_an_unknown_rule(self) -> None:
        """It is still told as a refusal of that parameter."""
        self.assertEqual(words(Invalid("x", "odd"), ""), (400, "Param 'x' is illegal."))

    def test_routes_differ(self) -> None:
        """The same fact, in each route's words."""
        known = phrases_naming._SERVICE_UNKNOWN
        texts = {words(ServiceUnknown(S), route) for route in (*known, "PUT /v1/ns/service")}
        self.assertEqual(len(texts), len({*known.values()}) + 1)
        self.assertEqual(words(ServiceUnknown(S), "DELETE /v1/ns/service"), (400, "service g@@s not found!"))
        self.assertEqual(
            words(InstanceUnknown(S, "c", "1.1.1.1", 1, "instance"), "PATCH /v1/ns/instance"),
            (404, "no matched ip found!"),
        )

    def test_accounts(self) -> None:
        """To a role and to a password the same fact is told differently."""
        self.assertEqual(words(UserUnknown("bob"), "POST /v1/auth/roles"), (400, "user 'bob' not found!"))
        self.assertEqual(words(UserUnknown("bob"), "PUT /v1/auth/users"), (400, "user bob not exist!"))

    def test_orders(self) -> None:
        """What another node said is told as it said it."""
        for failed, text in (
            (OrderFailed("told", "b:8848", detail="{no}"), "{no}"),
            (OrderFailed("unanswered", "b:8848"), "b:8848 did not do it"),
            (OrderFailed("unanswered", "b:8848", detail="no link"), "b:8848 did not do it: no link"),
            (OrderFailed("passed on", "b:8848", "a:8848"), "a:8848 is not the one to do this, b:8848 is"),
        ):
            self.assertEqual(words(failed, ""), (500, text))

    def test_databases(self) -> None:
        """What is taken for what, by what it is."""
        there = ", which is there; its collation must tell them apart"
        for it, text in (
            (Alike("user", ("ann",), ("Ann",)), "the user 'ann' for 'Ann'"),
            (Alike("role", ("r", "ann"), ("R", "Ann")), "the role 'r' of 'ann' for 'R' of 'Ann'"),
            (Alike("permission", ("r", "*:*:*", "w"), ("R", "*:*:*", "w")),
             "the permission w of 'r' on '*:*:*' for w of 'R' on '*:*:*'"),
            (Alike("namespace", ("dev",), ("Dev",)), "the namespace 'dev' for 'Dev'"),
            (Alike("quota", ("g",), ("G",)), "the quota of 'g' for that of 'G'"),
            (Alike("config", ("", "g", "d"), ("t", "g", "D")),
             "the config 'd' of group 'g' for the config 'D' of group 'g' of namespace 't'"),
            (Alike("copy", ("beta", "", "g", "d"), ("beta", "", "g", "D")),
             "the copy beta of the config 'd' of group 'g' for beta of the config 'D' of group 'g'"),
        ):  # fmt: skip
            self.assertEqual((words(it, "") or (0, ""))[1].partition(there)[0], f"the database takes {text}")
        self.assertEqual(words(ValueRefused("length", "c_desc"), ""), (400, "Data too long for column 'c_desc'"))
        self.assertEqual(words(ValueRefused("check"), ""), (400, "a check refused the value"))

    def test_kinds_bring_their_text(self) -> None:
        """What cannot be read of a request is told in the words of who read it."""
        self.assertEqual(words(errors.BadParameter("so"), ""), (400, "so"))
        self.assertEqual(words(errors.TimedOut("late"), ""), (503, "late"))
        self.assertIsNone(words(ValueError("x"), ""))
