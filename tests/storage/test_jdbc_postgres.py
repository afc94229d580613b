"""JDBC URLs of PostgreSQL, and how statements are spelled for it."""

from __future__ import annotations

from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import SettingsError, StartError
from nacos_tw.settings.database import DatabaseSettings
from nacos_tw.storage import urls
from nacos_tw.storage.jdbc import CONNECT_TIMEOUT, SOCKET_TIMEOUT, Target
from nacos_tw.storage.jdbc_postgres import known_authorities
from nacos_tw.storage.postgres_spelling import postgres_spelled, too_long

BASE = "jdbc:postgresql://db:5432/nacos_config"


def one(url: str) -> Target:
    (target,) = urls.parse_url(url)
    return target


class UrlTests(SynchronousTestCase):
    """Every option that has an effect, as users of Nacos write it."""

    def test_usual(self) -> None:
        """What Nacos's pages show."""
        target = one(
            "jdbc:postgresql://127.0.0.1:5433/nacos?tcpKeepAlive=true&reWriteBatchedInserts=true&ApplicationName=nacos"
        )
        self.assertEqual((target.host, target.port, target.database), ("127.0.0.1", 5433, "nacos"))
        self.assertEqual((target.connect_timeout, target.socket_timeout), (CONNECT_TIMEOUT, SOCKET_TIMEOUT))
        self.assertEqual((target.kind, target.tls.mode, target.schema), ("postgresql", "preferred", ""))

    def test_forms(self) -> None:
        """Without a host or a port; the older name; several hosts in their order."""
        self.assertEqual([(t.host, t.port) for t in urls.parse_url("jdbc:postgresql:nacos")], [("localhost", 5432)])
        self.assertEqual(one("jdbc:pgsql://db/nacos").port, 5432)
        found = urls.parse_url("jdbc:postgresql://a,b:5433,[2001:db8::1]:5434/nacos?targetServerType=primary")
        self.assertEqual([(t.host, t.port) for t in found], [("a", 5432), ("b", 5433), ("2001:db8::1", 5434)])

    def test_users(self) -> None:
        """db.user counts first, then the URL's options."""
        url = BASE + "?user=o&password=q%26"
        self.assertEqual([(t.user, t.password) for t in urls.parse_url(url)], [("o", "q&")])
        self.assertEqual([(t.user, t.password) for t in urls.parse_url(url, "s", "t")], [("s", "t")])

    def test_times(self) -> None:
        """Seconds; what can only have been meant as MySQL's milliseconds is taken so; 0 is a limit all the same."""
        for options, wanted in (
            ("connectTimeout=2&socketTimeout=30", (2.0, 30.0)),
            ("loginTimeout=4", (4.0, SOCKET_TIMEOUT)),
            ("connectTimeout=1000&socketTimeout=3000", (1.0, 3.0)),
            ("connectTimeout=0&socketTimeout=0", (CONNECT_TIMEOUT, SOCKET_TIMEOUT)),
        ):
            target = one(f"{BASE}?{options}")
            self.assertEqual((target.connect_timeout, target.socket_timeout), wanted, options)

    def test_schema_and_zone(self) -> None:
        """The first schema of currentSchema; the zone by any of the names that users know."""
        self.assertEqual(one(BASE + '?currentSchema="Nacos",public').schema, "Nacos")
        for name in ("TimeZone", "connectionTimeZone", "serverTimezone"):
            self.assertEqual(one(f"{BASE}?{name}=Asia/Shanghai").zone, "Asia/Shanghai")

    def test_tls_modes(self) -> None:
        """As the driver of Java reads them; useSSL=false is left over from a URL of MySQL."""
        for options, mode in (
            ("sslmode=disable", "disabled"),
            ("sslmode=allow", "preferred"),
            ("sslmode=prefer", "preferred"),
            ("sslmode=require", "required"),
            ("sslmode=verify-ca", "verify_ca"),
            ("sslmode=verify-full", "verify_identity"),
            ("ssl=true", "verify_identity"),
            ("ssl", "verify_identity"),
            ("ssl=true&sslfactory=org.postgresql.ssl.NonValidatingFactory", "required"),
            ("ssl=false", "disabled"),
            ("useSSL=false", "disabled"),
            ("", "preferred"),
        ):
            self.assertEqual(one(f"{BASE}?{options}").tls.mode, mode, options)

    def test_tls_files(self) -> None:
        """PEM files; where none is named the authorities of this machine."""
        tls = one(
            BASE + "?sslmode=verify-ca&sslrootcert=/etc/ca.pem&sslcert=/etc/me.pem&sslkey=/etc/me.key&sslpassword=k"
        ).tls
        self.assertEqual((tls.authority, tls.certificate, tls.key, tls.key_password), (
            "/etc/ca.pem", "/etc/me.pem", "/etc/me.key", "k",
        ))  # fmt: skip
        self.assertEqual(one(BASE + "?sslmode=verify-full").tls.authority, known_authorities())

    def test_wrong(self) -> None:
        """What is wrong is said, without the URL: it may hold a password."""
        for url, expected in (
            ("jdbc:postgresql://u:hidden@db/", "name of a database"),
            ("jdbc:postgresql://u:hidden@db:99999/n", "port"),
            (BASE + "?password=hidden&socketTimeout=soon", "socketTimeout: expected seconds"),
            (BASE + "?password=hidden&sslmode=sometimes", "sslmode: expected disable, allow"),
            (BASE + "?password=hidden&sslkey=/x/me.p12", "PEM"),
        ):
            error = self.assertRaises(SettingsError, urls.parse_url, url, name="db.url.3")
            self.assertIn(expected, str(error))
            self.assertTrue(str(error).startswith("db.url.3: "), error)
            self.assertNotIn("hidden", str(error))

    def test_kinds(self) -> None:
        """Databases of two kinds are no cluster; a driver that is not there is named with how to get it."""
        both = DatabaseSettings((BASE, "jdbc:mysql://db/n"), ("u", "u"), ("p", "p"))
        self.assertIn("of one kind", str(self.assertRaises(StartError, urls.targets, both)))
        alone = DatabaseSettings((BASE,), ("u",), ("p",))
        with mock.patch.object(urls, "find_spec", lambda name: None):
            self.assertIn("nacos_tw[postgresql]", str(self.assertRaises(StartError, urls.targets, alone)))
        missing = DatabaseSettings((BASE + "?sslmode=verify-ca&sslrootcert=/nowhere/ca.pem",), ("u",), ("p",))
        self.assertIn("/nowhere/ca.pem", str(self.assertRaises(StartError, urls.targets, missing)))


