"""JDBC URLs."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import SettingsError
from nacos_tw.storage.jdbc import CONNECT_TIMEOUT, SOCKET_TIMEOUT, Target, Tls, parse

BASE = "jdbc:mysql://db:3306/nacos_config"


def one(url: str) -> Target:
    (target,) = parse(url)
    return target


class HostTests(SynchronousTestCase):
    """Where to."""

    def test_usual(self) -> None:
        """What stands in every Nacos's application.properties."""
        target = one(
            "jdbc:mysql://127.0.0.1:3307/nacos?characterEncoding=utf8&connectTimeout=1000&socketTimeout=3000&"
            "autoReconnect=true&useUnicode=true&useSSL=false&serverTimezone=UTC"
        )
        self.assertEqual((target.host, target.port, target.database), ("127.0.0.1", 3307, "nacos"))
        self.assertEqual((target.connect_timeout, target.socket_timeout, target.zone), (1.0, 3.0, "UTC"))
        self.assertEqual(target.tls, Tls("disabled"))

    def test_defaults(self) -> None:
        """Without options there are limits all the same, also where Java's 0 means none."""
        for url in (BASE, BASE + "?", BASE + "?connectTimeout=0&socketTimeout=0", "jdbc:mariadb://db/nacos_config"):
            target = one(url)
            self.assertEqual((target.host, target.port, target.database), ("db", 3306, "nacos_config"))
            self.assertEqual((target.connect_timeout, target.socket_timeout), (CONNECT_TIMEOUT, SOCKET_TIMEOUT))
            self.assertEqual(target.tls.mode, "preferred")

    def test_several(self) -> None:
        """Hosts between commas are several servers, in that order."""
        url = "jdbc:mysql:replication://a:1,[2001:db8::1]:2,(host=c,port=3),address=(host=d)(port=4),e/n"
        self.assertEqual(
            [(t.host, t.port) for t in parse(url)], [("a", 1), ("2001:db8::1", 2), ("c", 3), ("d", 4), ("e", 3306)]
        )

    def test_users(self) -> None:
        """db.user counts first, then the URL's options, then what stands before the host."""
        url = "jdbc:mysql://u%40x:p%3A1@db/n"
        self.assertEqual([(t.user, t.password) for t in parse(url)], [("u@x", "p:1")])
        self.assertEqual([(t.user, t.password) for t in parse(url + "?user=o&password=q%26")], [("o", "q&")])
        self.assertEqual([(t.user, t.password) for t in parse(url, "s", "t")], [("s", "t")])
        self.assertEqual([(t.user, t.password) for t in parse(url, "s", "")], [("s", "")])

    def test_socket(self) -> None:
        """A Unix socket, as MariaDB's driver knows it."""
        self.assertEqual(one(BASE + "?localSocket=/run/x.sock").socket, "/run/x.sock")

    def test_spelling(self) -> None:
        """Names of options have no case; XML's &amp; counts as &; + stays + (GMT+8); the first of a name counts."""
        target = one(BASE + "?SOCKETTIMEOUT=500&amp;servertimezone=GMT+8&socketTimeout=9")
        self.assertEqual((target.socket_timeout, target.zone), (0.5, "GMT+8"))
        self.assertEqual(one(BASE + "?serverTimezone=GMT%2B8").zone, "GMT+8")
        self.assertEqual(one(BASE + "?connectionTimeZone=Asia/Shanghai&serverTimezone=UTC").zone, "Asia/Shanghai")

    def test_wrong(self) -> None:
        """What is wrong is said, without the URL: it may hold a password."""
        for url, expected in (
            ("mysql://db/n", "jdbc:mysql://host:port/database"),
            ("jdbc:mysql://u:hidden@db/", "name of a database"),
            ("jdbc:mysql://u:hidden@db:99999/n", "port"),
            ("jdbc:mysql://db:x:hidden/n", "host:port"),
            ("jdbc:mysql://(host=a,port=hidden)/n", "port"),
            (BASE + "?password=hidden&socketTimeout=soon", "socketTimeout: expected milliseconds"),
            (BASE + "?password=hidden&sslMode=sometimes", "sslMode"),
            (BASE + "?password=hidden&trustCertificateKeyStoreUrl=file:/x/trust.jks", "PEM"),
            (BASE + "?password=hidden&trustCertificateKeyStoreUrl=classpath:x", "PEM"),
        ):
            error = self.assertRaises(SettingsError, parse, url, name="db.url.3")
            self.assertIn(expected, str(error))
            self.assertTrue(str(error).startswith("db.url.3: "), error)
            self.assertNotIn("hidden", str(error))

    def test_hidden(self) -> None:
        """A target can be shown without telling who logs in."""
        shown = repr(parse("jdbc:mysql://user7:pass7@db/n?clientCertificateKeyStorePassword=key7")[0])
        for secret in ("user7", "pass7", "key7"):
            self.assertNotIn(secret, shown)


class TlsTests(SynchronousTestCase):
    """sslMode, and the older switches."""

    def test_modes(self) -> None:
        """As Connector/J 8 reads them."""
        for options, mode in (
            ("sslMode=DISABLED&useSSL=true", "disabled"),
            ("sslMode=PREFERRED&useSSL=false", "preferred"),
            ("sslMode=REQUIRED", "required"),
            ("sslMode=VERIFY_CA", "verify_ca"),
            ("sslMode=verify-full", "verify_identity"),
            ("useSSL=false&requireSSL=true", "disabled"),
            ("useSSL=true", "preferred"),
            ("useSSL=true&requireSSL=true", "required"),
            ("useSSL=true&requireSSL=true&verifyServerCertificate=true", "verify_ca"),
            ("verifyServerCertificate=true", "preferred"),
        ):
            self.assertEqual(one(f"{BASE}?{options}").tls.mode, mode, options)

    def test_files(self) -> None:
        """PEM files by path or file: URL; versions."""
        tls = one(
            BASE + "?sslMode=VERIFY_CA&trustCertificateKeyStoreUrl=file:///etc/ca.pem&clientCertificateKeyStoreUrl="
            "file:/etc/me.pem&clientCertificateKeyStorePassword=k&tlsVersions=TLSv1.2,TLSv1.3"
        ).tls
        self.assertEqual(tls, Tls("verify_ca", "/etc/ca.pem", "/etc/me.pem", "k", ("TLSv1.2", "TLSv1.3")))
        self.assertEqual(one(BASE + "?serverSslCert=/etc/ca.pem").tls.authority, "/etc/ca.pem")
