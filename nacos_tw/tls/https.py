"""TLS on 8848."""

from __future__ import annotations

from typing import Any

import attrs
from twisted.internet.interfaces import IProtocolFactory

from nacos_tw.settings.tls import HttpsSettings
from nacos_tw.tls.contexts import https_context
from nacos_tw.tls.files import Credentials, read_authorities, read_pem, read_store
from nacos_tw.tls.loaded import LoadedCertificates
from nacos_tw.tls.transport import TlsFactory


def read_https(settings: HttpsSettings) -> Credentials:
    """
    The files of the settings.

    @raise StartError: one cannot be used.
    """
    if settings.store:
        passwords = (settings.store_password, settings.key_password)
        found = read_store(settings.store, settings.store_type, passwords, settings.alias)
    else:
        found = read_pem(settings.certificate, settings.private_key, settings.key_password)
    if settings.client_auth == "none":
        return found
    return attrs.evolve(found, authorities=read_authorities(settings.trust, settings.trust_password))


class HttpsTls:
    """
    Puts TLS under 8848's factory.

    @ivar certificates: its certificates.
    """

    def __init__(self, settings: HttpsSettings, port: int, reactor: Any) -> None:
        """
        @raise StartError: the files of the settings cannot be used.
        """
        self._reactor = reactor
        self.certificates = LoadedCertificates(
            f"https on port {port}", lambda: read_https(settings), lambda found: https_context(settings, found)
        )

    def listening(self, factory: IProtocolFactory) -> IProtocolFactory:
        """What listens in that factory's place."""
        return TlsFactory(self.certificates.creator, False, factory, self._reactor)
