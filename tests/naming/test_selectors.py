"""Selectors of services and of the service list."""

from __future__ import annotations

from urllib.parse import quote

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import Problem
from nacos_tw.naming.instance_commands import instance_of
from nacos_tw.naming.selectors import NO_SELECTOR, ListFilter, Selector, parse_list_filter, parse_selector
from tests.naming.building import register, said

EXPRESSION = "CONSUMER.label.A=PROVIDER.label.A &CONSUMER.label.B=PROVIDER.label.B"


class ServiceSelectorTests(SynchronousTestCase):
    """L{parse_selector}."""

    def test_none(self) -> None:
        """Blank, or said so."""
        self.assertEqual(parse_selector("  "), NO_SELECTOR)
        self.assertEqual(parse_selector('{"type":"none"}'), NO_SELECTOR)

    def test_label(self) -> None:
        """The expression is kept as it was; the labels are what it names, each once."""
        found = parse_selector(f'{{"type":"label","expression":"{EXPRESSION}"}}')
        self.assertEqual(found, Selector("label", EXPRESSION, ("A", "B")))
        twice = "CONSUMER.label.A=PROVIDER.label.A&CONSUMER.label.A=PROVIDER.label.A"
        self.assertEqual(parse_selector(f'{{"type":"label","expression":"{twice}"}}').labels, ("A",))
        self.assertEqual(parse_selector('{"type":"label","expression":" "}').labels, ())

    def test_encoded_once_more(self) -> None:
        """As the Java client sends it."""
        self.assertEqual(parse_selector(quote('{"type":"label","expression":"' + EXPRESSION + '"}')).labels, ("A", "B"))

    def test_bad_expressions(self) -> None:
        """Anything but equal labels on both sides."""
        for bad in ("x", "CONSUMER.label.A=PROVIDER.label.B", "CONSUMER.label.A=PROVIDER.label.A&", "A=A",
                    "PROVIDER.label.A=CONSUMER.label.A", "CONSUMER.label.=PROVIDER.label."):  # fmt: skip
            with self.assertRaises(Problem) as caught:
                parse_selector(f'{{"type":"label","expression":"{bad}"}}')
            self.assertIn("parse expression failed!", said(caught.exception))
        with self.assertRaises(Problem):
            parse_selector('{"type":"label"}')

    def test_bad_types_and_json(self) -> None:
        """Refused."""
        for bad in ('{"type":"unknown"}', "{}", '{"type":1}'):
            with self.assertRaises(Problem) as caught:
                parse_selector(bad)
            self.assertEqual(said(caught.exception), "not match any type of selector!")
        for bad in ("x", "[]", '{"type":'):
            with self.assertRaises(Problem) as caught:
                parse_selector(bad)
            self.assertEqual(said(caught.exception), f"selector format incorrect:{bad}")


class ListFilterTests(SynchronousTestCase):
    """L{parse_list_filter}."""

    def test_parse(self) -> None:
        """Only the first and the last dotted part count."""
        for expression, found in [
            ("INSTANCE.label.registerSource = 'dubbo'", ListFilter(True, "registerSource", "dubbo")),
            ("INSTANCE.metadata.k='v'", ListFilter(True, "k", "v")),
            ("SERVICE.metadata.k = 'a=b'", ListFilter(False, "k", "a=b")),
            ("OTHER.k = 'v'", None),
        ]:
            self.assertEqual(parse_list_filter(f'{{"type":"label","expression":"{expression}"}}'), found)
        self.assertIsNone(parse_list_filter(""))
        self.assertIsNone(parse_list_filter('{"type":"none"}'))

    def test_refused(self) -> None:
        """No expression, another type, no JSON."""
        for bad in ('{"type":"label"}', '{"type":"label","expression":"x"}', '{"type":"zz"}', "x"):
            with self.assertRaises(Problem):
                parse_list_filter(bad)

    def test_keeps(self) -> None:
        """One fitting instance is enough; instances without metadata do not fit."""
        instances = [instance_of(register(metadata=metadata), 1) for metadata in (None, {"k": "x"}, {"k": "v"})]
        self.assertTrue(ListFilter(True, "k", "v").keeps({}, instances))
        self.assertFalse(ListFilter(True, "k", "v").keeps({"k": "v"}, instances[:2]))
        self.assertTrue(ListFilter(False, "k", "v").keeps({"k": "v"}, []))
        self.assertFalse(ListFilter(False, "k", "v").keeps({}, instances))
