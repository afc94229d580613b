"""
What clients and Nacos's own tests rely on, line by line (docs/spec/naming-v1.md#20; each test has its line's number),
by plain HTTP and UDP against one real node that stands alone: instances and services. Leases and pushes are in
C{test_behaviours_time}, what needs other nodes in C{test_behaviours_cluster}.
"""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

from tests.system.nodes import NAMING
from tests.system.shared import SHORT, NodeCase
from tests.system.udp import JAVA

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class InstanceTests(NodeCase):
    """Registering, changing and reading instances."""

    def test_01_ok(self) -> None:
        """Writes answer the text ok."""
        for method in ("POST", "PUT", "DELETE"):
            self.ok(self.call(method, "/service", protectThreshold="0.3"))
            self.ok(self.instance(method, "10.0.0.1"))

    def test_07_groups_and_namespaces_are_apart(self) -> None:
        """Lists, instances and deletion."""
        self.add("10.0.0.1")
        self.add("10.0.0.2", groupName="g")
        self.add("10.0.0.3", namespaceId="ns")
        self.assertEqual(self.listed(), {"10.0.0.1"})
        self.assertEqual(self.listed(groupName="g"), {"10.0.0.2"})
        self.assertEqual(self.listed(namespaceId="ns"), {"10.0.0.3"})
        self.ok(self.call("DELETE", "/service", groupName="g"))
        self.ok(self.instance("DELETE", "10.0.0.1", namespaceId="ns"))
        self.assertEqual((self.listed(), self.listed(groupName="g")), ({"10.0.0.1"}, set()))
        self.assertEqual(self.listed(namespaceId="ns"), {"10.0.0.3"})

    def test_08_defaults(self) -> None:
        """No namespace is public, no group is DEFAULT_GROUP; docs/spec/README.md#3 for the namespace's other names."""
        self.add("10.0.0.1", namespaceId="public", groupName="DEFAULT_GROUP")
        for names in ({}, {"namespaceId": ""}, {"namespaceId": "null"}, {"groupName": ""}):
            self.assertEqual(self.listed(**names), {"10.0.0.1"})

    def test_09_not_there(self) -> None:
        """404, with Nacos's text."""
        self.add("10.0.0.1")
        self.assertEqual(self.instance("GET", "10.0.0.1").status, 200)
        for names in ({"namespaceId": "other"}, {"groupName": "other"}):
            answer = self.instance("GET", "10.0.0.1", **names)
            wanted = (
                f"no ips found for cluster DEFAULT in service {names.get('groupName', 'DEFAULT_GROUP')}@@{self.name}"
            )
            self.assertEqual((answer.status, answer.text), (404, wanted))

    def test_10_clusters(self) -> None:
        """Only the wanted clusters' instances."""
        self.add("10.0.0.1", clusterName="c1")
        self.add("10.0.0.2", clusterName="c2")
        self.assertEqual(self.listed(clusters="c1", healthyOnly="true"), {"10.0.0.1"})
        self.assertEqual(self.listed(clusters="c1,c2"), {"10.0.0.1", "10.0.0.2"})

    def test_11_nothing_to_remove(self) -> None:
        """ok, and nothing changes."""
        self.add("10.0.0.1")
        self.ok(self.instance("DELETE", "10.0.0.2"))
        self.ok(self.instance("DELETE", "10.0.0.1", namespaceId="nowhere"))
        self.assertEqual(self.listed(), {"10.0.0.1"})

    def test_12_16_46_reads_follow_writes(self) -> None:
        """What was written is in the very next list."""
        for number in range(50):
            ip = f"10.0.0.{number}"
            self.add(ip)
            self.assertIn(ip, self.listed())
            if number % 2:
                self.ok(self.instance("DELETE", ip))
                self.assertNotIn(ip, self.listed())
        self.assertEqual(len(self.listed()), 25)

    def test_13_14_weight(self) -> None:
        """PUT shows at once, as a double; PATCH without parameters keeps it."""
        self.add("10.0.0.1")
        self.ok(self.instance("PUT", "10.0.0.1", weight="8.0"))
        for _ in range(2):
            self.assertIn('"weight":8.0,', self.call("GET", "/instance/list").text)
            self.ok(self.instance("PATCH", "10.0.0.1"))

    def test_15_put_stays_in_its_namespace(self) -> None:
        """Also when it registers, as it does for all but Java clients."""
        self.add("10.0.0.1", weight="2.0")
        self.ok(self.instance("PUT", "10.0.0.1", namespaceId="ns", weight="8.0"))
        self.assertEqual(self.node.hosts(self.name)["10.0.0.1"]["weight"], 2.0)
        self.assertEqual(self.node.hosts(self.name, namespaceId="ns")["10.0.0.1"]["weight"], 8.0)
        self.assertEqual(self.instance("PUT", "10.0.0.9", JAVA).status, 400)

    def test_22_23_as_registered(self) -> None:
        """Every field comes back."""
        self.add("10.0.0.1", weight="2.0", clusterName="c1", healthy="true", metadata='{"a":"1","b":"中 &="}')
        host = self.node.hosts(self.name)["10.0.0.1"]
        self.assertIn(self.name, host["instanceId"])
        self.assertEqual(host["instanceId"], f"10.0.0.1#8080#c1#DEFAULT_GROUP@@{self.name}")
        self.assertEqual((host["weight"], host["clusterName"], host["healthy"]), (2.0, "c1", True))
        self.assertEqual(host["metadata"], {"a": "1", "b": "中 &="})

    def test_25_small_preserved_values(self) -> None:
        """Milliseconds in the single digits are taken; what was removed stays away."""
        small = dict(zip(SHORT, "369", strict=True))
        self.add("10.0.0.1", metadata=json.dumps(small))
        self.ok(self.instance("DELETE", "10.0.0.1"))
        time.sleep(1)
        self.assertEqual(self.listed(), set())

    def test_26_disabled(self) -> None:
        """Not listed; the catalog has it."""
        self.add("10.0.0.1", clusterName="c1")
        self.ok(self.instance("PUT", "10.0.0.1", JAVA, enabled="false", clusterName="c1"))
        self.assertEqual(self.listed(), set())
        found = self.call("GET", "/catalog/instances", clusterName="c1", pageNo=1, pageSize=10).json
        self.assertEqual([each["enabled"] for each in found["list"]], [False])

    def test_41_42_protection(self) -> None:
        """With none healthy the list says all are, also for healthyOnly; the rest tells the truth."""
        self.add("10.0.0.1", healthy="false")
        self.add("10.0.0.2", healthy="false")
        for healthy_only in ("false", "true"):
            found = self.node.hosts(self.name, healthyOnly=healthy_only)
            self.assertEqual({ip: host["healthy"] for ip, host in found.items()}, {"10.0.0.1": True, "10.0.0.2": True})
        self.assertFalse(self.instance("GET", "10.0.0.1").json["healthy"])
        found = self.call("GET", "/catalog/instances", clusterName="DEFAULT", pageNo=1, pageSize=10).json
        self.assertEqual([each["healthy"] for each in found["list"]], [False, False])

    def test_43_persistent(self) -> None:
        """It goes only when its kind is named."""
        self.add("127.0.0.1", ephemeral="false")
        self.ok(self.instance("DELETE", "127.0.0.1"))
        self.assertEqual(self.listed(), {"127.0.0.1"})
        self.ok(self.instance("DELETE", "127.0.0.1", ephemeral="false"))
        self.assertEqual(self.listed(), set())

    def test_44_forms(self) -> None:
        """Parameters in a form body count for every method; the query string wins."""

        def send(method: str, query: str = "", **form: str) -> None:
            body = urlencode({"serviceName": self.name, "ip": "10.0.0.1", "port": "8080", **form}).encode() + b"&"
            self.ok(self.node.request(method, f"{NAMING}/instance{query}", body=body, headers=FORM))

        send("POST", weight="2")
        self.assertEqual(self.listed(), {"10.0.0.1"})
        send("PUT", weight="3")
        self.assertEqual(self.node.hosts(self.name)["10.0.0.1"]["weight"], 3.0)
        send("PATCH", "?weight=5", weight="4")
        self.assertEqual(self.node.hosts(self.name)["10.0.0.1"]["weight"], 5.0)
        send("DELETE")
        self.assertEqual(self.listed(), set())

    def test_48_again(self) -> None:
        """A client that heard no answer asks again: nothing is there twice."""
        for _ in range(3):
            self.add("10.0.0.1")
        self.assertEqual(len(self.call("GET", "/instance/list").json["hosts"]), 1)
        for _ in range(3):
            self.assertEqual(self.beat("10.0.0.2").json["code"], 10200)
        self.assertEqual(len(self.call("GET", "/instance/list").json["hosts"]), 2)
        for _ in range(3):
            self.ok(self.instance("DELETE", "10.0.0.1"))
        self.assertEqual(self.listed(), {"10.0.0.2"})

    def test_49_unknown_service(self) -> None:
        """A list all the same."""
        found = self.call("GET", "/instance/list", clusters="c1").json
        name = f"DEFAULT_GROUP@@{self.name}"
        self.assertEqual(found, {"name": name, "clusters": "c1", "cacheMillis": 3000, "hosts": []})

    def test_50_ref_time(self) -> None:
        """It never goes backwards, in polls and pushes."""
        client = self.subscriber()
        last = 0
        for number in range(8):
            self.add(f"10.0.0.{number}")
            packet = client.receive(0.5) if number else None
            for info in (packet.info if packet else {}, client.poll(self.name).json, client.poll(self.name).json):
                if info:
                    self.assertGreaterEqual(info["lastRefTime"], last)
                    last = info["lastRefTime"]


