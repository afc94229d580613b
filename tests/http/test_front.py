"""The front by itself: what waits for what, what is too slow, and bytes that make no sense."""

from __future__ import annotations

import socket
import struct
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.error import ConnectionLost
from twisted.internet.tcp import Connection
from twisted.internet.testing import MemoryReactor, StringTransport
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.http.reply import text_reply
from tests.http.carriers import Client, Server, get, parse
from tests.http.test_carriers import CASES, SMUGGLING

ECHO = "/nacos/v1/ns/thing/echo"
WAIT = "/nacos/v1/ns/thing/wait"
SELF = "/nacos/v1/core/self"


class Wordless(Exception):
    """An error that cannot be told."""

    def __str__(self) -> str:
        raise LookupError("no words")


def bodies(client: Client) -> list[bytes]:
    """The bodies that came since the last look."""
    return [got.body for got in client.got()]


class PipelineTests(SynchronousTestCase):
    """Requests behind one that is not answered yet."""

    def test_order(self) -> None:
        """Answers come in the order of the requests, and a request waits for those before it."""
        for carrier in ("front", "klein"):
            server = Server()
            client = server.both()[carrier]
            client.send(get(WAIT + "?1") + get(SELF) + get(WAIT + "?2") + get(SELF) + get("/nacos/v1/ns/thing/soon"))
            self.assertEqual((bodies(client), len(server.things.waiting)), ([], 1), carrier)
            server.things.waiting[0].callback(text_reply("one"))
            self.assertEqual((bodies(client), len(server.things.waiting)), ([b"one", b"self"], 2))
            client.send(get(SELF))
            self.assertEqual(bodies(client), [])
            server.things.waiting[1].callback(text_reply("two"))
            self.assertEqual(bodies(client), [b"two", b"self", b"soon", b"self"])

    def test_late_failure(self) -> None:
        """A Deferred that fails is phrased like an exception."""
        server = Server()
        client = server.front()
        client.send(get(WAIT))
        server.things.waiting[0].errback(RuntimeError("boom"))
        (got,) = client.got()
        self.assertEqual((got.status, got.body), (500, b"caused: boom;"))
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_late_nonsense(self) -> None:
        """A Deferred that gives no Reply ends the connection, and is logged."""
        server = Server()
        client = server.front()
        client.send(get(WAIT))
        server.things.waiting[0].callback(None)  # type: ignore[arg-type]
        self.assertTrue(client.closed)
        self.assertEqual(len(self.flushLoggedErrors(AttributeError)), 1)

    def test_late_failure_without_words(self) -> None:
        """Nor does one whose error cannot be told leave the client waiting."""
        server = Server()
        client = server.front()
        client.send(get(WAIT))
        server.things.waiting[0].errback(Wordless())
        self.flushLoggedErrors(Wordless)
        self.assertTrue(client.closed)
        self.assertEqual(len(self.flushLoggedErrors(LookupError)), 1)

    def test_depth(self) -> None:
        """No more is read from a client that has sent a pipeline of the allowed depth; all is answered in the end."""
        server = Server(pipeline_depth=3)
        client = server.front()
        client.send(get(WAIT) + get(SELF) * 2)
        self.assertEqual(client.transport.producerState, "producing")
        client.send(get(SELF))
        self.assertEqual(client.transport.producerState, "paused")
        server.things.waiting[0].callback(text_reply("one"))
        self.assertEqual(bodies(client), [b"one"] + [b"self"] * 3)
        self.assertEqual(client.transport.producerState, "producing")

    def test_backlog(self) -> None:
        """Nor from one that sends a lot that is no whole request."""
        server = Server()
        client = server.front()
        client.send(get(WAIT) + b"POST " + b"x" * 70_000)
        self.assertEqual(client.transport.producerState, "paused")

    def test_handed_over_while_paused(self) -> None:
        """The other carrier gets a connection that is read."""
        server = Server(pipeline_depth=1)
        client = server.front()
        client.send(get(WAIT) + get("/nacos/v1/core/nosuch") + get(SELF))
        self.assertEqual(client.transport.producerState, "paused")
        server.things.waiting[0].callback(text_reply("one"))
        self.assertEqual([got.status for got in client.got()], [200, 404, 200])
        self.assertEqual(client.transport.producerState, "producing")

    def test_client_goes_with_its_pipeline(self) -> None:
        """Nothing of what waited is served any more."""
        server = Server()
        client = server.front()
        client.send(get(WAIT + "?1") + get(WAIT + "?2"))
        client.leave()
        self.assertEqual(server.things.cancelled, [WAIT.encode() + b"?1"])
        self.assertEqual(len(server.things.waiting), 1)

    def test_nothing_after_close(self) -> None:
        """What follows the last request of a connection is not served."""
        for carrier, client in Server().both().items():
            client.send(get(SELF, "Connection: close") + get(SELF))
            self.assertEqual(bodies(client), [b"self"], carrier)

    def test_http_1_0(self) -> None:
        """A connection of HTTP/1.0 is kept only if the client asks for it, and is told."""
        client = Server().front()
        client.send(get(SELF, "Connection: keep-alive", version="1.0") + get(SELF, version="1.0"))
        first, last = client.got()
        self.assertEqual((first.headers["connection"], last.headers["connection"]), ("keep-alive", "close"))
        self.assertTrue(client.closed)

    def test_many_answers(self) -> None:
        """The answers of a long pipeline are written in several pieces, none is lost."""
        client = Server(pipeline_depth=1000).front()
        client.send(get("/nacos/v1/ns/thing/big?size=10000") * 100)
        self.assertEqual([len(body) for body in bodies(client)], [10000] * 100)

    def test_cached_reply(self) -> None:
        """A reply that is given again is rendered once a second."""
        server = Server()
        client = server.front()
        ok = get("/nacos/v1/ns/thing", method="POST")
        client.send(ok * 2)
        first, second = client.got()
        self.assertEqual(first, second)
        server.clock.advance(1)
        client.send(ok)
        self.assertNotEqual(client.got()[0].headers["date"], first.headers["date"])


