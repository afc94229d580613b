"""The audit log."""

from __future__ import annotations

import os
import re
import shlex
import stat

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.auth import audit
from nacos_tw.auth.audit import KEPT, LONGEST, Audit
from nacos_tw.auth.validation import LONGEST_NAME, check_name, check_password, check_permission
from nacos_tw.errors import BadParameter

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} user=.* from=.* what=.* result=.*")


class AuditTests(SynchronousTestCase):
    """Lines."""

    def setUp(self) -> None:
        self.folder = self.mktemp()
        self.now = 1_700_000_000.25
        self.audit = Audit(self.folder, lambda: self.now)
        self.audit.start()
        self.addCleanup(self.audit.stop)

    def lines(self) -> list[str]:
        with open(os.path.join(self.folder, "audit.log"), encoding="utf-8") as file:
            return file.read().split("\n")[:-1]

    def test_line(self) -> None:
        """Who, from where, what, on what, and how it went."""
        self.audit.write("nacos", "10.0.0.1", "POST /v1/auth/users", "ok", {"username": "bob", "role": "a b"})
        line = self.lines()[0]
        self.assertTrue(line.startswith("2023-11-1") and ",250 " in line, line)
        self.assertTrue(
            line.endswith('user=nacos from=10.0.0.1 what="POST /v1/auth/users" username=bob role="a b" result=ok'), line
        )

    def test_nobody(self) -> None:
        """Who did not log in has no name; an empty value can be seen."""
        self.audit.write("", "10.0.0.1", "login", "refused 403", {"username": ""})
        self.assertIn('user=- from=10.0.0.1 what=login username="" result="refused 403"', self.lines()[0])

    def test_forged_lines(self) -> None:
        """Line ends and other control characters of a name do not begin a line of their own, or hide one."""
        for name in (
            "bob\nuser=nacos",
            "bob\r\n2026-01-01",
            "\x1b[2Kbob",
            "bob\x85x",
            "\u202ebob",
            "bob\u2028x",
            "bob\u2029x",
            "\x9bK",
        ):
            self.audit.write(name, name, name, name, {"username": name})
        lines = self.lines()
        self.assertEqual(len(lines), 8)
        for line in lines:
            self.assertRegex(line, LINE)
            self.assertEqual(line.splitlines(), [line])
            self.assertFalse(any(char < " " or "\x7f" <= char < "\xa0" for char in line), line)

    @given(st.text(max_size=50), st.text(max_size=50))
    def test_any_text(self, name: str, value: str) -> None:
        """Whatever is written is one line, from whose fields a reader gets each by itself."""
        self.audit.write(name, "10.0.0.1", "login", "ok", {"username": value})
        line = self.lines()[-1]
        self.assertRegex(line, LINE)
        fields = [part.partition("=")[0] for part in shlex.split(line)[2:]]
        self.assertEqual(fields, ["user", "from", "what", "username", "result"], line)

    def test_quoted(self) -> None:
        """A value that looks like more fields is one."""
        self.audit.write("x", "y", "login", "ok", {"username": 'bob" result="ok', "role": "a=b", "resource": "a\\"})
        parts = shlex.split(self.lines()[0])
        self.assertIn('username=bob" result="ok', parts)
        self.assertIn("role=a=b", parts)
        self.assertEqual(parts[-1], "result=ok")

    def test_again(self) -> None:
        """What was written once looks the same the next time, however much was written in between."""
        values = ['bob" result="ok', "a b", "", "\u202ebob", "plain", "x" * 200]
        for value in values:
            self.audit.write(value, value, "login", "ok", {"username": value})
        for number in range(audit.MOST_KNOWN):
            self.audit.write("x", "y", "login", "ok", {"username": str(number)})
        for value in [*values, *values]:
            self.audit.write(value, value, "login", "ok", {"username": value})
        lines, count = self.lines(), len(values)
        self.assertEqual(lines[-2 * count : -count], lines[:count])
        self.assertEqual(lines[-count:], lines[:count])

    def test_long(self) -> None:
        """A value has a limit."""
        self.audit.write("x" * 10_000, "y", "login", "ok", {"ids": "1," * 100_000})
        self.assertLess(len(self.lines()[0]), 3 * LONGEST)

    def test_rolled(self) -> None:
        """By size; only so many old files are kept."""
        self.patch(audit, "SIZE", 2000)
        small = Audit(self.mktemp())
        small.start()
        self.addCleanup(small.stop)
        for number in range(1000):
            small.write("x", "y", "login", "ok", {"number": str(number)})
        names = os.listdir(small._folder)
        self.assertEqual(len(names), KEPT + 1)
        self.assertLess(max(os.path.getsize(os.path.join(small._folder, name)) for name in names), 2500)

    def test_at_once(self) -> None:
        """A line is the system's before anybody is answered: nothing waits in this process."""
        for number in range(3):
            self.audit.write("x", "y", "login", "ok", {})
            self.assertEqual(len(self.lines()), number + 1)

    def test_mode(self) -> None:
        """Others than the owner and the group do not read it."""
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.folder, "audit.log")).st_mode) & 0o007, 0)

    def test_appended(self) -> None:
        """A start goes on with the file."""
        self.audit.write("x", "y", "login", "ok", {})
        self.audit.stop()
        self.audit.write("x", "y", "lost", "ok", {})
        self.audit.start()
        self.audit.write("x", "y", "login", "ok", {})
        self.assertEqual(len(self.lines()), 2)

    def test_no_folder(self) -> None:
        """Where nothing can be written the node works on."""
        with open(self.folder + "-file", "w"):
            pass
        broken = Audit(self.folder + "-file/logs")
        broken.start()
        broken.write("x", "y", "login", "ok", {})
        broken.stop()


class ValidationTests(SynchronousTestCase):
    """What names and rights may look like."""

    def test_names(self) -> None:
        """Any text that fits into its column and a line."""
        for good in ("bob", "a b", "\u4e2d\u6587", "'; --", "x" * LONGEST_NAME):
            check_name("username", good)
        for bad in ("", " ", "\u3000", "x" * (LONGEST_NAME + 1), "a\nb", "a\0", "\x7f", "\ud800"):
            self.assertRaises(BadParameter, check_name, "username", bad)

    def test_permissions(self) -> None:
        """r, w and rw on any text that fits."""
        for action in ("r", "w", "rw"):
            check_permission("dev:*:*", action)
        for action in ("", "wr", "R", "r,w", "x" * 1000):
            self.assertRaises(BadParameter, check_permission, "dev:*:*", action)
        for resource in ("", " ", "x" * 256, "a\nb"):
            self.assertRaises(BadParameter, check_permission, resource, "r")

    def test_passwords(self) -> None:
        """Not empty."""
        check_password(" ")
        self.assertRaises(BadParameter, check_password, "")
