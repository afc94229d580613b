"""Patterns of searches."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.naming.matching import contains, subscribes

NAMES = st.text("abc.@:-", max_size=12)
PATTERNS = st.lists(st.sampled_from(["a", "b", "c", "-", "@", ".", ".*", r"\."]), max_size=8).map("".join)


class ContainsTests(SynchronousTestCase):
    """L{contains}."""

    @given(PATTERNS, NAMES)
    def test_is_the_regular_expression(self, pattern: str, name: str) -> None:
        """For what is understood, the answer is Java's."""
        expected = re.fullmatch(f".*{pattern}.*", name) is not None
        self.assertEqual(contains(pattern)(name), expected)

    @given(PATTERNS, PATTERNS, NAMES)
    def test_one_after_the_other(self, first: str, second: str, name: str) -> None:
        """Group, separator and name are searched in this order."""
        expected = re.fullmatch(f".*{first}.*@.*{second}.*", name) is not None
        self.assertEqual(contains(first, "@", second)(name), expected)

    def test_star_alone(self) -> None:
        """What people write who think of file names."""
        self.assertTrue(contains("*")("anything"))
        self.assertTrue(contains("a*c")("abc"))
        self.assertFalse(contains("c*a")("abc"))

    def test_other_characters_stand_for_themselves(self) -> None:
        """They are in no name, and are no danger."""
        for pattern in ("(a+)+$", "[", "a{2}", "a|b", "^a", "\\"):
            self.assertFalse(contains(pattern)("aaaaaaaaaaaaaaaaaaaaaaaaaaaa!"))
        self.assertTrue(contains("(a+)+$")("x(a+)+$"))

    def test_many_wildcards_are_no_danger(self) -> None:
        """This takes a backtracking matcher longer than anyone waits."""
        self.assertFalse(contains(".*a" * 200 + "z")("a" * 5000))


class SubscribesTests(SynchronousTestCase):
    """L{subscribes}."""

    def test_fuzzy(self) -> None:
        """Parts of group and name, the start of the namespace."""
        service = ("public", "DEFAULT_GROUP@@order-api")
        for wanted, found in [
            (("public", "DEFAULT_GROUP@@order-api"), True),
            (("public", "GROUP@@order"), True),
            (("pub", "DEFAULT_GROUP@@api"), True),
            (("", "@@"), True),
            (("public##DEFAULT", "DEFAULT_GROUP@@api"), True),
            (("blic", "DEFAULT_GROUP@@api"), False),
            (("public", "order@@api"), False),
            (("public", "DEFAULT_GROUP@@GROUP"), False),
        ]:
            self.assertEqual(subscribes(service, wanted), found, wanted)