class SlowTests(SynchronousTestCase):
    """Clients that take their time."""

    def wait(self, server: Server, seconds: int) -> None:
        """Let time pass."""
        server.clock.pump([1] * seconds)

    def test_idle(self) -> None:
        """A connection without requests is closed after the idle time, counted from its last request."""
        for carrier in ("front", "klein"):
            server = Server(idle_time=20)
            client = server.both()[carrier]
            self.wait(server, 15)
            client.send(get(SELF))
            self.wait(server, 15)
            self.assertFalse(client.closed, carrier)
            self.wait(server, 7)
            self.assertTrue(client.closed, carrier)

    def test_busy(self) -> None:
        """One with requests is not, whether they have bodies, come in parts, or several at a time."""
        post = get(ECHO, method="POST", body=b"a=1")
        for carrier in ("front", "klein"):
            for parts in ([post], [post[:-1], post[-1:]], [get(SELF) * 2], [post * 2]):
                server = Server(idle_time=20)
                client = server.both()[carrier]
                for _ in range(5):
                    for part in parts:
                        client.send(part)
                    self.assertEqual({got.status for got in client.got()}, {200})
                    self.wait(server, 15)
                    self.assertFalse(client.closed, (carrier, parts))

    def slowly(self, server: Server, client: Client, start: bytes, seconds: int) -> None:
        """Send a start, then a byte each second."""
        client.send(start)
        for _ in range(seconds):
            self.wait(server, 1)
            client.send(b"x")

    def test_head(self) -> None:
        """A head that trickles in is cut off, though there is never a long silence."""
        for start in (b"GET " + SELF.encode() + b"?", get("/nacos/nosuch") + b"GET /", get(SELF)[:-2] + b"X-Test: "):
            server = Server(header_time=10)
            client = server.front()
            self.slowly(server, client, start, 9)
            self.assertFalse(client.closed)
            self.slowly(server, client, b"", 4)
            self.assertTrue(client.closed)
            self.assertEqual(server.factory.counters.timed_out, 1)

    def test_body(self) -> None:
        """So is a body, after a minute."""
        request = get(ECHO, method="POST", body=b"x" * 1000)[:-1000]
        for start in (request, get("/nacos/nosuch") + request):
            server = Server(idle_time=30)
            client = server.front()
            self.slowly(server, client, start, 55)
            self.assertFalse(client.closed)
            self.slowly(server, client, b"", 8)
            self.assertTrue(client.closed)

    def test_long_poll(self) -> None:
        """A request that is being answered has all the time it needs."""
        for path in (WAIT, "/nacos/v1/ns/thing/w%61it"):
            server = Server(idle_time=20)
            client = server.front()
            client.send(get(path))
            self.wait(server, 100)
            self.assertFalse(client.closed)
            server.things.waiting[0].callback(text_reply("late"))
            self.assertEqual(bodies(client), [b"late"])

    def test_does_not_read(self) -> None:
        """Requests of a client that leaves its answers unread wait until it reads; in the end it is cut off."""
        server = Server(idle_time=20)
        client = server.front()
        client.protocol.pauseProducing()  # type: ignore[attr-defined]
        self.assertEqual(client.transport.producerState, "paused")
        client.send(get(SELF))
        self.assertEqual(bodies(client), [])
        self.wait(server, 15)
        client.protocol.resumeProducing()  # type: ignore[attr-defined]
        self.assertEqual(bodies(client), [b"self"])
        self.assertEqual(client.transport.producerState, "producing")
        client.protocol.pauseProducing()  # type: ignore[attr-defined]
        self.wait(server, 19)
        self.assertFalse(client.closed)
        self.wait(server, 3)
        self.assertTrue(client.closed)

    def test_does_not_read_and_waits(self) -> None:
        """The same while an answer is being made."""
        server = Server(idle_time=20)
        client = server.front()
        client.send(get(WAIT))
        client.protocol.pauseProducing()  # type: ignore[attr-defined]
        server.things.waiting[0].callback(text_reply("one"))
        client.send(get(SELF))
        self.assertEqual(bodies(client), [b"one"])
        client.protocol.resumeProducing()  # type: ignore[attr-defined]
        self.assertEqual(bodies(client), [b"self"])

    def test_does_not_read_the_end(self) -> None:
        """A client that leaves its last answer unread is cut off too."""
        for carrier in ("front", "klein"):
            server = Server(idle_time=20)
            client = server.front()
            if carrier == "klein":
                client.send(get("/nacos/nosuch"))
            client.send(b"rubbish\r\n\r\n")
            self.wait(server, 19)
            self.assertFalse(client.aborted, carrier)
            self.wait(server, 3)
            self.assertTrue(client.aborted, carrier)


