"""What 9848 tells Prometheus."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.grpc.metrics import grpc_families
from nacos_tw.metrics.exposition import render
from tests.grpc.carriers import Server


class MetricsTests(SynchronousTestCase):
    """A client that comes, asks, is refused and goes."""

    def test_families(self) -> None:
        server = Server()
        client = server.client()
        client.setup()
        client.ask("HealthCheckRequest")
        client.ask("NoSuchRequest")
        text = render(grpc_families(server.counters)).decode()
        for line in (
            "nacos_grpc_connections 1",
            "nacos_grpc_clients 1",
            'nacos_grpc_requests_total{type="HealthCheckRequest"} 1',
            'nacos_grpc_errors_total{code="302"} 1',
        ):
            self.assertIn(f"\n{line}", text)
        client.transport.loseConnection()
        text = render(grpc_families(server.counters)).decode()
        self.assertIn("\nnacos_grpc_clients 0", text)
        self.assertIn("\nnacos_grpc_clients_total 1", text)
