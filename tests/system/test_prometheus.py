"""A real Prometheus reads three nodes, and finds the instances of a service by them."""

from __future__ import annotations

import json
import pathlib
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests import prometheus
from tests.docs.pages import ROOT
from tests.prometheus import Prometheus
from tests.system.boards import NEWER, OLDER
from tests.system.grpcclient import GrpcClient
from tests.system.nodes import RealCluster, RealNode, wait_for
from tests.system.reuse import reused

RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
BOARD = ROOT / "deploy" / "grafana" / "nacos_tw.json"


def queries_of(board: pathlib.Path) -> list[str]:
    """Every query of every panel of a board."""
    found: list[str] = []

    def look(panels: list[dict[str, Any]]) -> None:
        for panel in panels:
            found.extend(target["expr"] for target in panel.get("targets", []))
            look(panel.get("panels", []))

    look(json.loads(board.read_text("utf-8"))["panels"])
    return found


class Watched:
    """Three nodes, a client of gRPC at each, and a Prometheus that reads them and what they tell of a service."""

    def __init__(self) -> None:
        self.cluster = RealCluster(3, "nacos.prometheus.metrics.enabled=true")
        self.cluster.start()
        self.clients = [GrpcClient(node) for node in self.cluster.nodes]
        addresses = [node.address for node in self.cluster.nodes]
        service = f"http://{addresses[0]}/nacos/prometheus/namespaceId/public/service/board"
        self.reader = Prometheus(
            [
                {
                    "job_name": "nacos",
                    "metrics_path": "/nacos/actuator/prometheus",
                    "static_configs": [{"targets": addresses}],
                },
                {
                    "job_name": "services",
                    "http_sd_configs": [{"url": service, "refresh_interval": "1s"}],
                    "relabel_configs": [{"source_labels": ["__meta_clusterName"], "target_label": "cluster"}],
                },
            ],
            [str(RULES)],
        )

    def close(self) -> None:
        """End all of it."""
        self.reader.close()
        for client in self.clients:
            client.close()
        self.cluster.close()


@reused
def watched() -> Watched:
    """The same for all tests; it ends when others are needed."""
    return Watched()


class PrometheusTests(SynchronousTestCase):
    """Three nodes with some traffic."""

    skip = prometheus.missing() or None

    def setUp(self) -> None:
        found = watched()
        self.cluster, self.clients, self.reader = found.cluster, found.clients, found.reader

    def traffic(self) -> None:
        """Something of everything that the boards show."""
        for node, client in zip(self.cluster.nodes, self.clients, strict=True):
            self.ask(node)
            asked = {"dataId": "d", "group": "g", "tenant": ""}
            client.ask("ConfigPublishRequest", {**asked, "content": "of gRPC"})
            client.ask("ConfigQueryRequest", asked)
            client.register("by-grpc", f"10.0.0.{node.port % 250}")

    def ask(self, node: RealNode) -> None:
        config = {"dataId": "d", "group": "g"}
        node.request("POST", "/nacos/v1/cs/configs", {**config, "content": "c"})
        node.request("GET", "/nacos/v1/cs/configs", config)
        node.register("board", "10.0.0.1")
        node.ips("board")

    def all_give(self, queries: list[str]) -> None:
        """Each gives a series, soon."""
        missing = [query.replace("$instance", ".*") for query in queries]

        def given() -> bool:
            self.traffic()
            missing[:] = [query for query in missing if not self.reader.query(query)]
            return not missing

        try:
            wait_for(given, 180)
        except AssertionError:
            self.fail(f"no series of: {missing}")

    def test_older_board(self) -> None:
        """Every query of every panel of Nacos's older board."""
        self.all_give(list(OLDER))

    def test_newer_board(self) -> None:
        """Likewise of that for 2.4 and later, gRPC's panels included."""
        self.all_give(list(NEWER))

    def test_own_board(self) -> None:
        """Likewise of deploy/grafana."""
        queries = queries_of(BOARD)
        self.assertGreater(len(queries), 15)
        self.all_give(queries)

    def test_open_metrics(self) -> None:
        """What Prometheus asks for is OpenMetrics, and it understands all of it."""
        wait_for(lambda: len(self.reader.query('up{job="nacos"} == 1')) == 3, 120, "all nodes to be read")
        node = self.cluster.nodes[0]
        answer = node.request("GET", "/nacos/actuator/prometheus", headers={"Accept": "application/openmetrics-text"})
        self.assertTrue(answer.headers["content-type"].startswith("application/openmetrics-text"))
        self.assertTrue(answer.text.endswith("# EOF\n"))

    def test_services(self) -> None:
        """It finds the instances of a service by /nacos/prometheus."""
        self.cluster.nodes[0].register("board", "10.0.0.9", 9100, metadata='{"app.kind":"web"}')

        def found() -> bool:
            targets = self.reader.get("targets")["activeTargets"]
            return "10.0.0.9:9100" in {one["labels"]["instance"] for one in targets if one["scrapePool"] == "services"}

        wait_for(found, 120, "the instance to be found")
        (one,) = [
            target for target in self.reader.get("targets")["activeTargets"]
            if target["labels"]["instance"] == "10.0.0.9:9100"
        ]  # fmt: skip
        self.assertEqual(one["discoveredLabels"]["app_kind"], "web")
        self.assertEqual(one["labels"]["cluster"], "DEFAULT")

    def test_rules(self) -> None:
        """It takes the alert rules, and none of them fires while all is well."""
        wait_for(lambda: len(self.reader.query('up{job="nacos"} == 1')) == 3, 120, "all nodes to be read")
        rules = [rule for group in self.reader.get("rules")["groups"] for rule in group["rules"]]
        self.assertGreater(len(rules), 8)
        wait_for(lambda: all(one["health"] == "ok" for one in self._rules()), 60, "the rules to be worked out")
        self.assertEqual([one["name"] for one in self._rules() if one["state"] == "firing"], [])

    def _rules(self) -> list[Any]:
        return [rule for group in self.reader.get("rules")["groups"] for rule in group["rules"]]
