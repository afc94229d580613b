"""Tests for L{nacos_tw.metrics.nacos}, L{nacos_tw.metrics.tally} and what Prometheus reads of them."""

from __future__ import annotations

import attrs
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.grpc.counters import Counters as GrpcCounters
from nacos_tw.grpc.metrics import grpc_families
from nacos_tw.http.counters import Counters
from nacos_tw.http.families import http_families
from nacos_tw.metrics.exposition import Family, render, render_open
from nacos_tw.metrics.nacos import GrpcFacts, HttpFacts, module_counts, monitors, nacos_families
from nacos_tw.metrics.tally import Tallies

NAMING = {"serviceCount": 1.0, "totalPush": 2.0, "failedPush": 1.0}


def lines(families: list[Family]) -> dict[str, str]:
    found = [line for line in render(families).decode().splitlines() if not line.startswith("#")]
    return dict(line.rsplit(" ", 1) for line in found)  # type: ignore[misc]


class TalliesTests(SynchronousTestCase):
    """Rows by key."""

    def test_longest(self) -> None:
        """It is forgotten after two looks that are a minute apart, and not before."""
        tallies: Tallies[str] = Tallies()
        tallies.add("k", 5.0)
        tallies.rotate(100.0)
        tallies.rotate(101.0)
        tallies.add("k", 1.0)
        self.assertEqual(tallies["k"].most, 5.0)
        tallies.rotate(161.0)
        self.assertEqual(tallies["k"].most, 1.0)
        self.assertEqual((tallies["k"].count, tallies["k"].seconds), (2, 6.0))


class RequestsTests(SynchronousTestCase):
    """Requests by route and type."""

    def test_http(self) -> None:
        """The route, not what a client sent; v1's configs as the older board asks for them."""
        counters = Counters()
        counters.answered("GET", "/v1/cs/configs", 200, 0.0)
        counters.answered("GET", "/v1/ns/instance/list", 404, 0.0)
        counters.unknown("BREW", 405, 0.0)
        found = lines(list(http_families(counters, "/nacos", 0.0)))
        of = 'http_server_requests_seconds_count{method="%s",uri="%s",status="%s",exception="None",outcome="%s"}'
        for labels in (
            ("GET", "/v1/cs/configs", "200", "SUCCESS"),
            ("GET", "/nacos/v1/ns/instance/list", "404", "CLIENT_ERROR"),
            ("UNKNOWN", "UNKNOWN", "405", "CLIENT_ERROR"),
        ):
            self.assertEqual(found[of % labels], "1")
        self.assertEqual((counters.requests, counters.client_errors), (3, 2))

    def test_grpc(self) -> None:
        counters = GrpcCounters()
        counters.requests.update({"ConfigQueryRequest": 3})
        counters.calls.add(("ConfigQueryRequest", 0), 0.5)
        counters.calls.add(("ConfigQueryRequest", 300), 0.1)
        found = lines(list(grpc_families(counters)))
        of = (
            'grpc_server_requests_seconds_count{requestClass="ConfigQueryRequest",success="%s",errorCode="%s",'
            'throwableClass="None",module="config"}'
        )
        self.assertEqual((found[of % ("true", "0")], found[of % ("false", "300")]), ("1", "1"))
        active = 'grpc_server_executor{module="core",type="grpcSdkServer",name="activeCount"}'
        self.assertEqual(found[active], "1")


class NacosTests(SynchronousTestCase):
    """Nacos's own families."""

    def facts(self) -> tuple[HttpFacts, GrpcFacts]:
        routes: Tallies[tuple[str, str, int]] = Tallies()
        routes.add(("GET", "/v1/cs/configs", 200), 0.5)
        routes.add(("GET", "/v1/cs/configs", 404), 0.5)
        routes.add(("POST", "/v3/admin/cs/config", 200), 0.25)
        routes.add(("POST", "/v1/cs/configs", 503), 0.25)
        routes.add(("POST", "/v1/cs/configs", 400), 0.25)
        routes.add(("DELETE", "/v1/cs/configs", 200), 0.25)
        calls: Tallies[tuple[str, int]] = Tallies()
        calls.add(("ConfigQueryRequest", 300), 0.5)
        calls.add(("ConfigPublishRequest", 0), 0.5)
        calls.add(("ConfigPublishRequest", 500), 0.5)
        grpc = GrpcFacts(calls, module_counts(["naming", "naming", "config", "", "odd"]), 4, 5, 2, 10, 3)
        grpc = attrs.evolve(grpc, telling=2)
        return HttpFacts(routes, 7, 8, 9, telling=1, unheard=6, refused=5), grpc

    def test_monitors(self) -> None:
        found = monitors(NAMING, {"configCount": 3}, *self.facts())
        self.assertEqual((found["naming"]["totalPush"], found["naming"]["failedPush"]), (12.0, 4.0))
        self.assertEqual(found["naming"]["domCount"], 1.0)
        self.assertEqual((found["config"]["getConfig"], found["config"]["publish"]), (2, 2))
        self.assertEqual(found["config"]["notifyClientTask"], 3)
        connected = {module: values["longConnection"] for module, values in found.items() if "longConnection" in values}
        self.assertEqual(connected, {"core": 5, "naming": 2, "config": 1, "lock": 0, "ai": 0, "unknown": 2})

    def test_without_configs(self) -> None:
        self.assertNotIn("getConfig", monitors(NAMING, {}, *self.facts())["config"])

    def test_families(self) -> None:
        http, grpc = self.facts()
        found = lines(list(nacos_families(http, grpc, external=True)))
        self.assertEqual(found['nacos_config_subscriber{version="v1"}'], "7")
        self.assertEqual(found['nacos_naming_publisher{version="v2"}'], "2")
        self.assertEqual(found['nacos_timer_seconds_count{module="config",name="readConfigRt"}'], "2")
        self.assertEqual(found['nacos_exception_total{module="config",name="db"}'], "1")
        self.assertEqual(found['nacos_exception_total{module="config",name="illegalArgument"}'], "1")
        self.assertEqual(found['nacos_exception_total{module="config",name="configNotify"}'], "6")
        self.assertEqual(found['nacos_exception_total{module="naming",name="disk"}'], "5")
        found = lines(list(nacos_families(http, grpc, external=False)))
        self.assertEqual(found['nacos_exception_total{module="config",name="unhealth"}'], "1")

    def test_open_metrics(self) -> None:
        """The same by the library of Prometheus: counters under the name that OpenMetrics wants, and an end."""
        http, grpc = self.facts()
        families = list(nacos_families(http, grpc, external=False))
        text = render_open([*families, Family("odd_count", "counter", "x", [({}, 1)])]).decode()
        self.assertTrue(text.endswith("# EOF\n"))
        self.assertIn("# TYPE nacos_exception counter\n", text)
        self.assertIn("# TYPE nacos_timer_seconds summary\n", text)
        self.assertIn("# TYPE odd_count unknown\n", text)
        self.assertIn('nacos_config_subscriber{version="v1"} 7.0\n', text)
