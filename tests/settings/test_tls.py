"""server.ssl.* and nacos.raft.tls.*."""

from __future__ import annotations

import os
import pathlib

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import SettingsError
from nacos_tw.settings.settings import Settings, load
from nacos_tw.settings.tls import HttpsSettings, RaftTlsSettings


class TlsCase(SynchronousTestCase):
    """A home whose file the tests write."""

    def setUp(self) -> None:
        self.home = os.path.abspath(self.mktemp())
        pathlib.Path(self.home, "conf").mkdir(parents=True)

    def load(self, text: str, members: str = "127.0.0.1:8848", **environ: str) -> Settings:
        pathlib.Path(self.home, "conf", "application.properties").write_text(text)
        pathlib.Path(self.home, "conf", "cluster.conf").write_text(members)
        return load(self.home, {"HOME": self.home, **environ}, {})

    def refused(self, text: str) -> str:
        return str(self.assertRaises(SettingsError, self.load, text))


class HttpsTests(TlsCase):
    """8848."""

    def test_off(self) -> None:
        """Without a certificate, or turned off."""
        self.assertIsNone(self.load("").https)
        self.assertIsNone(self.load("server.ssl.enabled=false\nserver.ssl.key-store=x").https)

    def test_spring(self) -> None:
        """As Spring Boot's files have it; the environment too; a path may have file: before it."""
        found = self.load(
            "server.ssl.enabled=true\nserver.ssl.key-store=file:conf/k.p12\nserver.ssl.key-store-type=PKCS12\n"
            "server.ssl.key-alias=a\nserver.ssl.client-auth=WANT\nserver.ssl.trust-store=file:///t.p12\n"
            "server.ssl.enabled-protocols=TLSv1.2, tlsv1.3\nserver.ssl.ciphers=A,B",
            SERVER_SSL_KEY_STORE_PASSWORD="geheim",
        )
        wanted = HttpsSettings(
            store=f"{self.home}/conf/k.p12", store_type="pkcs12", store_password="geheim", alias="a",
            client_auth="want", trust="/t.p12", protocols=("TLSv1.2", "TLSv1.3"), ciphers=("A", "B"),
        )  # fmt: skip
        self.assertEqual(found.https, wanted)
        self.assertNotIn("geheim", repr(found))
        self.assertEqual(found.remarks, ())

    def test_pem(self) -> None:
        """Paths begin at the home; the environment's name of a key with dashes."""
        found = self.load("server.ssl.certificate=c\n", SERVER_SSL_CERTIFICATE_PRIVATE_KEY="/k")
        self.assertEqual(found.https, HttpsSettings(certificate=f"{self.home}/c", private_key="/k"))

    def test_java_store(self) -> None:
        """What is said to be JKS may be PKCS#12, as for Java: it is looked at."""
        for kind, found in (("JKS", ""), ("PKCS12", "pkcs12"), ("p12", "pkcs12")):
            https = self.load(f"server.ssl.key-store=a\nserver.ssl.key-store-type={kind}").https
            assert https is not None
            self.assertEqual(https.store_type, found)

    def test_wrong(self) -> None:
        """What is missing or too much."""
        for text, said in (
            ("server.ssl.enabled=true", "line 1: server.ssl.enabled=true: expected server.ssl.key-store, or"),
            ("server.ssl.certificate=a\nserver.ssl.key-store=b", "expected server.ssl.key-store or server.ssl.cert"),
            ("server.ssl.certificate=a\nserver.ssl.client-auth=need", "expected server.ssl.trust-certificate"),
            ("server.ssl.key-store=classpath:a", "expected the path of a file"),
            (
                "server.ssl.certificate=a\nserver.ssl.enabled-protocols=TLSv1.1",
                "expected TLSv1.2 or TLSv1.3, comma separated",
            ),
            ("server.ssl.key-store=a\nserver.ssl.key-store-type=JCEKS", "pkcs12 or pem"),
        ):
            self.assertIn(said, self.refused(text))


class RaftTests(TlsCase):
    """7848."""

    FILES = """\
nacos.raft.tls.enabled=true
nacos.raft.tls.certificate=c
nacos.raft.tls.private-key=k
nacos.raft.tls.ca=/a
"""

    def test_on(self) -> None:
        """Files, and a secret only where one is set."""
        two = "127.0.0.1:8848\n10.255.255.1:8848"
        found = self.load(self.FILES + "nacos.raft.tls.private-key-password=geheim", two)
        self.assertEqual(found.raft.tls, RaftTlsSettings(f"{self.home}/c", f"{self.home}/k", "/a", "geheim"))
        self.assertNotIn("geheim", repr(found))
        self.assertEqual(found.raft.secret, b"")
        self.assertEqual(self.load(self.FILES + f"nacos.raft.secret={'s' * 16}", two).raft.secret, b"s" * 16)
        self.assertIsNone(self.load(f"nacos.raft.secret={'s' * 16}", two).raft.tls)

    def test_missing(self) -> None:
        """Each of the three files."""
        lines = self.FILES.splitlines()
        for number in (1, 2, 3):
            rest = [line for at, line in enumerate(lines) if at != number]
            name = lines[number].partition("=")[0]
            self.assertIn(f"nacos.raft.tls.enabled=true: expected {name} too", self.refused("\n".join(rest)))
