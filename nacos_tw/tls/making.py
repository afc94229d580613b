"""A private CA and certificates of nodes, for a trial or a cluster of one's own: what bin/make-certs.sh runs."""

from __future__ import annotations

import argparse
import datetime
import ipaddress
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Sequence

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from nacos_tw.errors import NacosError, StartError
from nacos_tw.settings.clusterconf import parse_members
from nacos_tw.settings.kinds import host as host_text
from nacos_tw.settings.reading import read_text
from nacos_tw.tls.files import read_authorities, read_pem

CA_DAYS = 3650
NODE_DAYS = 825
"""The most that all clients take."""
EARLIER = datetime.timedelta(hours=1)
"""Certificates are valid from a little before they were made: clocks differ."""

SETTINGS = """\

Each node needs ca.pem and its own two files in conf/tls/, and in conf/application.properties (here: of {host})
nacos.raft.tls.enabled=true
nacos.raft.tls.certificate=conf/tls/{name}.pem
nacos.raft.tls.private-key=conf/tls/{name}.key
nacos.raft.tls.ca=conf/tls/ca.pem
server.ssl.certificate=conf/tls/{name}.pem
server.ssl.certificate-private-key=conf/tls/{name}.key"""


@attrs.frozen
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = attrs.field(repr=False)

    @property
    def certificate_pem(self) -> bytes:
        """As it stands in a file."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """As it stands in a file, without a password."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


@attrs.frozen
class Span:
    """When a certificate is valid."""

    begin: datetime.datetime
    end: datetime.datetime

    @classmethod
    def days(cls, count: float) -> Span:
        """From now on so long; below zero for one that has ended."""
        now = datetime.datetime.now(datetime.timezone.utc)
        end = now + datetime.timedelta(days=count)
        return cls(min(now, end) - EARLIER, end)


