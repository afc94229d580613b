"""The protocol: writes, limits, slow and leaving clients."""

from __future__ import annotations

from typing import Any

from hpack import Encoder
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.grpc.dispatch import Asked, Handler
from nacos_tw.grpc.engine.connection import Connection
from nacos_tw.grpc.engine.frames import DATA, END_HEADERS, HEADERS, frame
from nacos_tw.grpc.engine.limits import Limits
from nacos_tw.grpc.engine.reference import Reference
from nacos_tw.grpc.engine.shared import Shared
from nacos_tw.grpc.listener import CarrierLimits
from nacos_tw.grpc.messages import Push
from tests.grpc.carriers import Server
from tests.grpc.engine.behaviour import BLOCK, call_frames
from tests.grpc.engine.peers import GREETING, METHODS, UNARY, headers
from tests.grpc.test_dispatch import EchoRequest, EchoResponse


class CarrierTests(SynchronousTestCase):
    """One connection."""

    engine: Any = None

    def setUp(self) -> None:
        self.waiting: list[Deferred[Any]] = []
        self.later = False
        self.server = self.serve()
        self.client = self.server.client()

    def serve(self, **more: Any) -> Server:
        if self.engine is not None:
            more["engine"] = self.engine
        return Server({"EchoRequest": Handler(EchoRequest, self.echo)}, **more)

    def echo(self, asked: Asked[EchoRequest]) -> Any:
        answer = EchoResponse(text=asked.request.text)
        if not self.later:
            return answer
        self.waiting.append(Deferred())
        return self.waiting[-1].addCallback(lambda _: answer)

    def test_one_write_for_each_read(self) -> None:
        """All answers to what came at once leave at once."""
        self.client.setup()
        numbers = [self.client.start("EchoRequest", {"text": str(place)}) for place in range(20)]
        before = self.client.transport.writes
        self.client.carrier.dataReceived(self.client.http.data_to_send())
        self.assertEqual(self.client.transport.writes, before + 1)
        self.client.turn()
        self.assertEqual(len([number for number in numbers if self.client.got(number)]), 20)

    def test_one_write_for_each_turn(self) -> None:
        """So do answers that are ready in the same turn of the reactor."""
        self.client.setup()
        self.later = True
        for _ in range(5):
            self.client.start("EchoRequest")
        self.client.turn()
        before = self.client.transport.writes
        for waiting in self.waiting:
            waiting.callback(None)
        self.assertEqual(self.client.transport.writes, before)
        self.server.clock.advance(0)
        self.assertEqual(self.client.transport.writes, before + 1)

    def test_too_many_connections(self) -> None:
        """Connections above the limit are closed at once, and counted."""
        server = self.serve(limits=CarrierLimits(connections=1))
        client = server.client()
        self.assertIsNone(server.factory.buildProtocol(None))
        self.assertEqual((server.counters.turned_away, server.counters.open), (1, 1))
        client.transport.loseConnection()
        self.assertEqual(server.counters.open, 0)
        server.client()

    def test_nobody(self) -> None:
        """A connection on which no client says who it is ends; one of a client does not."""
        other = self.server.client()
        other.setup()
        self.client.ask("ServerCheckRequest")
        for _ in range(14):
            other.ask("HealthCheckRequest")
            self.server.clock.pump([5.0])
        self.assertFalse(self.client.transport.connected)
        self.assertTrue(other.transport.connected)
        self.assertEqual(self.server.counters.ends["idle"], 1)

    def test_keep_alive(self) -> None:
        """A connection that is silent for long is sent a ping; it goes on if it answers, and is cut off if not."""
        server = self.serve(limits=CarrierLimits(keep_alive=50.0, keep_alive_timeout=10.0))
        client = server.client()
        client.setup()
        carrier = client.carrier
        now = server.clock.seconds()
        carrier.sweep(now + 49)
        self.assertEqual(client.transport.value(), b"")
        carrier.sweep(now + 51)
        self.assertIn(b"\x00\x00\x08\x06\x00", client.transport.value())
        server.clock.advance(52)
        client.exchange()  # it is answered
        self.assertTrue(client.transport.connected)
        now = server.clock.seconds()
        carrier.sweep(now + 49)
        carrier.sweep(now + 51)
        carrier.sweep(now + 60)
        self.assertFalse(client.transport.aborted)
        carrier.sweep(now + 62)
        self.assertTrue(client.transport.aborted)
        self.assertEqual(server.counters.ends["silent"], 1)

    def test_not_grpc(self) -> None:
        """What is not HTTP/2 is closed at once, and counted."""
        self.client.carrier.dataReceived(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertFalse(self.client.transport.connected)
        self.assertEqual(self.server.counters.ends["protocol"], 1)

    def test_reader_is_slow(self) -> None:
        """While a client does not read, it is not read from; its pushes wait within bounds, then it is cut off."""
        server = self.serve(limits=CarrierLimits(engine=Limits(pushes=10_000)))
        client = server.client(window=2**24)
        client.setup()
        (registered,) = server.connections
        client.carrier.pauseProducing()
        self.assertEqual(client.transport.producerState, "paused")
        push = Push("X", {"text": "x" * 1000}, "naming")
        told = 0
        while server.connections.tell(registered, push):
            told += 1
            assert told < 100
        self.assertGreater(told, 5)
        self.assertLess(len(client.transport.value()), 1000)
        server.clock.advance(0)
        self.assertFalse(client.transport.connected)
        self.assertEqual((server.counters.ends["unread"], len(server.connections)), (1, 0))

    def test_reader_comes_back(self) -> None:
        """What waited is sent as soon as it reads again."""
        self.client.setup()
        (registered,) = self.server.connections
        self.client.carrier.pauseProducing()
        for place in range(3):
            self.server.connections.tell(registered, Push("X", {"n": place}, "naming"))
        self.client.turn()
        self.assertEqual(self.client.pushed, [])
        self.client.carrier.resumeProducing()
        self.client.turn()
        self.assertEqual([body for _, body in self.client.pushed][2], b'{"headers":{},"n":2,"module":"naming"}')
        self.assertEqual(self.client.ask("HealthCheckRequest")[0], "HealthCheckResponse")

    def test_reader_never_comes_back(self) -> None:
        self.client.setup()
        self.client.carrier.pauseProducing()
        self.server.clock.pump([5.0] * 13)
        self.assertTrue(self.client.transport.aborted)

    def test_slow_frame(self) -> None:
        """Half a frame does not hold a connection for ever."""
        self.client.setup()
        self.client.carrier.dataReceived(frame(HEADERS, END_HEADERS, 101, BLOCK)[:20])
        self.server.clock.pump([5.0] * 5)
        self.assertFalse(self.client.transport.connected)
        self.assertEqual(self.server.counters.ends["slow"], 1)

    def test_stop(self) -> None:
        """At the stop calls in flight are answered, streams end, nobody new comes; then all is closed."""
        self.client.setup()
        other = self.server.client()
        other.setup()
        self.later = True
        number = self.client.start("EchoRequest", {"text": "x"})
        self.client.turn()
        done = self.server.factory.finish(3.0)
        for registered in self.server.connections:
            registered.end()
        self.server.clock.advance(0)
        for client in (self.client, other):
            client.turn()
        self.assertIsNone(self.server.factory.buildProtocol(None))
        self.assertFalse(other.transport.connected)
        self.assertNoResult(done)
        self.waiting[0].callback(None)
        self.server.clock.advance(0)
        self.client.exchange()
        self.assertIn(b'"text":"x"', self.client.got(number)[1])
        self.successResultOf(done)

    def test_stop_of_a_deaf_client(self) -> None:
        """A client that does not answer holds the stop up for three seconds."""
        self.client.setup()
        self.client.carrier.dataReceived(frame(DATA, 0, 1, b""))
        done = self.server.factory.finish(3.0)
        self.server.clock.advance(2.9)
        self.assertNoResult(done)
        self.server.clock.advance(0.2)
        self.successResultOf(done)

    def test_broken_handler_of_a_message(self) -> None:
        """A stream goes on after a message that broke something of ours."""

        class Broken:
            def unary(self, *_: Any) -> bytes:
                raise ZeroDivisionError

            def message(self, *_: Any) -> None:
                raise ZeroDivisionError

            def closed(self, *_: Any) -> None:
                pass

            def lost(self, *_: Any) -> None:
                pass

        server = self.serve(serving=Broken())
        client = server.client()
        client.setup()
        client.say("X", {})
        number = client.start("X")
        client.turn()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 3)
        self.assertEqual((client.answers[number].status, server.counters.failures), (13, 3))
        self.assertTrue(client.transport.connected)


