"""C{/v2/ns} (docs/spec/http-v2-v3.md#2): instances and services."""

from __future__ import annotations

from typing import Any

import msgspec

from nacos_tw.naming.commands import Register
from tests.http.api.case import ApiTestCase
from tests.http.v1.local import P1 as SERVICE_KEY

INSTANCE, LIST, SERVICE = "/v2/ns/instance", "/v2/ns/instance/list", "/v2/ns/service"
P1: dict[str, Any] = {"serviceName": "p1", "ip": "10.0.0.1", "port": 8080}


class InstanceTests(ApiTestCase):
    """Registering, changing, removing, looking."""

    def test_register(self) -> None:
        """By defaults, and with everything."""
        self.assertEqual(self.data("POST", INSTANCE, **P1), "ok")
        one = self.one()
        assert one is not None
        self.assertEqual((one.weight, one.enabled, one.healthy, one.ephemeral), (1.0, True, True, True))
        self.data(
            "POST", INSTANCE, **P1, groupName="g", namespaceId="n", clusterName="c", weight=2.5, enabled="false",
            healthy="no", metadata='{"a":"b"}', ephemeral="false",
        )  # fmt: skip
        made = self.naming.registry.services["n", "g@@p1"].persistent["c", "10.0.0.1", 8080]
        self.assertEqual((made.weight, made.enabled, made.healthy, made.metadata), (2.5, False, False, {"a": "b"}))

    def test_one_kind(self) -> None:
        """A service has instances of one kind, until none is left; by v1 it may get both, and keeps them."""
        for there, refused, given in (("true", "persistent", "ephemeral"), ("false", "ephemeral", "persistent")):
            self.assertEqual(self.data("POST", INSTANCE, **P1, ephemeral=there), "ok")
            other = {**P1, "port": 8081, "ephemeral": "false" if there == "true" else "true"}
            said = f"Current service DEFAULT_GROUP@@p1 is {given} service, can't register {refused} instance. "
            for route in (INSTANCE, "/v3/admin/ns/instance", "/v3/client/ns/instance"):
                self.fails(400, 30000, f"errCode: 400, errMsg: {said}", "POST", route, **other)
            self.assertEqual(self.data("POST", INSTANCE, **P1, ephemeral=there), "ok")
            self.assertEqual(self.data("DELETE", INSTANCE, **P1, ephemeral=there), "ok")
        for kind in (True, False):
            self.add(ephemeral=kind)
        for kind in ("true", "false"):
            self.assertEqual(self.data("POST", INSTANCE, **{**P1, "port": 8082}, ephemeral=kind), "ok")

    def test_form(self) -> None:
        """A form in the body is read for every method."""
        for method in ("POST", "PUT", "DELETE"):
            body = "serviceName=p1&ip=10.0.0.1&port=8080"
            self.assertEqual(self.data(method, INSTANCE, body, "application/x-www-form-urlencoded"), "ok", method)
        self.assertIsNone(self.one())

    def test_missing(self) -> None:
        """Of a form that is bound as a whole, and of parameters of their own."""
        for name, java in (("serviceName", "String"), ("ip", "String"), ("port", "Integer")):
            said = f"Required parameter '{name}' type {java} is not present"
            for method in ("POST", "PUT", "DELETE"):
                self.fails(400, 10000, said, method, INSTANCE, **{**P1, name: None})
            asked = f"Required request parameter '{name}' for method parameter type {java} is not present"
            self.fails(400, 10000, asked, "GET", INSTANCE, **{**P1, name: None})
        self.fails(
            400, 10000, "Required request parameter 'serviceName' for method parameter type String is not present",
            "GET", LIST,
        )  # fmt: skip

    def test_refused(self) -> None:
        """By the check of parameters in bare text, by the instance's own in the wrapper."""
        port = "Param 'port' is illegal, the value should be between 0 and 65535."
        self.unchecked(port, "POST", INSTANCE, **{**P1, "port": "abc"})
        self.unchecked(port, "GET", INSTANCE, **{**P1, "port": 65536})
        odd = "Param '{}' is illegal, illegal characters should not appear in the param."
        self.unchecked(odd.format("serviceName"), "POST", INSTANCE, **{**P1, "serviceName": "a b"})
        self.unchecked(odd.format("namespaceId/tenant"), "GET", LIST, serviceName="p1", namespaceId="a$b")
        self.unchecked(odd.format("group"), "GET", LIST, serviceName="p1", groupName="g/h")
        self.unchecked(odd.format("cluster"), "GET", LIST, serviceName="p1", clusterName="a,b!")
        long = "Param 'group' is illegal, the param length should not exceed 128."
        self.unchecked(long, "GET", LIST, serviceName="p1", groupName="g" * 129)
        weights = "instance format invalid: The weights range from 0.0 to 10000.0"
        self.fails(400, 21001, weights, "POST", INSTANCE, **P1, weight=10001)
        self.fails(400, 21002, "metadata format incorrect:{a", "POST", INSTANCE, **P1, metadata="{a")
        said = (
            "Failed to convert value of type 'java.lang.String' to required type 'double'; nested exception is "
            'java.lang.NumberFormatException: For input string: "x"'
        )
        self.fails(400, 20002, said, "POST", INSTANCE, **P1, weight="x")

    def test_update(self) -> None:
        """Of an instance that is not there nothing is kept; of a service that is not there it is told."""
        text = "service not found, namespace: public, service: DEFAULT_GROUP@@p1"
        self.fails(400, 21004, text, "PUT", INSTANCE, **P1)
        self.add()
        self.assertEqual(self.data("PUT", INSTANCE, **P1, weight=3), "ok")
        one = self.one()
        assert one is not None
        self.assertEqual(one.weight, 3.0)
        self.assertEqual(self.data("PUT", INSTANCE, **{**P1, "ip": "10.0.0.9"}), "ok")
        self.assertEqual(self.data("PUT", INSTANCE, **{**P1, "clusterName": "c9"}), "ok")
        self.assertIsNone(self.one("10.0.0.9"))

    def test_update_keeps(self) -> None:
        """Who changes weight or state does not take the metadata and the application away that the client gave."""
        for path in (INSTANCE, "/v3/admin/ns/instance", "/v3/console/ns/instance"):
            self.naming.register(Register(SERVICE_KEY, "10.0.0.1", 8080, metadata={"k": "v"}, app="shop"))
            self.data("PUT", path, **P1, weight=3, enabled="false")
            one = self.one()
            assert one is not None
            self.assertEqual((one.weight, one.enabled, one.metadata, one.app), (3.0, False, {"k": "v"}, "shop"))
            self.data("PUT", path, **P1, metadata="a=b")
            one = self.one()
            assert one is not None
            self.assertEqual((one.weight, one.enabled, one.metadata), (1.0, True, {"a": "b"}))
            self.data("PUT", path, **P1, metadata="{}")
            one = self.one()
            assert one is not None
            self.assertEqual(one.metadata, {})

    def test_patch(self) -> None:
        """All three have to be there; the answer is the bare word."""
        self.add()
        reply = self.ask("PATCH", INSTANCE, **P1, weight=4, enabled="false", metadata="k=v")
        self.assertEqual((reply.status, reply.body), (200, b"ok"))
        one = self.one()
        assert one is not None
        self.assertEqual((one.weight, one.enabled, one.metadata), (4.0, False, {"k": "v"}))
        said = "Required request parameter 'weight' for method parameter type Double is not present"
        self.fails(400, 10000, said, "PATCH", INSTANCE, **P1, enabled="true", metadata="k=v")

    def test_detail(self) -> None:
        """One instance, and none."""
        self.add(weight=2.0, metadata={"k": "v"})
        self.assertEqual(
            self.data("GET", INSTANCE, **P1),
            {
                "serviceName": "DEFAULT_GROUP@@p1",
                "ip": "10.0.0.1",
                "port": 8080,
                "clusterName": "DEFAULT",
                "weight": 2.0,
                "healthy": True,
                "instanceId": "10.0.0.1#8080#DEFAULT#DEFAULT_GROUP@@p1",
                "metadata": {"k": "v"},
            },
        )
        self.fails(404, 20004, "no matched ip found!", "GET", INSTANCE, **{**P1, "port": 1})
        said = "no ips found for cluster DEFAULT in service DEFAULT_GROUP@@p2"
        self.fails(404, 20004, said, "GET", INSTANCE, **{**P1, "serviceName": "p2"})

    def test_list(self) -> None:
        """Enabled instances, by cluster and health; the same bytes get the same answer until the service changes."""
        empty = self.data("GET", LIST, serviceName="p1")
        self.assertEqual((empty["name"], empty["hosts"], empty["cacheMillis"]), ("DEFAULT_GROUP@@p1", [], 10000))
        self.add()
        self.add("10.0.0.2", healthy=False, cluster="c2")
        self.add("10.0.0.3", enabled=False)
        first = self.ask("GET", LIST, serviceName="p1")
        self.assertIs(self.ask("GET", LIST, serviceName="p1"), first)
        shown = msgspec.json.decode(first.body)["data"]
        self.assertEqual(
            [(each["ip"], each["healthy"]) for each in shown["hosts"]], [("10.0.0.1", True), ("10.0.0.2", False)]
        )
        self.assertEqual(shown["groupName"], "DEFAULT_GROUP")
        for fields, ips in (({"clusterName": "c2"}, ["10.0.0.2"]), ({"healthyOnly": "true"}, ["10.0.0.1"])):
            found = self.data("GET", LIST, serviceName="p1", **fields)
            self.assertEqual([each["ip"] for each in found["hosts"]], ips)
        self.add("10.0.0.4")
        self.assertEqual(len(self.data("GET", LIST, serviceName="p1")["hosts"]), 3)

    def test_metadata(self) -> None:
        """Of all instances, of one kind, of those that are named."""
        path = f"{INSTANCE}/metadata/batch"
        self.add()
        self.add("10.0.0.2", ephemeral=False)
        both = ["10.0.0.1:8080:unknown:DEFAULT:ephemeral", "10.0.0.2:8080:unknown:DEFAULT:persistent"]
        self.assertEqual(self.data("PUT", path, serviceName="p1", metadata='{"k":"v"}'), {"updated": both})
        only = self.data("PUT", path, serviceName="p1", metadata='{"l":"w"}', consistencyType="persist")
        self.assertEqual(only, {"updated": both[1:]})
        named = msgspec.json.encode([{"ip": "10.0.0.1", "port": 8080, "ephemeral": True}]).decode()
        gone = self.data("DELETE", path, serviceName="p1", metadata='{"k":""}', instances=named)
        self.assertEqual(gone, {"updated": both[:1]})
        one, two = self.one(), self.one("10.0.0.2", ephemeral=False)
        assert one is not None and two is not None
        self.assertEqual((one.metadata, two.metadata), ({}, {"k": "v", "l": "w"}))


