"""The service of 9848: all of it in one, to be put into a node's tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint

from nacos_tw.grpc.connections import ConnectionLimits, Connections
from nacos_tw.grpc.counters import Counters
from nacos_tw.grpc.dispatch import Dispatcher, Handler
from nacos_tw.grpc.engine.limits import Limits
from nacos_tw.grpc.listener import CarrierFactory, CarrierLimits
from nacos_tw.serving import Listener
from nacos_tw.settings.grpc import GrpcSettings


class Grpc(MultiService):
    """
    Clients of 2.x and 3.x.

    @ivar connections: who is connected; C{counters}: what was counted; C{factory}: of the protocol.
    """

    def __init__(
        self,
        settings: GrpcSettings,
        endpoint: IStreamServerEndpoint,
        handlers: Mapping[str, Handler[Any]],
        reactor: Any,
        ip: str,
        abilities: dict[str, bool],
        started: Callable[[], bool] = lambda: True,
        limits: ConnectionLimits | None = None,
        over: Callable[[IProtocolFactory], IProtocolFactory] = lambda factory: factory,
    ) -> None:
        """
        @param ip: of this node, for what it sends to clients.
        @param started: whether requests can be served yet.
        @param over: puts TLS under a factory (L{nacos_tw.tls.grpc.GrpcTls.listening}).
        """
        super().__init__()
        self.counters = Counters()
        self.connections = Connections(reactor, self.counters, ip, abilities, limits)
        dispatcher = Dispatcher(handlers, self.connections, self.counters, reactor, started)
        carrier = CarrierLimits(engine=Limits(message=settings.message))
        self.factory = CarrierFactory(dispatcher, reactor, carrier, self.counters)
        self._listener = Listener(endpoint, self.factory, over(self.factory))
        self.addService(self.connections)
        self.addService(self._listener)

    async def listen(self) -> IListeningPort:
        """
        Begin to listen, before the service starts if wanted.

        @raise twisted.internet.error.CannotListenError: when the port is taken.
        """
        return await self._listener.listen()

    def stopService(self) -> Deferred[Any]:
        """Accept nothing new, end the clients' streams behind what is in flight, close."""
        stopped = super().stopService()
        for client in self.connections:
            client.end()
        return stopped
