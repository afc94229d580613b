"""JDBC URLs of MySQL and MariaDB as Nacos users write them, read into what a connection needs.

L{nacos_tw.storage.jdbc_postgres} reads those of PostgreSQL, L{nacos_tw.storage.urls} knows which is which.

Options that only concern Java are left out. Names of options have no case, as in Connector/J. No
error shows the URL: it may hold a password.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_plus

import attrs

from nacos_tw.errors import SettingsError

CONNECT_TIMEOUT = 3.0
SOCKET_TIMEOUT = 10.0
"""Seconds where a URL sets no limit, or 0, which is none in Java: nothing may wait for ever here."""

_URL = re.compile(
    r"jdbc:(?:mysql|mariadb)(?:\+srv)?:(?:[a-z]+:)?//(?P<hosts>[^/?]*)(?:/(?P<name>[^?]*))?(?:\?(?P<query>.*))?"
)
_PLAIN = re.compile(
    r"(?:(?P<user>[^:@]*)(?::(?P<password>.*))?@)?(?P<host>\[[^\[\]]+\]|[^:\[\]]+)?(?::(?P<port>[0-9]{1,5}))?"
)
_PAIR = re.compile(r"([A-Za-z]+)\s*=\s*([^(),]*)")

_MODES = {
    "disabled": "disabled", "disable": "disabled", "false": "disabled",
    "preferred": "preferred",
    "required": "required", "trust": "required", "true": "required",
    "verify_ca": "verify_ca", "verify_identity": "verify_identity", "verify_full": "verify_identity",
}  # fmt: skip


@attrs.frozen
class Tls:
    """
    How the connection is encrypted.

    @ivar mode: "disabled"; "preferred" (if the server can); "required" (any certificate); "verify_ca" (one that a known
        authority signed); "verify_identity" (one that is for this host too).
    @ivar authority: file of the authorities' certificates, PEM; "" for this machine's own.
    @ivar certificate: file of the client's certificate and key, PEM; "" for none. C{key_password} opens the key.
    @ivar key: file of that key, if it is another one (PostgreSQL).
    @ivar versions: accepted, such as ("TLSv1.2", "TLSv1.3"); () for those that Python takes.
    """

    mode: str = "preferred"
    authority: str = ""
    certificate: str = ""
    key_password: str = attrs.field(default="", repr=False)
    versions: tuple[str, ...] = ()
    key: str = ""

    @property
    def verifies(self) -> bool:
        """Whether the server's certificate is looked at."""
        return self.mode in ("verify_ca", "verify_identity")


@attrs.frozen
class Target:
    """
    One server and the database on it. Times in seconds.

    @ivar host: IPv6 without brackets; shown in health and log.
    @ivar socket: path of a Unix socket to use in place of host and port, "" for none.
    @ivar zone: what the URL says about the time zone of DATETIME, "" for nothing.
    @ivar kind: "mysql" (MariaDB too) or "postgresql".
    @ivar schema: where PostgreSQL's tables are, "" for the user's own choice.
    """

    host: str
    port: int
    database: str
    user: str = attrs.field(default="", repr=False)
    password: str = attrs.field(default="", repr=False)
    socket: str = ""
    connect_timeout: float = CONNECT_TIMEOUT
    socket_timeout: float = SOCKET_TIMEOUT
    zone: str = ""
    tls: Tls = Tls()
    kind: str = "mysql"
    schema: str = ""


class Options:
    """The query of a URL, by names without case; the first of a name counts."""

    def __init__(self, query: str) -> None:
        self._values: dict[str, str] = {}
        for part in query.replace("&amp;", "&").split("&"):
            name, _, value = part.partition("=")
            # A "+" stands for itself: GMT+8 is written so.
            self._values.setdefault(unquote(name.strip()).lower(), unquote(value.strip()))

    def text(self, *names: str) -> str:
        """The first of the options that is set to something, else ""."""
        return next((value for name in names if (value := self._values.get(name.lower(), ""))), "")

    def has(self, name: str) -> bool:
        """Whether it stands there, be it with nothing."""
        return name.lower() in self._values

    def flag(self, name: str) -> bool | None:
        """true or false, None where it is not set."""
        value = self.text(name).lower()
        return None if not value else value in ("true", "yes", "1", "on")


