"""C{/v3/admin/ns} (docs/spec/http-v2-v3.md#5.2): instances and services."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.http.api.case import ApiTestCase

INSTANCE, SERVICE = "/v3/admin/ns/instance", "/v3/admin/ns/service"
P1: dict[str, Any] = {"serviceName": "p1", "ip": "10.0.0.1", "port": 8080}


class InstanceTests(ApiTestCase):
    """Instances, as operators see and change them."""

    def test_life(self) -> None:
        """Registered, looked at, changed, removed."""
        self.assertEqual(self.data("POST", INSTANCE, **P1, metadata="k=v"), "ok")
        self.assertEqual(
            self.data("GET", INSTANCE, **P1),
            {
                "instanceId": "10.0.0.1#8080#DEFAULT#DEFAULT_GROUP@@p1",
                "ip": "10.0.0.1",
                "port": 8080,
                "weight": 1.0,
                "healthy": True,
                "enabled": True,
                "ephemeral": True,
                "clusterName": "DEFAULT",
                "serviceName": "DEFAULT_GROUP@@p1",
                "metadata": {"k": "v"},
                "instanceHeartBeatInterval": 5000,
                "instanceHeartBeatTimeOut": 15000,
                "ipDeleteTimeout": 30000,
            },
        )
        self.assertEqual(self.data("PUT", INSTANCE, **P1, weight=2), "ok")
        gone = {**P1, "ip": "10.0.0.9"}
        for route in (INSTANCE, "/v3/console/ns/instance"):
            self.assertEqual(self.data("PUT", route, **gone), "ok")
            said = "service not found, namespace: public, service: DEFAULT_GROUP@@p9"
            self.fails(400, 21004, said, "PUT", route, **{**P1, "serviceName": "p9"})
        self.assertIsNone(self.one("10.0.0.9"))
        self.assertEqual(self.data("PUT", f"{INSTANCE}/partial", **P1, enabled="false"), "ok")
        shown = self.data("GET", f"{INSTANCE}/list", serviceName="p1")
        self.assertEqual([(each["weight"], each["enabled"]) for each in shown], [(1.0, False)])
        self.assertEqual(self.data("DELETE", INSTANCE, **P1), "ok")
        said = "no ips found for cluster DEFAULT in service DEFAULT_GROUP@@p1"
        self.fails(404, 20004, said, "GET", INSTANCE, **P1)

    def test_removal_by_browsers(self) -> None:
        """They remove persistent instances, and only those."""
        route = "/v3/console/ns/instance"
        self.data("POST", INSTANCE, **P1, ephemeral="false")
        said = "only persistent instances are removed here: ephemeral ones by their clients"
        self.fails(400, 20002, said, "DELETE", route, **P1, ephemeral="true")
        self.fails(400, 10000, "Required parameter 'ip' type String is not present", "DELETE", route, serviceName="p1")
        self.assertEqual(len(self.data("GET", f"{INSTANCE}/list", serviceName="p1")), 1)
        for _ in range(2):
            self.assertEqual(self.data("DELETE", route, **P1), "ok")
        self.assertEqual(self.data("GET", f"{INSTANCE}/list", serviceName="p1"), [])

    def test_list(self) -> None:
        """Of all clusters or of one, with real health; the service and the cluster have to be there."""
        unknown = "service DEFAULT_GROUP@@p1 is not found!"
        self.fails(404, 30000, unknown, "GET", f"{INSTANCE}/list", serviceName="p1")
        self.add(healthy=False)
        self.add("10.0.0.2", cluster="c2")
        unknown = "cluster c3 is not found!"
        self.fails(404, 30000, unknown, "GET", f"{INSTANCE}/list", serviceName="p1", clusterName="c3")
        for fields, ips in (({}, ["10.0.0.1", "10.0.0.2"]), ({"clusterName": "c2"}, ["10.0.0.2"])):
            found = self.data("GET", f"{INSTANCE}/list", serviceName="p1", **fields)
            self.assertEqual([each["ip"] for each in found], ips)
        healthy = self.data("GET", f"{INSTANCE}/list", serviceName="p1", healthyOnly="true")
        self.assertEqual([each["ip"] for each in healthy], ["10.0.0.2"])

    def test_client_list(self) -> None:
        """Who has no SDK gets unhealthy instances too, as they are, whatever is asked for."""
        self.add(healthy=False)
        for fields in ({}, {"healthyOnly": "true"}):
            found = self.data("GET", "/v3/client/ns/instance/list", serviceName="p1", **fields)
            self.assertEqual([each["healthy"] for each in found], [False])

    def test_one_cluster(self) -> None:
        """An instance is in one cluster, so a name with a comma is none; in lists it is two."""
        said = "Param 'cluster' is illegal, illegal characters should not appear in the param."
        for method in ("POST", "DELETE"):
            for route in (INSTANCE, "/v3/client/ns/instance"):
                self.fails(400, 20002, said, method, route, **P1, clusterName="c1,c2")
        self.add(cluster="c1")
        found = self.data("GET", "/v3/client/ns/instance/list", serviceName="p1", clusterName="c1,c2")
        self.assertEqual([each["clusterName"] for each in found], ["c1"])

    def test_metadata(self) -> None:
        """A batch."""
        self.add()
        found = self.data("PUT", f"{INSTANCE}/metadata/batch", serviceName="p1", metadata='{"k":"v"}')
        self.assertEqual(found, {"updated": ["10.0.0.1:8080:unknown:DEFAULT:ephemeral"]})

    def test_missing(self) -> None:
        """In the words of a form."""
        said = "Required parameter 'ip' type String is not present"
        self.fails(400, 10000, said, "POST", INSTANCE, serviceName="p1")

    def test_method(self) -> None:
        """A path with other methods."""
        reply = self.ask("POST", f"{INSTANCE}/list")
        said = b'{"code":405,"message":"Request method \'POST\' not supported","data":null}'
        self.assertEqual((reply.status, reply.body, reply.headers), (405, said, ((b"Allow", b"GET"),)))


class ServiceTests(ApiTestCase):
    """Services."""

    def test_detail(self) -> None:
        """Its clusters have their port and how it is found."""
        self.data("POST", SERVICE, serviceName="p1", protectThreshold=0.5)
        self.add(ephemeral=False)
        found = self.data("GET", SERVICE, serviceName="p1")
        self.assertEqual((found["namespaceId"], found["serviceName"], found["ephemeral"]), ("public", "p1", False))
        self.assertEqual(
            found["clusterMap"]["DEFAULT"],
            {
                "clusterName": "DEFAULT",
                "healthChecker": {"type": "TCP"},
                "metadata": {},
                "hosts": None,
                "healthyCheckPort": 80,
                "useInstancePortForCheck": True,
            },
        )

    def test_list(self) -> None:
        """Lines with counts, or whole services; a page beyond the last has none."""
        self.add()
        self.data("POST", SERVICE, serviceName="empty", groupName="g")
        page = self.data("GET", f"{SERVICE}/list")
        self.assertEqual((page["totalCount"], page["pageNumber"], page["pagesAvailable"]), (2, 1, 1))
        line = {
            "name": "p1",
            "groupName": "DEFAULT_GROUP",
            "clusterCount": 1,
            "ipCount": 1,
            "healthyInstanceCount": 1,
            "triggerFlag": "false",
        }
        self.assertIn(line, page["pageItems"])
        self.assertEqual(self.data("GET", f"{SERVICE}/list", ignoreEmptyService="true")["pageItems"], [line])
        self.assertEqual(self.data("GET", f"{SERVICE}/list", serviceNameParam="p")["totalCount"], 2)
        self.assertEqual(self.data("GET", f"{SERVICE}/list", groupNameParam="DEF")["pageItems"], [line])
        self.assertEqual(self.data("GET", f"{SERVICE}/list", pageNo=2)["pageItems"], [])
        whole = self.data("GET", f"{SERVICE}/list", withInstances="true", ignoreEmptyService="true")
        self.assertEqual(whole["pageItems"][0]["clusterMap"]["DEFAULT"]["hosts"][0]["ip"], "10.0.0.1")

    def test_cluster(self) -> None:
        """A check by HTTP asks the instance itself, and no more than one header is set by one."""
        self.add(cluster="c1")
        where = {"serviceName": "p1", "clusterName": "c1", "checkPort": 80, "useInstancePort4Check": "true"}
        path = "/v3/admin/ns/cluster"
        for field, value in (
            ("path", "http://10.0.0.9/"), ("path", "//10.0.0.9/"), ("path", "/a#b"), ("path", "/a b"),
            ("headers", "a\r\nb:c"), ("headers", "x:y|Content-Length:3"),
        ):  # fmt: skip
            checker = msgspec.json.encode({"type": "HTTP", field: value}).decode()
            said = f"healthChecker format incorrect:{checker}"
            self.fails(400, 20002, said, "PUT", path, **where, healthChecker=checker)
        checker = '{"type":"HTTP","path":"/ready?a=b:c","headers":"a:b|c:d"}'
        self.assertEqual(self.data("PUT", path, **where, healthChecker=checker), "ok")
        said = "service not found:DEFAULT_GROUP@@p2"
        self.fails(400, 30000, said, "PUT", path, **{**where, "serviceName": "p2"}, healthChecker=checker)

    def test_types(self) -> None:
        """Of selectors."""
        self.assertEqual(self.data("GET", f"{SERVICE}/selector/types"), ["label", "none"])

    def test_page(self) -> None:
        """There is none before the first."""
        reply = self.ask("GET", f"{SERVICE}/list", pageNo=0)
        self.assertEqual((reply.status, msgspec.json.decode(reply.body)["code"]), (400, 20002))


class ClientTests(ApiTestCase):
    """C{/v3/client/ns/instance}."""

    path = "/v3/client/ns/instance"

    def test_life(self) -> None:
        """Registered, kept alive, listed, removed."""
        unknown = self.ask("POST", self.path, **P1, heartBeat="true")
        said = b'{"code":21003,"message":"instance not found","data":null}'
        self.assertEqual((unknown.status, unknown.body), (200, said))
        self.assertEqual(self.data("POST", self.path, **P1), "ok")
        one = self.one()
        assert one is not None
        for _ in range(3):
            self.assertEqual(self.data("POST", self.path, **P1, heartBeat="true"), "ok")
        self.assertEqual(self.log_.renewed, [one.number] * 3)
        self.assertEqual(self.data("POST", self.path, **P1, weight=3), "ok")
        self.add("10.0.0.2", enabled=False)
        self.add("10.0.0.3", cluster="c2")
        shown = self.data("GET", f"{self.path}/list", serviceName="p1")
        self.assertEqual([(each["ip"], each["weight"]) for each in shown], [("10.0.0.1", 3.0), ("10.0.0.3", 1.0)])
        self.assertEqual(self.data("DELETE", self.path, **P1), "ok")
        self.assertEqual(self.ask("POST", self.path, **P1, heartBeat="true").body, said)

    def test_form(self) -> None:
        """A heartbeat in a body is not taken for another one."""
        form = "application/x-www-form-urlencoded"
        self.add()
        body = "serviceName=p1&ip=10.0.0.1&port=8080&heartBeat=true"
        self.assertEqual(self.data("POST", self.path, body, form), "ok")
        other = self.ask("POST", self.path, body.replace("10.0.0.1", "10.0.0.9"), form)
        self.assertEqual(msgspec.json.decode(other.body)["code"], 21003)
