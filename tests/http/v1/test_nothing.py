"""What real clients send for "nothing", on every route that takes such a parameter."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from nacos_tw.http.v1.beat import BeatsV1
from nacos_tw.http.v1.catalog import CatalogV1
from nacos_tw.http.v1.cluster import ServiceClustersV1
from nacos_tw.http.v1.instance import InstancesV1
from nacos_tw.naming.commands import CreateService
from nacos_tw.naming.operations.beats import Beats
from nacos_tw.naming.operations.instances import Instances
from nacos_tw.naming.operations.services import Services
from tests.http.v1.configuring import CONFIGS, ConfigCase
from tests.http.v1.fakes import GUARD, services_area
from tests.http.v1.local import JAVA, P1, LocalTestCase

WORDS = ("", "null", "None", "undefined")
NS = "/v1/ns"
ONE = {"serviceName": "p1", "ip": "10.0.0.1", "port": "8080"}
CLUSTER = {
    "serviceName": "p1", "clusterName": "DEFAULT", "checkPort": "80", "useInstancePort4Check": "true",
    "healthChecker": '{"type":"NONE"}',
}  # fmt: skip
WHERE = ("namespaceId", "groupName")
WRITTEN = (*WHERE, "clusterName", "cluster", "weight", "enabled", "enable", "healthy", "ephemeral", "metadata")
PLACE = (*WHERE, "clusterName")

NAMING: tuple[tuple[str, str, str, dict[str, str], tuple[str, ...]], ...] = (
    ("instance", "POST", f"{NS}/instance", ONE, WRITTEN),
    ("instance", "PUT", f"{NS}/instance", ONE, WRITTEN),
    ("instance", "PATCH", f"{NS}/instance", ONE, (*PLACE, "cluster", "weight", "enabled", "healthy", "metadata")),
    ("instance", "DELETE", f"{NS}/instance", ONE, (*PLACE, "cluster", "weight", "ephemeral")),
    ("instance", "GET", f"{NS}/instance", ONE, PLACE),
    ("instance", "PUT", f"{NS}/instance/metadata/batch", {"serviceName": "p1", "metadata": "{}"},
     (*WHERE, "consistencyType", "instances")),
    ("instance", "DELETE", f"{NS}/instance/metadata/batch", {"serviceName": "p1", "metadata": "{}"},
     (*WHERE, "consistencyType", "instances")),
    ("list", "GET", f"{NS}/instance/list", {"serviceName": "p1"},
     (*WHERE, "clusters", "udpPort", "healthyOnly", "clientIP", "isCheck", "env")),
    ("beat", "PUT", f"{NS}/instance/beat", ONE, (*PLACE, "beat")),
    ("service", "PUT", f"{NS}/service", {"serviceName": "p1", "protectThreshold": "0"},
     (*WHERE, "metadata", "selector")),
    ("service", "GET", f"{NS}/service", {"serviceName": "p1"}, WHERE),
    ("service", "GET", f"{NS}/service/list", {"pageNo": "1", "pageSize": "9"}, (*WHERE, "selector")),
    ("service", "GET", f"{NS}/service/names", {}, ("namespaceId", "expr")),
    ("service", "GET", f"{NS}/service/subscribers", {"serviceName": "p1", "aggregation": "false"},
     (*WHERE, "pageNo", "pageSize")),
    ("cluster", "PUT", f"{NS}/cluster", CLUSTER, (*WHERE, "metadata")),
    ("catalog", "GET", f"{NS}/catalog/services", {"pageNo": "1", "pageSize": "9"},
     ("namespaceId", "serviceNameParam", "groupNameParam", "instance", "hasIpCount", "withInstances")),
    ("catalog", "GET", f"{NS}/catalog/instances",
     {"serviceName": "p1", "clusterName": "DEFAULT", "pageNo": "1", "pageSize": "9"}, WHERE),
    ("catalog", "GET", f"{NS}/catalog/service", {"serviceName": "p1"}, WHERE),
)  # fmt: skip
"""Area, method, path, parameters that must be there, and those that may be nothing."""

CONFIG: tuple[tuple[str, str, dict[str, str], tuple[str, ...]], ...] = (
    ("POST", CONFIGS, {"dataId": "d", "group": "g", "content": "x"},
     ("tenant", "tag", "type", "config_tags", "encryptedDataKey")),
    ("GET", CONFIGS, {"dataId": "d", "group": "g"}, ("tenant", "tag")),
    ("GET", CONFIGS, {"dataId": "d", "group": "g", "show": "all"}, ("tenant",)),
    ("GET", CONFIGS, {"dataId": "", "group": "", "search": "blur", "pageNo": "1", "pageSize": "9"},
     ("tenant", "config_tags", "types")),
    ("GET", "/v1/cs/history", {"dataId": "d", "group": "g", "search": "accurate"}, ("tenant", "pageNo", "pageSize")),
    ("GET", "/v1/cs/capacity", {"group": "g"}, ("tenant",)),
    ("POST", "/v1/cs/capacity", {"group": "g", "quota": "9"}, ("tenant", "maxSize", "maxAggrCount", "maxAggrSize")),
    ("DELETE", CONFIGS, {"dataId": "e", "group": "g"}, ("tenant", "tag")),
)  # fmt: skip


class NamingTests(LocalTestCase):
    """Whatever stands for nothing is answered as if the parameter were not there."""

    def build(self, name: str) -> Any:
        naming: Any = self.naming
        return {
            "instance": lambda: InstancesV1(f"{NS}/instance", GUARD, Instances(naming)),
            "list": lambda: self.lists(),
            "beat": lambda: BeatsV1(f"{NS}/instance", GUARD, Beats(naming)),
            "service": lambda: services_area(naming),
            "cluster": lambda: ServiceClustersV1(GUARD, Services(naming)),
            "catalog": lambda: CatalogV1(GUARD, naming),
        }[name]()

    def answered(self, name: str, method: str, path: str, given: dict[str, str]) -> tuple[Any, Any]:
        """A fresh node's answer, and the instances that it has then."""
        self.setUp()
        self.change(CreateService(P1))
        self.add(weight=3.0)
        self.area = self.build(name)
        reply = self.reply(method, f"{path}?{urlencode(given)}", headers=JAVA)
        shown = {
            key: (each.cluster, each.weight, each.enabled, each.healthy, each.ephemeral, each.metadata)
            for service in self.naming.registry.services.values()
            for key, each in (*service.ephemeral.items(), *service.persistent.items())
        }
        return (reply.status, reply.body), shown

    def test_every_route(self) -> None:
        """For each route, parameter and word."""
        for name, method, path, needed, optional in NAMING:
            expected = self.answered(name, method, path, needed)
            self.assertEqual(expected[0][0], 200, (method, path, expected))
            for parameter in optional:
                for word in WORDS:
                    found = self.answered(name, method, path, {**needed, parameter: word})
                    if parameter == "metadata" and method == "PATCH" and word:
                        self.assertEqual(found[0], expected[0])  # replaces what there is by none
                    else:
                        self.assertEqual(found, expected, (method, path, parameter, word))

    def test_metadata_of_a_batch(self) -> None:
        """It has to be there; a map that is none is empty."""
        for word in WORDS[1:]:
            answer, _ = self.answered(
                "instance", "PUT", f"{NS}/instance/metadata/batch",
                {"serviceName": "p1", "consistencyType": "ephemeral", "metadata": word},
            )  # fmt: skip
            self.assertEqual(answer[0], 200, word)

    def test_comma_at_the_end(self) -> None:
        """Java's split knows no empty part there."""
        _, shown = self.answered("instance", "POST", f"{NS}/instance", {**ONE, "metadata": "a=1,b=2,"})
        self.assertEqual([each[-1] for each in shown.values()], [{"a": "1", "b": "2"}])


class ConfigTests(ConfigCase):
    """The same of the configuration centre."""

    def test_every_route(self) -> None:
        """For each route, parameter and word."""
        for method, path, needed, optional in CONFIG:
            expected = self.answered(method, path, needed)
            self.assertEqual(expected[0], 200, (method, path, expected))
            for parameter in optional:
                for word in WORDS:
                    found = self.answered(method, path, {**needed, parameter: word})
                    self.assertEqual(found, expected, (method, path, parameter, word))

    def answered(self, method: str, path: str, given: dict[str, str]) -> tuple[int, bytes]:
        self.setUp()
        self.publish()
        reply = self.reply(method, f"{path}?{urlencode(given)}")
        return reply.status, reply.body
