"""The same behaviour of both engines."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.grpc.engine.assembly import PREFIX
from nacos_tw.grpc.engine.connection import Connection
from nacos_tw.grpc.engine.frames import DATA, HEADER_SIZE, PING, WINDOW, frame
from nacos_tw.grpc.engine.limits import Limits
from nacos_tw.grpc.engine.reference import Reference
from nacos_tw.grpc.engine.sending import SHARED
from tests.grpc.engine import behaviour
from tests.grpc.engine.peers import STREAM, Peer, framed


class CallTests(behaviour.CallTests, SynchronousTestCase):
    """The engine that serves."""

    make = Connection


class StreamTests(behaviour.StreamTests, SynchronousTestCase):
    make = Connection


class FlowTests(behaviour.FlowTests, SynchronousTestCase):
    make = Connection


class ConnectionTests(behaviour.ConnectionTests, SynchronousTestCase):
    make = Connection


class HostileTests(behaviour.HostileTests, SynchronousTestCase):
    make = Connection


class ReferenceCallTests(behaviour.CallTests, SynchronousTestCase):
    """The one on h2."""

    make = Reference


class ReferenceStreamTests(behaviour.StreamTests, SynchronousTestCase):
    make = Reference


class ReferenceFlowTests(behaviour.FlowTests, SynchronousTestCase):
    make = Reference


class ReferenceConnectionTests(behaviour.ConnectionTests, SynchronousTestCase):
    make = Reference


class ReferenceHostileTests(behaviour.HostileTests, SynchronousTestCase):
    make = Reference


class SharedTests(SynchronousTestCase):
    """What is kept of messages that go to many."""

    def test_kept(self) -> None:
        """The last one with its frames, unless it is unusually long."""
        peer = Peer(Connection, limits=Limits(pushes=2**24), window=2**20)
        peer.http.increment_flow_control_window(2**20)
        stream = peer.call(b"setup", STREAM, end=False)
        peer.exchange()
        for message in (bytes(SHARED - PREFIX), b"short"):
            peer.engine.send(stream, message)
            self.assertIs(peer.shared.framed[0], message)
        peer.engine.send(stream, bytes(SHARED))
        self.assertEqual(peer.shared.framed[0], b"short")


class PassedTests(SynchronousTestCase):
    """Messages that the owner has dealt with: the engine agrees where nothing else is to be done."""

    def setUp(self) -> None:
        self.peer = Peer(Connection, limits=Limits(window=2 * WINDOW))
        self.stream = self.peer.call(b"setup", STREAM, end=False)
        self.other = self.peer.call(b"setup", STREAM, end=False)
        self.peer.exchange()
        self.peer.engine.consumed(self.stream)
        self.peer.engine.consumed(self.other)

    def passed(self, length: int = 100, stream: int = 0) -> bool:
        return self.peer.engine.passed(stream or self.stream, HEADER_SIZE + length)

    def test_windows(self) -> None:
        """As long as neither of the windows needs to be opened again, nor is used up."""
        count = 0
        while self.passed(1000):
            count += 1
        self.assertEqual(count, WINDOW // 2 // 1000)
        self.assertEqual(self.peer.engine.take(), b"")
        self.assertFalse(self.passed(1000))
        self.assertTrue(self.passed(1000, self.other))
        for _ in range(WINDOW // 1000):
            self.peer.http.send_data(self.other, framed(bytes(900)))
            self.peer.exchange()
        self.assertFalse(self.passed(1000, self.other))

    def test_connection_window(self) -> None:
        """What waits for its handler on other streams leaves less of the connection's window."""
        streams = [self.other, *(self.peer.call(b"setup", STREAM, end=False) for _ in range(2))]
        for stream in streams:
            for _ in range(60):
                if self.peer.http.local_flow_control_window(stream) > 1100:
                    self.peer.http.send_data(stream, framed(bytes(1000)))
        self.peer.exchange()
        self.assertLess(self.peer.http.outbound_flow_control_window, 1100)
        self.assertFalse(self.passed(1100))
        self.assertTrue(self.passed(100))

    def test_streams(self) -> None:
        """Only where messages can come."""
        self.assertFalse(self.passed(stream=77))
        self.peer.http.end_stream(self.stream)
        self.peer.exchange()
        self.assertFalse(self.passed())
        self.assertTrue(self.passed(stream=self.other))

    def test_within_something_else(self) -> None:
        """Neither in the middle of a message nor of a frame, nor after the end."""
        message = framed(bytes(500))
        self.peer.feed(frame(DATA, 0, self.stream, message[:250]))
        self.assertFalse(self.passed())
        self.assertTrue(self.passed(stream=self.other))
        self.peer.feed(frame(DATA, 0, self.stream, message[250:]))
        self.peer.engine.consumed(self.stream)
        self.assertTrue(self.passed())
        self.peer.feed(frame(PING, 0, 0, bytes(8))[:5])
        self.assertFalse(self.passed())
        self.peer.feed(frame(PING, 0, 0, bytes(8))[5:])
        self.assertTrue(self.passed())
        self.peer.engine.end("idle", "nobody is there")
        self.assertFalse(self.passed())

    def test_reference(self) -> None:
        """The library must see all."""
        peer = Peer(Reference)
        stream = peer.call(b"setup", STREAM, end=False)
        peer.exchange()
        self.assertFalse(peer.engine.passed(stream, 109))
