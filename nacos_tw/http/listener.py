"""What listens on 8848: the factory of the front's connections, its sweep, and the graceful stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IReactorTime, IStreamServerEndpoint
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger
from twisted.web.http import datetimeToString

from nacos_tw.descriptors import connections
from nacos_tw.http.app import Pages, Root, no_pages
from nacos_tw.http.counters import Counters
from nacos_tw.http.front import Front
from nacos_tw.http.routing import Area
from nacos_tw.http.site import CarrierSite
from nacos_tw.settings.settings import HttpSettings
from nacos_tw.timers import Periodic

SWEEP = 1.0
"""Seconds between two looks at all connections; limits in time are exact to this."""

GRACE = 1.0
"""Seconds that requests in flight have when the node stops."""

if TYPE_CHECKING:
    _Factory = ServerFactory[Front]
else:  # versions of Twisted before 26 do not take what it makes
    _Factory = ServerFactory


class FrontFactory(_Factory):
    """
    Makes a L{Front} for each connection.

    @ivar table: the routes.
    @ivar site: the twisted.web carrier.
    @ivar date: value of the Date header, renewed with each sweep; always the same object in between.
    """

    noisy = False
    log = Logger()

    def __init__(
        self,
        areas: Iterable[Area],
        context_path: str,
        limits: HttpSettings,
        clock: IReactorTime,
        counters: Counters | None = None,
        pages: Pages = no_pages,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """
        @param areas: all objects with routes.
        @param context_path: where the API begins, C{"/nacos"}; C{"/"} for no prefix.
        @param pages: see L{Root}.
        @param wall: seconds since 1970, for the Date header.
        @raise ValueError: when a route is declared twice or without its needs.
        """
        root = Root(areas, context_path, pages)
        self.table = root.table
        self.limits = limits
        self._most = connections(limits.max_connections)
        self._told = self._most == limits.max_connections
        self.counters = counters or Counters()
        self.site = CarrierSite(root, limits, clock, self.counters)
        self._clock = clock
        self._wall = wall
        self._connections: dict[Front, None] = {}
        self._finished: Deferred[None] | None = None
        self._sweeping = Periodic(clock, SWEEP, self.sweep)
        self._set_date()

    def startFactory(self) -> None:  # noqa: N802
        """Something listens."""
        self._sweeping.startService()

    def stopFactory(self) -> None:  # noqa: N802
        """Nothing listens any more; the sweep goes on while connections are open."""
        if not self._connections:
            self._stop_sweeping()

    def buildProtocol(self, addr: Any) -> Front | None:
        """A front for one connection; none when there are too many or the node stops."""
        counters = self.counters
        if len(self._connections) >= self._most or self._finished is not None:
            counters.turned_away += 1
            return None
        counters.accepted += 1
        return Front(self, getattr(addr, "host", "").removeprefix("::ffff:"))  # IPv4 on an IPv6 socket

    def opened(self, front: Front) -> None:
        """For L{Front}: it is connected."""
        self._connections[front] = None
        self.counters.open += 1

    def closed(self, front: Front) -> None:
        """For L{Front}: it is disconnected."""
        if self._connections.pop(front, self) is None:
            self.counters.open -= 1
        if self._finished is not None and not self._connections and not self._finished.called:
            self._finished.callback(None)

    def sweep(self) -> None:
        """Renew the date, close what is slow or idle."""
        self._tell_limit()
        self._set_date()
        for front in list(self._connections):
            try:
                front.sweep(SWEEP)
            except Exception:
                self.log.failure("a connection could not be swept")

    def _set_date(self) -> None:
        self.date: bytes = datetimeToString(self._wall())

    def finish(self, seconds: float = GRACE) -> Deferred[None]:
        """
        Close all connections: idle ones now, the others when they are answered.

        @param seconds: after this the rest is closed anyway.
        @return: fires when all are closed.
        """
        if not self._connections:
            self._stop_sweeping()
            return succeed(None)
        finished = self._finished = Deferred()
        for front in list(self._connections):
            front.finish()
        late = self._clock.callLater(seconds, self._abort)

        def done(result: None) -> None:
            if late.active():
                late.cancel()
            self._stop_sweeping()

        return finished.addCallback(done)

    def _abort(self) -> None:
        for front in list(self._connections):
            front.transport.abortConnection()

    def _tell_limit(self) -> None:
        """Once, behind the lines of the start: the system allows fewer connections than the settings."""
        if not self._told:
            self._told = True
            self.log.warn(
                "{most} connections at most, not {wanted}: the process may not open more files (ulimit -n)",
                most=self._most,
                wanted=self.limits.max_connections,
            )

    def _stop_sweeping(self) -> None:
        if self._sweeping.running:
            self._sweeping.stopService()


def endpoint(reactor: Any, port: int, interface: str) -> IStreamServerEndpoint:
    """Where to listen; the interface is an address of this machine, "" for all that are IPv4, C{"::"} for all."""
    kind: Any = TCP6ServerEndpoint if ":" in interface else TCP4ServerEndpoint
    made: IStreamServerEndpoint = kind(reactor, port, backlog=1024, interface=interface)
    return made


class Listener(Service):
    """Listens while it runs."""

    def __init__(
        self, endpoint: IStreamServerEndpoint, factory: FrontFactory, listening: IProtocolFactory | None = None
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
