"""What an operator decided about TLS on 8848 (C{server.ssl.*}) and on 7848 (C{nacos.raft.tls.*})."""

from __future__ import annotations

import os
from typing import Any

import attrs

from nacos_tw.errors import SettingsError
from nacos_tw.settings import tls_keys as keys
from nacos_tw.settings.key import Key
from nacos_tw.settings.reading import Reader


@attrs.frozen
class HttpsSettings:
    """
    Of 8848. Paths are absolute; "" for what is not set.

    @ivar certificate: a PEM file; C{private_key} the one with its key, "" if it stands in the same file.
    @ivar store: a file with both in their place, and C{store_type} "pkcs12", "pem" or "" (to be found out).
    @ivar client_auth: "none", "want" or "need".
    @ivar trust: a file with the CAs of clients.
    @ivar protocols: out of "TLSv1.2" and "TLSv1.3"; empty for both.
    @ivar ciphers: names as they were given; empty for the modern ones.
    """

    certificate: str = ""
    private_key: str = ""
    store: str = ""
    store_type: str = ""
    store_password: str = attrs.field(default="", repr=False)
    key_password: str = attrs.field(default="", repr=False)
    alias: str = ""
    client_auth: str = "none"
    trust: str = ""
    trust_password: str = attrs.field(default="", repr=False)
    protocols: tuple[str, ...] = ()
    ciphers: tuple[str, ...] = ()


@attrs.frozen
class RaftTlsSettings:
    """Of 7848: PEM files by their absolute paths."""

    certificate: str
    private_key: str
    ca: str
    password: str = attrs.field(default="", repr=False)


def https(reader: Reader, home: str) -> HttpsSettings | None:
    """
    None where 8848 speaks plain HTTP.

    @raise SettingsError: a value cannot be used, or one is missing.
    """
    certificate, store = _file(reader, keys.HTTPS_CERTIFICATE, home), _file(reader, keys.HTTPS_STORE, home)
    if not reader.get(keys.HTTPS):
        return None
    if not certificate and not store:
        if reader.value(keys.HTTPS) is not None:
            raise _missing(reader, keys.HTTPS, "server.ssl.key-store, or server.ssl.certificate and its private key")
        return None
    if certificate and store:
        raise SettingsError(f"{reader.filename}: expected server.ssl.key-store or server.ssl.certificate, not both")
    trust = _file(reader, keys.HTTPS_TRUST, home) or _file(reader, keys.HTTPS_TRUST_STORE, home)
    if reader.get(keys.HTTPS_CLIENTS) != "none" and not trust:
        raise _missing(reader, keys.HTTPS_CLIENTS, "server.ssl.trust-certificate, the CAs of the clients")
    return HttpsSettings(
        certificate=certificate,
        private_key=_file(reader, keys.HTTPS_KEY, home),
        store=store,
        store_type=reader.get(keys.HTTPS_STORE_TYPE),
        store_password=reader.get(keys.HTTPS_STORE_PASSWORD),
        key_password=reader.get(keys.HTTPS_KEY_PASSWORD),
        alias=reader.get(keys.HTTPS_ALIAS),
        client_auth=reader.get(keys.HTTPS_CLIENTS),
        trust=trust,
        trust_password=reader.get(keys.HTTPS_TRUST_PASSWORD),
        protocols=_words(reader, keys.HTTPS_PROTOCOLS),
        ciphers=_words(reader, keys.HTTPS_CIPHERS),
    )


def raft_tls(reader: Reader, home: str) -> RaftTlsSettings | None:
    """
    None where the nodes do without TLS.

    @raise SettingsError: a value cannot be used, or one is missing.
    """
    if not reader.get(keys.RAFT_TLS):
        return None
    files = []
    for key in (keys.RAFT_TLS_CERTIFICATE, keys.RAFT_TLS_KEY, keys.RAFT_TLS_CA):
        files.append(_file(reader, key, home))
        if not files[-1]:
            raise _missing(reader, keys.RAFT_TLS, key.name)
    certificate, private_key, ca = files
    return RaftTlsSettings(certificate, private_key, ca, reader.get(keys.RAFT_TLS_PASSWORD))


def _missing(reader: Reader, key: Key[Any], what: str) -> SettingsError:
    value = reader.value(key)
    shown = f"{value.origin}: {key.name}={value.text.strip()}" if value is not None else reader.filename
    return SettingsError(f"{shown}: expected {what} too")


def _file(reader: Reader, key: Key[str], home: str) -> str:
    path = reader.get(key)
    return os.path.join(home, path) if path else ""


def _words(reader: Reader, key: Key[str]) -> tuple[str, ...]:
    return tuple(filter(None, reader.get(key).split(",")))
