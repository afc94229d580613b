"""JDBC URLs of PostgreSQL as Nacos users write them, read into what a connection needs.

Options that only concern Java are left out. Names of options have no case. No error shows the URL: it may hold a
password.
"""

from __future__ import annotations

import os
import re
import ssl
from urllib.parse import unquote_plus

from nacos_tw.errors import SettingsError, StartError
from nacos_tw.storage.jdbc import (
    CONNECT_TIMEOUT,
    SOCKET_TIMEOUT,
    Options,
    Target,
    Tls,
    host_of,
    pem_file,
    split_hosts,
)

PORT = 5432
MILLISECONDS = 1000
"""From here on a time is taken for milliseconds, as MySQL's URLs have them; those of PostgreSQL have seconds."""

_URL = re.compile(
    r"jdbc:(?:pgsql|postgresql):(?://(?P<hosts>[^/?]*)/?)?(?P<name>[^?]*)(?:\?(?P<query>.*))?", re.IGNORECASE
)
_MODES = {
    "disable": "disabled", "allow": "preferred", "prefer": "preferred", "require": "required",
    "verify-ca": "verify_ca", "verify-full": "verify_identity",
}  # fmt: skip
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
_SCHEMA = re.compile(r"[^\"\0]{1,63}")


def is_one(url: str) -> bool:
    """Whether a URL is for PostgreSQL."""
    return url.strip().lower().startswith(("jdbc:postgresql:", "jdbc:pgsql:"))


def parse_postgres(url: str, user: str = "", password: str = "", name: str = "db.url") -> list[Target]:
    """As L{nacos_tw.storage.urls.parse_url}."""
    match = _URL.fullmatch(url.strip())
    if match is None:
        raise SettingsError(f"{name}: expected jdbc:postgresql://host:port/database?options")
    options = Options(match["query"] or "")
    database = unquote_plus(match["name"] or "").strip("/ ")
    if not database:
        raise SettingsError(
            f"{name}: expected the name of a database after the host: jdbc:postgresql://host:port/database"
        )
    schema = options.text("currentSchema").split(",")[0].strip().strip('"')
    if schema and not _SCHEMA.fullmatch(schema):
        raise SettingsError(f"{name}: currentSchema: expected the name of a schema")
    found = []
    for entry in split_hosts(match["hosts"] or ""):
        host, port, own_user, own_password = host_of(entry, name, PORT)
        found.append(
            Target(
                host=host,
                port=port,
                database=database,
                user=user or options.text("user") or own_user,
                password=password if user or password else options.text("password") or own_password,
                connect_timeout=_seconds(options, ("connectTimeout", "loginTimeout"), CONNECT_TIMEOUT, name),
                socket_timeout=_seconds(options, ("socketTimeout",), SOCKET_TIMEOUT, name),
                zone=options.text("TimeZone", "connectionTimeZone", "serverTimezone"),
                tls=_tls(options, name),
                kind="postgresql",
                schema=schema,
            )
        )
    return found


def _seconds(options: Options, names: tuple[str, ...], default: float, name: str) -> float:
    value = options.text(*names)
    if not value:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise SettingsError(f"{name}: {names[0]}: expected seconds, a whole number")
    number = int(value)
    return (number / 1000 if number >= MILLISECONDS else float(number)) or default


def _tls(options: Options, name: str) -> Tls:
    mode = _mode(options, name)
    authority = pem_file(options, name, "sslrootcert")
    if not authority and mode in ("verify_ca", "verify_identity"):
        authority = known_authorities()
    return Tls(
        mode=mode,
        authority=authority,
        certificate=pem_file(options, name, "sslcert"),
        key=pem_file(options, name, "sslkey"),
        key_password=options.text("sslpassword"),
    )


def _mode(options: Options, name: str) -> str:
    """C{sslmode}, or what C{ssl} amounts to."""
    wanted = options.text("sslmode").lower().replace("_", "-")
    if wanted:
        if wanted not in _MODES:
            raise SettingsError(f"{name}: sslmode: expected disable, allow, prefer, require, verify-ca or verify-full")
        return _MODES[wanted]
    # "ssl" alone is on, as with the driver of Java.
    if options.flag("ssl") or (options.has("ssl") and not options.text("ssl")):
        return "required" if "NonValidating" in options.text("sslfactory") else "verify_identity"
    # useSSL is MySQL's, and comes along where a URL was written after one of those.
    return "disabled" if options.flag("ssl") is False or options.flag("useSSL") is False else "preferred"


def known_authorities() -> str:
    """The file with the authorities that this machine trusts; "system" where it has none, which libpq may know."""
    files = (ssl.get_default_verify_paths().cafile or "", *_BUNDLES)
    return next((file for file in files if file and os.path.isfile(file)), "system")


def check_files(tls: Tls) -> None:
    """@raise StartError: a file cannot be read."""
    for path in (tls.authority, tls.certificate, tls.key):
        if not path or (path == "system" and path == tls.authority):
            continue
        try:
            with open(path, "rb") as file:
                file.read(1)
        except OSError as error:
            raise StartError(f"db.url: the TLS file {path}: {error.strerror}") from None
