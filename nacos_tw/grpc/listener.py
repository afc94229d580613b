"""What listens on 9848: the factory of its connections."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from nacos_tw.descriptors import Room
from nacos_tw.grpc.carrier import Carrier, IServing
from nacos_tw.grpc.counters import Counters
from nacos_tw.grpc.engine.connection import Connection
from nacos_tw.grpc.engine.heads import Kind
from nacos_tw.grpc.engine.limits import Limits
from nacos_tw.grpc.engine.seam import Engine, EngineMaker
from nacos_tw.grpc.engine.shared import Shared
from nacos_tw.serving import ConnectionFactory, host_of

METHODS = {b"/Request/request": Kind.UNARY, b"/BiRequestStream/requestBiStream": Kind.STREAM}
SWEEP = 5.0
"""Seconds between two looks at all connections; limits in time are exact to this."""
GRACE = 3.0
"""Seconds that calls in flight have when the node stops."""


@attrs.frozen
class CarrierLimits:
    """
    @ivar connections: open at a time, of all clients.
    @ivar setup_time: seconds that a connection without a client may be silent.
    @ivar keep_alive: seconds of silence after which a connection is sent a ping; C{keep_alive_timeout}: in so many it
        must answer.
    @ivar engine: of one connection.
    """

    connections: int = 100_000
    setup_time: float = 60.0
    keep_alive: float = 7200.0
    keep_alive_timeout: float = 20.0
    engine: Limits = attrs.Factory(Limits)


class CarrierFactory(ConnectionFactory[Carrier]):
    """
    Makes a L{Carrier} for each connection.

    @ivar carrier: what it makes.
    """

    def __init__(
        self,
        serving: IServing,
        clock: IReactorTime,
        limits: CarrierLimits | None = None,
        counters: Counters | None = None,
        engine: EngineMaker = Connection,
        wall: Callable[[], float] = time.time,
        room: Room | None = None,
    ) -> None:
        """
        @param engine: see L{nacos_tw.grpc.engine}.
        @param wall: seconds since 1970, for the ids of connections.
        @param room: for connections, shared with HTTP.
        """
        self.carrier: type[Carrier] = Carrier
        self.serving = serving
        self.limits = limits or CarrierLimits()
        self.counters = counters or Counters()
        super().__init__(clock, SWEEP, self.limits.connections, self.counters, room)
        self.shared = Shared(METHODS, self.limits.engine)
        self.shared.refused = self.counters.limited
        self._engine = engine
        self._wall = wall
        self._dirty: list[Carrier] = []

    def make(self) -> Engine:
        """An engine for a new connection."""
        return self._engine(self.shared)

    def buildProtocol(self, addr: Any) -> Carrier | None:
        """A carrier for one connection; none when there are too many or the node stops."""
        if not self.admit():
            return None
        host = host_of(addr)
        return self.carrier(self, host, getattr(addr, "port", 0), int(self._wall() * 1000))

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

    def sweep_one(self, connection: Carrier) -> None:
        """Cut it off if it is too slow."""
        connection.sweep(self.clock.seconds())

    def end(self, connection: Carrier) -> None:
        """Behind its last call. The owner ends the calls that go on for ever."""
        connection.drain()

    def finish(self, seconds: float = GRACE) -> Deferred[None]:
        """See L{ConnectionFactory.finish_within}."""
        return self.finish_within(seconds)
