"""TLS of one node. Without it nothing is loaded: OpenSSL and what comes with it take 12 MB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.application.service import MultiService
from twisted.internet.interfaces import IProtocolFactory

from nacos_tw import tls_on_demand
from nacos_tw.settings.settings import Settings

if TYPE_CHECKING:
    from nacos_tw.tls.grpc import GrpcTls
    from nacos_tw.tls.https import HttpsTls
    from nacos_tw.tls.raft import RaftTls


class Tls(MultiService):
    """
    Takes SIGHUP while it runs, if there is TLS at all.

    @ivar raft: between the nodes; None without.
    """

    def __init__(self, settings: Settings, reactor: Any) -> None:
        """
        @raise StartError: a file of the settings cannot be used.
        """
        super().__init__()
        self.raft: RaftTls | None = None
        self._https: HttpsTls | None = None
        self._grpc: GrpcTls | None = None
        between = settings.raft.tls if settings.clustered else None
        if settings.https is None and settings.grpc.tls is None and between is None:
            return
        tls_on_demand.show()
        from nacos_tw.tls.grpc import GrpcTls
        from nacos_tw.tls.https import HttpsTls
        from nacos_tw.tls.raft import RaftTls
        from nacos_tw.tls.reloading import Reloading

        certificates = []
        if settings.https is not None:
            self._https = HttpsTls(settings.https, settings.port, reactor)
            certificates.append(self._https.certificates)
        if settings.grpc.tls is not None:
            self._grpc = GrpcTls(settings.grpc.tls, settings.grpc.port, reactor)
            certificates.append(self._grpc.certificates)
        if between is not None:
            self.raft = RaftTls(between, settings.ip, settings.raft_port, reactor)
            certificates.append(self.raft.certificates)
        self.addService(Reloading(certificates, reactor))

    def over_http(self, factory: IProtocolFactory) -> IProtocolFactory:
        """What listens on 8848 in the place of that factory: itself, without https."""
        return factory if self._https is None else self._https.listening(factory)

    def over_grpc(self, factory: IProtocolFactory) -> IProtocolFactory:
        """Likewise on 9848: plain connections may be taken beside those with TLS."""
        return factory if self._grpc is None else self._grpc.listening(factory)
