"""Every way in which an operator changes an instance: what is a gRPC client's stays so (docs/spec/grpc.md#7.3)."""

from __future__ import annotations

from typing import Any

from nacos_tw.http.v1.instance import InstancesV1
from nacos_tw.naming.commands import EndClients, Publish, Published
from nacos_tw.naming.model import Instance
from nacos_tw.naming.operations.instances import Instances
from tests.http.api.case import ApiTestCase
from tests.http.v1.fakes import GUARD
from tests.http.v1.local import JAVA, P1

PLACE: dict[str, Any] = {"serviceName": "p1", "ip": "10.0.0.1", "port": 8080}
OFF = {**PLACE, "weight": 3, "enabled": "false", "metadata": "x=1"}
KEYS = {"serviceName": "p1", "consistencyType": "ephemeral", "metadata": '{"x":"1"}'}
WHOLE = [
    ("PUT", "/v2/ns/instance"), ("PATCH", "/v2/ns/instance"), ("PUT", "/v3/admin/ns/instance"),
    ("PUT", "/v3/admin/ns/instance/partial"), ("PUT", "/v3/console/ns/instance"),
]  # fmt: skip
PUBLISHED = Published("10.0.0.1", 8080, weight=2.0, metadata={"v": "1"}, app="shop")
BATCHES = ["/v2/ns/instance/metadata/batch", "/v3/admin/ns/instance/metadata/batch"]


class WayTests(ApiTestCase):
    """An instance of a client that registers it again after the change."""

    def publish(self) -> None:
        self.change(Publish("c1", "A", P1, [PUBLISHED]))

    def shown(self) -> tuple[float, bool, dict[str, str] | None]:
        one = self.one()
        assert isinstance(one, Instance)
        self.assertEqual(one.app, "shop", "its client's")
        return one.weight, one.enabled, one.metadata

    def test_whole(self) -> None:
        """PUT and PATCH of v2, v3 and the console."""
        for method, path in WHOLE:
            self.setUp()
            self.publish()
            self.assertEqual(self.ask(method, path, **OFF).status, 200, path)
            for _ in range(2):
                self.assertEqual(self.shown(), (3.0, False, {"v": "1", "x": "1"}), path)
                self.publish()

    def test_without_metadata(self) -> None:
        """Taken out of service, and nothing else."""
        for path in ("/v2/ns/instance", "/v3/admin/ns/instance", "/v3/console/ns/instance"):
            self.setUp()
            self.publish()
            self.data("PUT", path, **PLACE, weight=2, enabled="false")
            self.publish()
            self.assertEqual(self.shown(), (2.0, False, {"v": "1"}), path)

    def test_batches(self) -> None:
        """Keys that are put in, and keys that are taken out."""
        for path in BATCHES:
            self.setUp()
            self.publish()
            self.data("PUT", path, **KEYS)
            self.data("DELETE", path, **{**KEYS, "metadata": '{"v":""}'})
            for _ in range(2):
                self.assertEqual(self.shown(), (2.0, True, {"x": "1"}), path)
                self.publish()

    def test_v1(self) -> None:
        """By any agent; PATCH; and the batches."""
        query = "/v1/ns/instance?serviceName=p1&ip=10.0.0.1&port=8080&weight=3&enabled=false&metadata=x%3D1"
        batch = "/v1/ns/instance/metadata/batch?serviceName=p1&consistencyType=ephemeral&metadata=x%3D2"
        for method, headers in (("PUT", None), ("PUT", JAVA), ("PATCH", None)):
            self.setUp()
            self.area = InstancesV1("/v1/ns/instance", GUARD, Instances(self.naming))
            self.publish()
            self.ok(method, query, headers=headers)
            for _ in range(2):
                self.assertEqual(self.shown(), (3.0, False, {"v": "1", "x": "1"}), method)
                self.publish()
            self.assertEqual(self.reply("PUT", batch).status, 200)
            self.publish()
            self.assertEqual(self.shown(), (3.0, False, {"v": "1", "x": "2"}), method)

    def test_back_in_service_before_it_is_back(self) -> None:
        """The instance is gone for a moment: what the operator says meanwhile counts."""
        self.publish()
        self.data("PUT", "/v2/ns/instance", **OFF)
        self.change(EndClients(["c1"]))
        self.data("PUT", "/v2/ns/instance", **PLACE, weight=2)
        self.assertIsNone(self.one())
        self.publish()
        self.assertEqual(self.shown(), (2.0, True, {"v": "1", "x": "1"}))
