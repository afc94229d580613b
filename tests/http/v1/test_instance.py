"""C{/v1/ns/instance} (docs/spec/naming-v1.md#3.1 to #3.5, #3.8, #3.9), and the texts of #2.6."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from nacos_tw.http.v1.instance import InstancesV1
from nacos_tw.naming.commands import CreateService, Register, SetSwitch
from nacos_tw.naming.operations.instances import Instances
from tests.http.v1.fakes import GUARD
from tests.http.v1.local import JAVA, P1, LocalTestCase

I = "/v1/ns/instance"  # noqa: E741
BATCH = f"{I}/metadata/batch"
KEYS = {"serviceName": "p1", "ip": "10.0.0.1", "port": "8080"}


def at(path: str = I, **params: Any) -> str:
    """A target with the three keys and more; None takes one away."""
    fields = {name: value for name, value in {**KEYS, **params}.items() if value is not None}
    return f"{path}?{urlencode(fields)}"


class InstanceTestCase(LocalTestCase):
    """With the area."""

    def setUp(self) -> None:
        super().setUp()
        self.area = InstancesV1(I, GUARD, Instances(self.naming))  # type: ignore[arg-type]


class RegisterTests(InstanceTestCase):
    """POST."""

    def test_defaults(self) -> None:
        """Only the three keys."""
        self.ok("POST", at())
        instance = self.one()
        self.assertEqual(
            (instance.weight, instance.enabled, instance.healthy, instance.metadata, instance.app, instance.cluster),
            (1.0, True, True, {}, "DEFAULT", "DEFAULT"),
        )
        self.assertEqual(instance.instance_id, "10.0.0.1#8080#DEFAULT#DEFAULT_GROUP@@p1")

    def test_everything(self) -> None:
        """Each parameter has its place."""
        self.ok(
            "POST",
            at(
                serviceName="s",
                groupName="g",
                namespaceId="ns",
                clusterName="c1",
                cluster="c2",
                weight="2.5",
                enabled="no",
                enable="true",
                healthy="false",
                ephemeral="FALSE",
                metadata='{"a":"1","b":true,"c":2}',
                app="shop",
            ),
        )
        instance = self.naming.registry.services["ns", "g@@s"].persistent["c1", "10.0.0.1", 8080]
        self.assertEqual(
            (instance.weight, instance.enabled, instance.healthy, instance.metadata, instance.app),
            (2.5, False, False, {"a": "1", "b": "true", "c": "2"}, "shop"),
        )

    def test_java_names(self) -> None:
        """C{enable}, C{cluster} and a grouped name, which comes before the groupName; metadata as pairs."""
        self.ok("POST", at(serviceName="g1@@s", groupName="g2", enable="false", cluster="c2", metadata="k=v,k2=v2"))
        instance = self.naming.registry.services["public", "g1@@s"].ephemeral["c2", "10.0.0.1", 8080]
        self.assertEqual((instance.enabled, instance.metadata), (False, {"k": "v", "k2": "v2"}))

    def test_form_body(self) -> None:
        """A form is read, and the query comes before it."""
        self.ok("POST", f"{I}?ip=10.0.0.1", urlencode({**KEYS, "ip": "10.0.0.9", "weight": "3"}) + "&")
        self.assertEqual(self.one().weight, 3.0)

    def test_again(self) -> None:
        """The entry is replaced, with the same number and health; a second list is not begun."""
        first = self.add(healthy=False)
        self.ok("POST", at(weight="4", metadata='{"x":"y"}'))
        second = self.one()
        self.assertEqual((second.number, second.healthy, second.weight), (first.number, False, 4.0))

    def test_both_kinds(self) -> None:
        """A service may hold both."""
        self.ok("POST", at())
        self.ok("POST", at(ephemeral="false"))
        self.assertTrue(self.one() and self.one(ephemeral=False))

    def test_kind_of_default(self) -> None:
        """The switch says which kind is meant; anything but a yes is a no."""
        self.change(SetSwitch("defaultInstanceEphemeral", "false"))
        self.ok("POST", at())
        self.assertIsNone(self.one())
        self.ok("POST", at(ephemeral="maybe", port="2"))
        self.assertTrue(self.one(port=2, ephemeral=False))
        self.ok("POST", at(ephemeral="true"))
        self.assertTrue(self.one())

    def test_namespaces(self) -> None:
        """None, empty, public and null are one."""
        for port, namespace in enumerate((None, "", "public", "null"), 1):
            self.ok("POST", at(namespaceId=namespace, port=str(port)))
        self.assertEqual(len(self.naming.registry.services[P1].ephemeral), 4)
        self.assertEqual(list(self.naming.registry.namespaces), ["public"])

    def test_odd_but_taken(self) -> None:
        """Names, IPv6, octets beyond 255, port 0; weights at the ends."""
        for ip in ("host.name", "[fe80::1]", "999.1.1.1"):
            self.ok("POST", at(ip=ip, port="0", weight="10000"))
        self.ok("POST", at(weight="0"))
        self.assertEqual(self.one().weight, 0.0)
        self.ok("POST", at(weight="0.001"))
        self.assertEqual(self.one().weight, 0.01)

    def test_refused(self) -> None:
        """Each with its status and text; nothing is changed."""
        shape = "Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'"
        weights = "instance format invalid: The weights range from 0.0 to 10000.0"
        spelled = "instance format invalid: Your IP address is spelled incorrectly"
        port = "Param 'port' is illegal, the value should be between 0 and 65535."
        illegal = "illegal characters should not appear in the param."
        for params, text in (
            ({"serviceName": None}, "Param 'serviceName' is required."),
            ({"serviceName": " "}, "Param 'serviceName' is required."),
            ({"ip": None}, "Param 'ip' is required."),
            ({"port": ""}, "Param 'port' is required."),
            ({"serviceName": "g@@"}, shape),
            ({"serviceName": "@@s"}, "Param 'serviceName' is illegal, groupName can't be empty"),
            ({"port": "x"}, 'For input string: "x"'),
            ({"port": "8080.0"}, 'For input string: "8080.0"'),
            ({"port": "3000000000"}, 'For input string: "3000000000"'),
            ({"port": "-1"}, port),
            ({"port": "65536"}, port),
            ({"weight": "heavy"}, 'For input string: "heavy"'),
            ({"weight": "-0.1"}, weights),
            ({"weight": "10000.1"}, weights),
            ({"weight": "NaN"}, weights),
            ({"ip": "1.2.3"}, spelled),
            ({"ip": "1.2.3.4.5"}, spelled),
            ({"ip": "1234.2.3.4"}, spelled),
            ({"metadata": "abc"}, "metadata format incorrect:abc"),
            ({"metadata": '{"a":{"b":1}}'}, 'metadata format incorrect:{"a":{"b":1}}'),
            ({"metadata": '{"a":'}, 'metadata format incorrect:{"a":'),
            (
                {"serviceName": "s s"},
                "dom name can only have these characters: 0-9a-zA-Z-._:, current: DEFAULT_GROUP@@s s",
            ),
            ({"groupName": "g/g"}, "dom name can only have these characters: 0-9a-zA-Z-._:, current: g/g@@p1"),
            (
                {"clusterName": "c_1"},
                "cluster name can only have these characters: 0-9a-zA-Z-, current: c_1",
            ),
            ({"namespaceId": "a b"}, f"Param 'namespaceId/tenant' is illegal, {illegal}"),
            (
                {"namespaceId": "n" * 65},
                "Param 'namespaceId/tenant' is illegal, the param length should not exceed 64.",
            ),
            ({"clusterName": "c" * 65}, "Param 'cluster' is illegal, the param length should not exceed 64."),
            ({"ip": "i" * 129}, "Param 'ip' is illegal, the param length should not exceed 128."),
            ({"serviceName": "s" * 513}, "Param 'serviceName' is illegal, the param length should not exceed 512."),
            ({"groupName": "g" * 129}, "Param 'group' is illegal, the param length should not exceed 128."),
            ({"encoding": "zip"}, "unsupported encoding: zip"),
        ):
            for method in ("POST", "PUT"):
                self.refused(method, at(**params), text)

    def test_without_majority(self) -> None:
        """An ephemeral one is taken and shown; a persistent one is refused with 503."""
        self.log_.available = False
        self.refused("POST", at(ephemeral="false"), "no leader: 1 of 3 nodes are connected", 503)
        self.ok("POST", at())
        self.assertEqual(self.get(at())["healthy"], True)
        self.assertIsNone(self.one())

    def test_accept(self) -> None:
        """The type of C{ok} follows Accept."""
        for accept, kind in (
            ("text/html, image/gif, image/jpeg, */*; q=0.2", b"text/html;charset=UTF-8"),
            ("application/json", b"application/json"),
            ("*/*", b"text/plain;charset=UTF-8"),
        ):
            reply = self.reply("POST", at(), headers={"Accept": accept})
            self.assertEqual((reply.content_type, reply.body), (kind, b"ok"))

    def test_encoding(self) -> None:
        """Values are in the charset that the call names."""
        value = quote("名".encode("gbk"))
        self.ok("POST", f"{at()}&encoding=GBK&app={value}")
        self.assertEqual(self.one().app, "名")


class DeregisterTests(InstanceTestCase):
    """DELETE."""

    def test_removed(self) -> None:
        """Only the one that is named; the service stays."""
        self.add()
        self.add(cluster="c1")
        self.ok("DELETE", at())
        self.assertIsNone(self.one())
        self.assertTrue(self.one(cluster="c1"))
        self.ok("DELETE", at(cluster="c1"))
        self.assertIn(P1, self.naming.registry.services)

    def test_not_there(self) -> None:
        """C{ok} all the same."""
        self.ok("DELETE", at())
        self.add()
        self.ok("DELETE", at(port="1"))
        self.ok("DELETE", at(namespaceId="ns"))
        self.assertTrue(self.one())

    def test_persistent(self) -> None:
        """Only with C{ephemeral=false}."""
        self.add(ephemeral=False)
        self.ok("DELETE", at())
        self.assertTrue(self.one(ephemeral=False))
        self.ok("DELETE", at(ephemeral="false"))
        self.assertIsNone(self.one(ephemeral=False))

    def test_form_body(self) -> None:
        """The parameters may come in a body."""
        self.add()
        self.ok("DELETE", I, urlencode(KEYS))
        self.assertIsNone(self.one())

    def test_refused(self) -> None:
        """What is needed, and what does not parse."""
        self.add()
        self.refused("DELETE", at(ip=None), "Param 'ip' is required.")
        self.refused("DELETE", at(port="x"), 'For input string: "x"')
        self.refused("DELETE", at(weight="x"), 'For input string: "x"')
        self.refused("DELETE", at(serviceName=None), "Param 'serviceName' is required.")

    def test_without_majority(self) -> None:
        """Gone from this node's answers."""
        self.add()
        self.log_.available = False
        self.ok("DELETE", at())
        self.text("GET", at(), status=404)
        self.assertIn("no leader", self.text("DELETE", at(ephemeral="false"), status=503))


