"""All areas of this package together, the way the node has them."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from nacos_tw.cluster.operations.notices import Notices
from nacos_tw.http.listener import FrontFactory
from nacos_tw.http.routing import compile_routes
from nacos_tw.http.v1.catalog import CatalogV1
from nacos_tw.http.v1.cluster import ServiceClustersV1
from nacos_tw.http.v1.console import ConsoleV1
from nacos_tw.http.v1.core import ClusterCoreV1
from nacos_tw.http.v1.distro import DistroV1
from nacos_tw.http.v1.health import HealthV1
from nacos_tw.http.v1.legacy import LegacyV1
from nacos_tw.http.v1.metrics import PrometheusV1
from nacos_tw.http.v1.operator import OPS, OperatorV1
from nacos_tw.http.v1.raft import RaftV1
from nacos_tw.metrics.machine import Machine
from nacos_tw.metrics.operations import Metrics
from nacos_tw.naming.counts import Counts
from nacos_tw.naming.operations.datums import Datums
from nacos_tw.naming.operations.health import HealthOperations
from nacos_tw.naming.operations.services import Services
from nacos_tw.naming.operations.status import Status
from nacos_tw.naming.operations.switches import SwitchOperations
from nacos_tw.push.operations import Pushes
from nacos_tw.settings.settings import HttpSettings
from tests.access.lines import Lines
from tests.http.carriers import Client, get
from tests.http.v1.fakes import (
    GUARD,
    FakeNaming,
    FakeNode,
    HandlerTestCase,
    member_operations,
    members,
    node_operations,
    order_operations,
    services_area,
)

WRITES = {
    ("POST", "/v1/ns/service"), ("PUT", "/v1/ns/service"), ("DELETE", "/v1/ns/service"), ("PUT", "/v1/ns/cluster"),
    ("PUT", "/v1/ns/health"), ("PUT", "/v1/ns/health/instance"), ("PUT", "/v1/ns/operator/switches"),
    ("PUT", "/v1/ns/ops/switches"), ("POST", "/v1/core/cluster/switch/lookup"),
    ("POST", "/v1/core/cluster/server/leave"), ("POST", "/v1/core/ops/raft"), ("PUT", "/v1/core/ops/log"),
    ("PUT", "/v1/ns/operator/log"), ("PUT", "/v1/ns/ops/log"), ("PUT", "/v1/ns/distro/datum"),
}  # fmt: skip
"""Every route that changes something."""
INSIDE = {
    ("GET", "/v1/ns/raft/datum"), ("GET", "/v1/ns/raft/listeners"), ("GET", "/v1/ns/distro/datum"),
    ("GET", "/v1/ns/distro/datums"), ("GET", "/v1/ns/operator/push/state"), ("GET", "/v1/ns/ops/push/state"),
}  # fmt: skip
"""Routes that show what is in all namespaces, as nodes of Nacos ask each other: for administrators."""


def areas() -> list[Any]:
    """One of each area."""
    naming, node, known = FakeNaming(), FakeNode(), members()
    status, metrics, pushes = Status(naming, Counts(naming)), Metrics(Machine(), []), Pushes(naming.udp)
    cluster, one = member_operations(known, node), node_operations(known, node)
    datums, health, switches = Datums(naming), HealthOperations(naming), SwitchOperations(naming, Lines())
    return [
        services_area(naming),
        CatalogV1(GUARD, naming),
        ServiceClustersV1(GUARD, Services(naming)),
        HealthV1(GUARD, HealthOperations(naming), 8848),
        OperatorV1(GUARD, status, Services(naming), switches, one, cluster, metrics, pushes),
        OperatorV1(GUARD, status, Services(naming), switches, one, cluster, metrics, pushes, OPS),
        RaftV1(GUARD, one, datums, health),
        DistroV1(GUARD, datums, one),
        LegacyV1(GUARD, Services(naming)),
        ClusterCoreV1(GUARD, cluster, one, order_operations(known, node, {})),
        ConsoleV1(GUARD, one, Notices("conf")),
        PrometheusV1(GUARD, metrics),
    ]


class AreaTests(HandlerTestCase):
    """Nothing is declared twice, and nothing that changes something is open."""

    def test_no_clash(self) -> None:
        """All areas fit into one table, with and without a context path."""
        for context in ("/nacos", "/"):
            table = compile_routes(areas(), context)
            self.assertIn(b"/v1/ns/ops/metrics" if context == "/" else b"/nacos/v1/ns/ops/metrics", table)

    def test_writes_are_guarded(self) -> None:
        """Exactly the routes that change something need the right to; what old nodes sent is answered, not obeyed."""
        routes = [route for methods in compile_routes(areas(), "").values() for route in methods.values()]
        guarded = {(route.method, route.path) for route in routes if route.needs.action in ("write", "admin")}
        self.assertEqual(guarded, WRITES | INSIDE)

    def test_klein(self) -> None:
        """Klein gives each area's application as a resource of its own."""
        resources = [area.app.resource() for area in areas()]
        self.assertEqual(len({id(resource) for resource in resources}), len(resources))

    def test_prefixes(self) -> None:
        """The operator's two prefixes answer alike."""
        for self.area in areas()[4:6]:
            self.assertEqual(self.json("GET", f"{self.area.prefix}/metrics")["status"], "UP")


