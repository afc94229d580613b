"""A real OpenLDAP for tests: Debian's slapd, on a folder and free ports of its own, ended at exit.

As root, the package is installed if it is missing. Where there is none to be had, L{missing} says why.
"""

from __future__ import annotations

import atexit
import datetime
import functools
import ipaddress
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.freezing import freeze
from tests.ports import free_port

BASE = "dc=example,dc=org"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{BASE}", "s3cret-admin"
PEOPLE = f"ou=people,{BASE}"
_SCHEMAS = pathlib.Path("/etc/ldap/schema")
_CONFIG = """
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.pem
allow bind_anon_dn
database mdb
maxsize 16777216
suffix "{base}"
rootdn "{admin}"
rootpw {password}
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=finder,{base}" read by anonymous read by * none
"""
_ENTRIES = f"""
dn: {BASE}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people

dn: ou=more,{BASE}
objectClass: organizationalUnit
ou: more
"""


@functools.cache
def missing() -> str:
    """Why there is no slapd here; "" if there is one."""
    if _program():
        return ""
    if os.getuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "--no-install-recommends", "slapd"]
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (install, ["apt-get", "update"], install):
            done = subprocess.run(command, env=environ, capture_output=True, check=False)
            if command is install and done.returncode == 0 and _program():
                return ""
    return "no OpenLDAP on this machine: apt-get install slapd"


def _program() -> str | None:
    return shutil.which("slapd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/lib/openldap")


class Slapd:
    """
    One server with the entries that tests add.

    @ivar authority: PEM file with the certificate that the server's is signed by.
    """

    def __init__(self, host_name: str = "localhost") -> None:
        """@param host_name: of the certificate, beside 127.0.0.1 for localhost."""
        self.folder = tempfile.mkdtemp(prefix="nacos_tw-slapd-")
        atexit.register(self.close)
        self.port = free_port(1)
        self.tls_port = self.port + 1
        self._program = os.path.join(self.folder, "slapd")
        shutil.copy(str(_program()), self._program)  # Debian's AppArmor lets the installed one into no other folder
        self.authority = os.path.join(self.folder, "authority.pem")
        _make_certificates(self.folder, host_name)
        os.mkdir(os.path.join(self.folder, "data"))
        self._config = os.path.join(self.folder, "slapd.conf")
        values = {"schemas": _SCHEMAS, "folder": self.folder, "base": BASE, "admin": ADMIN, "password": ADMIN_PASSWORD}
        pathlib.Path(self._config).write_text(_CONFIG.format(**values))
        subprocess.run(
            [self._program, "-T", "add", "-f", self._config],
            input=_ENTRIES.encode(), check=True, capture_output=True,
        )  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        """Its URL, without TLS."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        """Its URL, with TLS."""
        return f"ldaps://127.0.0.1:{self.tls_port}"

    def start(self) -> None:
        """Start it (again), and wait until it answers."""
        urls = f"{self.url} {self.tls_url}"
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-f", self._config, "-h", urls, "-d", "0"], stdout=log, stderr=log
            )
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 5).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(pathlib.Path(self.folder, "log").read_text("utf-8", "replace")) from None
                time.sleep(0.05)

    def stop(self) -> None:
        """kill -9; what it was told is on disk."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """It takes connections, but answers nothing."""
        if self._process is not None:
            freeze(self._process.pid)

    def resume(self) -> None:
        """It goes on."""
        self._signal(signal.SIGCONT)

    def is_asked(self) -> bool:
        """Whether somebody has a connection to it; Linux only."""
        wanted = f"0100007F:{self.port:04X}"
        with open("/proc/net/tcp") as file:
            rows = [line.split() for line in file]
        return any(row[1] == wanted and row[3] == "01" for row in rows)

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def close(self) -> None:
        """End it and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- its entries

    def add(self, uid: str, password: str, within: str = PEOPLE) -> str:
        """
        A person.

        @return: their DN.
        """
        from ldap3.utils.dn import escape_rdn

        dn = f"uid={escape_rdn(uid)},{within}"
        person = {"uid": uid, "cn": uid, "sn": uid, "userPassword": password}
        with self._connection() as connection:
            done = connection.add(dn, "inetOrgPerson", person)
            assert done, connection.result
        return dn

    def add_reference(self, name: str, url: str) -> None:
        """An entry that refers to another server."""
        with self._connection() as connection:
            done = connection.add(f"ou={name},{BASE}", ["referral", "extensibleObject"], {"ou": name, "ref": url})
            assert done, connection.result

    def remove(self, dn: str) -> None:
        """Take an entry out, a reference too."""
        with self._connection() as connection:
            manage = ("2.16.840.1.113730.3.4.2", True, None)  # ManageDsaIT, RFC 3296
            done = connection.delete(dn, controls=[manage])
            assert done, connection.result

    def set_password(self, dn: str, password: str) -> None:
        """Change a person's."""
        with self._connection() as connection:
            done = connection.modify(dn, {"userPassword": [("MODIFY_REPLACE", [password])]})
            assert done, connection.result

    def _connection(self) -> Any:
        import ldap3

        server = ldap3.Server("127.0.0.1", self.port, get_info=ldap3.NONE)
        return ldap3.Connection(server, ADMIN, ADMIN_PASSWORD, auto_bind=True, check_names=False)


def _make_certificates(folder: str, host_name: str) -> None:
    """authority.pem, and server.pem that it signs, with its key."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name, name = _name("Test authority"), _name(host_name)
    alternatives: list[x509.GeneralName] = [x509.DNSName(host_name)]
    if host_name == "localhost":
        alternatives.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    ca = _certificate(ca_name, ca_name, ca_key, ca_key, x509.BasicConstraints(ca=True, path_length=None))
    server = _certificate(name, ca_name, key, ca_key, x509.SubjectAlternativeName(alternatives))
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    pathlib.Path(folder, "authority.pem").write_bytes(ca.public_bytes(pem))
    pathlib.Path(folder, "server.pem").write_bytes(
        server.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(name: x509.Name, issuer: x509.Name, key: Any, ca_key: Any, extension: Any) -> x509.Certificate:
    now = datetime.datetime.now(datetime.timezone.utc)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    issuing = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        .add_extension(identifier, critical=False)
        .add_extension(issuing, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
