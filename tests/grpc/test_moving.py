"""Clients go to other nodes before theirs stops."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.grpc.moving import TIME, Moving
from tests.grpc.carriers import Client, Server


class MovingTests(SynchronousTestCase):
    """A node that stops."""

    def setUp(self) -> None:
        self.server = Server()
        self.servers = ["10.0.0.2:8848", "[::1]:8849"]
        self.moving = Moving(self.server.clock, self.server.connections, lambda: self.servers)
        self.clients = [self.connected() for _ in range(4)]

    def connected(self) -> Client:
        client = self.server.client()
        client.setup()
        return client

    def move(self) -> Deferred[Any]:
        return Deferred.fromCoroutine(self.moving.move())

    def asked(self, client: Client) -> dict[str, Any]:
        """The request to go elsewhere that a client got."""
        client.turn()
        (body,) = [body for type_, body in client.pushed if type_ == "ConnectResetRequest"]
        found: dict[str, Any] = msgspec.json.decode(body)
        return found

    def answer(self, client: Client) -> None:
        client.say("ConnectResetResponse", {"resultCode": 200, "requestId": self.asked(client)["requestId"]})

    def test_moved(self) -> None:
        """Each is sent to one of the others in turn; it is over when those who said that they go have gone."""
        moved = self.move()
        places = [(self.asked(client)["serverIp"], self.asked(client)["serverPort"]) for client in self.clients]
        self.assertEqual(places, [("10.0.0.2", "8848"), ("[::1]", "8849")] * 2)
        for client in self.clients:
            self.answer(client)
        self.server.clock.pump([0.05] * 10)
        self.assertNoResult(moved)
        for client in self.clients:
            client.transport.loseConnection()
        self.server.clock.pump([0.05] * 2)
        self.assertEqual(self.successResultOf(moved), 4)

    def test_deaf(self) -> None:
        """Those who do not know this request are not waited for longer than for an answer."""
        moved = self.move()
        for client in self.clients[1:]:
            self.answer(client)
            client.transport.loseConnection()
        self.server.clock.pump([0.5] * 9)
        self.assertEqual(self.successResultOf(moved), 4)

    def test_stay(self) -> None:
        """Nor those who said that they go, and stay."""
        moved = self.move()
        for client in self.clients:
            self.answer(client)
        self.server.clock.pump([0.05] * int(TIME / 0.05 + 2))
        self.assertEqual(self.successResultOf(moved), 4)

    def test_asked_once(self) -> None:
        """A node that is removed and stopped meanwhile asks each once, and both wait; a later one asks who stayed."""
        moved, stopped = self.move(), self.move()
        for client in self.clients:
            self.answer(client)
        for client in self.clients[1:]:
            client.transport.loseConnection()
        self.server.clock.pump([0.05] * 2)
        self.assertNoResult(moved)
        self.assertNoResult(stopped)
        self.clients[0].transport.loseConnection()
        self.server.clock.pump([0.05] * 2)
        self.assertEqual([self.successResultOf(each) for each in (moved, stopped)], [4, 0])

    def test_asked_again(self) -> None:
        """Who stays though it said that it goes is asked again by the next one."""
        self.clients = [self.connected()]
        self.move()
        self.answer(self.clients[0])
        self.server.clock.pump([0.05] * int(TIME / 0.05 + 2))
        self.move()
        self.clients[0].turn()
        self.assertEqual([type_ for type_, _ in self.clients[0].pushed], ["ConnectResetRequest"] * 2)

    def test_nowhere(self) -> None:
        """A node that is alone asks nobody."""
        self.servers = []
        self.assertEqual(self.successResultOf(self.move()), 0)
        self.assertEqual([client.pushed for client in self.clients], [[]] * 4)

    def test_leaving(self) -> None:
        """A node that is about to stop takes no new client, and serves those that it has."""
        self.server.dispatcher.leaving = True
        other = self.server.client()
        kind, body = other.ask("ServerCheckRequest")
        self.assertEqual((kind, msgspec.json.decode(body)["errorCode"]), ("ErrorResponse", 300))
        other.setup()
        self.assertEqual(len(self.server.connections), 4)
        self.assertEqual(self.clients[0].ask("HealthCheckRequest")[0], "HealthCheckResponse")