class ReferenceCarrierTests(CarrierTests):
    """The same on h2."""

    engine = Reference


class RememberingTests(SynchronousTestCase):
    """What is remembered of header blocks is the same for all, and bounded."""

    def test_shared(self) -> None:
        """A second client of the same kind is not decoded again."""
        server = Server()
        server.client().setup()
        memory = server.factory.shared.heads
        known = len(memory)
        server.client().setup()
        self.assertEqual(len(memory), known)

    def test_bounded(self) -> None:
        """Clients that send ever new headers fill no memory, and what a client sent before means the same again."""
        shared = Shared(METHODS, Limits(), remembered=64, bytes_=2**16)
        usual = Connection(shared)
        usual.receive(GREETING + call_frames(1), 0.0)
        for place in range(60):
            engine, encoder = Connection(shared), Encoder()
            engine.receive(GREETING, 0.0)
            for number in range(1, 9, 2):
                block = encoder.encode([*headers(UNARY), (b"x-%d" % place, b"%d" % number * 300)])
                (event,) = engine.receive(call_frames(number, block=block), 0.0)
                self.assertEqual(event.head.headers[-1], (b"x-%d" % place, b"%d" % number * 300))
            self.assertLess(shared.heads.cost, 2**16)
            self.assertLess(shared.tables.cost, 2**16)
            self.assertLess(len(shared.heads), 65)
        self.assertGreater(shared.heads.forgotten, 2)
        (event,) = usual.receive(call_frames(3, block=b"\x83\x86\xc2\xc1\xc0\xbf\xbe"), 0.0)
        self.assertEqual(len(event.head.headers), 7)

    def test_greeting_only(self) -> None:
        server = Server()
        client = server.client()
        client.carrier.dataReceived(GREETING[:10])
        client.carrier.dataReceived(GREETING[10:])
        self.assertTrue(client.transport.connected)
