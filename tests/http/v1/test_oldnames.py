"""C{/v1/ns/api} (docs/spec/naming-v1.md#18)."""

from __future__ import annotations

from nacos_tw.http.v1.beat import BeatsV1
from nacos_tw.http.v1.instance import InstancesV1
from nacos_tw.http.v1.oldnames import OldNamesV1
from nacos_tw.naming.operations.beats import Beats
from nacos_tw.naming.operations.instances import Instances
from tests.http.v1.fakes import GUARD
from tests.http.v1.local import JAVA, LocalTestCase
from tests.http.v1.test_beat import OK, UNKNOWN, full

API = "/v1/ns/api"


class OldNamesTests(LocalTestCase):
    """The old names, and those of docs/spec/naming-v1.md#3 under the old prefix."""

    def setUp(self) -> None:
        super().setUp()
        self.listing = self.lists()
        self.beats = BeatsV1("/v1/ns/instance", GUARD, Beats(self.naming))  # type: ignore[arg-type]
        self.area = OldNamesV1(GUARD, self.listing.instance_list, self.beats.beat)

    def test_list(self) -> None:
        """C{srvIPXT} answers as the list does, with all its parameters."""
        self.add(cluster="c1")
        self.add("10.0.0.2")
        found = self.get(f"{API}/srvIPXT?dom=p1&clusters=c1&tid=1&env=e", JAVA)
        self.assertEqual([host["ip"] for host in found["hosts"]], ["10.0.0.1"])
        self.assertEqual((found["dom"], found["env"]), ("DEFAULT_GROUP@@p1", "e"))
        self.assertEqual(self.text("GET", f"{API}/srvIPXT", status=400), "Param 'serviceName' is required.")

    def test_beat(self) -> None:
        """C{clientBeat} is a GET that registers and renews."""
        self.assertEqual(self.get(f"{API}/clientBeat?dom=p1&ip=10.0.0.1&port=8080"), UNKNOWN)
        self.assertEqual(self.get(f"{API}/clientBeat?dom=p1&{full()}"), OK)
        self.assertEqual(self.get(f"{API}/clientBeat?dom=p1&{full()}"), OK)
        self.assertEqual(self.log_.renewed, [1])

    def test_prefix(self) -> None:
        """The routes of C{/v1/ns/instance} are there, too."""
        self.area = InstancesV1(API, GUARD, Instances(self.naming))  # type: ignore[arg-type]
        self.ok("POST", f"{API}?dom=p1&ip=10.0.0.1&port=8080")
        self.area = self.lists(API)
        self.assertEqual(len(self.get(f"{API}/list?dom=p1")["hosts"]), 1)
        self.area = BeatsV1(API, GUARD, Beats(self.naming))  # type: ignore[arg-type]
        self.assertEqual(self.json("PUT", f"{API}/beat?dom=p1&ip=10.0.0.1&port=8080"), OK)