class ServiceTests(ApiTestCase):
    """Services."""

    def test_life(self) -> None:
        """Created, looked at, changed, removed."""
        self.assertEqual(self.data("POST", SERVICE, serviceName="p1", protectThreshold=0.5, metadata="k=v"), "ok")
        self.assertEqual(
            self.data("GET", SERVICE, serviceName="p1"),
            {
                "namespace": "public",
                "clusterMap": {},
                "serviceName": "p1",
                "groupName": "DEFAULT_GROUP",
                "metadata": {"k": "v"},
                "protectThreshold": 0.5,
                "selector": {"type": "none"},
                "ephemeral": False,
            },
        )
        self.fails(400, 21007, "specified service DEFAULT_GROUP@@p1 already exists!", "POST", SERVICE, serviceName="p1")
        self.assertEqual(self.data("PUT", SERVICE, serviceName="p1", protectThreshold=0.25), "ok")
        self.assertEqual(self.data("GET", SERVICE, serviceName="p1")["metadata"], {})
        self.add()
        said = "Service DEFAULT_GROUP@@p1 is not empty, can't be delete. Please unregister instance first"
        self.fails(400, 21009, said, "DELETE", SERVICE, serviceName="p1")
        clusters = self.data("GET", SERVICE, serviceName="p1")["clusterMap"]
        self.assertEqual(
            clusters,
            {"DEFAULT": {"clusterName": "DEFAULT", "healthChecker": {"type": "TCP"}, "metadata": {}, "hosts": None}},
        )
        self.data("DELETE", INSTANCE, **P1)
        self.assertEqual(self.data("DELETE", SERVICE, serviceName="p1"), "ok")

    def test_unknown(self) -> None:
        """Told in the words of what was asked."""
        said = "service DEFAULT_GROUP@@p1 not found!"
        self.fails(400, 21008, said, "DELETE", SERVICE, serviceName="p1")
        self.fails(400, 21008, said, "PUT", SERVICE, serviceName="p1")
        shown = "service not found, namespace: public, serviceName: DEFAULT_GROUP@@p1"
        self.fails(400, 21008, shown, "GET", SERVICE, serviceName="p1")

    def test_refused(self) -> None:
        """A selector of no type."""
        said = "not match any type of selector!"
        self.fails(400, 21006, said, "POST", SERVICE, serviceName="p1", selector='{"type":"x"}')

    def test_list(self) -> None:
        """A page of names without their group."""
        for name in ("a", "b", "c"):
            self.data("POST", SERVICE, serviceName=name, groupName="g")
        self.assertEqual(
            self.data("GET", f"{SERVICE}/list", groupName="g", pageSize=2), {"count": 3, "services": ["a", "b"]}
        )
        self.assertEqual(
            self.data("GET", f"{SERVICE}/list", groupName="g", pageSize=2, pageNo=2), {"count": 3, "services": ["c"]}
        )


