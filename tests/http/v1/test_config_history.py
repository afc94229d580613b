"""History, capacity, namespaces and operations on the wire."""

from __future__ import annotations

import uuid

import msgspec

from nacos_tw.config.families import config_families, config_monitor
from nacos_tw.config.limits import Limits
from nacos_tw.config.model import md5_of
from nacos_tw.http.reply import JSON as BARE_JSON
from nacos_tw.metrics.exposition import render
from tests.http.v1.configuring import CONFIGS, PLAIN, ConfigCase

HISTORY = "/v1/cs/history"
D = "dataId=d&group=g"


class History(ConfigCase):
    def setUp(self) -> None:
        super().setUp()
        self.publish("one", appName="app", src_user="me")
        self.now += 1500
        self.publish("two")

    def test_list(self) -> None:
        found = self.get_json(f"{HISTORY}?search=accurate&{D}&pageSize=1")
        self.assertEqual((found["totalCount"], found["pageNumber"], found["pagesAvailable"]), (2, 1, 2))
        self.assertEqual(
            found["pageItems"],
            [
                {
                    "id": "2",
                    "lastId": -1,
                    "dataId": "d",
                    "group": "g",
                    "tenant": "",
                    "appName": "app",
                    "md5": None,
                    "content": None,
                    "srcIp": "127.0.0.1",
                    "srcUser": None,
                    "opType": "U",
                    "publishType": "formal",
                    "grayName": "",
                    "extInfo": None,
                    "createdTime": "2026-11-23T15:58:19.089+00:00",
                    "lastModifiedTime": "2026-11-23T15:58:19.089+00:00",
                    "encryptedDataKey": "",
                }
            ],
        )
        self.assertEqual(len(self.get_json(f"{HISTORY}?search=accurate&{D}&pageSize=9999")["pageItems"]), 2)
        self.refused(
            self.reply("GET", f"{HISTORY}?search=accurate&{D}&pageNo=x"),
            "Failed to convert value of type 'java.lang.String' to required type 'java.lang.Integer'; nested exception "
            'is java.lang.NumberFormatException: For input string: "x"',
        )
        self.refused(
            self.reply("GET", f"{HISTORY}?search=accurate&{D}&pageNo=0"),
            "pageNo and pageSize must be greater than zero",
        )

    def test_one(self) -> None:
        found = self.get_json(f"{HISTORY}?{D}&nid=2")
        self.assertEqual((found["content"], found["md5"], found["opType"]), ("one", md5_of("one"), "U"))
        self.assertIsNone(self.get_json(f"{HISTORY}?{D}&nid=99"))
        for target in (f"{HISTORY}?dataId=e&group=g&nid=2", f"{HISTORY}?{D}&tenant=t&nid=2"):
            reply = self.reply("GET", target)
            self.assertEqual((reply.status, reply.body), (403, b"Please check dataId, group or namespaceId."))
        self.refused(self.reply("GET", f"{HISTORY}?{D}&nid=x"), 'For input string: "x"')

    def test_previous(self) -> None:
        self.assertEqual(self.get_json(f"{HISTORY}/previous?{D}&id=1")["content"], "one")
        self.assertIsNone(self.get_json(f"{HISTORY}/previous?{D}&id=99"))
        self.publish(dataId="e")
        self.assertEqual(self.reply("GET", f"{HISTORY}/previous?{D}&id=2").status, 403)

    def test_configs(self) -> None:
        (found,) = self.get_json(f"{HISTORY}/configs?tenant=")
        self.assertEqual((found["id"], found["dataId"], found["lastModified"]), ("1", "d", self.now))
        self.assertEqual(self.get_json(f"{HISTORY}/configs?tenant=t"), [])

    def test_roll_back_as_the_console_does(self) -> None:
        row = self.get_json(f"{HISTORY}?{D}&nid=2")
        self.publish(row["content"], appName=row["appName"], tenant=row["tenant"])
        self.assertEqual(self.get().body, b"one")