def parse(url: str, user: str = "", password: str = "", name: str = "db.url") -> list[Target]:
    """
    The servers of one URL, in its order.

    @param user: counts before the URL's own, if it is not empty.
    @param name: the property's, for errors.
    @raise SettingsError: the URL is malformed, or asks for what cannot be given; the URL is not shown.
    """
    match = _URL.fullmatch(url.strip())
    if match is None:
        raise SettingsError(f"{name}: expected jdbc:mysql://host:port/database?options")
    options = Options(match["query"] or "")
    database = unquote_plus(match["name"] or "").strip("/ ")
    if not database:
        raise SettingsError(f"{name}: expected the name of a database after the host: jdbc:mysql://host:port/database")
    targets = []
    for entry in split_hosts(match["hosts"]):
        host, port, own_user, own_password = host_of(entry, name)
        targets.append(
            Target(
                host=host,
                port=port,
                database=database,
                user=user or options.text("user") or own_user,
                password=password if user or password else options.text("password") or own_password,
                socket=options.text("localSocket", "unixSocket"),
                connect_timeout=_milliseconds(options, "connectTimeout", CONNECT_TIMEOUT, name),
                socket_timeout=_milliseconds(options, "socketTimeout", SOCKET_TIMEOUT, name),
                zone=options.text("connectionTimeZone", "serverTimezone", "timezone"),
                tls=_tls(options, name),
            )
        )
    return targets


def split_hosts(hosts: str) -> list[str]:
    """The entries between commas that are not within brackets."""
    entries, depth = [""], 0
    for character in hosts:
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            entries.append("")
        else:
            entries[-1] += character
    return [entry.strip() for entry in entries]


def host_of(entry: str, name: str, default: int = 3306) -> tuple[str, int, str, str]:
    """host, port, user, password of [user:password@]host[:port], (host=...,port=...) or address=(host=...)(...)."""
    if "(" in entry:
        pairs = {key.lower(): value.strip() for key, value in _PAIR.findall(entry)}
        host, port = pairs.get("host", ""), pairs.get("port", "")
        user, password = pairs.get("user", ""), pairs.get("password", "")
    else:
        match = _PLAIN.fullmatch(entry)
        if match is None:
            raise SettingsError(f"{name}: expected host:port between // and /database")
        host, port = match["host"] or "", match["port"] or ""
        user, password = unquote(match["user"] or ""), unquote(match["password"] or "")
    if port and not (port.isdecimal() and 0 < int(port) < 65536):
        raise SettingsError(f"{name}: expected a port from 1 to 65535")
    return host.strip("[]") or "localhost", int(port or default), user, password


def _milliseconds(options: Options, option: str, default: float, name: str) -> float:
    value = options.text(option)
    if not value:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise SettingsError(f"{name}: {option}: expected milliseconds, a whole number")
    return int(value) / 1000 or default


def _tls(options: Options, name: str) -> Tls:
    versions = options.text("tlsVersions", "enabledTLSProtocols", "enabledSslProtocolSuites")
    return Tls(
        mode=_mode(options, name),
        authority=pem_file(options, name, "trustCertificateKeyStoreUrl", "serverSslCert", "trustStore"),
        certificate=pem_file(options, name, "clientCertificateKeyStoreUrl", "keyStore"),
        key_password=options.text("clientCertificateKeyStorePassword", "keyStorePassword"),
        versions=tuple(versions.replace(",", " ").split()),
    )


def _mode(options: Options, name: str) -> str:
    """C{sslMode}, or what C{useSSL}, C{requireSSL} and C{verifyServerCertificate} amount to (Connector/J 8)."""
    wanted = options.text("sslMode").lower().replace("-", "_")
    if wanted:
        if wanted not in _MODES:
            raise SettingsError(
                f"{name}: sslMode: expected DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY"
            )
        return _MODES[wanted]
    if options.flag("useSSL") is False:
        return "disabled"
    if options.flag("useSSL") and options.flag("verifyServerCertificate"):
        return "verify_ca"
    return "required" if options.flag("requireSSL") else "preferred"


def pem_file(options: Options, name: str, *choices: str) -> str:
    """The file that one of the options names, as a path or a file: URL."""
    for option in choices:
        value = options.text(option)
        if value.startswith("classpath:") or value.lower().endswith((".jks", ".p12", ".pfx", ".keystore")):
            raise SettingsError(f"{name}: {option}: expected a PEM file (keytool and openssl can export one)")
        if value:
            return value[7:] if value.startswith("file://") else value[5:] if value.startswith("file:") else value
    return ""