class UpdateTests(InstanceTestCase):
    """PUT."""

    def test_replaced(self) -> None:
        """What is not given falls back to the defaults; the health stays."""
        self.add(weight=5.0, metadata={"a": "b"}, app="shop", healthy=False)
        self.ok("PUT", at(enabled="false", healthy="true"), headers=JAVA)
        instance = self.one()
        self.assertEqual(
            (instance.weight, instance.metadata, instance.app, instance.enabled, instance.healthy),
            (1.0, {}, "DEFAULT", False, False),
        )

    def test_java_must_exist(self) -> None:
        """A Java client may only replace; the texts name what is missing."""
        reply = self.reply("PUT", at(), headers=JAVA)
        self.assertEqual(
            (reply.status, reply.body), (400, b"service not found, namespace: public, service: DEFAULT_GROUP@@p1")
        )
        self.change(CreateService(P1))
        reply = self.reply("PUT", at(), headers=JAVA)
        self.assertEqual(
            (reply.status, reply.body),
            (400, b"instance not exist: 10.0.0.1:8080:unknown:DEFAULT_1.0_true_false_DEFAULT"),
        )
        self.assertIsNone(self.one())

    def test_others_create(self) -> None:
        """Any other agent, an old Java client too, registers."""
        for port, agent in enumerate(("curl/8", "Nacos-Java-Client:v0.9.0", "Nacos-Go-Client:v1.0", ""), 1):
            self.ok("PUT", at(port=str(port)), headers={"User-Agent": agent})
            self.assertTrue(self.one(port=port))

    def test_client_version(self) -> None:
        """The agent may stand in Client-Version."""
        reply = self.reply("PUT", at(), headers={"Client-Version": "Nacos-Java-Client:v1.4.8"})
        self.assertEqual(reply.status, 400)

    def test_other_namespace(self) -> None:
        """Nothing else is touched."""
        self.add(service=("ns", "DEFAULT_GROUP@@p1"))
        self.ok("PUT", at(weight="8.0"))
        self.assertEqual(self.naming.registry.services["ns", "DEFAULT_GROUP@@p1"].ephemeral.popitem()[1].weight, 1.0)