def make_ca(name: str, span: Span) -> Pair:
    """A CA that signs nodes' certificates and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = _builder(subject, subject, key.public_key(), span)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs=True), critical=True)
    return Pair(builder.sign(key, hashes.SHA256()), key)


def make_node(ca: Pair, hosts: Sequence[str], span: Span) -> Pair:
    """
    A node's certificate, for both sides of a connection.

    @param hosts: IP addresses and host names that it names; the first is its subject.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0][:64])])
    builder = _builder(subject, ca.certificate.subject, key.public_key(), span)
    uses = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key())
    for extension, critical in (
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(signs=False), True),
        (uses, False),
        (issuer, False),
        (x509.SubjectAlternativeName([_name(host) for host in hosts]), False),
    ):
        builder = builder.add_extension(extension, critical)
    return Pair(builder.sign(ca.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, span: Span
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number(), span.begin, span.end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )  # fmt: skip


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def file_name(host: str) -> str:
    """Of that host's files, without the ending."""
    name = re.sub(r"[^A-Za-z0-9.-]", "_", host)
    return f"_{name}" if name == "ca" else name


class Folder:
    """
    Where the files lie: ca.pem (every CA that counts), ca.key (of the newest), and HOST.pem and HOST.key of each node.

    Each file appears whole; those with keys have mode 0600.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def at(self, name: str) -> str:
        """The path of a file."""
        return os.path.join(self.path, name)

    def has(self, *names: str) -> bool:
        """Whether all of these files are there."""
        return all(os.path.exists(self.at(name)) for name in names)

    def write(self, name: str, data: bytes, secret: bool) -> None:
        """
        Write a file, in one step.

        @raise OSError: it cannot be written.
        """
        os.makedirs(self.path, mode=0o755, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{name}", dir=self.path)  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                if not secret:
                    os.fchmod(descriptor, 0o644)
                file.write(data)
            os.replace(temporary, self.at(name))
        except OSError:
            os.unlink(temporary)
            raise

    def ca(self) -> Pair:
        """
        The newest CA.

        @raise StartError: its files cannot be used.
        """
        found = read_pem(self.at("ca.pem"), self.at("ca.key"), "")
        if not isinstance(found.key, ec.EllipticCurvePrivateKey):
            raise StartError(f"{self.at('ca.key')}: expected an EC key, as this script makes it")
        return Pair(found.certificate, found.key)

    def new_ca(self, days: float = CA_DAYS) -> Pair:
        """Make a CA that signs from now on. Those before count still, until L{drop_old_cas}."""
        pair = make_ca(f"nacos_tw CA {secrets.token_hex(4)}", Span.days(days))
        old = read_authorities(self.at("ca.pem")) if self.has("ca.pem") else ()
        both = [pair.certificate_pem, *(one.public_bytes(serialization.Encoding.PEM) for one in old)]
        self.write("ca.pem", b"".join(both), secret=False)
        self.write("ca.key", pair.key_pem, secret=True)
        return pair

    def drop_old_cas(self) -> None:
        """Only the newest CA counts from now on."""
        self.write("ca.pem", self.ca().certificate_pem, secret=False)

    def node(self, ca: Pair, host: str, also: Sequence[str], days: float = NODE_DAYS) -> None:
        """Make a node's certificate."""
        pair, name = make_node(ca, [host, *also], Span.days(days)), file_name(host)
        self.write(f"{name}.key", pair.key_pem, secret=True)
        self.write(f"{name}.pem", pair.certificate_pem, secret=False)


def hosts_of(home: str, given: Sequence[str]) -> list[str]:
    """
    The hosts that get certificates: those given, else those of conf/cluster.conf.

    @raise NacosError: there are none, or one is no address.
    """
    filename = os.path.join(home, "conf", "cluster.conf")
    if given:
        text, origin = "\n".join(given), "the command line"
    elif os.path.lexists(filename):
        text, origin = read_text(filename), filename
    else:
        raise StartError(f"{filename} does not exist; name the nodes' addresses on the command line")
    hosts = list(dict.fromkeys(address.host for address in parse_members(text, 8848, origin)))
    if not hosts:
        raise StartError(f"{origin} names no node")
    return hosts


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make-certs.sh",
        description="Makes a private CA, and a certificate for each node of conf/cluster.conf (or each address given). "
        "What is there already is kept.",
    )
    parser.add_argument("addresses", nargs="*", metavar="address", help="IP address or host name of a node")
    parser.add_argument("--home", default=".", help=argparse.SUPPRESS)
    parser.add_argument("--out", default="", help="folder of the files [conf/tls of the home]")
    parser.add_argument("--days", type=int, default=NODE_DAYS, help="days that nodes' certificates hold [%(default)s]")
    parser.add_argument("--also", action="append", default=[], metavar="NAME", help="a name or address that every "
                        "node's certificate has too, a load balancer's say; may be given several times")  # fmt: skip
    parser.add_argument("--renew", action="store_true", help="make new certificates for nodes that have one")
    parser.add_argument("--new-ca", action="store_true", help="make another CA; ca.pem holds both then")
    parser.add_argument("--drop-old-ca", action="store_true", help="let ca.pem hold the newest CA only")
    return parser.parse_args(arguments)


def make(wanted: argparse.Namespace) -> list[str]:
    """
    Do what the command line says.

    @return: lines for the operator.
    @raise NacosError: it cannot be done.
    @raise OSError: a file cannot be written.
    """
    hosts = hosts_of(wanted.home, wanted.addresses)
    for name in wanted.also:
        host_text(name)
    folder = Folder(wanted.out or os.path.join(wanted.home, "conf", "tls"))
    out = []
    if wanted.new_ca or not folder.has("ca.pem", "ca.key"):
        folder.new_ca()
        out.append(f"made a CA: {folder.at('ca.pem')}; keep {folder.at('ca.key')} where no one else reads it")
    if wanted.drop_old_ca:
        folder.drop_old_cas()
        out.append(f"{folder.at('ca.pem')} holds one CA now")
    ca = folder.ca()
    for host in hosts:
        name = file_name(host)
        if wanted.renew or not folder.has(f"{name}.pem", f"{name}.key"):
            folder.node(ca, host, wanted.also, wanted.days)
            out.append(f"made {folder.at(name)}.pem and {name}.key for {host}")
    if out and not wanted.renew and not wanted.drop_old_ca:
        out.append(SETTINGS.format(host=hosts[0], name=file_name(hosts[0])))
    return out or ["nothing to do: every node has a certificate (--renew makes new ones)"]


def main(arguments: Sequence[str] | None = None) -> int:
    """
    The command.

    @param arguments: those of the command line if None.
    @return: the exit status.
    """
    try:
        lines = make(_arguments(arguments))
    except (NacosError, OSError, ValueError) as error:
        sys.stderr.write(f"ERROR {error}\n")
        return 1
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
