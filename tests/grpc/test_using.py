"""What a connected client uses, as it is shown."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.cluster.operations.connections import ConnectionUses, PublishedService, SubscribedService
from nacos_tw.grpc.connected import ConnectedHere
from nacos_tw.grpc.using import Using
from nacos_tw.naming.operations.clientviews import Publishing
from tests.grpc.registry import asked, naming_server

INSTANCE = {"ip": "10.0.0.7", "port": 80, "clusterName": "east"}


class UsingTests(SynchronousTestCase):
    """One client, of a registry that takes commands at once."""

    def setUp(self) -> None:
        self.server = naming_server()
        server = self.server
        self.here = ConnectedHere(
            server.connections, server.clock.seconds, Using(Publishing(server.naming), server.pushes)
        )
        self.client = server.client()
        self.client.setup(labels={"module": "naming"})
        self.id = self.here.current()[0].id

    def test_nothing(self) -> None:
        """A client that only came; one that is not here."""
        found = self.here.uses(self.id)
        assert found is not None
        self.assertEqual((found[0].id, found[1]), (self.id, ConnectionUses()))
        self.assertIsNone(self.here.uses("1_10.0.0.1_1"))

    def test_all(self) -> None:
        """What it publishes and subscribes to, until it is gone."""
        for service in ("shop", "bills"):
            asked(
                self.client, "InstanceRequest", namespace="dev", groupName="g", serviceName=service,
                type="registerInstance", instance=INSTANCE,
            )  # fmt: skip
        asked(
            self.client, "SubscribeServiceRequest", namespace="dev", groupName="g", serviceName="rates",
            subscribe=True, clusters="east",
        )  # fmt: skip
        found = self.here.uses(self.id)
        assert found is not None
        info, uses = found
        self.assertEqual((info.publishes, info.subscribes, info.listens), (2, 1, 0))
        self.assertEqual(
            uses.publishes,
            [PublishedService("dev", "g", name, ["10.0.0.7:80@east"]) for name in ("bills", "shop")],
        )
        self.assertEqual(uses.subscribes, [SubscribedService("dev", "g", "rates", "east")])
        self.server.connections.remove(next(iter(self.server.connections)))
        self.assertIsNone(self.here.uses(self.id))
