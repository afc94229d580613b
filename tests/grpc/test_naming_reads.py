"""What clients read of the registry, to the byte of the JSON (docs/spec/grpc.md#7)."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.identity import Identity, Permission
from nacos_tw.naming.commands import Deregister, Register, UpdateService
from tests.grpc.registry import do, naming_server

S = ("public", "G@@s")


class Case(SynchronousTestCase):
    """A client and a registry."""

    def setUp(self) -> None:
        self.server = naming_server()
        self.naming = self.server.naming
        self.client = self.server.client()
        self.client.setup()

    def ask(self, type_: str, **members: Any) -> tuple[str, dict[str, Any]]:
        kind, body = self.client.ask(type_, {"namespace": "public", **members})
        return kind, msgspec.json.decode(body)

    def info(self, **members: Any) -> dict[str, Any]:
        kind, body = self.ask("ServiceQueryRequest", **{"serviceName": "s", "groupName": "G", **members})
        self.assertEqual((kind, body["resultCode"]), ("QueryServiceResponse", 200))
        found: dict[str, Any] = body["serviceInfo"]
        return found

    def refused(self, type_: str, kind: str, result: int, code: int, text: str, **members: Any) -> None:
        found, body = self.ask(type_, **members)
        self.assertEqual(found, kind)
        self.assertEqual((body["resultCode"], body["errorCode"], body["message"]), (result, code, text))
        self.assertIs(body["success"], False)

    def register(self, ip: str, service: tuple[str, str] = S, **more: Any) -> None:
        do(self.naming, Register(service, ip, 80, **more))


class QueryTests(Case):
    """ServiceQueryRequest."""

    def test_bytes(self) -> None:
        """No member is null; instanceIdGenerator is there only where the metadata are empty."""
        self.register("10.0.0.1", weight=2.5)
        self.register("10.0.0.2", metadata={"a": "b"}, cluster="c")
        number = self.info()["lastRefTime"]
        body = self.client.ask("ServiceQueryRequest", {"serviceName": "s", "groupName": "G"})[1]
        expected = (
            '{"resultCode":200,"errorCode":0,"serviceInfo":{"name":"s","groupName":"G","clusters":"",'
            '"cacheMillis":10000,"hosts":[{"instanceId":"10.0.0.1#80#DEFAULT#G@@s","ip":"10.0.0.1","port":80,'
            '"weight":2.5,"healthy":true,"enabled":true,"ephemeral":true,"clusterName":"DEFAULT",'
            '"serviceName":"G@@s","metadata":{},"instanceHeartBeatInterval":5000,"instanceHeartBeatTimeOut":15000,'
            '"ipDeleteTimeout":30000,"instanceIdGenerator":"simple"},{"instanceId":"10.0.0.2#80#c#G@@s",'
            '"ip":"10.0.0.2","port":80,"weight":1.0,"healthy":true,"enabled":true,"ephemeral":true,'
            '"clusterName":"c","serviceName":"G@@s","metadata":{"a":"b"},"instanceHeartBeatInterval":5000,'
            f'"instanceHeartBeatTimeOut":15000,"ipDeleteTimeout":30000}}],"lastRefTime":{number},"checksum":"",'
            '"allIPs":false,"allIps":false,"reachProtectionThreshold":false,"valid":true},"success":true}'
        )
        self.assertEqual(body.decode(), expected)

    def test_asked_again(self) -> None:
        """An answer that is given again is that of now, and for who may have it."""
        for ip in ("10.0.0.1", "10.0.0.2"):
            self.register(ip)
            for healthy in (True, False, True):
                found = self.info(healthyOnly=healthy)
                self.assertEqual(found["hosts"][-1]["ip"], ip)
        do(self.naming, Deregister(S, "10.0.0.2", 80))
        self.assertEqual([len(self.info()["hosts"]) for _ in range(2)], [1, 1])
        self.server.dispatcher.identify = lambda headers, address: Identity("ann", False, [])
        self.assertEqual(self.ask("ServiceQueryRequest", serviceName="s", groupName="G")[1]["errorCode"], 403)

    def test_no_service(self) -> None:
        """One that does not exist is empty."""
        found = self.info()
        self.assertEqual((found["name"], found["hosts"], found["valid"]), ("s", [], True))
        self.assertEqual(self.naming.registry.services, {})

    def test_clusters(self) -> None:
        """A comma list chooses; disabled instances are never shown."""
        for ip, cluster in (("10.0.0.1", "a"), ("10.0.0.2", "b"), ("10.0.0.3", "c")):
            self.register(ip, cluster=cluster)
        self.register("10.0.0.4", cluster="a", enabled=False)
        found = self.info(cluster="a,c")
        self.assertEqual([host["ip"] for host in found["hosts"]], ["10.0.0.1", "10.0.0.3"])
        self.assertEqual(found["clusters"], "a,c")
        self.assertEqual(self.info(cluster="none")["hosts"], [])

    def test_health(self) -> None:
        """healthyOnly leaves out who is not; where too few are, all are shown as healthy."""
        self.register("10.0.0.1")
        self.register("10.0.0.2", healthy=False)
        shown = {host["ip"]: host["healthy"] for host in self.info()["hosts"]}
        self.assertEqual(shown, {"10.0.0.1": True, "10.0.0.2": False})
        self.assertEqual([host["ip"] for host in self.info(healthyOnly=True)["hosts"]], ["10.0.0.1"])
        do(self.naming, UpdateService(S, 0.5, {}))
        found = self.info()
        self.assertEqual({host["ip"]: host["healthy"] for host in found["hosts"]},
                         {"10.0.0.1": True, "10.0.0.2": True})  # fmt: skip
        self.assertIs(found["reachProtectionThreshold"], True)
        found = self.info(healthyOnly=True)
        self.assertEqual([host["ip"] for host in found["hosts"]], ["10.0.0.1"])
        self.assertIs(found["reachProtectionThreshold"], False)
        self.assertIs(self.info(cluster="none")["reachProtectionThreshold"], False)

    def test_health_without_settings(self) -> None:
        """Nobody has set anything of the service: its only instance is shown as unhealthy."""
        for ephemeral in (True, False):
            key = ("public", f"G@@of-{ephemeral}")
            self.register("10.0.0.1", key, healthy=False, ephemeral=ephemeral)
            for only in (False, True):
                found = self.info(serviceName=key[1][3:], healthyOnly=only)
                self.assertEqual([host["healthy"] for host in found["hosts"]], [] if only else [False], key)
                self.assertIs(found["reachProtectionThreshold"], False)
            do(self.naming, UpdateService(key, 0.1, {}))
            found = self.info(serviceName=key[1][3:])
            self.assertEqual([host["healthy"] for host in found["hosts"]], [True], key)
            self.assertIs(found["reachProtectionThreshold"], True)

    def test_numbers_grow(self) -> None:
        """What has changed has a greater lastRefTime, within a millisecond too; what has not has the same."""
        seen = [self.info()["lastRefTime"]]
        for number in range(20):
            self.register(f"10.0.0.{number}")
            seen.append(self.info()["lastRefTime"])
            self.assertEqual(self.info()["lastRefTime"], seen[-1])
        self.assertEqual(seen, sorted(set(seen)))

    def test_no_namespace(self) -> None:
        """Some clients name none, or null, and mean the public one."""
        self.register("10.0.0.1")
        self.register("10.0.0.2", ("dev", "G@@s"))
        for namespace in ("", None, "null", "public", "dev"):
            ip = "10.0.0.2" if namespace == "dev" else "10.0.0.1"
            self.assertEqual([host["ip"] for host in self.info(namespace=namespace)["hosts"]], [ip])

    def test_checks(self) -> None:
        """Names that cannot be, in the response of its own type; blank ones as an error."""
        start = "Param check invalid:Param "
        end = ", illegal characters should not appear in the param."
        kind = "QueryServiceResponse"
        for members, text in (
            ({"namespace": "a b"}, f"{start}'namespaceId/tenant' is illegal{end}"),
            ({"serviceName": "a b"}, f"{start}'serviceName' is illegal{end}"),
            ({"groupName": "a b"}, f"{start}'group' is illegal{end}"),
            ({"cluster": "a,b c"}, f"{start}'cluster' is illegal{end}"),
            ({"serviceName": "x" * 513}, f"{start}'serviceName' is illegal, the param length should not exceed 512."),
        ):
            self.refused(
                "ServiceQueryRequest", kind, 500, 400, text, **{"serviceName": "s", "groupName": "G", **members}
            )
        text = "Param 'groupName' is illegal, groupName is blank"
        self.refused("ServiceQueryRequest", "ErrorResponse", 500, 500, text, serviceName="s")
        text = "Param 'serviceName' is illegal, serviceName is blank"
        self.refused("ServiceQueryRequest", "ErrorResponse", 500, 500, text, groupName="G")

    def test_rights(self) -> None:
        """Who may read this service, and no other."""
        someone = Identity("ann", False, [Permission("r", "public:G:naming/s", "r")])
        self.server.dispatcher.identify = lambda headers, address: someone
        self.info()
        kind, text = "QueryServiceResponse", "Validate Authority failed."
        self.refused("ServiceQueryRequest", kind, 500, 403, text, serviceName="other", groupName="G")


class NamesTests(Case):
    """ServiceListRequest."""

    def test_names(self) -> None:
        """Pages of a group's names, sorted, without the group; the count is of all."""
        for name in ("G@@b", "G@@c", "G@@a", "H@@d"):
            self.register("10.0.0.1", ("public", name))
        self.register("10.0.0.1", ("dev", "G@@e"))
        found = self.client.ask(
            "ServiceListRequest", {"namespace": "public", "groupName": "G", "pageNo": 1, "pageSize": 2}
        )
        expected = b'{"resultCode":200,"errorCode":0,"count":3,"serviceNames":["a","b"],"success":true}'
        self.assertEqual(found, ("ServiceListResponse", expected))
        _, body = self.ask("ServiceListRequest", groupName="G", pageNo=2, pageSize=2)
        self.assertEqual((body["count"], body["serviceNames"]), (3, ["c"]))
        _, body = self.ask("ServiceListRequest", groupName="none", pageNo=1, pageSize=2)
        self.assertEqual((body["count"], body["serviceNames"]), (0, []))

    def test_rights(self) -> None:
        """It takes the right to read all of the group."""
        kind, text = "ServiceListResponse", "Validate Authority failed."
        for resource, may in (("public:G:naming/*", True), ("public:*:*", True), ("public:G:naming/s", False)):
            someone = Identity("ann", False, [Permission("r", resource, "r")])
            self.server.dispatcher.identify = lambda headers, address, someone=someone: someone  # type: ignore[misc]
            if may:
                self.assertEqual(self.ask("ServiceListRequest", groupName="G")[1]["resultCode"], 200)
            else:
                self.refused("ServiceListRequest", kind, 500, 403, text, groupName="G")
