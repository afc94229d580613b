"""The connected clients, and sending them elsewhere."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.caller import KnownCaller
from nacos_tw.access.identity import EVERYBODY, Identity
from nacos_tw.access.rules import NotAllowed
from nacos_tw.cluster.operations.connections import ConnectedClients, Reset
from nacos_tw.cluster.requests import Asking
from nacos_tw.grpc.connected import ConnectedHere
from nacos_tw.grpc.connections import ClientConnection
from nacos_tw.grpc.using import Using
from nacos_tw.questions import Others
from tests.access.lines import Lines
from tests.grpc.carriers import Server
from tests.http.api.connected import Answers
from tests.http.v1.fakes import members


class Counted(Using):
    """Clients that use something."""

    def counts(self, client: ClientConnection) -> tuple[int, int]:
        """So many services and configs."""
        return 2, 3


ADMIN = KnownCaller(EVERYBODY)
USER = KnownCaller(Identity("ann", False, user=True))


class ConnectedClientsTests(SynchronousTestCase):
    """Three clients."""

    def setUp(self) -> None:
        self.server = Server()
        self.audit = Lines()
        here = ConnectedHere(self.server.connections, self.server.clock.seconds, Counted())
        answers = Answers()
        others = Others(answers.ask, answers.ask_all)
        self.operations = ConnectedClients(lambda: here, lambda: (0.0, 0.0), members(), others, self.audit)
        self.clients = [self.server.client() for _ in range(3)]
        for client in self.clients:
            client.setup(labels={"module": "naming", "AppName": "shop"}, abilityTable={"lock": True})

    def asked(self) -> list[int]:
        """How often each client was asked to go."""
        for client in self.clients:
            client.turn()
        return [sum(type_ == "ConnectResetRequest" for type_, _ in client.pushed) for client in self.clients]

    def test_current(self) -> None:
        """Who they are, since when, and what they want to hear of; whoever has a login may see it."""
        self.server.clock.advance(3.0)
        found = self.operations.current(USER, Asking())
        self.assertEqual(len(found), 3)
        first = found[0]
        self.assertEqual(
            (first.ip, first.remote_ip, first.version, first.app, first.module, first.abilities, first.idle),
            ("10.0.0.7", "10.1.1.1", "Nacos-Java-Client:v2.5.1", "shop", "naming", {"lock": True}, 3.0),
        )
        self.assertEqual((first.id, first.since), (f"{first.since}_10.1.1.1_{first.remote_port}", 1795449563064))
        self.assertEqual((first.subscribes, first.listens), (2, 3))

    def test_reset_one(self) -> None:
        """One client, to a node; one that is not here is nobody."""
        id_ = self.operations.current(ADMIN, Asking())[1].id
        self.assertEqual(self.operations.reset(ADMIN, Reset(id_, server="10.0.0.2:8848")), 1)
        self.assertEqual(self.asked(), [0, 1, 0])
        body = msgspec.json.decode(self.clients[1].pushed[-1][1])
        self.assertEqual((body["serverIp"], body["serverPort"]), ("10.0.0.2", "8848"))
        self.assertEqual(self.operations.reset(ADMIN, Reset("none")), 0)
        self.assertEqual(len(self.audit.lines), 2)

    def test_reset_some(self) -> None:
        """All but so many."""
        self.assertEqual(self.operations.reset(ADMIN, Reset(keep=1)), 2)
        self.assertEqual(sum(self.asked()), 2)
        self.assertEqual(self.operations.reset(ADMIN, Reset(keep=5)), 0)

    def test_rights(self) -> None:
        """Only an administrator sends them away; nobody else is shown them than who has a login."""
        self.assertRaises(NotAllowed, self.operations.reset, USER, Reset(keep=0))
        self.assertRaises(NotAllowed, self.operations.current, KnownCaller(Identity("", False)), Asking())
        self.assertEqual(sum(self.asked()), 0)
