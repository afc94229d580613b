"""Logins as MySQL 8 and 9 want them: C{caching_sha2_password}."""

from __future__ import annotations

import pathlib
import ssl

import attrs
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.storage.errors import Denied
from nacos_tw.storage.jdbc import Target
from nacos_tw.storage.jdbc import parse as parse_url
from nacos_tw.storage.mysql_link import MySQLLink
from tests.storage.mysql8 import Server
from tests.storage.test_tls import certificate, pem

USER, PASSWORD = "nacos", "s3cret-P@ss-of-a-user"


class LoginTests(SynchronousTestCase):
    """With and without TLS, the first time and later."""

    def server(self, context: ssl.SSLContext | None = None) -> Server:
        """One that is ended with the test."""
        made = Server(USER, PASSWORD, context)
        self.addCleanup(made.close)
        return made

    def target(self, server: Server, options: str) -> Target:
        """How to get at it."""
        url = f"jdbc:mysql://127.0.0.1:{server.port}/nacos_config?serverTimezone=UTC&{options}"
        return parse_url(url, USER, PASSWORD)[0]

    def log_in(self, target: Target) -> None:
        """A connection that is ready to use."""
        link = MySQLLink(target)
        self.addCleanup(link.close)
        link.open(30)

    def context(self) -> ssl.SSLContext:
        """A server's, with a certificate."""
        folder = pathlib.Path(self.mktemp())
        folder.mkdir()
        for name, data in zip(("cert.pem", "key.pem"), pem(certificate("server", None, ("127.0.0.1",))), strict=True):
            (folder / name).write_bytes(data)
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        return made

    def test_without_tls(self) -> None:
        """The first login is by the server's RSA key, later ones by a challenge; the password is never on the wire."""
        server = self.server()
        target = self.target(server, "useSSL=false&allowPublicKeyRetrieval=true")
        for _ in range(2):
            self.log_in(target)
        server.forget()
        self.log_in(attrs.evolve(target, tls=attrs.evolve(target.tls, mode="preferred")))
        self.assertEqual(server.seen, [("rsa", True), ("fast", True), ("rsa", True)])
        self.assertIn(USER.encode(), server.plain)
        self.assertNotIn(PASSWORD.encode(), server.plain)

    def test_with_tls(self) -> None:
        """With TLS, which is taken where the server has it, the password goes through that."""
        server = self.server(self.context())
        for options in ("", "sslMode=REQUIRED"):
            self.log_in(self.target(server, options))
            server.forget()
        self.assertEqual(server.seen, [("tls", True)] * 2)
        self.assertNotIn(PASSWORD.encode(), server.plain)
        self.assertNotIn(USER.encode(), server.plain)

    def test_wrong(self) -> None:
        """A wrong password is told as one, with and without TLS."""
        for context in (None, self.context()):
            server = self.server(context)
            target = attrs.evolve(self.target(server, "sslMode=PREFERRED"), password="wr0ng")  # noqa: S106
            error = self.assertRaises(Denied, MySQLLink(target).open, 30)
            self.assertIn("db.user and db.password", str(error))
            self.assertNotIn("hidden", str(error))
            self.assertFalse(server.seen[0][1])
