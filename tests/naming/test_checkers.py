"""Health checkers and their JSON."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import Problem
from nacos_tw.naming.checkers import TCP, UNCHECKED, Http, Mysql, defaults, parse_checker
from tests.naming.building import said


class ParseTests(SynchronousTestCase):
    """JSON to checker."""

    def test_types(self) -> None:
        """Each type with its fields; the wire form comes back."""
        for text, checker in [
            ('{"type":"TCP"}', TCP),
            (
                '{"type":"HTTP","path":"/ok","headers":"a:b|c:d","expectedResponseCode":201}',
                Http("/ok", "a:b|c:d", 201),
            ),
            ('{"type":"MYSQL","user":"u","pwd":null,"cmd":"select 1"}', Mysql("u", None, "select 1")),
            ('{"type":"NONE"}', UNCHECKED),
        ]:
            self.assertEqual(parse_checker(text), checker)
            self.assertEqual(msgspec.json.encode(checker).decode(), text)

    def test_lenient(self) -> None:
        """Unknown types and keys, missing fields, numbers as text and text as numbers."""
        self.assertEqual(parse_checker('{"type":"zz"}'), UNCHECKED)
        self.assertEqual(parse_checker("{}"), UNCHECKED)
        self.assertEqual(parse_checker('{"type":null}'), UNCHECKED)
        self.assertEqual(parse_checker('{"type":"tcp"}'), UNCHECKED)
        self.assertEqual(parse_checker('{"type":"TCP","x":1}'), TCP)
        self.assertEqual(parse_checker('{"type":"HTTP"}'), Http("", "", 200))
        self.assertEqual(
            parse_checker('{"type":"HTTP","path":5,"headers":true,"expectedResponseCode":"204"}'),
            Http("5", "true", 204),
        )

    def test_unreadable(self) -> None:
        """No JSON object, or fields of other kinds."""
        for bad in ("", "x", "[]", '"TCP"', '{"type":"HTTP","path":{}}', '{"type":"HTTP","expectedResponseCode":"x"}',
                    '{"type":"MYSQL","user":[]}', '{"type":"\\ud800"}'):  # fmt: skip
            with self.assertRaises(Problem) as caught:
                parse_checker(bad)
            self.assertIn(bad, said(caught.exception))

    def test_defaults(self) -> None:
        """The answer of GET health/checkers."""
        self.assertEqual(
            msgspec.json.encode(defaults()).decode(),
            '{"TCP":{},"HTTP":{"path":"","headers":"","expectedResponseCode":200},'
            '"MYSQL":{"user":null,"pwd":null,"cmd":null},"NONE":{}}',
        )

    def test_custom_headers(self) -> None:
        """Pairs; a value may hold colons."""
        self.assertEqual(Http(headers="a:b| c : d:e |f|").custom_headers(), [("a", "b"), ("c", "d:e")])
        self.assertEqual(Http().custom_headers(), [])
