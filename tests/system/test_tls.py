"""TLS on 8848 and 7848 with real nodes."""

from __future__ import annotations

from tests.system.clustered import Clustered
from tests.system.nodes import wait_for
from tests.system.secured import TlsCluster


class TlsClustered(Clustered):
    """What the tests here share."""

    def secured(self, size: int = 3, **more: str) -> TlsCluster:
        """A cluster with certificates, not started; it ends with the test."""
        cluster = TlsCluster(size, **more)
        self.addCleanup(cluster.close)
        return cluster

    def started(self, size: int = 3, **more: str) -> TlsCluster:
        """The same, started."""
        cluster = self.secured(size, **more)
        cluster.start()
        return cluster


class ClusterTests(TlsClustered):
    """Three nodes with TLS on both ports."""

    def test_cluster(self) -> None:
        """They elect, replicate, lose a leader and take it back."""
        cluster = self.started()
        self.assertOk(cluster.leader().register("first", "10.0.0.1"))
        self.assertEverywhere(cluster.nodes, "first", {"10.0.0.1"})
        leader = cluster.leader()
        leader.kill()
        others = [node for node in cluster.nodes if node is not leader]
        wait_for(lambda: cluster.leader() in others and cluster.leader().ready(), 10)
        self.assertOk(others[0].register("second", "10.0.0.2"))
        leader.start()
        cluster.wait_ready()
        self.assertEverywhere(cluster.nodes, "second", {"10.0.0.2"})
