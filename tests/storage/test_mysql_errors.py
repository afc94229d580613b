"""What MySQL's errors become."""

from __future__ import annotations

import pymysql
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import Duplicate, NacosError, Problem, Unavailable, ValueRefused
from nacos_tw.storage.errors import Deadlock, Defect, Denied, LinkLost, ReadOnly
from nacos_tw.storage.mysql_errors import mysql_problem
from nacos_tw.storage.mysql_link import spelled
from tests.wording import said


class TranslatedTests(SynchronousTestCase):
    """Numbers to classes, and texts without anything that must not be told."""

    def check(self, error: BaseException, kind: type[NacosError], text: str = "") -> None:
        found = mysql_problem(error)
        self.assertIs(type(found), kind)
        self.assertIn(text, said(found) if isinstance(found, Problem) else str(found))
        for secret in ("hidden", "10.9.8.7", "select"):
            self.assertNotIn(secret, str(found))

    def test_values(self) -> None:
        """The value's fault: the column or the key is named, the value is not."""
        self.check(
            pymysql.IntegrityError(1062, "Duplicate entry 'hidden-for key x' for key 'uk_configinfo_datagrouptenant'"),
            Duplicate,
            "uk_configinfo_datagrouptenant",
        )
        self.assertEqual(
            mysql_problem(pymysql.IntegrityError(1062, "Duplicate entry 'hidden' for key 'config_info.uk_x'")).key,  # type: ignore[attr-defined]
            "uk_x",
        )
        self.check(
            pymysql.DataError(1406, "Data too long for column 'c_desc' at row 1"),
            ValueRefused,
            "Data too long for column 'c_desc'",
        )
        self.check(
            pymysql.DataError(
                1366, "Incorrect string value: '\\xF0' for column `nacos`.`config_info`.`content` at row 1"
            ),
            ValueRefused,
            "'content'",
        )
        self.check(pymysql.IntegrityError(1048, "Column 'content' cannot be null"), ValueRefused, "'content'")
        mixed = "Illegal mix of collations (utf8mb3_general_ci,IMPLICIT) and (utf8mb4_bin,COERCIBLE) for '='"
        self.check(pymysql.OperationalError(1267, mixed), ValueRefused, "character set lacks")
        self.check(pymysql.OperationalError(1153, "Got a packet bigger"), ValueRefused, "max_allowed_packet")
        self.check(UnicodeEncodeError("utf-8", "hidden\ud800", 6, 7, "surrogates"), ValueRefused, "Unicode")

    def test_links(self) -> None:
        """The link's fault."""
        for number in (0, 2006, 2013, 1927, 1053):
            self.check(pymysql.OperationalError(number, "MySQL at 10.9.8.7"), LinkLost)
        late = pymysql.OperationalError(2013, "Lost connection (timed out)")
        late.__context__ = TimeoutError("timed out")
        self.check(late, Unavailable, "does not answer")
        self.check(pymysql.OperationalError(1213, "Deadlock found"), Deadlock)
        self.check(pymysql.OperationalError(1290, "running with the --read-only option"), ReadOnly)

    def test_access(self) -> None:
        """Who was refused is not told; what the settings are to blame for is told from a server that is away."""
        self.check(
            pymysql.OperationalError(1045, "Access denied for user 'hidden'@'10.9.8.7'"), Denied, "access denied"
        )
        self.check(pymysql.OperationalError(1049, "Unknown database 'hidden'"), Denied, "no such database")
        self.check(pymysql.ProgrammingError(1146, "Table 'hidden.users' doesn't exist"), Unavailable, "nacos-mysql.sql")

    def test_defects(self) -> None:
        """What must not be has its number, not its statement."""
        self.check(pymysql.ProgrammingError(1064, "error near 'select hidden'"), Defect, "error 1064")
        self.check(pymysql.Error("hidden"), Defect, "Error")


class SpelledTests(SynchronousTestCase):
    """C{?} to C{%s}."""

    def test_spelled(self) -> None:
        """Only outside of quotes; a percent sign stays one."""
        self.assertEqual(
            spelled("SELECT '?%', `a?` FROM t WHERE a LIKE ? AND b = 'it''s ?' AND c % 2 = ?"),
            "SELECT '?%%', `a?` FROM t WHERE a LIKE %s AND b = 'it''s ?' AND c %% 2 = %s",
        )