class ServiceTests(NodeCase):
    """Services and their lists."""

    def detail(self) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", "/service").json
        return found

    def test_02_03_04_detail(self) -> None:
        """The bare name and the threshold; parameters that nobody knows are ignored."""
        self.ok(self.call("POST", "/service"))
        self.assertEqual(self.detail()["name"], self.name)
        self.ok(self.call("PUT", "/service", protectThreshold="0.3", healthCheckMode="server"))
        self.assertEqual(self.detail()["protectThreshold"], 0.3)
        self.ok(self.call("PUT", "/service", protectThreshold="0.5"))
        self.assertIn('"protectThreshold":0.5,', self.call("GET", "/service").text)
        self.ok(self.call("DELETE", "/service", protectThreshold="0.5"))

    def test_05_count(self) -> None:
        """One service more. (In a namespace of its own: elsewhere others' empty services may vanish meanwhile.)"""

        def count() -> int:
            found: int = self.call("GET", "/service/list", pageNo=1, pageSize=15, namespaceId="counted").json["count"]
            return found

        self.ok(self.call("POST", "/service", namespaceId="counted", groupName="other"))
        before = count()
        self.ok(self.call("POST", "/service", namespaceId="counted"))
        self.assertEqual(count(), before + 1)

    def test_06_delete_with_instances(self) -> None:
        """docs/spec/README.md#5."""
        self.add("10.0.0.1")
        self.ok(self.call("DELETE", "/service"))
        answer = self.call("GET", "/service")
        wanted = f"service not found, namespace: public, serviceName: DEFAULT_GROUP@@{self.name}"
        self.assertEqual((answer.status, answer.text), (400, wanted))  # 2.5.1's, docs/spec/README.md#2
        self.assertEqual(self.listed(), set())

    def test_27_28_maintained(self) -> None:
        """What the maintain client creates and updates comes back."""
        selector = {
            "type": "label",
            "expression": "CONSUMER.label.A=PROVIDER.label.A &CONSUMER.label.B=PROVIDER.label.B",
        }
        sent = {"groupName": "g", "protectThreshold": "1.0", "metadata": '{"m":"1"}', "selector": '{"type":"none"}'}
        for method in ("POST", "PUT"):
            self.ok(self.call(method, "/service", **sent))
            found = self.call("GET", "/service", groupName="g").json
            wanted = (self.name, "g", 1.0, {"m": "1"}, {"type": "none"})
            keys = ("name", "groupName", "protectThreshold", "metadata", "selector")
            self.assertEqual(tuple(found[key] for key in keys), wanted)
        self.ok(self.call("PUT", "/service", **{**sent, "selector": json.dumps(selector)}))
        self.assertEqual(self.call("GET", "/service", groupName="g").json["selector"]["labels"], ["A", "B"])

    def test_29_list_by_label(self) -> None:
        """The client's expression finds services by their instances' metadata."""
        self.add("10.0.0.1", metadata='{"registerSource":"dubbo"}')
        selector = json.dumps({"type": "label", "expression": "INSTANCE.label.registerSource = 'dubbo'"})
        found = self.call("GET", "/service/list", pageNo=1, pageSize=10, selector=selector).json
        self.assertEqual(found, {"doms": [self.name], "count": 1})
