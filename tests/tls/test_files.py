"""Certificates and keys as they lie on disk."""

from __future__ import annotations

import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from nacos_tw.errors import StartError
from nacos_tw.tls.files import MOST_BYTES, read_authorities, read_pem, read_store, subject
from tests.tls.pairs import FolderCase, ca, credentials, node


class PemTests(FolderCase):
    """PEM files."""

    def test_pair(self) -> None:
        """In two files or in one; whatever the order, the key's certificate is found and the others are its chain."""
        pair = node()
        key = self.write("key", pair.key_pem)
        for name, parts in (("a", (pair, ca())), ("b", (ca(), pair))):
            found = read_pem(self.write(name, *(part.certificate_pem for part in parts)), key, "")
            self.assertEqual((found.certificate, found.chain), (pair.certificate, (ca().certificate,)))
        both = self.write("both", pair.key_pem, pair.certificate_pem)
        self.assertEqual(read_pem(both, "", "not needed").certificate, pair.certificate)
        self.assertNotIn("PRIVATE", repr(found))

    def test_password(self) -> None:
        """A key with a password needs it."""
        pair = node()
        locked = pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"geheim"))
        certificate, key = self.write("c", pair.certificate_pem), self.write("k", locked)
        self.assertEqual(read_pem(certificate, key, "geheim").certificate, pair.certificate)
        for password, said in (("", "has a password, and none is set"), ("wrong", "the password of the private key")):
            error = self.assertRaises(StartError, read_pem, certificate, key, password)
            self.assertIn(said, str(error))
            self.assertNotIn("geheim", str(error))

    def test_unusable(self) -> None:
        """Each mistake is one line with the file's name."""
        pair = node()
        certificate, key = self.write("c", pair.certificate_pem), self.write("k", pair.key_pem)
        for first, second, said in (
            (str(self.folder / "none"), key, "none: cannot be read: No such file or directory"),
            (str(self.folder), key, "cannot be read: Is a directory"),
            (certificate, self.write("other", node("x").key_pem), "belongs to another certificate"),
            (key, key, "k: expected certificates in PEM"),
            (certificate, certificate, "c: expected a private key in PEM"),
            (self.write("empty", b" \n"), key, "empty: is empty"),
            (self.write("large", bytes(MOST_BYTES + 1)), key, "large: is too large"),
            (self.write("cut", pair.certificate_pem[:200]), key, "cut: expected certificates in PEM"),
            (self.write("jks", b"\xfe\xed\xfe\xed\0\0"), key, "jks: is a JKS store; expected PKCS#12"),
        ):
            error = self.assertRaises(StartError, read_pem, first, second, "")
            self.assertIn(said, str(error))
            self.assertNotIn("\n", str(error))

    def test_days_left(self) -> None:
        """The first certificate of the chain that expires counts."""
        found = credentials(node(days=20))
        now = datetime.datetime.now(datetime.timezone.utc)
        self.assertEqual(round(found.days_left(now)), 20)
        self.assertLess(found.days_left(now + datetime.timedelta(days=21)), 0)

    def test_subject(self) -> None:
        """What somebody wrote into a certificate is fit for one line of a log."""
        builder = x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(x509.Name([]))
        builder = builder.public_key(ca().key.public_key()).serial_number(255)
        now = datetime.datetime.now()
        builder = builder.not_valid_before(now).not_valid_after(now)
        self.assertEqual(subject(builder.sign(ca().key, ca().certificate.signature_hash_algorithm)), "serial number ff")
        odd = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a\nb"), x509.NameAttribute(NameOID.TITLE, "y" * 200)])
        named = x509.CertificateBuilder(odd, odd, ca().key.public_key(), 1, now, now)
        text = subject(named.sign(ca().key, ca().certificate.signature_hash_algorithm))
        self.assertTrue(text.isprintable())
        self.assertLess(len(text), 140)


class StoreTests(FolderCase):
    """PKCS#12 files."""

    def store(self, name: str = "store", password: bytes = b"changeit", alias: bytes | None = b"nacos") -> str:
        pair = node()
        algorithm = BestAvailableEncryption(password) if password else NoEncryption()
        data = pkcs12.serialize_key_and_certificates(alias, pair.key, pair.certificate, [ca().certificate], algorithm)
        return self.write(name, data)

    def test_store(self) -> None:
        """With and without passwords and names; the chain comes with it."""
        for passwords in (("changeit", ""), ("", "changeit"), ("changeit", "changeit")):
            for kind in ("", "pkcs12"):
                found = read_store(self.store(), kind, passwords, "NACOS")
                self.assertEqual((found.certificate, found.chain), (node().certificate, (ca().certificate,)))
        self.assertEqual(read_store(self.store(password=b"", alias=None), "", ("", ""), "").chain, (ca().certificate,))

    def test_pem_as_store(self) -> None:
        """A PEM file in the store's place."""
        path = self.write("pem", node().key_pem, node().certificate_pem)
        for kind in ("", "pem"):
            self.assertEqual(read_store(path, kind, ("", ""), "").certificate, node().certificate)

    def test_unusable(self) -> None:
        """A wrong password, another entry, no key, no store."""
        only = pkcs12.serialize_key_and_certificates(None, None, None, [ca().certificate], NoEncryption())
        for path, password, alias, said in (
            (self.store(), "wrong", "", "store: is no PKCS#12 file, or its password is another one"),
            (self.store(), "changeit", "other", "holds the entry 'nacos', not 'other'"),
            (self.write("only", only), "", "", "only: expected a private key and its certificate"),
            (self.write("x", b"x" * 100), "", "", "x: is no PKCS#12 file"),
        ):
            error = self.assertRaises(StartError, read_store, path, "pkcs12", (password, ""), alias)
            self.assertIn(said, str(error))

    def test_authorities(self) -> None:
        """CAs from PEM and PKCS#12; a file without certificates is none."""
        pem = self.write("pem", ca("a").certificate_pem, ca("b").certificate_pem)
        self.assertEqual(read_authorities(pem), (ca("a").certificate, ca("b").certificate))
        encryption = BestAvailableEncryption(b"changeit")
        store = pkcs12.serialize_key_and_certificates(None, None, None, [ca("a").certificate], encryption)
        self.assertEqual(read_authorities(self.write("p12", store), "changeit"), (ca("a").certificate,))
        self.assertRaises(StartError, read_authorities, self.write("key", node().key_pem))
        self.assertRaises(StartError, read_authorities, self.write("p12", store), "wrong")
