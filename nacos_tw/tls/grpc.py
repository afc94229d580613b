"""TLS on 9848."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IProtocolFactory

from nacos_tw.settings.grpc import GrpcTlsSettings
from nacos_tw.tls.contexts import HTTP2, https_context
from nacos_tw.tls.either import EitherFactory
from nacos_tw.tls.https import read_https
from nacos_tw.tls.loaded import LoadedCertificates
from nacos_tw.tls.transport import TlsFactory


class GrpcTls:
    """
    Puts TLS under 9848's factory, beside plain connections where those are allowed.

    @ivar certificates: its certificates.
    """

    def __init__(self, settings: GrpcTlsSettings, port: int, reactor: Any) -> None:
        """
        @raise StartError: the files of the settings cannot be used.
        """
        self._reactor = reactor
        self._compatible = settings.compatible
        files = settings.files
        self.certificates = LoadedCertificates(
            f"gRPC with TLS on port {port}", lambda: read_https(files), lambda found: https_context(files, found, HTTP2)
        )

    def listening(self, factory: IProtocolFactory) -> IProtocolFactory:
        """What listens in that factory's place."""
        tls: IProtocolFactory = TlsFactory(self.certificates.creator, False, factory, self._reactor)
        return EitherFactory(tls, factory, self._reactor) if self._compatible else tls
