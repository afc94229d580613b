"""Large answers that clients do not read have a limit in all, on both carriers, and are gone with their connection."""

from __future__ import annotations

import gc
import weakref

from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tests.http.carriers import Client, Server, get

BIG = get("/nacos/v1/ns/thing/big?size=150000")
SMALL = get("/nacos/v1/ns/thing/big?size=60000")


class OutputQuotaTests(SynchronousTestCase):
    """C{answers_bytes}."""

    def setUp(self) -> None:
        self.server = Server(answers_bytes=400_000)

    def held(self) -> int:
        return self.server.factory.site.answers.used

    def asked(self, carrier: str, request: bytes = BIG) -> Client:
        """A client that has asked and reads nothing."""
        client = self.server.both()[carrier]
        client.send(request)
        if not client.aborted:
            client.protocol.pauseProducing()  # type: ignore[attr-defined]
        return client

    def test_no_room(self) -> None:
        """The connection whose answer is too much is closed at once; the others are answered."""
        for carrier in ("front", "klein"):
            first, second = self.asked(carrier), self.asked(carrier)
            self.assertGreaterEqual(self.held(), 300_000)
            refused = self.server.factory.site.counters.refused
            late = self.asked(carrier)
            self.assertTrue(late.aborted, carrier)
            self.assertLess(len(late.transport.value()), 1000, carrier)
            self.assertEqual(self.server.factory.site.counters.refused, refused + 1, carrier)
            late.leave()
            for client in (first, second, self.asked(carrier, SMALL)):
                self.assertEqual([got.status for got in client.got()], [200], carrier)
                self.assertFalse(client.aborted, carrier)
                client.leave()
            self.assertEqual(self.held(), 0, carrier)

    def test_read(self) -> None:
        """What was read is held no more."""
        for carrier in ("front", "klein"):
            client = self.asked(carrier)
            for _ in range(5):
                self.assertGreaterEqual(self.held(), 150_000, carrier)
                client.protocol.resumeProducing()  # type: ignore[attr-defined]
                self.assertEqual(self.held(), 0, carrier)
                client.send(BIG)
            self.assertEqual(len(client.got()), 6, carrier)
            client.leave()
            self.assertEqual(self.held(), 0, carrier)

    def test_one_that_is_larger(self) -> None:
        """One answer may be larger than all may be together."""
        for carrier in ("front", "klein"):
            client = self.asked(carrier, get("/nacos/v1/ns/thing/big?size=1000000"))
            self.assertEqual(len(client.got()[0].body), 1_000_000, carrier)
            self.assertTrue(self.asked(carrier).aborted, carrier)
            client.leave()
            self.assertEqual(self.held(), 0, carrier)

    def test_handed_over(self) -> None:
        """What the front has written counts when Klein's carrier has the connection."""
        client = self.asked("front", BIG + get("/nacos/nothing"))
        client.protocol.resumeProducing()  # type: ignore[attr-defined]
        self.assertEqual([got.status for got in client.got()], [200, 404])
        held = self.held()
        client.send(BIG)
        self.assertGreaterEqual(self.held(), held + 150_000)
        client.leave()
        self.assertEqual(self.held(), 0)

    def test_gone(self) -> None:
        """Nothing of a lost connection waits for Python's garbage collector."""
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        for carrier in ("front", "klein"):
            for request in (BIG, get("/nacos/v1/ns/thing/wait"), BIG[:-2]):
                client = self.asked(carrier, request)
                transport: weakref.ref[StringTransport] = weakref.ref(client.transport)
                client.leave()
                client.transport.producer = None  # as a real one
                del client
                for deferred in self.server.things.waiting:
                    deferred.addErrback(lambda _: None)
                self.server.things.waiting.clear()
                self.assertIsNone(transport(), (carrier, request))
