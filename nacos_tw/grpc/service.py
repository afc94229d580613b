"""The service of 9848: what listens there, as one part of a node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint

from nacos_tw.descriptors import Room
from nacos_tw.grpc.carrier import HeadedCarrier
from nacos_tw.grpc.config_push import ConfigPushes
from nacos_tw.grpc.connected import ConnectedHere
from nacos_tw.grpc.connections import Connections
from nacos_tw.grpc.dispatch import Dispatcher
from nacos_tw.grpc.engine.limits import Limits
from nacos_tw.grpc.listener import CarrierFactory, CarrierLimits
from nacos_tw.grpc.moving import Moving
from nacos_tw.grpc.using import Using
from nacos_tw.metrics.nacos import GrpcFacts, module_counts
from nacos_tw.serving import Listener
from nacos_tw.settings.grpc import GrpcSettings


class Grpc(MultiService):
    """
    Clients of 2.x and 3.x.

    @ivar connections: who is connected; C{counters}: what was counted; C{factory}: of the protocol; C{dispatcher}:
        serves requests.
    @ivar connected: those who are, for operations.
    @ivar config_pushes: tells those who listen to configs, if there are configs.
    @ivar on_logins: called when clients have to log in from now on, who had not to before.
    """

    def __init__(
        self,
        settings: GrpcSettings,
        endpoint: IStreamServerEndpoint,
        connections: Connections,
        dispatcher: Dispatcher,
        reactor: Any,
        room: Room | None = None,
        over: Callable[[IProtocolFactory], IProtocolFactory] = lambda factory: factory,
        elsewhere: Callable[[], list[str]] = list,
        connected: ConnectedHere | None = None,
    ) -> None:
        """
        @param room: for connections, shared with HTTP.
        @param over: puts TLS under a factory (L{nacos_tw.tls.grpc.GrpcTls.listening}).
        @param elsewhere: the nodes that clients can go to when this one stops.
        @param connected: those who are here, for operations.
        """
        super().__init__()
        self.counters = connections.counters
        self.connections = connections
        self.dispatcher = dispatcher
        self.connected = connected or ConnectedHere(connections, reactor.seconds, Using())
        self.config_pushes: ConfigPushes | None = None
        self.on_logins: Callable[[], object] = lambda: None
        self._moving = Moving(reactor, connections, elsewhere)
        carrier = CarrierLimits(
            connections=settings.connections,
            keep_alive=settings.keep_alive,
            keep_alive_timeout=settings.keep_alive_timeout,
            engine=Limits(message=settings.message),
        )
        self.factory = CarrierFactory(dispatcher, reactor, carrier, self.counters, room=room)
        self._listener = Listener(endpoint, self.factory, over(self.factory))
        self.addService(self.connections)
        self.addService(self._listener)

    def keep_heads(self) -> None:
        """From now on the headers of a call can be asked for while it is read."""
        self.factory.carrier = HeadedCarrier

    async def listen(self) -> IListeningPort:
        """
        Begin to listen, before the service starts if wanted.

        @raise twisted.internet.error.CannotListenError: when the port is taken.
        """
        return await self._listener.listen()

    async def move(self) -> None:
        """Take no more clients, ask those who are here to go to other nodes, and wait until they have."""
        self.dispatcher.leaving = True
        await self._moving.move()

    def stopService(self) -> Deferred[Any]:
        """Accept nothing new, end the clients' streams behind what is in flight, close."""
        stopped = super().stopService()
        for client in self.connections:
            client.end()
        return stopped

    def facts(self, publishers: int) -> GrpcFacts:
        """
        What Nacos's metrics tell of it.

        @param publishers: clients that have published services.
        """
        counts = [self.connected.using.counts(client) for client in self.connections]
        counters = self.counters
        return GrpcFacts(
            counters.calls,
            module_counts(client.module for client in self.connections),
            sum(subscribed for subscribed, _ in counts),
            sum(listened for _, listened in counts),
            publishers,
            counters.pushes,
            counters.unanswered,
            0 if self.config_pushes is None else self.config_pushes.telling,
        )
