"""Nodes that several tests share: started for the first that asks."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.system.nodes import NAMING, Answer, RealCluster, RealNode, started
from tests.system.reuse import reused
from tests.system.udp import JAVA, UdpClient

SHORT = {
    "preserved.heart.beat.interval": "1000",
    "preserved.heart.beat.timeout": "2000",
    "preserved.ip.delete.timeout": "3000",
}
"""Metadata for leases that end soon."""


@reused
def shared(size: int, properties: str = "") -> RealCluster:
    """A cluster of so many nodes (one stands alone) with these lines in application.properties; all of them run."""
    return started(RealCluster(size, properties))


class NodeCase(SynchronousTestCase):
    """One node for all tests; each has a service of its own name."""

    properties = ""
    node: RealNode

    def setUp(self) -> None:
        self.node = shared(1, self.properties).nodes[0]
        self.name: str = self.id().rpartition(".")[2]

    # -- requests about this test's service

    def call(self, method: str, path: str, agent: str = "", **params: Any) -> Answer:
        headers = {"User-Agent": agent} if agent else None
        return self.node.request(method, NAMING + path, {"serviceName": self.name, **params}, headers=headers)

    def instance(self, method: str, ip: str, agent: str = "", **params: Any) -> Answer:
        return self.call(method, "/instance", agent, ip=ip, port=8080, **params)

    def ok(self, answer: Answer) -> None:
        """The write was done."""
        self.assertEqual((answer.status, answer.body), (200, b"ok"))

    def add(self, ip: str, **params: Any) -> None:
        self.ok(self.instance("POST", ip, **params))

    def listed(self, **params: Any) -> set[str]:
        return self.node.ips(self.name, **params)

    def beat(self, ip: str, **beat: Any) -> Answer:
        """A full beat."""
        body = json.dumps({"ip": ip, "port": 8080, "weight": 1.0, "metadata": {}, **beat})
        return self.call("PUT", "/instance/beat", beat=body)

    def subscriber(self, agent: str = JAVA) -> UdpClient:
        client = UdpClient(self.node, agent)
        self.addCleanup(client.close)
        return client
