"""Tests for L{nacos_tw.http.v1.catalog}, L{nacos_tw.http.v1.cluster}, L{nacos_tw.http.v1.health} and
L{nacos_tw.http.v1.legacy}."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from nacos_tw.errors import Unavailable
from nacos_tw.http.v1.catalog import CatalogV1
from nacos_tw.http.v1.cluster import ServiceClustersV1
from nacos_tw.http.v1.health import HealthV1
from nacos_tw.http.v1.legacy import LegacyV1
from nacos_tw.http.v1.reading import java_int_or_zero
from nacos_tw.naming.applying import apply
from nacos_tw.naming.checkers import UNCHECKED, Http
from nacos_tw.naming.commands import Health, UpdateCluster
from nacos_tw.naming.operations.health import HealthOperations
from nacos_tw.naming.operations.services import Services
from tests.http.v1.fakes import GUARD, NOW, PUBLIC, FakeNaming, HandlerTestCase

CATALOG = "/v1/ns/catalog"


class CatalogTests(HandlerTestCase):
    """What the console shows."""

    def setUp(self) -> None:
        self.naming = FakeNaming()
        self.area = CatalogV1(GUARD, self.naming)

    def services(self, query: str = "pageNo=1&pageSize=10") -> Any:
        return self.json("GET", f"{CATALOG}/services?{query}")

    def names(self, query: str) -> list[str]:
        return [each["name"] for each in self.services(f"pageNo=1&pageSize=10&{query}")["serviceList"]]

    def test_line(self) -> None:
        """One line with counts; the flag is a text."""
        self.naming.add("p1", cluster="c1")
        self.naming.add("p1", "10.0.0.2", healthy=False)
        self.assertEqual(
            self.reply("GET", f"{CATALOG}/services?pageNo=1&pageSize=10").body,
            b'{"serviceList":[{"name":"p1","groupName":"DEFAULT_GROUP","clusterCount":2,"ipCount":2,'
            b'"healthyInstanceCount":1,"triggerFlag":"false"}],"count":1}',
        )
        self.naming.registry.services[PUBLIC, "DEFAULT_GROUP@@p1"].protect_threshold = 0.5
        self.assertEqual(self.services()["serviceList"][0]["triggerFlag"], "true")

    def test_filters(self) -> None:
        """By parts of name and group, by address, by having instances at all."""
        self.naming.add("p1", "10.0.0.1", 80)
        self.naming.create("g2@@p2")
        self.assertEqual(self.names("serviceNameParam=p&groupNameParam=2"), ["p2"])
        self.assertEqual(self.names("serviceNameParam=1"), ["p1"])
        self.assertEqual(self.names("groupNameParam=DEFAULT"), ["p1"])
        self.assertEqual(self.names("hasIpCount=true"), ["p1"])
        self.assertEqual(self.names("instance=10.0.0.1:80"), ["p1"])
        self.assertEqual(self.names("instance=10.0.0.9"), [])
        self.assertEqual(self.names("namespaceId=other"), [])

    def test_pages(self) -> None:
        """A page behind the end has no count either; all fit on a large page whatever its number."""
        for number in range(3):
            self.naming.create(f"s{number}")
        self.assertEqual(self.services("pageNo=2&pageSize=2")["serviceList"][0]["name"], "s2")
        self.assertEqual(self.services("pageNo=2&pageSize=2")["count"], 3)
        self.assertEqual(self.services("pageNo=3&pageSize=2"), {"serviceList": [], "count": 0})
        self.assertEqual(len(self.services("pageNo=7&pageSize=3")["serviceList"]), 3)

    def test_paging_required(self) -> None:
        for query, text in {
            "pageSize=1": "Parameter 'pageNo' is missing",
            "pageNo=1": "Parameter 'pageSize' is missing",
            "pageNo=x&pageSize=1": 'For input string: "x"',
        }.items():
            self.assertEqual(self.text("GET", f"{CATALOG}/services?{query}", status=400), text)

    def test_with_instances(self) -> None:
        """A bare array with the hosts; its pages count from 0."""
        self.naming.add("p1", "10.0.0.2", 8080, cluster="c1", weight=2.5, healthy=False, metadata={"a": "1"})
        self.assertEqual(
            self.reply("GET", f"{CATALOG}/services?withInstances=true&pageNo=0&pageSize=10").body,
            b'[{"serviceName":"p1","groupName":"DEFAULT_GROUP","clusterMap":{"c1":{"hosts":[{"valid":false,'
            b'"metadata":{"a":"1"},"port":8080,"ip":"10.0.0.2","weight":2.5,"enabled":true}]}},"metadata":{}}]',
        )

    def test_service(self) -> None:
        """A service with the settings of its clusters, as 1.4.8 has them."""
        self.naming.create("s1")
        checker = Http("/ok", "a:b|c:d", 200)
        apply(self.naming.registry, UpdateCluster((PUBLIC, "DEFAULT_GROUP@@s1"), "cx", checker, 81, False, {"q": "w"}))
        self.assertEqual(
            self.reply("GET", f"{CATALOG}/service?serviceName=s1").body,
            b'{"service":{"name":"s1","protectThreshold":0.0,"groupName":"DEFAULT_GROUP","selector":{"type":"none"},'
            b'"metadata":{}},"clusters":[{"serviceName":"DEFAULT_GROUP@@s1","name":"cx","healthChecker":{"type":"HTTP",'
            b'"path":"/ok","headers":"a:b|c:d","expectedResponseCode":200},"defaultPort":80,"defaultCheckPort":81,'
            b'"useIPPort4Check":false,"metadata":{"q":"w"},"sitegroup":"","defCkport":81,"empty":true,"defIPPort":81}]}',
        )

    def test_instances(self) -> None:
        """Whole instances with real health, disabled ones too."""
        self.naming.add("p1", weight=7.0, metadata={"zz": "2"}, app="ap", enabled=False, healthy=False)
        self.naming.add("p1", "10.0.0.2")
        query = "serviceName=p1&clusterName=DEFAULT&pageNo=1&pageSize="
        body = self.reply("GET", f"{CATALOG}/instances?{query}1").body
        self.assertEqual(
            body,
            b'{"list":[{"instanceId":"10.0.0.1#8080#DEFAULT#DEFAULT_GROUP@@p1","ip":"10.0.0.1","port":8080,"weight":7.0,'
            b'"healthy":false,"enabled":false,"ephemeral":true,"clusterName":"DEFAULT",'
            b'"serviceName":"DEFAULT_GROUP@@p1","metadata":{"zz":"2"},"lastBeat":%d,"marked":false,"app":"ap",'
            b'"instanceHeartBeatInterval":5000,"instanceHeartBeatTimeOut":15000,"ipDeleteTimeout":30000}],"count":2}'
            % (NOW + 1),
        )
        found = self.json("GET", f"{CATALOG}/instances?{query}9")["list"]
        self.assertEqual([each.get("instanceIdGenerator") for each in found], [None, "simple"])

    def test_missing(self) -> None:
        """What is not there is 404, what is not sent 400."""
        self.naming.add("p1")
        cases = {
            "service?serviceName=x": (404, "service DEFAULT_GROUP@@x is not found!"),
            "instances?serviceName=x&clusterName=c&pageNo=1&pageSize=1": (
                404,
                "service DEFAULT_GROUP@@x is not found!",
            ),
            "instances?serviceName=p1&clusterName=c&pageNo=1&pageSize=1": (404, "cluster c is not found!"),
            "instances?serviceName=p1&pageNo=1&pageSize=1": (400, "Parameter 'clusterName' is missing"),
            "rt/service?serviceName=x": (400, "request service doesn't exist"),
        }
        for query, (status, text) in cases.items():
            self.assertEqual(self.text("GET", f"{CATALOG}/{query}", status=status), text)

    def test_response_times(self) -> None:
        self.naming.add("p1")
        self.assertEqual(
            self.reply("GET", f"{CATALOG}/rt/service?serviceName=p1").body,
            b'{"clusters":[{"name":"DEFAULT","checkRTBest":9223372036854775807,"checkRTWorst":0,'
            b'"checkRTNormalized":2000}]}',
        )


class ServiceClusterTests(HandlerTestCase):
    """C{PUT /cluster}."""

    def setUp(self) -> None:
        self.naming = FakeNaming()
        self.area = ServiceClustersV1(GUARD, Services(self.naming))
        self.naming.create("s1")

    def put(self, status: int = 200, **changes: str) -> str:
        fields = {
            "serviceName": "s1",
            "clusterName": "cx",
            "checkPort": "81",
            "useInstancePort4Check": "false",
            "healthChecker": '{"type":"HTTP","path":"/ok"}',
            "metadata": "q=w",
            **changes,
        }
        query = "&".join(f"{name}={quote(value)}" for name, value in fields.items())
        return self.text("PUT", f"/v1/ns/cluster?{query}", status=status)

    def test_put(self) -> None:
        """Creates the cluster, then replaces its settings."""
        self.assertEqual(self.put(), "ok")
        cluster = self.naming.registry.services[PUBLIC, "DEFAULT_GROUP@@s1"].clusters["cx"]
        self.assertEqual(
            (cluster.checker, cluster.default_check_port, cluster.use_instance_port, cluster.metadata),
            (Http("/ok"), 81, False, {"q": "w"}),
        )
        self.assertEqual(self.put(checkPort="x", useInstancePort4Check="on", metadata=""), "ok")
        cluster = self.naming.registry.services[PUBLIC, "DEFAULT_GROUP@@s1"].clusters["cx"]
        self.assertEqual((cluster.default_check_port, cluster.use_instance_port, cluster.metadata), (0, True, {}))

    def test_refused(self) -> None:
        """Wrong names, unknown services and unreadable checkers are 400 and change nothing."""
        self.assertEqual(
            self.put(400, clusterName="c_x"),
            "cluster name can only have these characters: 0-9a-zA-Z-, current: c_x",
        )
        self.assertEqual(self.put(400, serviceName="nosuch"), "service not found:DEFAULT_GROUP@@nosuch")
        self.assertEqual(self.put(400, healthChecker="nonsense"), "healthChecker format incorrect:nonsense")
        for name in ("clusterName", "checkPort", "useInstancePort4Check", "healthChecker"):
            self.assertEqual(self.put(400, **{name: ""}), f"Param '{name}' is required.")
        self.assertEqual(self.naming.registry.services[PUBLIC, "DEFAULT_GROUP@@s1"].clusters, {})

    def test_numbers(self) -> None:
        """Java's ints; all else is 0."""
        texts = ["81", "-3", "+4", "", "x", "1.5", "2147483648", "9" * 40, "\u0664"]
        self.assertEqual([java_int_or_zero(text) for text in texts], [81, -3, 4, 0, 0, 0, 0, 0, 0])