class CarrierTests(HandlerTestCase):
    """The same requests over the front and over Klein's Site."""

    REQUESTS = (
        get("/nacos/v1/ns/service?serviceName=s1", method="POST"),
        get("/nacos/v1/ns/service?serviceName=s1", method="POST"),
        get("/nacos/v1/ns/service?serviceName=s1"),
        get("/nacos/v1/ns/service/list?pageNo=1&pageSize=20"),
        get("/nacos/v1/ns/service/list?pageNo=1&pageSize=20"),
        get("/nacos/v1/ns/service/list/"),
        get("/nacos/v1/ns/catalog/services?hasIpCount=false&withInstances=false&pageNo=1&pageSize=10"),
        get("/nacos/v1/ns/catalog/service?serviceName=nosuch"),
        get("/nacos/v1/ns/operator/switches?entry=check&value=false", method="PUT"),
        get("/nacos/v1/ns/ops/switches"),
        get("/nacos/v1/ns/raft/leader"),
        get("/nacos/v1/ns/raft/vote", method="POST"),
        get("/nacos/v1/ns/distro/datum", "Content-Type: application/json", body=b'{"keys":"a,b"}'),
        get("/nacos/v1/core/cluster/nodes?keyword=10.0.0.2"),
        get(
            "/nacos/v1/core/ops/raft", "Content-Type: application/json", method="POST", body=b'{"command":"doSnapshot"}'
        ),
        get("/nacos/v1/console/health/readiness", "Accept: text/html"),
        get("/nacos/v1/ns/service?serviceName=s1", method="DELETE"),
        get("/nacos/v1/ns/health/checkers", method="HEAD"),
    )

    def test_alike(self) -> None:
        """Status, type and body of every answer are the same."""
        answers = []
        for klein in (False, True):
            clock = Clock()
            clock.advance(1_700_000_000)
            factory = FrontFactory(areas(), "/nacos", HttpSettings(), clock)
            factory.doStart()
            got = []
            for number, request in enumerate(self.REQUESTS):
                peer = StringTransport().getPeer()
                protocol = factory.site.channel(peer) if klein else factory.buildProtocol(peer)
                assert protocol is not None
                client = Client(protocol)
                client.send(request)
                (response,) = client.got((0,) if number == len(self.REQUESTS) - 1 else ())
                got.append((request, response.status, response.headers.get("content-type"), response.body))
                client.leave()
            factory.doStop()
            answers.append(got)
        for front, klein_ in zip(*answers, strict=True):
            self.assertEqual(front, klein_)
        self.assertEqual(
            [status for _, status, *_ in answers[0]],
            [200, 400, 200, 200, 200, 400] + [200, 404] + [200] * 3 + [500] + [200] * 6,
        )
