"""What listens for clients, of HTTP and of gRPC: a factory of connections, their sweep, and the graceful stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IReactorTime, IStreamServerEndpoint
from twisted.internet.protocol import Protocol as Connection
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger

from nacos_tw.descriptors import Room, connections
from nacos_tw.timers import Periodic

C = TypeVar("C", bound=Connection)

if TYPE_CHECKING:
    _Factory = ServerFactory[Connection]
else:  # versions of Twisted before 26 do not take what it makes
    _Factory = ServerFactory


def host_of(address: Any) -> str:
    """The IP address of a transport's other end, IPv4 as such on an IPv6 socket too; "" where it has none."""
    host: str = getattr(address, "host", "")
    return host.removeprefix("::ffff:")


class Counters(Protocol):
    """
    What a factory counts.

    @ivar accepted: connections so far.
    @ivar open: those that are open.
    @ivar turned_away: those that were one too many, or came while the node stopped.
    """

    accepted: int
    open: int
    turned_away: int


class ConnectionFactory(_Factory, Generic[C]):
    """
    Knows the connections that it made. A subclass makes, sweeps and ends one.

    @ivar clock: of the sweep.
    """

    noisy = False
    log = Logger()

    def __init__(
        self, clock: IReactorTime, sweep: float, most: int, counters: Counters, room: Room | None = None
    ) -> None:
        """
        @param sweep: seconds between two looks at all connections.
        @param most: connections that may be open, as far as this process may open so many files.
        @param room: that is shared with other ports; None: there are none.
        """
        self.clock = clock
        self._most = connections(most)
        self._counted = counters
        self._room = room or Room()
        self._connections: dict[C, None] = {}
        self._finished: Deferred[None] | None = None
        self._sweeping = Periodic(clock, sweep, self.sweep)

    def startFactory(self) -> None:  # noqa: N802
        """Something listens."""
        self._sweeping.startService()

    def stopFactory(self) -> None:  # noqa: N802
        """Nothing listens any more; the sweep goes on while connections are open."""
        if not self._connections:
            self._stop_sweeping()

    def admit(self) -> bool:
        """Count one that comes. @return: whether it is let in: not when there are too many, or the node stops."""
        if len(self._connections) >= self._most or self._room.full or self._finished is not None:
            self._counted.turned_away += 1
            return False
        self._counted.accepted += 1
        return True

    def opened(self, connection: C) -> None:
        """For a connection: it is connected."""
        self._connections[connection] = None
        self._counted.open += 1
        self._room.taken += 1

    def closed(self, connection: C) -> None:
        """For a connection: it is disconnected."""
        if self._connections.pop(connection, self) is None:
            self._counted.open -= 1
            self._room.taken -= 1
        if self._finished is not None and not self._connections and not self._finished.called:
            self._finished.callback(None)

    def sweep(self) -> None:
        """Close what is slow or idle."""
        for connection in list(self._connections):
            try:
                self.sweep_one(connection)
            except Exception:
                self.log.failure("a connection could not be swept")

    def sweep_one(self, connection: C) -> None:
        """Close it if it is slow or idle."""
        raise NotImplementedError

    def end(self, connection: C) -> None:
        """Close it, behind what is in flight."""
        raise NotImplementedError

    def finish_within(self, seconds: float) -> Deferred[None]:
        """
        Close all connections, each behind what is in flight.

        @param seconds: after this the rest is closed anyway.
        @return: fires when all are closed.
        """
        if not self._connections:
            self._stop_sweeping()
            return succeed(None)
        finished = self._finished = Deferred()
        for connection in list(self._connections):
            self.end(connection)
        late = self.clock.callLater(seconds, self._abort)

        def done(result: None) -> None:
            if late.active():
                late.cancel()
            self._stop_sweeping()

        return finished.addCallback(done)

    def finish(self) -> Deferred[None]:
        """Close all connections. @return: fires when all are closed."""
        raise NotImplementedError

    def _abort(self) -> None:
        for connection in list(self._connections):
            connection.transport.abortConnection()  # type: ignore[union-attr]

    def _stop_sweeping(self) -> None:
        if self._sweeping.running:
            self._sweeping.stopService()


class Listener(Service, Generic[C]):
    """Listens while it runs."""

    def __init__(
        self,
        endpoint: IStreamServerEndpoint,
        factory: ConnectionFactory[C],
        listening: IProtocolFactory | None = None,
    ) -> None:
        """
        @param listening: what listens in the factory's place: the same, with TLS below.
        """
        self._endpoint = endpoint
        self._factory = factory
        self._listening = factory if listening is None else listening
        self.port: IListeningPort | None = None

    async def listen(self) -> IListeningPort:
        """
        Begin to listen, before the service starts if wanted.

        @raise twisted.internet.error.CannotListenError: when the port is taken.
        """
        self.port = await self._endpoint.listen(self._listening)
        return self.port

    def stopService(self) -> Deferred[None]:
        """Accept nothing new, answer what is in flight, close."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        port, self.port = self.port, None
        if port is not None:
            stopped = port.stopListening()
            if stopped is not None:
                await stopped
        await self._factory.finish()