class HealthTests(HandlerTestCase):
    """C{/health}."""

    def setUp(self) -> None:
        self.naming = FakeNaming()
        self.area = HealthV1(GUARD, HealthOperations(self.naming), 8848)
        self.naming.add("p1")
        self.query = "serviceName=p1&ip=10.0.0.1&port=8080"

    def unchecked(self) -> None:
        """Have nobody check the cluster."""
        apply(self.naming.registry, UpdateCluster((PUBLIC, "DEFAULT_GROUP@@p1"), "DEFAULT", UNCHECKED))

    def healthy(self) -> bool:
        return self.naming.registry.by_number[1].healthy

    def test_set(self) -> None:
        """Both paths and both names of the parameter set an unchecked instance's health."""
        self.unchecked()
        self.assertEqual(self.text("PUT", f"/v1/ns/health/instance?{self.query}&healthy=false"), "ok")
        self.assertFalse(self.healthy())
        self.assertEqual(self.text("PUT", "/v1/ns/health", f"{self.query}&valid=true"), "ok")
        self.assertTrue(self.healthy())

    def test_unknown_address(self) -> None:
        """An address that is not there is fine, and costs no log entry."""
        self.unchecked()
        self.assertEqual(self.text("PUT", f"/v1/ns/health?{self.query[:-4]}1&healthy=false"), "ok")
        self.assertEqual([change for change in self.naming.changes if isinstance(change, Health)], [])

    def test_refused(self) -> None:
        """A cluster that is checked, an unknown service, a missing parameter."""
        text = "health check is still working, service: DEFAULT_GROUP@@p1, cluster: DEFAULT"
        self.assertEqual(self.text("PUT", f"/v1/ns/health?{self.query}&healthy=false", status=400), text)
        self.text("PUT", "/v1/ns/health?serviceName=x&ip=1&port=1&healthy=true", status=400)
        text = self.text("PUT", f"/v1/ns/health?{self.query}", status=400)
        self.assertEqual(text, "Param 'healthy' is required.")
        text = self.text("PUT", "/v1/ns/health?serviceName=p1&ip=1&healthy=true", status=400)
        self.assertEqual(text, "Param 'port' is required.")
        text = self.text("PUT", "/v1/ns/health?serviceName=p1&ip=1&port=x&healthy=true", status=400)
        self.assertEqual(text, 'For input string: "x"')
        self.assertTrue(self.healthy())

    def test_no_majority(self) -> None:
        self.unchecked()
        self.naming.trouble = Unavailable("no leader")
        text = self.text("PUT", f"/v1/ns/health?{self.query}&healthy=false", status=503)
        self.assertEqual(text, "no leader")

    def test_checkers(self) -> None:
        self.assertEqual(
            self.reply("GET", "/v1/ns/health/checkers").body,
            b'{"TCP":{},"HTTP":{"path":"","headers":"","expectedResponseCode":200},'
            b'"MYSQL":{"user":null,"pwd":null,"cmd":null},"NONE":{}}',
        )

    def test_server(self) -> None:
        self.assertEqual(
            self.json("GET", "/v1/ns/health/server"),
            {"msg": "Hello! I am Nacos-Naming and healthy! total services: raft 1, local port:8848"},
        )


class LegacyTests(HandlerTestCase):
    """C{/api/allDomNames}."""

    def setUp(self) -> None:
        self.naming = FakeNaming()
        self.area = LegacyV1(GUARD, Services(self.naming))

    def test_names(self) -> None:
        """Bare names by namespace and their number; an array for an old DNS."""
        self.naming.add("p1")
        self.naming.add("s5")
        self.naming.add("s4", namespace="ns1")
        self.assertEqual(
            self.reply("GET", "/v1/ns/api/allDomNames").body,
            b'{"count":3,"doms":{"public":["p1","s5"],"ns1":["s4"]}}',
        )
        for agent, expected in (
            ("Nacos-DNS:v1.0.1", ["p1", "s5"]),
            ("Nacos-DNS:v1.0.2", {"public": ["p1", "s5"], "ns1": ["s4"]}),
        ):
            reply = self.reply("GET", "/v1/ns/api/allDomNames", headers={"User-Agent": agent})
            self.assertEqual(msgspec.json.decode(reply.body)["doms"], expected)

    def test_empty(self) -> None:
        self.assertEqual(self.json("GET", "/v1/ns/api/allDomNames"), {"count": 0, "doms": {}})
