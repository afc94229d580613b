"""The service of 9848: all of it in one, to be put into a node's tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint

from nacos_tw.descriptors import Room
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

    @ivar connections: who is connected; C{counters}: what was counted; C{factory}: of the protocol; C{dispatcher}:
        serves requests.
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
        room: Room | None = None,
        late: Callable[[], bool] = lambda: False,
        over: Callable[[IProtocolFactory], IProtocolFactory] = lambda factory: factory,
    ) -> None:
        """
        @param ip: of this node, for what it sends to clients.
        @param started: whether requests can be served yet.
        @param room: for connections, shared with HTTP.
        @param late: whether a request that is read now waited while the process stood still.
        @param over: puts TLS under a factory (L{nacos_tw.tls.grpc.GrpcTls.listening}).
        """
        super().__init__()
        self.counters = Counters()
        limits = ConnectionLimits(settings.clients, settings.per_ip)
        self.connections = Connections(reactor, self.counters, ip, abilities, limits)
        self.dispatcher = Dispatcher(handlers, self.connections, self.counters, reactor, started, late=late)
        carrier = CarrierLimits(
            connections=settings.connections,
            keep_alive=settings.keep_alive,
            keep_alive_timeout=settings.keep_alive_timeout,
            engine=Limits(message=settings.message),
        )
        self.factory = CarrierFactory(self.dispatcher, reactor, carrier, self.counters, room=room)
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
