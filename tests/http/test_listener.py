"""Who may connect, and how all ends."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.descriptors import Room
from nacos_tw.http.listener import FrontFactory
from nacos_tw.http.reply import text_reply
from nacos_tw.serving import Listener
from nacos_tw.settings.settings import HttpSettings
from tests.http.carriers import Client, Core, Server, Things, get

WAIT = "/nacos/v1/ns/thing/wait"
SELF = "/nacos/v1/core/self"


class ConnectionsTests(SynchronousTestCase):
    """The number of connections."""

    def test_limit(self) -> None:
        """One too many is turned away; when one closes there is room again."""
        server = Server(max_connections=2)
        first, _ = server.front(), server.front()
        peer = StringTransport().getPeer()
        self.assertIsNone(server.factory.buildProtocol(peer))
        counters = server.factory.counters
        self.assertEqual((counters.accepted, counters.open, counters.turned_away), (2, 2, 1))
        first.leave()
        self.assertIsNotNone(server.factory.buildProtocol(peer))
        self.assertEqual(counters.open, 1)

    def test_shared_room(self) -> None:
        """What the process may open is shared with other ports."""
        server = Server()
        room = server.factory._room
        peer = StringTransport().getPeer()
        first = server.front()
        self.assertEqual(room.taken, 1)
        room.taken = room.most
        self.assertIsNone(server.factory.buildProtocol(peer))
        room.taken -= 1
        self.assertIsNotNone(server.factory.buildProtocol(peer))
        first.leave()
        self.assertEqual(room.taken, room.most - 2)

    def test_told_once(self) -> None:
        """That the system allows fewer than the settings is told by one of several ports."""
        clock, limits, room = Clock(), HttpSettings(max_connections=10**9), Room()
        main = FrontFactory([Core()], "/nacos", limits, clock, room=room)
        console = FrontFactory([Core()], "/", limits, clock, room=room, beside=main)
        told: list[str] = []
        observer = lambda event: told.append(formatEvent(event))  # noqa: E731
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        for factory in (main, console):
            factory.doStart()
        clock.pump([1] * 3)
        self.assertEqual(len([text for text in told if "connections at most, not 1000000000" in text]), 1, told)

    def test_sweep_survives(self) -> None:
        """A connection that cannot be swept does not keep the others from it."""
        server = Server(idle_time=5)
        broken, idle = server.front(), server.front()
        broken.protocol.sweep = None  # type: ignore[attr-defined]
        server.clock.pump([1] * 7)
        self.assertTrue(idle.closed)
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 7)


class FinishTests(SynchronousTestCase):
    """The graceful stop."""

    def test_nothing_open(self) -> None:
        """It is over at once, and nothing is left on the clock."""
        server = Server()
        self.successResultOf(server.factory.finish())
        server.factory.doStop()
        self.assertEqual(server.clock.getDelayedCalls(), [])

    def test_in_flight(self) -> None:
        """Idle connections close at once, others with their answer, which says so; what comes behind is not served."""
        server = Server()
        idle, busy, half, handed, slow = (server.front() for _ in range(5))
        busy.send(get(WAIT) + get(SELF))
        half.send(get(SELF)[:20])
        handed.send(get("/nacos/nosuch"))
        slow.send(get("/nacos/nosuch") + get(WAIT))
        for client in (handed, slow):
            self.assertEqual([got.status for got in client.got()], [404])
        finished = server.factory.finish()
        self.assertEqual([client.closed for client in (idle, handed, busy, half, slow)], [True, True] + [False] * 3)
        self.assertIsNone(server.factory.buildProtocol(StringTransport().getPeer()))
        half.send(get(SELF)[20:])
        for waiting in server.things.waiting:
            waiting.callback(text_reply("late"))
        for client, body in ((busy, b"late"), (half, b"self"), (slow, b"late")):
            (got,) = client.got()
            self.assertEqual((got.headers["connection"], got.body, client.closed), ("close", body, True))
        self.assertNoResult(finished)
        for client in (idle, handed, busy, half, slow):
            client.leave()
        self.successResultOf(finished)
        self.assertEqual(server.clock.getDelayedCalls(), [])

    def test_handed_over_at_the_end(self) -> None:
        """A request that the other carrier must answer is its last too."""
        server = Server()
        client = server.front()
        client.send(get("/nacos/nosuch")[:20])
        finished = server.factory.finish()
        client.send(get("/nacos/nosuch")[20:])
        self.assertEqual([got.status for got in client.got()], [404])
        self.assertTrue(client.closed)
        client.leave()
        self.successResultOf(finished)

    def test_late(self) -> None:
        """What is not answered within the grace is cut off."""
        server = Server()
        client = server.front()
        client.send(get(WAIT))
        finished = server.factory.finish()
        server.clock.advance(0.9)
        self.assertFalse(client.closed)
        server.clock.advance(0.2)
        self.assertTrue(client.closed)
        client.leave()
        self.successResultOf(finished)
        self.assertEqual(len(server.things.cancelled), 1)


class ListenerTests(SynchronousTestCase):
    """The service."""

    def test_life(self) -> None:
        """It listens when asked, and stops with its connections answered."""
        reactor = MemoryReactorClock()
        factory = FrontFactory([Things(), Core()], "/nacos", HttpSettings(), reactor)
        listener = Listener(TCP4ServerEndpoint(reactor, 8848, interface="127.0.0.1"), factory)
        self.successResultOf(Deferred.fromCoroutine(listener.listen()))
        listener.startService()
        self.assertEqual(reactor.tcpServers[0][0], 8848)
        client = Client(factory.buildProtocol(StringTransport().getPeer()))  # type: ignore[arg-type]
        client.send(get(SELF))
        self.assertEqual([got.body for got in client.got()], [b"self"])
        stopped = listener.stopService()
        self.assertTrue(client.closed)
        client.leave()
        self.successResultOf(stopped)
        self.assertFalse(listener.running)
