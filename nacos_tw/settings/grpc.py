"""
What an operator decided about 9848 (C{nacos.remote.server.grpc.*}, C{nacos.remote.server.rpc.tls.*}).

The keys come into the table of all keys when a node listens there.
"""

from __future__ import annotations

import os

import attrs

from nacos_tw.errors import SettingsError
from nacos_tw.settings.keys import Key
from nacos_tw.settings.kinds import file_path, integer, listed, switch, text, words
from nacos_tw.settings.reading import Reader
from nacos_tw.settings.tls import HttpsSettings

_TLS = "nacos.remote.server.rpc.tls."

MESSAGE = Key(
    "nacos.remote.server.grpc.sdk.max-inbound-message-size", integer(1024, 2**30), "10485760",
    "Largest message from a client, in bytes.", instead="nacos.remote.server.grpc.maxinbound.message.size",
)  # fmt: skip
TLS = Key(_TLS + "enableTls", switch(), "false", "Whether clients may speak TLS with 9848.")
COMPATIBLE = Key(
    _TLS + "compatibility", switch(), "true", "Whether plain connections are taken as well, on the same port."
)
CERTIFICATE = Key(
    _TLS + "certChainFile", file_path, "", "PEM file with the certificate, and after it those between it and its CA."
)
KEY = Key(_TLS + "certPrivateKey", file_path, "", "PEM file with the certificate's private key.")
PASSWORD = Key(_TLS + "certPrivateKeyPassword", text, "", "The key's password, if any.")
MUTUAL = Key(
    _TLS + "mutualAuthEnable", switch(), "false", "Whether clients must show a certificate of the CA in "
    "trustCollectionCertFile. (Nacos takes any certificate unless trustAll is false; this server never does.)",
)  # fmt: skip
TRUST = Key(_TLS + "trustCollectionCertFile", file_path, "", "PEM file with the CAs of clients.")
PROTOCOLS = Key(_TLS + "protocols", listed("TLSv1.2", "TLSv1.3"), "", "TLSv1.2, TLSv1.3 or both. Both if unset.")
CIPHERS = Key(_TLS + "ciphers", words, "", "Ciphers of TLS 1.2. Those with forward secrecy if unset.")

KEYS = (MESSAGE, TLS, COMPATIBLE, CERTIFICATE, KEY, PASSWORD, MUTUAL, TRUST, PROTOCOLS, CIPHERS)


@attrs.frozen
class GrpcTlsSettings:
    """
    TLS of 9848.

    @ivar files: certificates, versions, ciphers.
    @ivar compatible: plain connections are taken too.
    """

    files: HttpsSettings
    compatible: bool = True


@attrs.frozen
class GrpcSettings:
    """
    Of 9848.

    @ivar message: largest message from a client, in bytes.
    @ivar tls: None where it speaks plain HTTP/2 only.
    """

    message: int = 10 * 2**20
    tls: GrpcTlsSettings | None = None


def grpc(reader: Reader, home: str) -> GrpcSettings:
    """
    @raise SettingsError: a value cannot be used, or one is missing.
    """
    return GrpcSettings(reader.get(MESSAGE), _tls(reader, home) if reader.get(TLS) else None)


def _tls(reader: Reader, home: str) -> GrpcTlsSettings:
    wanted = [CERTIFICATE, KEY] + ([TRUST] if reader.get(MUTUAL) else [])
    for key in wanted:
        if not reader.get(key):
            raise SettingsError(f"{reader.filename}: {TLS.name}: expected {key.name} too")
    certificate, private_key, trust = (
        os.path.join(home, reader.get(key)) if reader.get(key) else "" for key in (CERTIFICATE, KEY, TRUST)
    )
    files = HttpsSettings(
        certificate=certificate,
        private_key=private_key,
        key_password=reader.get(PASSWORD),
        client_auth="need" if reader.get(MUTUAL) else "none",
        trust=trust,
        protocols=tuple(filter(None, reader.get(PROTOCOLS).split(","))),
        ciphers=tuple(filter(None, reader.get(CIPHERS).split(","))),
    )
    return GrpcTlsSettings(files, reader.get(COMPATIBLE))
