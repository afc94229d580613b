"""What v2 and v3 tell operators: clients, subscribers, switches, counts, health, members."""

from __future__ import annotations

import attrs
import msgspec

from nacos_tw.naming.commands import Publish, Published
from nacos_tw.naming.subscriptions import Subscriber, SubscribingClient
from tests.http.api.case import ApiTestCase
from tests.http.api.connected import CLIENT
from tests.http.v1.fakes import A
from tests.http.v1.local import P1


class ClientTests(ApiTestCase):
    """C{/v2/ns/client} and C{/v3/admin/ns/client}."""

    def test_addresses(self) -> None:
        """Those of 1.x, and what they publish."""
        self.add()
        self.add("10.0.0.2", ephemeral=False)
        for base in ("/v2/ns/client", "/v3/admin/ns/client"):
            self.assertEqual(self.data("GET", f"{base}/list"), ["10.0.0.1:8080#true", "10.0.0.2:8080#false"])
            self.fails(404, 20004, "clientId [ x ] not exist", "GET", base, clientId="x")
        old = self.data("GET", "/v2/ns/client", clientId="10.0.0.2:8080#false")
        self.assertEqual((old["ephemeral"], old["clientType"], old["clientPort"]), (False, "ipPort", "8080"))
        new = self.data("GET", "/v3/admin/ns/client", clientId="10.0.0.1:8080#true")
        self.assertEqual((new["ephemeral"], new["clientIp"], new["clientPort"]), (True, "10.0.0.1", 8080))
        self.assertEqual(
            self.data("GET", "/v2/ns/client/publish/list", clientId="10.0.0.1:8080#true"),
            [
                {
                    "namespace": "public",
                    "group": "DEFAULT_GROUP",
                    "serviceName": "p1",
                    "registeredInstance": {"ip": "10.0.0.1", "port": 8080, "cluster": "DEFAULT"},
                }
            ],
        )
        found = self.data("GET", "/v3/admin/ns/client/service/publisher/list", serviceName="p1", ip="10.0.0.2")
        shown = {"clientId": "10.0.0.2:8080#false", "ip": "10.0.0.2", "port": 8080, "clusterName": "DEFAULT"}
        self.assertEqual(found, [shown])

    def test_connected(self) -> None:
        """Connections for naming: with version and application, whether they publish, subscribe or do nothing yet."""
        idle, publisher = CLIENT.id, "7_10.0.0.7_700"
        other = attrs.evolve(CLIENT, id="8_10.0.0.8_1", module="config")
        self.connected.clients = [CLIENT, attrs.evolve(CLIENT, id=publisher, app="bills"), other]
        self.naming.change(Publish(publisher, A, P1, [Published("10.0.0.7", 80)]))
        self.assertEqual(self.data("GET", "/v2/ns/client/list"), [publisher, idle])
        for id_, app in ((idle, "shop"), (publisher, "bills")):
            for base in ("/v2/ns/client", "/v3/admin/ns/client"):
                facts = self.data("GET", base, clientId=id_)
                self.assertEqual(
                    (facts["clientType"], facts["connectType"], facts["version"], facts["appName"]),
                    ("connection", "GRPC", CLIENT.version, app),
                )
                self.assertEqual(self.data("GET", f"{base}/subscribe/list", clientId=id_), [])
        self.assertEqual(self.data("GET", "/v2/ns/client/publish/list", clientId=idle), [])
        self.fails(404, 20004, f"clientId [ {other.id} ] not exist", "GET", "/v2/ns/client", clientId=other.id)

    def test_subscribers(self) -> None:
        """Connections that are told of a service."""
        audience = self.naming.subscriptions.audience(lambda service, them: iter(()))
        client = SubscribingClient("1_10.0.0.8_500", "10.0.0.8", "Nacos-Java-Client:v2.5.1", "shop", "10.0.0.8")
        audience.add(Subscriber(client, P1))
        self.assertEqual(self.data("GET", "/v2/ns/client/list"), ["1_10.0.0.8_500"])
        facts = self.data("GET", "/v3/admin/ns/client", clientId="1_10.0.0.8_500")
        self.assertEqual(
            (facts["clientType"], facts["connectType"], facts["version"], facts["clientPort"]),
            ("connection", "GRPC", "Nacos-Java-Client:v2.5.1", 500),
        )
        found = self.data("GET", "/v2/ns/client/service/subscriber/list", serviceName="p1")
        self.assertEqual(found, [{"clientId": "1_10.0.0.8_500", "ip": "10.0.0.8", "port": 0}])
        page = self.data("GET", "/v3/admin/ns/service/subscribers", serviceName="p1")
        self.assertEqual((page["totalCount"], page["pageItems"][0]["appName"]), (1, "shop"))
        self.assertEqual(self.data("GET", "/v3/console/ns/service/subscribers", serviceName="p")["totalCount"], 0)
        listed = self.data("GET", "/v3/admin/ns/client/subscribe/list", clientId="1_10.0.0.8_500")
        self.assertEqual([each["serviceName"] for each in listed], ["p1"])


