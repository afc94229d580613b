"""What an operator decided about 9848."""

from __future__ import annotations

import os

import attrs

from nacos_tw.errors import SettingsError
from nacos_tw.settings import grpc_keys as keys
from nacos_tw.settings.grpc_keys import CERTIFICATE, KEY, TLS, TRUST
from nacos_tw.settings.reading import Reader
from nacos_tw.settings.tls import HttpsSettings

OFFSET = 1000
"""9848 is so far above 8848, which clients know."""


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

    @ivar port: where it listens.
    @ivar message: largest message from a client, in bytes.
    @ivar connections: most at a time; C{clients}: that have said who they are, of all and C{per_ip}; 0: no limit.
    @ivar keep_alive: seconds of silence after which a connection is asked; C{keep_alive_timeout}: in so many it must
        answer.
    @ivar tls: None where it speaks plain HTTP/2 only.
    """

    port: int = 9848
    message: int = 10 * 2**20
    connections: int = 100_000
    clients: int = 0
    per_ip: int = 0
    keep_alive: float = 7200.0
    keep_alive_timeout: float = 20.0
    tls: GrpcTlsSettings | None = None


def grpc(reader: Reader, home: str, port: int) -> GrpcSettings:
    """
    @param port: of HTTP.
    @raise SettingsError: a value cannot be used, or one is missing.
    """
    return GrpcSettings(
        port=port + OFFSET,
        message=reader.get(keys.MESSAGE),
        connections=reader.get(keys.CONNECTIONS),
        clients=reader.get(keys.CLIENTS),
        per_ip=reader.get(keys.CLIENTS_PER_IP),
        keep_alive=reader.get(keys.KEEP_ALIVE),
        keep_alive_timeout=reader.get(keys.KEEP_ALIVE_TIMEOUT),
        tls=_tls(reader, home) if reader.get(TLS) else None,
    )


def _tls(reader: Reader, home: str) -> GrpcTlsSettings:
    wanted = [CERTIFICATE, KEY] + ([TRUST] if reader.get(keys.MUTUAL) else [])
    for key in wanted:
        if not reader.get(key):
            raise SettingsError(f"{reader.filename}: {TLS.name}: expected {key.name} too")
    certificate, private_key, trust = (
        os.path.join(home, reader.get(key)) if reader.get(key) else "" for key in (CERTIFICATE, KEY, TRUST)
    )
    files = HttpsSettings(
        certificate=certificate,
        private_key=private_key,
        key_password=reader.get(keys.PASSWORD),
        client_auth="need" if reader.get(keys.MUTUAL) else "none",
        trust=trust,
        protocols=tuple(filter(None, reader.get(keys.PROTOCOLS).split(","))),
        ciphers=tuple(filter(None, reader.get(keys.CIPHERS).split(","))),
    )
    return GrpcTlsSettings(files, reader.get(keys.COMPATIBLE))