class PatchTests(InstanceTestCase):
    """PATCH."""

    def test_only_keys(self) -> None:
        """Nothing else changes but the lease."""
        instance = self.add(weight=8.0, metadata={"a": "b"}, app="shop", healthy=False, enabled=False)
        self.clock.advance(9)
        self.ok("PATCH", at())
        patched = self.one()
        for name in ("weight", "metadata", "app", "healthy", "enabled", "number"):
            self.assertEqual(getattr(patched, name), getattr(instance, name), name)
        self.assertEqual(self.naming.leases.last[instance.number], self.clock.seconds())

    def test_each(self) -> None:
        """Each field alone; metadata is replaced as a whole."""
        self.add(metadata={"a": "b"})
        for params, name, value in (
            ({"weight": "3"}, "weight", 3.0),
            ({"metadata": '{"c":"d"}'}, "metadata", {"c": "d"}),
            ({"app": "shop"}, "app", "shop"),
            ({"healthy": "false"}, "healthy", False),
            ({"enabled": "false"}, "enabled", False),
        ):
            self.ok("PATCH", at(**params))
            self.assertEqual(getattr(self.one(), name), value)
        self.assertEqual((self.one().weight, self.one().metadata), (3.0, {"c": "d"}))

    def test_either_kind(self) -> None:
        """A persistent one needs no word about its kind."""
        self.add(ephemeral=False, cluster="c1")
        self.ok("PATCH", at(cluster="c1", weight="3"))
        self.assertEqual(self.one(cluster="c1", ephemeral=False).weight, 3.0)

    def test_not_found(self) -> None:
        """404 with 2.5.1's texts."""
        self.refused("PATCH", at(), "no ips found for cluster DEFAULT in service DEFAULT_GROUP@@p1", 404)
        self.add()
        self.refused("PATCH", at(port="1"), "no matched ip found!", 404)
        self.refused("PATCH", at(clusterName="c9"), "no ips found for cluster c9 in service DEFAULT_GROUP@@p1", 404)

    def test_refused(self) -> None:
        """Values that make no sense."""
        self.add()
        self.refused("PATCH", at(weight="-1"), "instance format invalid: The weights range from 0.0 to 10000.0")
        self.refused("PATCH", at(weight="x"), 'For input string: "x"')
        self.refused("PATCH", at(metadata="x"), "metadata format incorrect:x")
        self.refused("PATCH", at(port=None), "Param 'port' is required.")
        self.log_.available = False
        self.refused("PATCH", at(weight="1"), "no leader: 1 of 3 nodes are connected", 503)


