"""Keys, normalisation, limits and their texts (docs/spec/config-v1.md#1.2, #3.12, #9.1)."""

from __future__ import annotations

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config import model, validation
from nacos_tw.config.problems import ConfigInvalid
from tests.wording import said


class NameTests(SynchronousTestCase):
    """What things are called."""

    def test_public(self) -> None:
        """All names of the public namespace become the empty one; others are trimmed."""
        for text in (None, "", "  ", "public", "PUBLIC", " Public ", "null", "NULL"):
            self.assertEqual(model.tenant_of(text), "")
        self.assertEqual(model.tenant_of(" ns-1 "), "ns-1")
        self.assertEqual(model.tenant_of("Publications"), "Publications")

    def test_group_key(self) -> None:
        """Parts are joined by +, and their own + and % are coded."""
        self.assertEqual(model.group_key(("", "g", "d")), "d+g")
        self.assertEqual(model.group_key(("t", "g+", "100%")), "100%25+g%2B+t")

    def test_md5(self) -> None:
        """Of the UTF-8 text."""
        self.assertEqual(model.md5_of("中文"), "a7bac2239fcdcb3a067903d8077c4a07")

    def test_type(self) -> None:
        """Known types pass, others are text, none stays none."""
        self.assertEqual(
            [model.type_or_text(kind) for kind in ("toml", "yml", "", None)], ["toml", "text", "text", None]
        )

    def test_labels(self) -> None:
        """Blank and repeated ones are left out."""
        self.assertEqual(model.labels_of(" b,,a , b"), ["b", "a"])


class LimitTests(SynchronousTestCase):
    """What may be stored."""

    def refused(self, text: str, check: Callable[..., None], *values: object) -> None:
        error = self.assertRaises(ConfigInvalid, check, *values)
        self.assertEqual(said(error), text)

    def test_key(self) -> None:
        """Letters and digits of any script and _-.: are legal, in the group without blanks around."""
        for data_id in ("a-b_c.d:e", "中文", " padded ", "٣", "x" * 255):
            validation.check_key(data_id, "g")
        for data_id in ("", "  ", "a b", "a/b", "a*", "²", "😀"):
            self.refused(f"invalid dataId : {data_id}", validation.check_key, data_id, "g")
        self.refused("invalid group :  g", validation.check_key, "d", " g")
        self.refused("invalid group : g\n", validation.check_key, "d", "g\n")
        self.refused("invalid group : ", validation.check_key, "d", "")
        text = "Param '{}' is illegal, the param length should not exceed {}."
        self.refused(text.format("dataId", 255), validation.check_key, "x" * 256, "g")
        self.refused(text.format("group", 128), validation.check_key, "d", "g" * 129)

    def test_content(self) -> None:
        """Not blank, and no longer than maxContent."""
        validation.check_blank("x")
        validation.check_characters(10, 10)
        self.refused("content is blank :  \n", validation.check_blank, " \n")
        self.refused("invalid content, over 10485760", validation.check_characters, 10 * 1024 * 1024 + 1)
        self.refused("invalid content, over 3", validation.check_characters, 4, 3)

    def test_tenant(self) -> None:
        """The text for a long one is Nacos's own."""
        for tenant in ("", "ns-1", "中", "x" * 128):
            validation.check_tenant(tenant)
        self.refused("invalid tenant", validation.check_tenant, "a b")
        self.refused("too long tag, over 128", validation.check_tenant, "x" * 129)

    def test_tag(self) -> None:
        """At most 16 characters."""
        for tag in (None, "", "x" * 16):
            validation.check_tag(tag)
        self.refused("invalid tag : a b", validation.check_tag, "a b")
        self.refused("too long tag, over 16", validation.check_tag, "x" * 17)

    def test_labels(self) -> None:
        """At most five of at most 64 characters."""
        for labels in (None, "", "a,b,c,d,e", "x" * 64):
            validation.check_labels(labels)
        self.refused("too much config_tags, over 5", validation.check_labels, "a,b,c,d,e,f")
        self.refused("too long tag, over 64", validation.check_labels, "a," + "x" * 65)

    def test_lengths(self) -> None:
        """Of the other fields."""
        limits = {"desc": 128, "use": 32, "effect": 32, "type": 32, "schema": 32768, "appName": 128, "betaIps": 1024}
        for name, limit in limits.items():
            validation.check_length(name, None)
            validation.check_length(name, "x" * limit)
            self.refused(f"too long {name}, over {limit}", validation.check_length, name, "x" * (limit + 1))
