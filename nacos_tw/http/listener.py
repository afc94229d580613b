"""What listens on 8848, and on the console's port: the factory of the front's connections."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint
from twisted.internet.interfaces import IReactorTime, IStreamServerEndpoint
from twisted.web.http import datetimeToString

from nacos_tw.access.limits import OpenByAddress
from nacos_tw.descriptors import Room
from nacos_tw.http.app import Pages, Root, no_pages
from nacos_tw.http.counters import Counters
from nacos_tw.http.front import Front
from nacos_tw.http.limiting import TurnedAway
from nacos_tw.http.routing import Area, Wanted, every_route
from nacos_tw.http.site import CarrierSite
from nacos_tw.serving import ConnectionFactory, host_of
from nacos_tw.settings.settings import HttpSettings

SWEEP = 1.0
"""Seconds between two looks at all connections; limits in time are exact to this."""

GRACE = 1.0
"""Seconds that requests in flight have when the node stops."""


class FrontFactory(ConnectionFactory[Front]):
    """
    Makes a L{Front} for each connection.

    @ivar table: the routes.
    @ivar site: the twisted.web carrier.
    @ivar date: value of the Date header, renewed with each sweep; always the same object in between.
    """

    def __init__(
        self,
        areas: Iterable[Area],
        context_path: str,
        limits: HttpSettings,
        clock: IReactorTime,
        counters: Counters | None = None,
        pages: Pages = no_pages,
        wall: Callable[[], float] = time.time,
        room: Room | None = None,
        wanted: Wanted = every_route,
        beside: FrontFactory | None = None,
        by_address: OpenByAddress | None = None,
    ) -> None:
        """
        @param areas: all objects with routes.
        @param context_path: where the API begins, C{"/nacos"}; C{"/"} for no prefix.
        @param pages: see L{Root}.
        @param wall: seconds since 1970, for the Date header.
        @param room: for connections, shared with gRPC.
        @param wanted: which routes are served.
        @param beside: of another port: what bodies and answers may take is for both together.
        @param by_address: how many connections each address may have; None: as many as it likes.
        @raise ValueError: when a route is declared twice or without its needs.
        """
        root = Root(areas, context_path, pages, wanted)
        self.table = root.table
        self.limits = limits
        self.counters = counters or Counters()
        super().__init__(clock, SWEEP, limits.max_connections, self.counters, room)
        self._told = beside is not None or self._most == limits.max_connections  # the same number, which that one tells
        self.site: CarrierSite = CarrierSite(
            root, limits, clock, self.counters, None if beside is None else beside.site
        )
        self._wall = wall
        self.by_address = by_address
        self._set_date()

    def buildProtocol(self, addr: Any) -> Front | TurnedAway | None:
        """A front for one connection; none when there are too many or the node stops."""
        host = host_of(addr)
        if self.by_address is not None and self.by_address.full(host):
            return TurnedAway(self.by_address.most, self.date)
        if not self.admit():
            return None
        return Front(self, host)

    def opened(self, connection: Front) -> None:
        """See L{ConnectionFactory.opened}."""
        super().opened(connection)
        if self.by_address is not None:
            self.by_address.opened(connection.peer)

    def closed(self, connection: Front) -> None:
        """See L{ConnectionFactory.closed}."""
        super().closed(connection)
        if self.by_address is not None:
            self.by_address.closed(connection.peer)

    def sweep(self) -> None:
        """Renew the date, close what is slow or idle."""
        self._tell_limit()
        self._set_date()
        super().sweep()

    def sweep_one(self, connection: Front) -> None:
        """See L{ConnectionFactory.sweep_one}."""
        connection.sweep(SWEEP)

    def end(self, connection: Front) -> None:
        """Idle ones now, the others when they are answered."""
        connection.finish()

    def _set_date(self) -> None:
        self.date: bytes = datetimeToString(self._wall())

    def finish(self, seconds: float = GRACE) -> Deferred[None]:
        """See L{ConnectionFactory.finish_within}."""
        return self.finish_within(seconds)

    def _tell_limit(self) -> None:
        """Once, behind the lines of the start: the system allows fewer connections than the settings."""
        if not self._told:
            self._told = True
            self.log.warn(
                "{most} connections at most, not {wanted}: the process may not open more files (ulimit -n)",
                most=self._most,
                wanted=self.limits.max_connections,
            )


def endpoint(reactor: Any, port: int, interface: str) -> IStreamServerEndpoint:
    """Where to listen; the interface is an address of this machine, "" for all that are IPv4, C{"::"} for all."""
    kind: Any = TCP6ServerEndpoint if ":" in interface else TCP4ServerEndpoint
    made: IStreamServerEndpoint = kind(reactor, port, backlog=1024, interface=interface)
    return made
