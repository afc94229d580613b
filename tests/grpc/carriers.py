"""A carrier without a socket: a transport in memory, a client on h2, a clock."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransportWithDisconnection

from nacos_tw.grpc.connections import ConnectionLimits, Connections
from nacos_tw.grpc.counters import Counters
from nacos_tw.grpc.dispatch import Dispatcher, Handler
from nacos_tw.grpc.engine.connection import Connection
from nacos_tw.grpc.engine.seam import EngineMaker
from nacos_tw.grpc.listener import CarrierFactory, CarrierLimits
from nacos_tw.grpc.payloads import Metadata, Reader, write_request
from tests.grpc.engine.peers import STREAM, Peer, framed


class Transport(StringTransportWithDisconnection):
    """Counts writes."""

    writes = 0

    def write(self, data: bytes) -> None:
        self.writes += 1
        super().write(data)

    def abortConnection(self) -> None:  # noqa: N802
        self.aborted = True
        self.loseConnection()

    aborted = False


class Wire:
    """Stands in a L{Peer} for its engine: passes bytes through a carrier."""

    def __init__(self, carrier: Any, transport: Transport) -> None:
        self.carrier = carrier
        self.transport = transport
        self.ended = None

    def receive(self, data: bytes, now: float) -> list[Any]:
        if self.transport.connected:
            self.carrier.dataReceived(data)
        return []

    def take(self) -> bytes:
        data = self.transport.value()
        self.transport.clear()
        return data


class Server:
    """All of 9848 but the sockets."""

    def __init__(
        self,
        handlers: dict[str, Handler[Any]] | None = None,
        limits: CarrierLimits | None = None,
        table: ConnectionLimits | None = None,
        serving: Any = None,
        engine: EngineMaker = Connection,
    ) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.counters = Counters()
        self.connections = Connections(self.clock, self.counters, "10.9.9.9", {"fuzzyWatch": True}, table)
        self.connections.startService()
        self.started = True
        self.late = False
        self.dispatcher = Dispatcher(
            handlers or {}, self.connections, self.counters, self.clock,
            lambda: self.started, late=lambda: self.late,
        )  # fmt: skip
        self.factory = CarrierFactory(
            serving or self.dispatcher, self.clock, limits, self.counters, engine, lambda: 1795449563.064
        )
        self.factory.startFactory()
        self.ports = 40_000

    def client(self, window: int = 65535) -> Client:
        return Client(self, window)


class Client(Peer):
    """A client of it."""

    def __init__(self, server: Server, window: int = 65535) -> None:
        self.server = server
        server.ports += 1
        carrier = server.factory.buildProtocol(IPv4Address("TCP", "10.1.1.1", server.ports))
        assert carrier is not None
        self.carrier = carrier
        self.transport = Transport()
        self.transport.protocol = carrier
        super().__init__(lambda shared: Wire(carrier, self.transport), shared=server.factory.shared, window=window)  # type: ignore[arg-type, return-value]
        carrier.makeConnection(self.transport)
        self.stream = 0
        self.reader = Reader()

    def turn(self) -> None:
        """Let bytes move, and what waits for the end of the reactor's turn happen."""
        self.exchange()
        self.server.clock.advance(0)
        self.exchange()

    def ask(self, type_: str, body: Any = None, more: tuple[tuple[bytes, bytes], ...] = ()) -> Any:
        """A unary request; type and JSON of the answer, None while there is none."""
        number = self.start(type_, body, more)
        self.turn()
        return self.got(number)

    def start(self, type_: str, body: Any = None, more: tuple[tuple[bytes, bytes], ...] = ()) -> int:
        json = body if isinstance(body, bytes) else msgspec.json.encode(body or {})
        return self.call(write_request(Metadata(type_, {}, "10.0.0.7"), json), more=more)

    def got(self, number: int) -> Any:
        messages = self.answers[number].messages
        return self.parsed(messages[0]) if messages else None

    def parsed(self, message: bytes) -> tuple[str, bytes]:
        metadata, body = self.reader.read(message)
        return metadata.type, body

    def setup(self, **members: Any) -> None:
        """Open the stream and say who we are."""
        setup = {
            "clientVersion": "Nacos-Java-Client:v2.5.1",
            "labels": {"module": "naming", "source": "sdk"},
            **members,
        }
        request = write_request(Metadata("ConnectionSetupRequest", {}, "10.0.0.7"), msgspec.json.encode(setup))
        self.stream = self.call(request, STREAM, end=False)
        self.turn()

    def say(self, type_: str, body: Any) -> None:
        """A message on the stream."""
        message = write_request(Metadata(type_), body if isinstance(body, bytes) else msgspec.json.encode(body))
        self.http.send_data(self.stream, framed(message))
        self.turn()

    @property
    def pushed(self) -> list[tuple[str, bytes]]:
        return [self.parsed(message) for message in self.answers[self.stream].messages]
