"""Who gets which copy."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config import gray
from tests.config.fakes import entry, md5

KEY = ("", "g", "d")


class ChooseTests(SynchronousTestCase):
    """The order of docs/spec/config-v1.md#3.2."""

    def chosen(self, client_ip: str, tag_param: str = "", vip_tag: str = "") -> str | None:
        """The name of the copy that is chosen of a config that has all."""
        made = entry(KEY, "main", beta="beta", ips="1.1.1.1,2.2.2.2", blue="blue", red="red")
        found = gray.choose(made, client_ip, tag_param, vip_tag)
        return None if found is None else found[0]

    def test_listed_addresses_get_the_beta_copy_before_all_else(self) -> None:
        """Even when they ask for a tag."""
        self.assertEqual(self.chosen("2.2.2.2"), "beta")
        self.assertEqual(self.chosen("2.2.2.2", "red", "blue"), "beta")

    def test_the_parameter_is_that_copy_or_nothing(self) -> None:
        """It wins over the header."""
        self.assertEqual(self.chosen("9.9.9.9", "red", "blue"), "tag_red")
        self.assertIsNone(self.chosen("9.9.9.9", "green", "blue"))

    def test_the_header_only_matters_where_there_is_such_a_copy(self) -> None:
        """Else it is the config itself."""
        self.assertEqual(self.chosen("9.9.9.9", "", "blue"), "tag_blue")
        self.assertEqual(self.chosen("9.9.9.9", "", "green"), "")
        self.assertEqual(self.chosen("9.9.9.9"), "")

    def test_a_config_that_is_gone_leaves_its_copies(self) -> None:
        """The others get nothing."""
        made = entry(KEY, "", beta="beta", ips="1.1.1.1")
        self.assertIsNone(gray.choose(made, "9.9.9.9"))
        self.assertEqual(gray.choose(made, "1.1.1.1"), ("beta", made.beta))

    def test_a_copy_is_found_by_its_name(self) -> None:
        """All that there are, and none that is not there."""
        made = entry(KEY, "main", beta="beta", ips="1.1.1.1", blue="blue")
        self.assertEqual([name for name, _ in made.copies()], ["", "beta", "tag_blue"])
        for name, copy in made.copies():
            self.assertIs(made.copy(name), copy)
        self.assertIsNone(made.copy("tag_red"))
        self.assertIsNone(entry(KEY).copy(""))


class Md5Tests(SynchronousTestCase):
    """What a listening client is compared with."""

    def test_follows_the_choice(self) -> None:
        """Beta by address, tag by header, else the config's."""
        made = entry(KEY, "main", beta="beta", ips="1.1.1.1", blue="blue")
        self.assertEqual(gray.md5_for(made, "1.1.1.1", "blue"), md5("beta"))
        self.assertEqual(gray.md5_for(made, "9.9.9.9", "blue"), md5("blue"))
        self.assertEqual(gray.md5_for(made, "9.9.9.9", "red"), md5("main"))

    def test_nothing_is_the_empty_md5(self) -> None:
        """Of an unknown config, and of one that is there for others only."""
        self.assertEqual(gray.md5_for(None, "1.1.1.1"), "")
        self.assertEqual(gray.md5_for(entry(KEY, "", beta="b", ips="1.1.1.1"), "9.9.9.9"), "")


class SameTests(SynchronousTestCase):
    """Whether two entries differ for anybody."""

    def test_sees_every_difference(self) -> None:
        """Contents, times, types, addresses, copies."""
        first = entry(KEY, "a", beta="b", ips="1.1.1.1", blue="c")
        self.assertTrue(gray.same(first, entry(KEY, "a", beta="b", ips="1.1.1.1", blue="c")))
        for other in (
            entry(KEY, "x", beta="b", ips="1.1.1.1", blue="c"),
            entry(KEY, "a", 2, beta="b", ips="1.1.1.1", blue="c"),
            entry(KEY, "a", beta="b", ips="1.1.1.2", blue="c"),
            entry(KEY, "a", beta="b", ips="1.1.1.1", blue="x"),
            entry(KEY, "a", beta="b", ips="1.1.1.1"),
            entry(KEY, "a", blue="c"),
        ):
            self.assertFalse(gray.same(first, other))
        typed = entry(KEY, "a", beta="b", ips="1.1.1.1", blue="c")
        typed.type = "json"
        self.assertFalse(gray.same(first, typed))

    def test_tags_differ_by_their_contents(self) -> None:
        """Not by when they were written."""
        self.assertFalse(gray.tags_differ(None, entry(KEY, "a")))
        self.assertFalse(gray.tags_differ(entry(KEY, "a", blue="c"), entry(KEY, "b", 2, blue="c")))
        self.assertTrue(gray.tags_differ(entry(KEY, "a", blue="c"), entry(KEY, "a", blue="d")))
        self.assertTrue(gray.tags_differ(entry(KEY, "a", blue="c"), None))
