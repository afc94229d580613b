"""Query strings, form bodies, and the values in them."""

from __future__ import annotations

import math
from urllib.parse import parse_qsl, quote, quote_plus, unquote_to_bytes

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import BadParameter
from nacos_tw.http import params


def parsed(data: bytes, encoding: str = "utf-8") -> dict[str, str]:
    """The parameters in a text."""
    found: dict[str, str] = {}
    params.parse(data, found, encoding)
    return found


def reference(text: str, encoding: str = "utf-8") -> dict[str, str]:
    """The same by the standard library."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, encoding=encoding):
        found.setdefault(name, value.strip(params.BLANKS))
    return found


class ParseTests(SynchronousTestCase):
    """Texts of names and values."""

    def test_remembered(self) -> None:
        """What was read is remembered, but not what is long, nor a password; and no more than so many pairs."""
        known = params._known
        known.clear()
        self.assertEqual(parsed(b"a=%201&password=x&passw%6Frd=y&c=" + b"z" * 200)["a"], "1")
        self.assertEqual(known, {"a=%201": ("a", "1")})
        self.assertEqual(parsed(b"b=2&a=%201"), {"b": "2", "a": "1"})
        self.assertEqual(parsed(b"a=%ff", "latin-1"), {"a": "ÿ"})
        self.assertEqual(parsed(b"a=%ff"), {"a": "\ufffd"})
        for number in range(params.MOST_KNOWN + 1):
            parsed(b"n=%d" % number)
        self.assertLessEqual(len(known), params.MOST_KNOWN)

    def test_forms(self) -> None:
        """The shapes that clients send."""
        for data, expected in {
            b"": {},
            b"a=1": {"a": "1"},
            b"a=1&b=2&": {"a": "1", "b": "2"},
            b"&&a=1&&": {"a": "1"},
            b"a=1&a=2": {"a": "1"},
            b"a=&a=2": {"a": ""},
            b"a": {"a": ""},
            b"=1": {"": "1"},
            b"a=b=c": {"a": "b=c"},
            b"a=%20x+%0a": {"a": "x"},
            b"a=+b+c+": {"a": "b c"},
            b"serviceName=DEFAULT_GROUP%40%40nacos.test": {"serviceName": "DEFAULT_GROUP@@nacos.test"},
            b"a%3Db=%26": {"a=b": "&"},
            b"a=%": {"a": "%"},
            b"a=%zz%4": {"a": "%zz%4"},
            b"a=%E4%B8%AD": {"a": "中"},
            b"a=%ff": {"a": "\ufffd"},
            "a=中+b".encode(): {"a": "中 b"},
            "中=%E4%B8%AD".encode(): {"中": "中"},
            b"a=1;b=2": {"a": "1;b=2"},
            b"a=\xc2\xa0x": {"a": "\xa0x"},
        }.items():
            self.assertEqual(parsed(data), expected, data)

    def test_known_names_keep_their_values(self) -> None:
        """A form body does not change what the query string said."""
        found = {"a": "query"}
        params.parse(b"a=form&b=form", found)
        self.assertEqual(found, {"a": "query", "b": "form"})

    def test_flood(self) -> None:
        """The number of names has a limit."""
        parsed(b"&".join(b"%d=1" % number for number in range(10_000)))
        self.assertRaises(BadParameter, parsed, b"a&" * 10_001)

    @settings(max_examples=500)
    @given(st.text(alphabet="ab=&%+2 \t04eEF;/?:#[]@!$'()*,\x00~", max_size=60))
    def test_agrees_with_urllib(self, text: str) -> None:
        """Any ASCII text means what it means to the standard library."""
        self.assertEqual(parsed(text.encode()), reference(text))

    @settings(max_examples=200)
    @given(st.dictionaries(st.text(), st.text()), st.sampled_from([quote, quote_plus]))
    def test_round_trip(self, values: dict[str, str], escape: object) -> None:
        """Any text that a client escapes comes back, but for the blanks around it."""
        values = {
            name: value for name, value in values.items() if not any("\ud800" <= c <= "\udfff" for c in name + value)
        }
        text = "&".join(f"{escape(name)}={escape(value)}" for name, value in values.items())  # type: ignore[operator]
        expected = {
            name: value if name in params.EXACT else value.strip(params.BLANKS) for name, value in values.items()
        }
        self.assertEqual(parsed(text.encode()), expected)

    @given(st.binary(max_size=60), st.sampled_from(sorted(set(params.CHARSETS.values()))))
    def test_never_fails(self, data: bytes, encoding: str) -> None:
        """Any bytes are parameters, in any charset."""
        parsed(data, encoding)

    def test_charsets(self) -> None:
        """Values may be in another charset."""
        self.assertEqual(parsed(b"a=%D6%D0", params.charset("GBK")), {"a": "中"})
        self.assertEqual(parsed(b"a=\xd6\xd0", params.charset("gbk")), {"a": "中"})
        self.assertEqual(reference("a=%D6%D0", "gbk"), {"a": "中"})
        self.assertEqual(params.charset("ISO-8859-1"), "latin-1")
        self.assertEqual(params.charset("UTF_8"), "utf-8")
        for name in ("hex", "idna", "unicode_escape", "", "no such"):
            self.assertRaises(BadParameter, params.charset, name)


class ValueTests(SynchronousTestCase):
    """Numbers and booleans, as Java reads them."""

    def test_integer(self) -> None:
        """A sign and digits, of 32 bits."""
        for text, value in {
            "0": 0,
            "+7": 7,
            "-7": -7,
            "007": 7,
            "2147483647": 2**31 - 1,
            "-2147483648": -(2**31),
        }.items():
            self.assertEqual(params.integer(text), value)
        for text in ("", "x", "1.0", "1_0", " 1", "2147483648", "-2147483649", "1e3", "٣", "9" * 5000, "1\n"):
            with self.assertRaises(BadParameter) as caught:
                params.integer(text)
            self.assertEqual(str(caught.exception), f'For input string: "{text}"')

    def test_number(self) -> None:
        """Java's doubles, not Python's."""
        for text, value in {
            "1": 1.0,
            "-.5": -0.5,
            "1.": 1.0,
            "1e3": 1000.0,
            "1.5D": 1.5,
            "2f": 2.0,
            "-Infinity": -math.inf,
        }.items():
            self.assertEqual(params.number(text), value)
        self.assertTrue(math.isnan(params.number("NaN")))
        for text in ("", "x", "1_0", "inf", "nan", "infinity", ".", "e5", "1.0x", "1\n", "٣"):
            with self.assertRaises(BadParameter) as caught:
                params.number(text)
            self.assertEqual(str(caught.exception), f'For input string: "{text}"')

    def test_booleans(self) -> None:
        """Three ways to say yes."""
        true = {
            params.loose: ("true", "TRUE", "on", "Yes", "y", "t"),
            params.strict: ("true", "True"),
            params.spring: ("true", "ON", "yes", "1"),
        }
        false = {
            params.loose: ("1", "false", "x", ""),
            params.strict: ("1", "yes", "on", ""),
            params.spring: ("false", "Off", "no", "0"),
        }
        for read, texts in true.items():
            self.assertEqual([read(text) for text in texts], [True] * len(texts), read)
        for read, texts in false.items():
            self.assertEqual([read(text) for text in texts], [False] * len(texts), read)
        for text in ("x", "t", "2"):
            self.assertRaisesRegex(BadParameter, rf"Invalid boolean value \[{text}\]$", params.spring, text)


class EscapeTests(SynchronousTestCase):
    """The fast way and the library's agree."""

    @settings(max_examples=1000)
    @given(st.text(st.sampled_from("%=4aF2zq_ \r\n\t+5")), st.binary())
    def test_agree(self, text: str, data: bytes) -> None:
        for each in (text.encode(), quote(data).encode(), data, quote(data).encode() + text.encode()):
            self.assertEqual(params.unescaped(each), unquote_to_bytes(each))

    def test_exact_ones_keep_their_ends(self) -> None:
        self.assertEqual(parsed(b"content=+a%0A&Listening-Configs=a%01&x=+a%0A")["content"], " a\n")
        found = parsed(b"Listening-Configs=a%01&x=+a%0A&content=\xc3\xa9%20")
        self.assertEqual(found, {"Listening-Configs": "a\x01", "x": "a", "content": "\u00e9 "})