class FuzzTests(SynchronousTestCase):
    """Nothing that a client sends comes out of dataReceived as an exception."""

    def feed(self, pieces: list[bytes], carriers: dict[str, Client]) -> None:
        for client in carriers.values():
            for piece in pieces:
                client.send(piece)
            parse(client.transport.value().replace(b"HTTP/1.1 100 Continue\r\n\r\n", b""))
            client.leave()

    @settings(max_examples=300)
    @given(st.lists(st.binary(max_size=200), max_size=5))
    def test_noise(self, pieces: list[bytes]) -> None:
        """Random bytes."""
        self.feed([piece for piece in pieces if piece], Server().both())
        self.flushLoggedErrors()

    @settings(max_examples=500)
    @given(st.data())
    def test_mutations(self, data: Any) -> None:
        """Sound requests with bytes cut out, put in, and exchanged, in pieces."""
        pool = [*(case.request for case in CASES.values() if len(case.request) < 2000), *SMUGGLING.values()]
        stream = b"".join(data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3)))
        stream = stream.replace(b"HEAD", b"GET")
        odd = st.sampled_from(
            [b"", b"\r", b"\n", b"\r\n", b" ", b":", b"\0", b"0", b"\r\n\r\n", b"\xff", b"\t", b"9" * 20]
        )
        for _ in range(data.draw(st.integers(0, 4))):
            start = data.draw(st.integers(0, len(stream)))
            stream = stream[:start] + data.draw(odd) + stream[start + data.draw(st.integers(0, 3)) :]
        cut = data.draw(st.integers(0, len(stream)))
        self.feed([piece for piece in (stream[:cut], stream[cut:]) if piece], Server().both())
        self.flushLoggedErrors()


class SocketTests(SynchronousTestCase):
    """The way past the transport's buffer, on a real pair of sockets and a reactor that never runs."""

    def setUp(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.socket = socket.create_connection(listening.getsockname())
            ours, _ = listening.accept()
        for each in (ours, self.socket):
            self.addCleanup(each.close)
        self.server = Server(pipeline_depth=10_000)
        front = self.server.factory.buildProtocol(StringTransport().getPeer())
        assert front is not None
        self.front = front
        self.transport = Connection(ours, front, MemoryReactor())  # type: ignore[arg-type]
        self.transport.connected = 1
        front.makeConnection(self.transport)
        self.socket.settimeout(5)

    def test_at_once(self) -> None:
        """An answer is in the client's socket before the reactor turns."""
        self.front.dataReceived(get(SELF))
        self.assertTrue(self.socket.recv(10_000).endswith(b"\r\n\r\nself"))
        self.assertNotIn(self.transport, self.transport.reactor.writers)  # type: ignore[attr-defined]

    def test_full(self) -> None:
        """What the socket does not take goes through the buffer, in order; then reading stops until it is empty."""
        count = 100
        self.front.dataReceived(get("/nacos/v1/ns/thing/big?size=100000") * count)
        received = b""
        for _ in range(10_000):
            received += self.socket.recv(2**20)
            self.transport.doWrite()
            if len(received) > count * 100_000 and received.endswith(b"x"):
                break
        self.assertEqual([len(got.body) for got in parse(received)], [100_000] * count)
        self.front.dataReceived(get(SELF))
        self.assertTrue(self.socket.recv(10_000).endswith(b"self"))

    def test_stops_serving_when_full(self) -> None:
        """Handlers are not asked for answers that nobody takes."""
        self.front.dataReceived(get("/nacos/v1/ns/thing/big?size=100000") * 100)
        self.assertLess(self.server.factory.counters.requests, 50)

    def test_reset(self) -> None:
        """A client that is gone is the transport's to notice."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        self.front.dataReceived(get(SELF))
        self.assertIn(self.transport, self.transport.reactor.writers)  # type: ignore[attr-defined]
        self.assertIsInstance(self.transport.doWrite(), ConnectionLost)

    def test_close(self) -> None:
        """A last answer is written, then the connection closed."""
        self.front.dataReceived(get(SELF, "Connection: close"))
        self.assertIn(b"Connection: close", self.socket.recv(10_000))
        self.assertTrue(self.transport.disconnecting)
