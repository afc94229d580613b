"""Large bodies that are being received at a time have a limit in all, on both carriers."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.http.carriers import Client, Server, get

ECHO = "/nacos/v1/ns/thing/echo"
CHUNKED = "Transfer-Encoding: chunked"


class BodyQuotaTests(SynchronousTestCase):
    """C{bodies_bytes}."""

    def setUp(self) -> None:
        self.server = Server(bodies_bytes=200_000)

    def held(self) -> int:
        return self.server.factory.site.bodies.used

    def pair(self, carrier: str) -> tuple[Client, Client]:
        return self.server.both()[carrier], self.server.both()[carrier]

    def begin(self, client: Client, size: int = 150_000) -> None:
        """All of a body but its last byte."""
        client.send(get(ECHO, method="POST", body=b"x" * size)[:-1])

    def test_no_room(self) -> None:
        """What is too much is refused with 503 and closed; it takes nothing with it."""
        for carrier in ("front", "klein"):
            first, second = self.pair(carrier)
            self.begin(first)
            self.begin(second)
            (got,) = second.got()
            self.assertEqual((got.status, second.closed), (503, True), carrier)
            self.assertIn(b"too many large bodies", got.body)
            second.leave()
            self.assertEqual(first.got(), [])
            first.send(b"x")
            self.assertEqual([got.status for got in first.got()], [200], carrier)
            self.assertEqual(self.held(), 0, carrier)

    def test_small_bodies_pass(self) -> None:
        """Those that fit into what a connection may keep anyway are not counted."""
        for carrier in ("front", "klein"):
            first, second = self.pair(carrier)
            self.begin(first, 190_000)
            self.begin(second, 60_000)
            second.send(b"x")
            self.assertEqual([got.status for got in second.got()], [200], carrier)
            first.leave()
            self.assertEqual(self.held(), 0, carrier)

    def test_room_again(self) -> None:
        """A client that goes, is too slow or is answered makes room."""
        for carrier in ("front", "klein"):
            first, second = self.pair(carrier)
            self.begin(first)
            self.assertGreater(self.held(), 80_000)
            first.leave()
            self.assertEqual(self.held(), 0, carrier)
            for _ in range(5):
                self.begin(second)
                second.send(b"x")
                self.assertEqual([got.status for got in second.got()], [200], carrier)
            self.assertEqual(self.held(), 0, carrier)

    def test_too_slow(self) -> None:
        """So does one that is closed for taking too long."""
        client = self.server.front()
        self.begin(client)
        self.server.clock.pump([1.0] * 70)
        self.assertTrue(client.closed)
        self.assertEqual(self.held(), 0)

    def test_chunks(self) -> None:
        """A body of unknown length counts as it comes."""
        first, second = self.pair("front")
        self.begin(first)
        second.send(get(ECHO, CHUNKED, method="POST") + b"1000\r\n" + b"x" * 4096 + b"\r\n")
        for _ in range(40):
            second.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        self.assertEqual([got.status for got in second.got()], [503])
        second.leave()
        first.leave()
        self.assertEqual(self.held(), 0)

    def test_pipelined(self) -> None:
        """What comes behind a large body is served after it."""
        client = self.server.front()
        body = get(ECHO, method="POST", body=b"x" * 150_000)
        client.send(body[:100_000])
        client.send(body[100_000:] + body[:30_000])
        client.send(body[30_000:] + get("/nacos/v1/core/self"))
        self.assertEqual([got.status for got in client.got()], [200, 200, 200])
        self.assertEqual(self.held(), 0)
