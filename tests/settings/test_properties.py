"""application.properties: lines and escapes as Java's, placeholders and environment as Spring's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import SettingsError
from nacos_tw.settings.properties import Properties, UnresolvedError, environment_names, is_secret, parse, read_lines

TEXTS = st.text(alphabet=st.sampled_from("ab\\u=: #!\n\r\t\f${}0dD8.-_é"), max_size=60) | st.text(max_size=40)


def pairs(text: str) -> list[tuple[str, str]]:
    return [(line.key, line.value) for line in read_lines(text, "f")]


class LineTests(SynchronousTestCase):
    """What C{java.util.Properties} would read."""

    TABLE = (
        ("a=b", [("a", "b")]),
        ("a:b", [("a", "b")]),
        ("a b", [("a", "b")]),
        ("  a \t= \f b  ", [("a", "b  ")]),
        ("a = = b", [("a", "= b")]),
        ("a : = b", [("a", "= b")]),
        ("a", [("a", "")]),
        ("=b", [("", "b")]),
        ("# a=b\n! c=d\n  # e=f\n\n \t\f\ng=h", [("g", "h")]),
        ("a=b # not a comment", [("a", "b # not a comment")]),
        ("a=b\\\n   c", [("a", "bc")]),
        ("a=b\\\r\n\tc\\\rd", [("a", "bcd")]),
        ("a=b\\\\\nc=d", [("a", "b\\"), ("c", "d")]),
        ("a=b\\\n# c", [("a", "b# c")]),
        ("a=b\\", [("a", "b")]),
        ("# c\\\na=b", [("a", "b")]),
        ("a\\ b\\=c\\:d=e", [("a b=c:d", "e")]),
        ("a\\\\=b", [("a\\", "b")]),
        ("a=\\t\\n\\r\\f\\q\\\\", [("a", "\t\n\r\fq\\")]),
        ("a=\\u4e2d\\u6587", [("a", "中文")]),
        ("a=\\ud83d\\ude00", [("a", "\U0001f600")]),
        ("\\u0061=b", [("a", "b")]),
        ("a=1\u2028b=2", [("a", "1\u2028b=2")]),
        ("\ufeffa=b", [("a", "b")]),
        ("", []),
    )

    def test_table(self) -> None:
        """Each text gives the keys and values that Java would give."""
        for text, expected in self.TABLE:
            self.assertEqual(pairs(text), expected, text)

    def test_line_numbers(self) -> None:
        """A value remembers the first of its lines."""
        found = [line.number for line in read_lines("\n#x\na=1\\\n2\nb=3", "f")]
        self.assertEqual(found, [3, 5])

    def test_bad_unicode(self) -> None:
        """A broken escape names its file and line."""
        for text in ("a=\\u12", "a=\\u12g4", "a=\\u", "a=\\ud83d", "a=\\u+123"):
            error = self.assertRaises(SettingsError, pairs, f"\n{text}")
            self.assertIn("f, line 2: expected", str(error))

    @given(TEXTS)
    def test_any_text(self, text: str) -> None:
        """Nothing but SettingsError ever comes out, whatever the text."""
        try:
            found = parse(text, "f", {})
            for key, _ in found.origins():
                found.get(key)
        except SettingsError:
            pass

    @given(st.text(max_size=20), st.text(max_size=20))
    def test_round_trip(self, key: str, value: str) -> None:
        """What is escaped as Java's store() does is read back."""

        def escaped(text: str) -> str:
            units = text.encode("utf-16-be")
            return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))

        self.assertEqual(pairs(f"{escaped(key)}={escaped(value)}"), [(key, value)])


