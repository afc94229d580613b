"""Reads certificates and keys from files: PEM and PKCS#12."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs12

from nacos_tw.errors import StartError

PEM = b"-----BEGIN "
JKS = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")
"""How Java's own key stores begin."""
MOST_BYTES = 2**22
"""A file of certificates is never so large."""

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey | Ed448PrivateKey


@attrs.frozen
class Credentials:
    """
    What a node shows of itself, and whom it trusts.

    @ivar chain: certificates between C{certificate} and its CA.
    @ivar authorities: the CAs whose certificates the other side may show; empty for nobody's.
    """

    key: PrivateKey = attrs.field(repr=False)
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()
    authorities: tuple[x509.Certificate, ...] = ()

    def days_left(self, now: datetime.datetime) -> float:
        """Days until the first certificate of the chain expires; below zero when it has."""
        ends = min(one.not_valid_after_utc for one in (self.certificate, *self.chain))
        return (ends - now) / datetime.timedelta(days=1)

    def untimely(self, now: datetime.datetime) -> str:
        """
        Why the other side would refuse this now, because of its time alone; "" if it would not.

        A CA counts if it is the one that the certificate comes from, and there is no other of its name: one that is
        left over from before a change of CAs may have expired.
        """
        last = (self.certificate, *self.chain)[-1]
        for one in (self.certificate, *self.chain):
            if trouble := _untimely(one, now):
                return f"the certificate of {subject(one)} {trouble}"
        issuers = [one for one in self.authorities if one.subject == last.issuer]
        troubles = [_untimely(one, now) for one in issuers]
        return f"the CA {subject(issuers[0])} {troubles[0]}" if issuers and all(troubles) else ""


def _untimely(certificate: x509.Certificate, now: datetime.datetime) -> str:
    if certificate.not_valid_after_utc < now:
        return "has expired"
    return "is not valid yet" if certificate.not_valid_before_utc > now else ""


def read_pem(certificate: str, key: str, password: str) -> Credentials:
    """
    Credentials from PEM files.

    @param key: the file with the key; "" if it stands in the same file.
    @raise StartError: a file cannot be used, or they do not belong together; one line.
    """
    found = _certificates(certificate)
    return _paired(_key(key or certificate, password), found, certificate)


def read_store(path: str, kind: str, passwords: Sequence[str], alias: str) -> Credentials:
    """
    Credentials from one file.

    @param kind: "pkcs12", "pem", or "" to find out.
    @param passwords: of the file and of the key; the first that is set counts for PKCS#12, the last for PEM.
    @param alias: name that the entry must have; "" for any.
    @raise StartError: it cannot be used; one line.
    """
    data = _read(path)
    if kind == "pem" or (not kind and PEM in data):
        return read_pem(path, "", next(filter(None, reversed(passwords)), ""))
    found = _pkcs12(path, data, next(filter(None, passwords), ""))
    if found.key is None or found.cert is None:
        raise StartError(f"{path}: expected a private key and its certificate in it")
    name = (found.cert.friendly_name or b"").decode("utf-8", "replace")
    if alias and alias.lower() != name.lower():
        raise StartError(f"{path}: holds the entry {name!r}, not {alias!r} (server.ssl.key-alias)")
    certificates = [found.cert.certificate, *(one.certificate for one in found.additional_certs)]
    return _paired(found.key, certificates, path)


def read_authorities(path: str, password: str = "") -> tuple[x509.Certificate, ...]:
    """
    All certificates of a PEM or PKCS#12 file.

    @raise StartError: it cannot be used, or holds none; one line.
    """
    data = _read(path)
    if PEM in data:
        return tuple(_certificates(path))
    store = _pkcs12(path, data, password)
    found = [one.certificate for one in store.additional_certs]
    if store.cert is not None:
        found.append(store.cert.certificate)
    if not found:
        raise StartError(f"{path}: expected certificates in it")
    return tuple(found)


def subject(certificate: x509.Certificate) -> str:
    """Whose certificate it is, for the log."""
    text = certificate.subject.rfc4514_string() or f"serial number {certificate.serial_number:x}"
    text = text if len(text) <= 120 else text[:117] + "..."
    return text if text.isprintable() else ascii(text)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise StartError(f"{path}: cannot be read: {error.strerror or error}") from None
    if data.startswith(JKS):
        raise StartError(
            f"{path}: is a JKS store; expected PKCS#12 (keytool -importkeystore -deststoretype PKCS12 makes it of one)"
        )
    if not data.strip() or len(data) > MOST_BYTES:
        raise StartError(f"{path}: is {'empty' if len(data) <= MOST_BYTES else 'too large'}")
    return data


def _certificates(path: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_read(path))
    except ValueError:
        raise StartError(f"{path}: expected certificates in PEM (-----BEGIN CERTIFICATE-----)") from None


def _key(path: str, password: str) -> object:
    data = _read(path)
    try:
        return serialization.load_pem_private_key(data, None)
    except TypeError:  # it has a password
        pass
    except Exception:
        raise StartError(f"{path}: expected a private key in PEM (-----BEGIN PRIVATE KEY-----)") from None
    if not password:
        raise StartError(f"{path}: the private key has a password, and none is set")
    try:
        return serialization.load_pem_private_key(data, password.encode())
    except Exception:
        raise StartError(f"{path}: the password of the private key is wrong, or the key is damaged") from None


def _pkcs12(path: str, data: bytes, password: str) -> pkcs12.PKCS12KeyAndCertificates:
    try:
        return pkcs12.load_pkcs12(data, password.encode() if password else None)
    except Exception:
        raise StartError(f"{path}: is no PKCS#12 file, or its password is another one") from None


def _paired(key: object, found: Sequence[x509.Certificate], path: str) -> Credentials:
    """The certificate of that key, with the others as its chain."""
    if not isinstance(key, PrivateKey):
        raise StartError(f"{path}: expected an RSA, EC or Ed25519 key")
    public = _shown(key.public_key())
    for number, certificate in enumerate(found):
        if _shown(certificate.public_key()) == public:
            return Credentials(key, certificate, (*found[:number], *found[number + 1 :]))
    raise StartError(f"{path}: the private key belongs to another certificate")


def _shown(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