class DetailTests(InstanceTestCase):
    """GET."""

    def test_shown(self) -> None:
        """All keys, in Nacos's order, with the real health."""
        self.add(weight=2.0, healthy=False, metadata={"a": "b"}, cluster="c1")
        reply = self.reply("GET", at(clusterName="c1"))
        self.assertEqual(
            reply.body.decode(),
            '{"service":"DEFAULT_GROUP@@p1","ip":"10.0.0.1","port":8080,"clusterName":"c1","weight":2.0,"healthy":false,'
            '"instanceId":"10.0.0.1#8080#c1#DEFAULT_GROUP@@p1","metadata":{"a":"b"}}',
        )

    def test_cluster_is_not_read(self) -> None:
        """Only C{clusterName} counts here."""
        self.add(cluster="c1")
        self.text("GET", at(cluster="c1"), status=404)

    def test_not_found(self) -> None:
        """404 with its texts, in another namespace and group too."""
        self.add()
        missing = "no ips found for cluster DEFAULT in service"
        self.refused("GET", at(serviceName="s"), f"{missing} DEFAULT_GROUP@@s", 404)
        self.refused("GET", at(namespaceId="ns"), f"{missing} DEFAULT_GROUP@@p1", 404)
        self.refused("GET", at(groupName="g"), f"{missing} g@@p1", 404)
        self.refused("GET", at(ip="10.0.0.2"), "no matched ip found!", 404)
        self.refused("GET", at(ip=None), "Param 'ip' is required.")