class UnroutedTests(ApiTestCase):
    """What no handler sees."""

    def test_method(self) -> None:
        """A path with other methods."""
        reply = self.ask("POST", LIST)
        said = b'{"code":500,"message":"caused: Request method &#39;POST&#39; not supported;","data":null}'
        self.assertEqual((reply.status, reply.body), (500, said))

    def test_path(self) -> None:
        """No path."""
        reply = self.ask("GET", "/v2/ns/nothing")
        self.assertEqual((reply.status, msgspec.json.decode(reply.body)["message"]), (404, "No message available"))


class BeatTests(ApiTestCase):
    """Heartbeats: bare objects."""

    path = f"{INSTANCE}/beat"

    def beat(self, **fields: Any) -> Any:
        """What one is answered."""
        reply = self.ask("PUT", self.path, **fields)
        self.assertEqual((reply.status, reply.content_type), (200, b"application/json"), reply.body)
        return msgspec.json.decode(reply.body)

    def test_unknown(self) -> None:
        """It is to be registered."""
        self.assertEqual(self.beat(**P1), {"clientBeatInterval": 5000, "code": 20404})

    def test_known(self) -> None:
        """Its lease is renewed; the same bytes again too, as long as it is there."""
        known = {"clientBeatInterval": 5000, "code": 10200, "lightBeatEnabled": True}
        number = self.add().number
        for _ in range(3):
            self.assertEqual(self.beat(**P1), known)
        self.assertEqual(self.log_.renewed, [number] * 3)
        self.data("DELETE", INSTANCE, **P1)
        self.assertEqual(self.beat(**P1)["code"], 20404)

    def test_whole(self) -> None:
        """One that says all registers."""
        said = '{"ip":"10.0.0.7","port":80,"weight":2,"metadata":{"a":1},"x":[]}'
        self.assertEqual(self.beat(serviceName="g@@p1", beat=said)["code"], 10200)
        made = self.naming.registry.services["public", "g@@p1"].ephemeral["DEFAULT", "10.0.0.7", 80]
        self.assertEqual((made.weight, made.metadata), (2.0, {"a": "1"}))