class OperatorTests(ApiTestCase):
    """Switches, counts, health."""

    def test_switches(self) -> None:
        """Shown, changed, refused."""
        for base in ("/v2/ns/operator", "/v2/ns/ops", "/v3/admin/ns/ops"):
            self.assertEqual(self.data("GET", f"{base}/switches")["clientBeatInterval"], 5000)
            self.assertEqual(self.data("PUT", f"{base}/switches", entry="pushEnabled", value="false"), "ok")
            self.assertFalse(self.naming.registry.switches.push_enabled)
            self.assertEqual(self.data("PUT", f"{base}/switches", entry="nothing", value="1"), "ok")
            for entry, value, why in (
                ("distroThreshold", "0", "distroThreshold can not be zero or negative: 0.0"),
                ("pushCacheMillis", "1", "min cache time for http or tcp is too small(<10000)"),
                ("pushCacheMillis", "x", 'For input string: "x"'),
                ("pushVersion", "x", r"illegal version, must match: [0-9]+\.[0-9]+\.[0-9]+"),
                ("pushVersion", "perl:1.2.3", "unsupported client type: perl"),
                ("limitedUrlMap", "x", "invalid input for limited urls"),
            ):
                self.fails(500, 30000, why, "PUT", f"{base}/switches", entry=entry, value=value)

    def test_counts(self) -> None:
        """The status alone, or all."""
        self.add()
        self.add("10.0.0.2", ephemeral=False)
        self.assertEqual(self.data("GET", "/v2/ns/operator/metrics"), {"status": "UP"})
        found = self.data("GET", "/v3/admin/ns/ops/metrics", onlyStatus="false")
        self.assertEqual((found["instanceCount"], found["clientCount"], found["serviceCount"]), (2, 2, 1))
        self.assertIn("cpu", self.data("GET", "/v2/ns/ops/metrics", onlyStatus="false"))

    def test_health(self) -> None:
        """Set by hand, where nobody checks."""
        self.add(ephemeral=False)
        fields = {"serviceName": "p1", "ip": "10.0.0.1", "port": 8080, "healthy": "false"}
        said = "health check is still working, service: DEFAULT_GROUP@@p1, cluster: DEFAULT"
        self.fails(400, 30000, said, "PUT", "/v2/ns/health", **fields)
        self.data(
            "PUT", "/v3/admin/ns/cluster", serviceName="p1", clusterName="DEFAULT", checkPort=80,
            useInstancePort4Check="true", healthChecker='{"type":"NONE"}',
        )  # fmt: skip
        self.assertEqual(self.data("PUT", "/v3/admin/ns/health/instance", **fields), "ok")
        one = self.one(ephemeral=False)
        assert one is not None
        self.assertFalse(one.healthy)
        self.assertIn("TCP", self.data("GET", "/v3/admin/ns/health/checkers"))