class PlaceholderTests(SynchronousTestCase):
    """C{${name:default}}."""

    def value(self, text: str, **environ: str) -> str:
        found = parse(f"k={text}\nother.key=seen\nempty=\nnested=${{other.key}}!", "f", environ).get("k")
        assert found is not None
        return found.text

    def test_table(self) -> None:
        """Environment first, then other keys, then the default."""
        for text, environ, expected in (
            ("${A}", {"A": "1"}, "1"),
            ("x${A}y${B}z", {"A": "1", "B": "2"}, "x1y2z"),
            ("${A:d}", {}, "d"),
            ("${A:}", {}, ""),
            ("${A:d}", {"A": ""}, ""),
            ("${A:jdbc:x}", {}, "jdbc:x"),
            ("${other.key}", {}, "seen"),
            ("${other.key}", {"OTHER_KEY": "env"}, "env"),
            ("${nested}", {}, "seen!"),
            ("${empty:d}", {}, ""),
            ("${A:${B:c}}", {}, "c"),
            ("${A:${other.key}}", {}, "seen"),
            ("${${A}.key}", {"A": "other"}, "seen"),
            ("${A", {"A": "1"}, "${A"),
            ("a$b}", {}, "a$b}"),
            ("${A:{x}}", {}, "{x}"),
        ):
            self.assertEqual(self.value(text, **environ), expected, text)

    def test_unresolved(self) -> None:
        """A placeholder for nothing says which, and what would do."""
        error = self.assertRaises(UnresolvedError, self.value, "${NOWHERE}")
        self.assertIn("f, line 1: k: placeholder ${NOWHERE}", str(error))

    def test_circle(self) -> None:
        """Keys that refer to each other are reported with the way round."""
        found = parse("a=${b}\nb=x${c}\nc=${a}", "f", {})
        error = self.assertRaises(SettingsError, found.get, "a")
        self.assertIn("${a} -> ${b} -> ${c} -> ${a}", str(error))

    def test_explosion(self) -> None:
        """A value that doubles and doubles is stopped, as is endless nesting."""
        lines = ["a0=" + "x" * 64] + [f"a{n}=${{a{n - 1}}}${{a{n - 1}}}" for n in range(1, 30)]
        found = parse("\n".join(lines), "f", {})
        self.assertIn("too long", str(self.assertRaises(SettingsError, found.get, "a29")))
        found = parse("\n".join(["a0=", *lines[1:]]), "f", {})
        self.assertIn("more than", str(self.assertRaises(SettingsError, found.get, "a29")))
        self.assertIn("deep", str(self.assertRaises(SettingsError, self.value, "${x:" * 99 + "}" * 99)))

    def test_secrets_stay(self) -> None:
        """Neither errors nor reprs show what a secret key holds."""
        found = parse("db.password=pw-${in-the-pw}\nport=${db.password.1}\ndb.password.1=hidden", "f", {})
        error = self.assertRaises(SettingsError, found.get, "db.password")
        self.assertNotIn("in-the-pw", str(error))
        value = found.get("port")
        assert value is not None
        self.assertTrue(value.secret)
        self.assertNotIn("hidden", repr(value) + repr(found) + repr(list(read_lines("a=hidden", "f"))))

    def test_what_is_secret(self) -> None:
        """Keys and variables of secrets are known by their names."""
        for name in ("db.password.0", "MYSQL_SERVICE_PASSWORD", "nacos.raft.secret", "NACOS_AUTH_TOKEN", "db.url.0"):
            self.assertTrue(is_secret(name), name)
        for name in ("server.port", "db.user", "nacos.core.auth.enabled"):
            self.assertFalse(is_secret(name), name)


class EnvironmentTests(SynchronousTestCase):
    """Relaxed environment names."""

    def test_names(self) -> None:
        """Dots become underscores, dashes go or become underscores, humps may be dashes."""
        for key, expected in (
            ("server.port", {"SERVER_PORT"}),
            ("db.url.0", {"DB_URL_0"}),
            ("nacos.core.auth.enabled", {"NACOS_CORE_AUTH_ENABLED"}),
            ("nacos.inetutils.ip-address", {"NACOS_INETUTILS_IPADDRESS", "NACOS_INETUTILS_IP_ADDRESS"}),
            ("server.servlet.contextPath", {"SERVER_SERVLET_CONTEXTPATH", "SERVER_SERVLET_CONTEXT_PATH"}),
            ("a.networks[0]", {"A_NETWORKS_0"}),
        ):
            self.assertEqual(set(environment_names(key)) - {key}, expected)

    def test_precedence(self) -> None:
        """Command line, environment, file; an empty variable is none."""

        def get(environ: dict[str, str], overrides: dict[str, str]) -> Properties:
            return parse("server.port=1", "f", environ, overrides)

        for environ, overrides, text, origin in (
            ({}, {}, "1", "f, line 1"),
            ({"SERVER_PORT": "2"}, {}, "2", "environment variable SERVER_PORT"),
            ({"SERVER_PORT": ""}, {}, "1", "f, line 1"),
            ({"server.port": "2"}, {}, "2", "environment variable server.port"),
            ({"SERVER_PORT": "2"}, {"server.port": "3"}, "3", "command line"),
        ):
            value = get(environ, overrides).get("server.port")
            assert value is not None
            self.assertEqual((value.text, value.origin), (text, origin))

    def test_spellings_in_the_file(self) -> None:
        """The last line of a key counts; context-path is contextPath; [0] is .0."""
        found = parse("x.context-path=/a\nn[0]=i\nd=1\nd=2", "f", {})
        for key, text in (("x.contextPath", "/a"), ("n.0", "i"), ("d", "2")):
            value = found.get(key)
            assert value is not None
            self.assertEqual(value.text, text)
