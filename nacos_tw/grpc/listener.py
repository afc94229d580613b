"""What listens on 9848: the factory of its connections, their sweep, and the graceful stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IReactorTime, IStreamServerEndpoint
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger

from nacos_tw.descriptors import connections
from nacos_tw.grpc.carrier import Carrier, IServing
from nacos_tw.grpc.counters import Counters
from nacos_tw.grpc.engine.connection import Connection
from nacos_tw.grpc.engine.heads import Kind
from nacos_tw.grpc.engine.limits import Limits
from nacos_tw.grpc.engine.seam import Engine, EngineMaker
from nacos_tw.grpc.engine.shared import Shared
from nacos_tw.timers import Periodic

METHODS = {b"/Request/request": Kind.UNARY, b"/BiRequestStream/requestBiStream": Kind.STREAM}
SWEEP = 5.0
"""Seconds between two looks at all connections; limits in time are exact to this."""
GRACE = 3.0
"""Seconds that calls in flight have when the node stops."""

if TYPE_CHECKING:
    _Factory = ServerFactory[Carrier]
else:  # versions of Twisted before 26 do not take what it makes
    _Factory = ServerFactory


@attrs.frozen
class CarrierLimits:
    """
    @ivar connections: open at a time, of all clients.
    @ivar setup_time: seconds that a connection without a client may be silent.
    @ivar engine: of one connection.
    """

    connections: int = 100_000
    setup_time: float = 60.0
    engine: Limits = attrs.Factory(Limits)


class CarrierFactory(_Factory):
    """Makes a L{Carrier} for each connection."""

    noisy = False
    log = Logger()

    def __init__(
        self,
        serving: IServing,
        clock: IReactorTime,
        limits: CarrierLimits | None = None,
        counters: Counters | None = None,
        engine: EngineMaker = Connection,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """
        @param engine: see L{nacos_tw.grpc.engine}.
        @param wall: seconds since 1970, for the ids of connections.
        """
        self.serving = serving
        self.clock = clock
        self.limits = limits or CarrierLimits()
        self.counters = counters or Counters()
        self.shared = Shared(METHODS, self.limits.engine)
        self.shared.refused = self.counters.limited
        self._engine = engine
        self._wall = wall
        self._most = connections(self.limits.connections)
        self._carriers: dict[Carrier, None] = {}
        self._dirty: list[Carrier] = []
        self._finished: Deferred[None] | None = None
        self._sweeping = Periodic(clock, SWEEP, self.sweep)

    def make(self) -> Engine:
        """An engine for a new connection."""
        return self._engine(self.shared)

    def startFactory(self) -> None:  # noqa: N802
        """Something listens."""
        self._sweeping.startService()

    def stopFactory(self) -> None:  # noqa: N802
        """Nothing listens any more; the sweep goes on while connections are open."""
        if not self._carriers:
            self._stop_sweeping()

    def buildProtocol(self, addr: Any) -> Carrier | None:
        """A carrier for one connection; none when there are too many or the node stops."""
        if len(self._carriers) >= self._most or self._finished is not None:
            self.counters.turned_away += 1
            return None
        self.counters.accepted += 1
        host = getattr(addr, "host", "").removeprefix("::ffff:")  # IPv4 on an IPv6 socket
        return Carrier(self, host, getattr(addr, "port", 0), int(self._wall() * 1000))

    def opened(self, carrier: Carrier) -> None:
        """For L{Carrier}: it is connected."""
        self._carriers[carrier] = None
        self.counters.open += 1

    def closed(self, carrier: Carrier) -> None:
        """For L{Carrier}: it is disconnected."""
        if self._carriers.pop(carrier, self) is None:
            self.counters.open -= 1
        if self._finished is not None and not self._carriers and not self._finished.called:
            self._finished.callback(None)

    def flush_soon(self, carrier: Carrier) -> None:
        """For L{Carrier}: it has something to write; once in this turn of the reactor."""
        if not self._dirty:
            self.clock.callLater(0, self._flush)
        self._dirty.append(carrier)

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, []
        for carrier in dirty:
            try:
                carrier.flush()
            except Exception:
                self.log.failure("a connection could not be written to")

    def sweep(self) -> None:
        """Cut off what is too slow."""
        now = self.clock.seconds()
        for carrier in list(self._carriers):
            try:
                carrier.sweep(now)
            except Exception:
                self.log.failure("a connection could not be swept")

    def finish(self, seconds: float = GRACE) -> Deferred[None]:
        """
        Close all connections, each behind its last call. The owner ends the calls that go on for ever.

        @param seconds: after this the rest is closed anyway.
        @return: fires when all are closed.
        """
        if not self._carriers:
            self._stop_sweeping()
            return succeed(None)
        finished = self._finished = Deferred()
        for carrier in list(self._carriers):
            carrier.drain()
        late = self.clock.callLater(seconds, self._abort)

        def done(result: None) -> None:
            if late.active():
                late.cancel()
            self._stop_sweeping()

        return finished.addCallback(done)

    def _abort(self) -> None:
        for carrier in list(self._carriers):
            carrier.transport.abortConnection()

    def _stop_sweeping(self) -> None:
        if self._sweeping.running:
            self._sweeping.stopService()


class GrpcListener(Service):
    """Listens while it runs."""

    def __init__(
        self, endpoint: IStreamServerEndpoint, factory: CarrierFactory, listening: IProtocolFactory | None = None
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