class Capacity(ConfigCase):
    TARGET = "/v1/cs/capacity"

    def shown(self, query: str) -> dict[str, object]:
        found: dict[str, object] = self.get_json(f"{self.TARGET}?{query}")["data"]
        return found

    def test_get(self) -> None:
        self.publish()
        self.publish(tenant="t")
        self.assertEqual(
            self.shown("group=g"),
            {
                "id": "2",
                "quota": 200,
                "usage": 1,
                "maxSize": 102400,
                "maxAggrCount": 10000,
                "maxAggrSize": 1024,
                "gmtCreate": None,
                "gmtModified": None,
                "group": "g",
            },
        )
        self.assertEqual((self.shown("tenant=t")["tenant"], self.shown("tenant=t&group=g")["usage"]), ("t", 1))
        whole = self.shown("group=")
        self.assertEqual((whole["quota"], whole["usage"], whole["group"]), (100_000, 2, ""))
        self.assertEqual(self.shown("group=new")["usage"], 0)

    def test_set(self) -> None:
        reply = self.reply("POST", self.TARGET, "group=g&quota=5&maxSize=")
        message = "successfully updated the capacity information configuration of group to g"
        self.assertEqual(msgspec.json.decode(reply.body), {"code": 200, "message": message, "data": True})
        self.assertEqual((self.shown("group=g")["quota"], self.shown("group=g")["maxSize"]), (5, 102400))
        self.assertIn(b"tenant to t", self.reply("POST", self.TARGET, "tenant=t&maxSize=1").body)
        self.assertEqual(self.shown("tenant=t")["maxSize"], 1)

    def test_refused(self) -> None:
        neither = "The parameter group and tenant cannot be empty at the same time"
        nothing = "The parameters quota, maxSize, maxAggrCount, maxAggrSize cannot be empty at the same time"
        for method, query, text in (
            ("GET", "", neither),
            ("GET", "tenant=", "tenant cannot be an empty string"),
            ("POST", "quota=1", neither),
            ("POST", "tenant=%20&quota=1", "parameter tenant is empty."),
            ("POST", "group=g", nothing),
        ):
            reply = self.reply(method, f"{self.TARGET}?{query}")
            found = {"code": 400, "message": text, "data": None}
            self.assertEqual((reply.status, msgspec.json.decode(reply.body)), (400, found))
        self.refused(self.reply("POST", self.TARGET, "group=g&quota=x"), 'For input string: "x"')


class Uncounted(ConfigCase):
    limits = Limits(counted=False)

    def test_no_usage(self) -> None:
        self.get_json("/v1/cs/capacity?group=g")
        self.publish()
        self.assertEqual(self.get_json("/v1/cs/capacity?group=g")["data"]["usage"], 0)