class SpellingTests(SynchronousTestCase):
    """Statements."""

    def test_parameters(self) -> None:
        """Only marks outside of quotes are parameters; backticks become quotes."""
        found = postgres_spelled("SELECT `usage`, '?%`' FROM t WHERE a=? AND b LIKE '%' ESCAPE '!'")
        self.assertEqual(found.text, "SELECT \"usage\", '?%%`' FROM t WHERE a=%s AND b LIKE '%%' ESCAPE '!'")
        self.assertFalse(found.guarded)

    def test_numbers(self) -> None:
        """An INSERT gives the number of its row, by the name that the table has for it."""
        for table, column in (("config_info", "id"), ("his_config_info", "nid"), ("config_tags_relation", "nid")):
            self.assertTrue(
                postgres_spelled(f"INSERT INTO {table} (a) VALUES (?)").text.endswith(f" RETURNING {column}")
            )
        for statement in ("INSERT INTO users (username) VALUES (?)", "UPDATE config_info SET content=? WHERE id=?"):
            found = postgres_spelled(statement)
            self.assertNotIn("RETURNING", found.text)
            self.assertTrue(found.guarded)

    def test_too_long(self) -> None:
        """The column whose value was too long is found again."""
        insert = postgres_spelled(
            "INSERT INTO config_info (data_id, group_id, tenant_id, content) VALUES (?, 'g', '', ?)"
        )
        self.assertEqual(insert.columns, ("data_id", "content"))
        self.assertEqual(too_long(insert, ("x" * 256, "c"), {"data_id": 255, "group_id": 255}), "data_id")
        update = postgres_spelled("UPDATE config_info SET content=?, app_name=COALESCE(?, app_name) WHERE id=?")
        self.assertEqual(update.columns[:2], ("content", "app_name"))
        self.assertEqual(too_long(update, ("x" * 999, "y" * 129, 1), {"app_name": 128}), "app_name")
        self.assertEqual(too_long(update, ("x", None, 1), {"app_name": 128}), "")
