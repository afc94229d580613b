"""What ends when a right is taken away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.identity import EVERYBODY, Identity, Permission
from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.listeners import Listeners
from nacos_tw.grpc.config_push import ConfigPushes
from nacos_tw.grpc.rights import Rights
from tests.grpc.registry import naming_server


class Accounts:
    """Stands in for the directory: who is who now."""

    def __init__(self) -> None:
        self.on_changed: list[Callable[[], Any]] = []
        self.now: dict[str, Identity] = {}

    def still(self, identity: Identity) -> Identity | None:
        return self.now.get(identity.name)


def user(name: str, resource: str) -> Identity:
    return Identity(name, False, [Permission("r", resource, "r")], user=True)


class RightsTests(SynchronousTestCase):
    """Two clients of two users, and one of nobody."""

    def setUp(self) -> None:
        server = naming_server()
        self.accounts = Accounts()
        self.listeners = ConfigPushes(server.clock, server.connections, Listeners(ConfigCache(None)))  # type: ignore[arg-type]
        self.rights = Rights(self.accounts, server.connections, server.pushes, self.listeners)  # type: ignore[arg-type]
        self.clients = []
        self.server, self.pushes = server, server.pushes
        for name in ("ann", "bob"):
            self.accounts.now[name] = user(name, "*:*:*")
        for identity in (*self.accounts.now.values(), EVERYBODY):
            client = server.client()
            client.setup()
            self.clients.append(client)
            connection = client.carrier.client
            for service in ("G@@s", "G@@t"):
                self.pushes.subscribe(connection, ("public", service), "", identity)
            listener = self.listeners.listener(connection, {})
            listener.identity = identity
            self.listeners.audience.listen(listener, [((tenant, "g", "d"), "") for tenant in ("", "dev")])

    def left(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        for hear in self.accounts.on_changed:
            hear()
        services = sorted((each.identity.name, each.service[1]) for each in self.pushes.audience)
        return services, sorted((each.identity.name, key[0]) for each in self.listeners for key in each.md5s)

    def test_nothing_lost(self) -> None:
        self.assertEqual([len(each) for each in self.left()], [6, 6])

    def test_lost(self) -> None:
        """One may read less, the other is no user any more."""
        self.accounts.now["ann"] = user("ann", "public:G:naming/s")
        del self.accounts.now["bob"]
        services, configs = self.left()
        self.assertEqual(services, [("", "G@@s"), ("", "G@@t"), ("ann", "G@@s")])
        self.assertEqual(configs, [("", ""), ("", "dev")])

    def test_asked_for_logins(self) -> None:
        """Whoever subscribed as anybody hears no more, and is asked to connect again; users are not."""
        self.rights.asked_for()
        services, configs = self.left()
        self.assertEqual({name for name, _ in services}, {"ann", "bob"})
        self.assertEqual({name for name, _ in configs}, {"ann", "bob"})
        asked = []
        for client in self.clients:
            client.turn()
            asked.append([kind for kind, _ in client.pushed])
        self.assertEqual(asked, [[], [], ["ConnectResetRequest"]])

    def test_asked_in_vain(self) -> None:
        """
        A client that does not say that it goes, as those in Python, would hear nothing for good: its stream ends, and
        it connects again. What it published waits for it. One that says so goes by itself.
        """
        stranger, mover = self.clients[2], self.server.client()
        mover.setup()
        self.pushes.subscribe(mover.carrier.client, ("public", "G@@s"), "", EVERYBODY)
        stranger.ask("InstanceRequest", {
            "namespace": "public", "serviceName": "s", "groupName": "G", "type": "registerInstance",
            "instance": {"ip": "10.0.0.1", "port": 80},
        })  # fmt: skip
        self.rights.asked_for()
        for client in (stranger, mover):
            client.turn()
        (asked,) = [msgspec.json.decode(body) for kind, body in mover.pushed if kind == "ConnectResetRequest"]
        mover.say("ConnectResetResponse", {"resultCode": 200, "requestId": asked["requestId"]})
        self.server.clock.pump([1.0] * 5)
        for client in (stranger, mover):
            client.turn()
        self.assertEqual([client.answers[client.stream].ended for client in (stranger, mover)], [True, False])
        self.assertEqual(len(self.server.connections), 3)
        service = self.server.naming.registry.services["public", "G@@s"]
        self.assertEqual([each.ip for each in service.ephemeral.values()], ["10.0.0.1"])
