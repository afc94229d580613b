"""The clients of all of three nodes, asked for at each, and sent from one to another by a third."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.system.grpcclient import GrpcClient
from tests.system.nodes import RealNode, wait_for
from tests.system.shared import shared

PATH = "/nacos/v3/console/core/connection"


class ConnectionsTests(SynchronousTestCase):
    """A client at each node."""

    def setUp(self) -> None:
        self.nodes = shared(3).nodes
        self.clients = [GrpcClient(node) for node in self.nodes]
        for client in self.clients:
            self.addCleanup(client.close)

    def asked(self, at: RealNode, method: str, path: str, /, **fields: Any) -> Any:
        """The data of an answer."""
        answer = at.request(method, path, fields)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json["data"]

    def ids(self) -> list[str]:
        """Of each node's client, in the order of the nodes; each node finds the same."""
        found = [self.asked(node, "GET", f"{PATH}/list", pageSize=1000) for node in self.nodes]
        for each in found:
            self.assertEqual(each["silent"], [])
            self.assertEqual([row["address"] for row in each["nodes"]], sorted(node.address for node in self.nodes))
            self.assertEqual(
                {row["metaInfo"]["connectionId"] for row in each["pageItems"]},
                {row["metaInfo"]["connectionId"] for row in found[0]["pageItems"]},
            )
        rows = {row["node"]: row["metaInfo"]["connectionId"] for row in found[0]["pageItems"]}
        return [rows[node.address] for node in self.nodes]

    def test_everywhere(self) -> None:
        """Who is connected where, what one of them uses, and where one is asked to go, whichever node is asked."""
        ids = self.ids()
        third = self.clients[2]
        self.assertTrue(third.register("everywhere", "10.0.0.3")["success"])
        wanted = {"namespace": "public", "groupName": "DEFAULT_GROUP", "serviceName": "others", "subscribe": True}
        self.assertEqual(third.ask("SubscribeServiceRequest", wanted)["resultCode"], 200)
        for node in self.nodes:
            wait_for(lambda node=node: self.asked(node, "GET", PATH, connectionId=ids[2])["publishes"])  # type: ignore[misc]
            found = self.asked(node, "GET", PATH, connectionId=ids[2])
            self.assertEqual(found["node"], self.nodes[2].address)
            self.assertEqual(
                [(each["serviceName"], each["instances"]) for each in found["publishes"]],
                [("everywhere", ["10.0.0.3:8080@DEFAULT"])],
            )
            self.assertEqual([each["serviceName"] for each in found["subscribes"]], ["others"])
        moved = {"node": self.nodes[2].address, "connectionIds": ids[2], "redirectAddress": self.nodes[1].address}
        self.assertEqual(self.asked(self.nodes[0], "POST", f"{PATH}/move", **moved), {"asked": 1})

        def told() -> bool:
            third.ask("HealthCheckRequest", {})
            return b"ConnectResetRequest" in third.pushed()

        wait_for(told)
        self.assertIn(str(self.nodes[1].port).encode(), third.pushed())
        for other in self.clients[:2]:
            other.ask("HealthCheckRequest", {})
            self.assertNotIn(b"ConnectResetRequest", other.pushed())