class CoreTests(ApiTestCase):
    """The cluster and the node."""

    def test_members(self) -> None:
        """All, by address, by state; itself."""
        for base in ("/v2/core/cluster/node", "/v3/admin/core/cluster/node"):
            self.assertEqual(len(self.data("GET", f"{base}/list")), 3)
            self.assertEqual([each["address"] for each in self.data("GET", f"{base}/list", address="10.0.0.1")], [A])
            self.assertEqual(len(self.data("GET", f"{base}/list", state="UP")), 2)
            self.fails(400, 23000, "Illegal state: bad", "GET", f"{base}/list", state="bad")
            self.assertEqual(self.data("GET", f"{base}/self")["address"], A)
            self.assertEqual(self.data("GET", f"{base}/self/health"), "UP")

    def test_reported(self) -> None:
        """Nothing is taken from a report; an empty one is refused."""
        for path in ("/v2/core/cluster/node/list", "/v3/admin/core/cluster/node/list"):
            told = '[{"ip":"10.0.0.9","port":8848}]'
            self.assertIs(self.data("PUT", path, told, "application/json"), True)
            self.assertEqual(self.ask("PUT", path, "[]", "application/json").status, 400)
        self.assertEqual(len(self.data("GET", "/v2/core/cluster/node/list")), 3)

    def test_probes(self) -> None:
        """Ready, and not."""
        ready = ("/v2/console/health", "/v3/console/health", "/v3/admin/core/state")
        for base in ready:
            self.assertEqual(self.data("GET", f"{base}/liveness"), "ok")
            self.assertEqual(self.data("GET", f"{base}/readiness"), "ok")
        self.unready = "no leader"
        for base, status in zip(ready, (200, 500, 200), strict=True):
            self.fails(status, 30000, "no leader", "GET", f"{base}/readiness")

    def test_state(self) -> None:
        """In a wrapper, and without one."""
        self.assertEqual(self.data("GET", "/v3/admin/core/state")["version"], "0.1.0")
        reply = self.ask("GET", "/v3/console/server/state")
        self.assertIn(b'"startup_mode":"standalone"', reply.body)

    def test_media_type(self) -> None:
        """Of a body that is to be JSON; a form is read too, and where there is no body nothing depends on its type."""
        body = '{"logName":"root","logLevel":"INFO"}'
        for path in ("/v2/core/ops/log", "/v3/admin/core/ops/log"):
            for kind in ("text/plain", "application/octet-stream", "TEXT/plain;charset=UTF-8"):
                reply = self.ask("PUT", path, body, kind)
                found = msgspec.json.decode(reply.body)
                wanted = {"code": 20003, "message": "MediaType Error", "data": f"Content type '{kind}' not supported"}
                self.assertEqual((reply.status, found), (400, wanted))
            for kind in ("application/json", "Application/JSON; charset=utf-8", "application/x+json"):
                self.assertNotIn(b"20003", self.ask("PUT", path, body, kind).body, kind)
            self.assertNotIn(b"20003", self.ask("PUT", path, type="text/plain", logName="root", logLevel="INFO").body)

    def test_orders(self) -> None:
        """From JSON and from parameters; a failure is told."""
        body = '{"command":"doSnapshot"}'
        self.assertIsNone(self.data("POST", "/v3/admin/core/ops/raft", body, "application/json"))
        self.assertIsNone(self.data("POST", "/v3/admin/core/ops/raft", command="doSnapshot"))
        self.fails(500, 30000, "Not support command : x", "POST", "/v3/admin/core/ops/raft", command="x")
        lacking = {
            ("POST", "/v3/admin/core/ops/raft", "{}"): "Raft command is required",
            ("PUT", "/v3/admin/core/ops/log", "{}"): "Log name is required",
            ("PUT", "/v3/admin/core/ops/log", '{"logName":"core"}'): "Log level is required",
        }
        for (method, path, given), said in lacking.items():
            reply = self.ask(method, path, given, "application/json")
            wanted = {"code": 10000, "message": "parameter missing", "data": said}
            self.assertEqual((reply.status, msgspec.json.decode(reply.body)), (400, wanted))
        reply = self.ask("POST", "/v3/admin/core/ops/raft", '{"command":', "application/json")
        self.assertIn(b'"code":20002,"message":"parameter validate error","data":"JSON expected', reply.body)
        self.assertEqual(reply.status, 400)
        old = self.ask("POST", "/v2/core/ops/raft", '{"command":"x"}', "application/json")
        self.assertEqual((old.status, old.body), (200, b'{"code":500,"message":"Not support command : x","data":null}'))