class BatchTests(InstanceTestCase):
    """PUT and DELETE C{/metadata/batch}."""

    def setUp(self) -> None:
        super().setUp()
        self.add(metadata={"a": "1", "b": "2"})
        self.add("10.0.0.2", cluster="c1")
        self.add("10.0.0.3", ephemeral=False)

    def batch(self, method: str = "PUT", **params: str) -> list[str]:
        answer = self.json(method, f"{BATCH}?{urlencode({'serviceName': 'p1', 'metadata': 'k=v', **params})}")
        self.assertEqual(list(answer), ["updated"])
        return answer["updated"]

    def test_kinds(self) -> None:
        """All of one kind."""
        self.assertEqual(
            self.batch(consistencyType="ephemeral"),
            ["10.0.0.1:8080:unknown:DEFAULT:ephemeral", "10.0.0.2:8080:unknown:c1:ephemeral"],
        )
        self.assertEqual(self.batch(consistencyType="persist"), ["10.0.0.3:8080:unknown:DEFAULT:persist"])
        self.assertEqual(self.one().metadata, {"a": "1", "b": "2", "k": "v"})

    def test_named(self) -> None:
        """Those that are named, in their cluster and of their kind."""
        named = (
            '[{"ip":"10.0.0.2","port":8080,"clusterName":"c1"},{"ip":"10.0.0.3","port":"8080","ephemeral":"false"},'
            '{"ip":"10.0.0.3","port":8080},{"ip":"10.0.0.2","port":8080}]'
        )
        found = self.batch(instances=named)
        self.assertEqual(found, ["10.0.0.2:8080:unknown:c1:ephemeral", "10.0.0.3:8080:unknown:DEFAULT:persist"])
        self.assertEqual(self.one().metadata, {"a": "1", "b": "2"})

    def test_removed(self) -> None:
        """Keys go, whatever their values."""
        self.batch("DELETE", consistencyType="ephemeral", metadata='{"a":"x","nosuch":""}')
        self.assertEqual(self.one().metadata, {"b": "2"})

    def test_nothing_found(self) -> None:
        """An empty list, never an error."""
        for params in (
            {},
            {"instances": "nonsense"},
            {"instances": '[{"port":1}]'},
            {"consistencyType": "nosuch"},
            {"consistencyType": "ephemeral", "serviceName": "nosuch"},
        ):
            self.assertEqual(self.batch(**params), [])

    def test_refused(self) -> None:
        """Metadata and service are needed."""
        self.refused("PUT", f"{BATCH}?serviceName=p1", "Param 'metadata' is required.")
        self.refused("DELETE", f"{BATCH}?metadata=k=v", "Param 'serviceName' is required.")
        self.refused("PUT", f"{BATCH}?serviceName=p1&metadata=k", "metadata format incorrect:k")
        self.log_.available = False
        self.refused("PUT", f"{BATCH}?serviceName=p1&metadata=k%3Dv", "no leader: 1 of 3 nodes are connected", 503)


class StatusesTests(InstanceTestCase):
    """GET C{/statuses}."""

    def test_statuses(self) -> None:
        """Address and health of each."""
        self.add()
        self.add("10.0.0.2", healthy=False)
        for key in ("public##DEFAULT_GROUP@@p1", "DEFAULT_GROUP@@p1"):
            answer = self.get(f"{I}/statuses?key={quote(key)}")
            self.assertEqual(sorted(answer["ips"]), ["10.0.0.1:8080_true", "10.0.0.2:8080_false"])

    def test_unknown(self) -> None:
        """Nothing to tell; a key without a group is no key."""
        self.assertEqual(self.get(f"{I}/statuses?key=ns%23%23g@@s"), {"ips": []})
        shape = "Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'"
        self.refused("GET", f"{I}/statuses?key=nosuch", shape)
        self.refused("GET", f"{I}/statuses", "Param 'key' is required.")


class OverlayTests(InstanceTestCase):
    """What was taken without a majority is part of the reads here."""

    def test_reads(self) -> None:
        """Both the added and the removed."""
        self.add()
        self.log_.available = False
        self.successResultOf(self.naming.register(Register(P1, "10.0.0.2", 8080)))
        self.ok("DELETE", at())
        self.assertEqual(self.get(f"{I}/statuses?key=DEFAULT_GROUP@@p1"), {"ips": ["10.0.0.2:8080_true"]})
        self.assertEqual(self.get(at(ip="10.0.0.2"))["weight"], 1.0)
        self.text("GET", at(), status=404)
