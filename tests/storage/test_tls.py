"""TLS to a real MariaDB, and that nobody learns who logs in."""

from __future__ import annotations

import datetime
import ipaddress
import os
import pathlib

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.internet import reactor
from twisted.logger import eventAsText, globalLogPublisher
from twisted.python.failure import Failure

from nacos_tw.errors import StartError
from nacos_tw.storage.external import ExternalDatabase
from nacos_tw.storage.txn import Txn
from tests import mariadb
from tests.storage.databases import DatabaseCase, insert, trouble

Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def certificate(name: str, issuer: Pair | None = None, addresses: tuple[str, ...] = ()) -> Pair:
    """A certificate and its key; signed by itself if nobody else does."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime(2020, 1, 1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=36500))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if addresses:
        found = [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        builder = builder.add_extension(x509.SubjectAlternativeName(found), critical=False)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def pem(pair: Pair) -> tuple[bytes, bytes]:
    """Certificate and key as PEM."""
    return pair[0].public_bytes(serialization.Encoding.PEM), pair[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class Secured:
    """A server with a certificate for 127.0.0.1, and the files beside it."""

    made: Secured | None = None

    def __init__(self) -> None:
        self.server = mariadb.server("tls")
        self.folder = self.server.folder
        authority = certificate("authority")
        own = pem(certificate("server", authority, ("127.0.0.1",)))
        self.authority = self.write("ca.pem", pem(authority)[0])
        self.other = self.write("other.pem", pem(certificate("other"))[0])
        self.client = self.write("client.pem", b"".join(pem(certificate("client", authority))))
        certificate_file, key_file = self.write("server.pem", own[0]), self.write("server.key", own[1])
        self.server.stop()
        self.server.options = (
            f"--ssl-ca={self.authority}", f"--ssl-cert={certificate_file}", f"--ssl-key={key_file}",
        )  # fmt: skip
        self.server.start()

    def write(self, name: str, data: bytes) -> str:
        """A file that the server may read."""
        path = os.path.join(self.folder, name)
        pathlib.Path(path).write_bytes(data)
        os.chmod(path, 0o644)
        return path

    @classmethod
    def get(cls) -> Secured:
        """The one of this test run."""
        cls.made = cls.made or cls()
        return cls.made


def cipher(txn: Txn) -> str:
    """What the connection is encrypted by; "" for nothing."""
    row = txn.one("SHOW STATUS LIKE 'Ssl_cipher'")
    assert row is not None
    return str(row[1])


class TlsTests(DatabaseCase):
    """sslMode and the files."""

    def setUp(self) -> None:
        self.secured = Secured.get()

    async def connect(self, options: str, host: str = "127.0.0.1", server: mariadb.Server | None = None) -> object:
        """The cipher, or why there is no connection."""
        server = server or self.secured.server
        settings = server.settings(server.database(), options)
        settings = attrs.evolve(settings, urls=(settings.urls[0].replace("127.0.0.1", host),))
        database = await self.start(settings)
        if not await database.ready:
            return database.sources.why()
        return await database.query("cipher", cipher)

    async def test_modes(self) -> None:
        """Encrypted if the server can, unless that is switched off."""
        self.assertEqual(await self.connect("useSSL=false"), "")
        for options in ("", "useSSL=true", "sslMode=REQUIRED", "useSSL=true&requireSSL=true"):
            self.assertIn("TLS_", str(await self.connect(options)), options)
        self.assertIn("ECDHE", str(await self.connect("sslMode=REQUIRED&tlsVersions=TLSv1.2")))

    async def test_verified(self) -> None:
        """A certificate must come from the named authority, and be for this host if that is asked."""
        authority = f"&trustCertificateKeyStoreUrl=file://{self.secured.authority}"
        self.assertIn("TLS_", str(await self.connect("sslMode=VERIFY_CA" + authority)))
        self.assertIn("TLS_", str(await self.connect("sslMode=VERIFY_IDENTITY" + authority)))
        self.assertIn("TLS_", str(await self.connect("sslMode=VERIFY_CA" + authority, "localhost")))
        self.assertIn("certificate", str(await self.connect("sslMode=VERIFY_IDENTITY" + authority, "localhost")))
        self.assertIn("certificate", str(await self.connect(f"sslMode=VERIFY_CA&serverSslCert={self.secured.other}")))
        self.assertIn("certificate", str(await self.connect("sslMode=VERIFY_CA")))

    async def test_client(self) -> None:
        """A client's certificate is shown to a server that wants one."""
        name = "certified"
        self.secured.server.admin(f"CREATE OR REPLACE USER {name} IDENTIFIED BY 'x' REQUIRE X509")
        self.secured.server.admin(f"GRANT ALL ON *.* TO {name}")
        database = self.secured.server.database()
        for options, works in (
            (f"sslMode=REQUIRED&clientCertificateKeyStoreUrl=file:{self.secured.client}", True),
            ("sslMode=REQUIRED", False),
        ):
            settings = attrs.evolve(self.secured.server.settings(database, options), users=(name,), passwords=("x",))
            started = await self.start(settings)
            self.assertEqual(await started.ready, works)

    async def test_without(self) -> None:
        """A server without TLS: fine where it is only preferred, refused where it is required."""
        plain = mariadb.server()
        self.assertEqual(await self.connect("sslMode=PREFERRED", server=plain), "")
        self.assertIn("TLS", str(await self.connect("sslMode=REQUIRED", server=plain)))

    async def test_files(self) -> None:
        """A file that is no PEM, or none at all, stops the start and is named."""
        empty = self.secured.write("empty.pem", b"nothing")
        for path in (empty, "/nowhere/ca.pem"):
            settings = mariadb.server().settings("x", f"sslMode=VERIFY_CA&serverSslCert={path}")
            self.assertIn(path, str(self.assertRaises(StartError, ExternalDatabase, settings, reactor)))


class SecretTests(DatabaseCase):
    """User and password."""

    async def test_hidden(self) -> None:
        """Neither log nor error nor repr tells them, whether they are right or wrong, the database up or down."""
        events: list[str] = []

        def note(event: object) -> None:
            events.append(eventAsText(event))  # type: ignore[arg-type]

        globalLogPublisher.addObserver(note)
        self.addCleanup(globalLogPublisher.removeObserver, note)
        server = mariadb.server("stopped")
        settings = server.fresh()
        wrong = attrs.evolve(settings, users=("wr0ng-user",), passwords=("wr0ng-pass",))
        inside = attrs.evolve(
            settings,
            urls=(settings.urls[0].replace("//", "//wr0ng-user:wr0ng-pass@") + "&password=wr0ng-pass",),
            users=("",),
            passwords=("",),
        )
        for each in (wrong, inside):
            database = await self.start(each)
            self.assertFalse(await database.ready)
            error = await trouble(database.interact("insert", insert, "a"))
            self.assertIn("db.user and db.password", str(error))
            events += [repr(error), Failure(error).getTraceback(), repr(each), repr(database), database.health()]
            events += [repr(vars(database))]
        database = await self.start(settings)
        server.kill()
        error = await trouble(database.interact("insert", insert, "a"))
        events += [repr(error), Failure(error).getTraceback(), repr(settings), repr(vars(database))]
        server.start()
        self.assertGreater(len(events), 10)
        for text in events:
            for secret in ("wr0ng", mariadb.PASSWORD, "wr0ng-user"):
                self.assertNotIn(secret, text)
