"""What tests of several real nodes share."""

from __future__ import annotations

import contextlib
import logging
import shutil
import tempfile
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.system.nodes import READ, Answer, RealCluster, RealNode, cluster, wait_for
from tests.system.writers import Writer

LEASE = {
    "preserved.heart.beat.interval": "500",
    "preserved.heart.beat.timeout": "1500",
    "preserved.ip.delete.timeout": "3500",
}
"""Metadata that make an instance without beats unhealthy after 1.5 s and remove it after 3.5 s."""


class Clustered(SynchronousTestCase):
    """What the tests here share."""

    def cluster(self, size: int = 3, properties: str = "") -> RealCluster:
        """A started cluster that ends with the test."""
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        return stack.enter_context(cluster(size, properties))

    def assertOk(self, answer: Answer) -> None:
        self.assertEqual((answer.status, answer.text), (200, "ok"))

    def assertEverywhere(self, nodes: list[RealNode], service: str, ips: set[str]) -> None:
        """All nodes list just these, at once or soon."""
        for node in nodes:
            wait_for(lambda node=node: node.ips(service) == ips, why=f"{node.address} to list {service}")  # type: ignore[misc]

    def assertKept(self, nodes: list[RealNode], writers: list[Writer], **more: Any) -> None:
        """What was acknowledged is on every node."""
        for writer in writers:
            wanted = set(writer.acknowledged)
            self.assertTrue(wanted)
            for node in nodes:
                wait_for(
                    lambda node=node, writer=writer, wanted=wanted: wanted <= node.ips(writer.service, **more),
                    why=f"{node.address} to have all of {writer.service}",
                )

    def sdk(self, *nodes: RealNode) -> Any:
        """The published Python client."""
        try:
            import nacos
        except ImportError:
            raise SkipTest("nacos-sdk-python is not installed") from None
        logging.getLogger("nacos.client").setLevel(logging.CRITICAL)
        folder = tempfile.mkdtemp(prefix="nacos-tw-sdk-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        client = nacos.NacosClient(",".join(node.address for node in nodes), namespace="", logDir=folder)
        client.set_options(no_snapshot=True, default_timeout=READ)
        return client