class Namespaces(ConfigCase):
    TARGET = "/v1/console/namespaces"

    def one(self, method: str, query: str) -> bytes:
        reply = self.reply(method, self.TARGET, query) if method != "GET" else self.reply("GET", self.TARGET + query)
        self.assertEqual((reply.status, reply.content_type), (200, BARE_JSON), reply.body)
        return reply.body

    def test_list(self) -> None:
        self.assertEqual(
            self.one("GET", ""),
            b'{"code":200,"message":null,"data":[{"namespace":"","namespaceShowName":"public",'
            b'"namespaceDesc":"Default Namespace","quota":200,"configCount":0,"type":0}]}',
        )
        self.one("POST", "customNamespaceId=ns-1&namespaceName=NS+1&namespaceDesc=about")
        self.publish(tenant="ns-1")
        public, other = msgspec.json.decode(self.one("GET", "?namespaceId="))["data"]
        self.assertEqual((public["namespace"], other["namespace"]), ("", "ns-1"))
        self.assertEqual((other["configCount"], other["type"], other["namespaceDesc"]), (1, 2, "about"))

    def test_create(self) -> None:
        create = "namespaceName=n&namespaceDesc=&customNamespaceId="
        self.assertEqual(self.one("POST", create + "+ns-1+"), b"true")
        for wrong in ("ns-1", "a.b", "x" * 129, "public", "null"):
            self.assertEqual(self.one("POST", create + wrong), b"false")
        self.assertEqual(self.one("POST", "customNamespaceId=b&namespaceName=a%40b"), b"false")
        self.assertEqual(self.one("POST", create), b"true")
        made = msgspec.json.decode(self.one("GET", ""))["data"][-1]["namespace"]
        self.assertEqual(str(uuid.UUID(made)), made)
        text = "Required request parameter '{}' for method parameter type String is not present"
        self.refused(self.reply("POST", self.TARGET, "namespaceName=n"), text.format("customNamespaceId"))
        self.refused(self.reply("POST", self.TARGET, "customNamespaceId="), text.format("namespaceName"))

    def test_detail(self) -> None:
        self.one("POST", "customNamespaceId=ns-1&namespaceName=N")
        self.assertEqual(
            self.one("GET", "?show=all&namespaceId=ns-1"),
            b'{"namespace":"ns-1","namespaceShowName":"N","quota":200,"configCount":0,"type":2,"namespaceDesc":null}',
        )
        self.assertIn(b'"namespaceShowName":"public"', self.one("GET", "?show=all&namespaceId="))
        self.assertIn(b'"type":0', self.one("GET", "?show=all&namespaceId=public"))
        self.refused(self.reply("GET", self.TARGET + "?show=all&namespaceId=no"), "namespaceId [ no ] not exist")

    def test_exists(self) -> None:
        self.one("POST", "customNamespaceId=ns-1&namespaceName=N")
        for number, expected in (("ns-1", b"true"), ("no", b"false"), ("", b"false")):
            self.assertEqual(self.one("GET", f"?checkNamespaceIdExist=true&customNamespaceId={number}"), expected)

    def test_edit_and_delete(self) -> None:
        self.one("POST", "customNamespaceId=ns-1&namespaceName=N")
        self.assertEqual(self.one("PUT", "namespace=ns-1&namespaceShowName=M&namespaceDesc=d"), b"true")
        self.assertIn(b'"namespaceShowName":"M"', self.one("GET", "?show=all&namespaceId=ns-1"))
        self.assertEqual(self.one("PUT", "namespace=no&namespaceShowName=M"), b"true")
        self.assertEqual(self.one("PUT", "namespace=ns-1&namespaceShowName=%40"), b"false")
        self.refused(
            self.reply("PUT", self.TARGET, f"namespace=ns-1&namespaceShowName=M&namespaceDesc={'x' * 257}"),
            "too long namespaceDesc, over 256",
        )
        self.publish(tenant="ns-1")
        for _ in range(2):
            self.assertEqual(self.one("DELETE", "namespaceId=ns-1"), b"true")
        self.assertEqual(len(msgspec.json.decode(self.one("GET", ""))["data"]), 1)
        self.assertEqual(self.get(tenant="ns-1").body, b"hello")


class Operations(ConfigCase):
    def test_health(self) -> None:
        reply = self.reply("GET", "/v1/cs/health")
        self.assertEqual((reply.status, reply.body, reply.content_type), (200, b"UP", PLAIN))

    def test_what_old_nodes_and_tools_call(self) -> None:
        self.assertEqual(self.reply("GET", f"/v1/cs/communication/dataChange?{D}").body, b"true")
        self.assertEqual(self.get_json("/v1/cs/metrics/cluster?ip=1.1.1.1"), {})
        self.assertEqual(self.get_json("/v1/cs/metrics/current?ip=1.1.1.1"), {})
        self.assertEqual(self.reply("GET", "/v1/cs/metrics/current").status, 400)

    def test_dump(self) -> None:
        dumped: list[bool] = []
        self.backend.compare_all = lambda: dumped.append(True)  # type: ignore[method-assign]
        reply = self.reply("POST", "/v1/cs/ops/localCache")
        self.assertEqual((reply.body, reply.content_type, dumped), (b"200", PLAIN, [True]))

    def test_log_level(self) -> None:
        self.assertEqual(self.reply("PUT", "/v1/cs/ops/log?logName=config&logLevel=debug").body, b"200")
        self.assertEqual(self.levels, [("config", "debug")])
        self.assertEqual(self.reply("PUT", "/v1/cs/ops/log?logName=config").status, 400)

    def test_what_there_is_not(self) -> None:
        for path in (b"/v1/cs/ops/derby", b"/v1/cs/ops/data/removal", b"/v1/cs/watcher"):
            self.assertNotIn(path, self.table)

    def test_metrics(self) -> None:
        self.publish("abc")
        lines = render(config_families(self.configs)).decode().splitlines()
        self.assertIn("nacos_config_count 1", lines)
        self.assertIn("nacos_config_resident_bytes 3", lines)
        self.assertIn("nacos_config_healthy 1", lines)
        self.assertEqual(config_monitor(self.configs), {"configCount": 1, "notifyTask": 0, "dumpTask": 0})

    def test_configs_are_read_only_by_get(self) -> None:
        self.publish()
        self.assertEqual(self.reply("GET", f"{CONFIGS}/?{D}").body, b"hello")
