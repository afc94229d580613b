"""Export, import and clone on the wire."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from nacos_tw.config import exporting
from nacos_tw.http.listener import FrontFactory
from nacos_tw.http.reply import Reply
from nacos_tw.http.v1.configs import ConfigsV1
from nacos_tw.settings.settings import HttpSettings
from tests.http.carriers import Client, get
from tests.http.v1.configuring import CONFIGS, ConfigCase

BOUNDARY = "----WebKitFormBoundaryx"


def archive(entries: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in entries.items():
            made.writestr(name, text)
    return out.getvalue()


def form(data: bytes, **fields: str) -> bytes:
    """A multipart body as a browser sends it."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts.append(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="导出.zip"\r\n'
        "Content-Type: application/x-zip-compressed\r\n\r\n".encode()
        + data
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )
    return b"".join(parts)


class Export(ConfigCase):
    def entries(self, query: str) -> dict[str, str | bytes]:
        reply = self.reply("GET", f"{CONFIGS}?{query}")
        self.assertEqual((reply.status, reply.content_type), (200, b"application/octet-stream;charset=UTF-8"))
        self.assertEqual(
            reply.headers,
            ((b"Content-Disposition", b"attachment;filename=nacos_config_export_20261123155817.zip"),),
        )
        with zipfile.ZipFile(io.BytesIO(reply.body)) as read:
            return {name: read.read(name).decode() for name in read.namelist()}

    def setUp(self) -> None:
        super().setUp()
        self.publish("a", dataId="ex.yaml", group="EX", appName="app1", desc="exdesc", type="yaml")
        self.publish("中", dataId="数据", group="EX")
        self.publish("t", dataId="t", tenant="t")

    def test_version_1(self) -> None:
        self.assertEqual(
            self.entries("export=true&ids="),
            {"EX/ex.yaml": "a", "EX/数据": "中", ".meta.yml": "EX.ex~yaml.app=app1\r\n"},
        )
        self.assertEqual(self.entries("export=true&ids=&tenant=t"), {"g/t": "t"})

    def test_version_2(self) -> None:
        entries = self.entries("exportV2=true&ids=&dataId=*.yaml&group=EX")
        described = "metadata:\n- appName: app1\n  dataId: ex.yaml\n  desc: exdesc\n  group: EX\n  type: yaml\n"
        self.assertEqual(entries, {"EX/ex.yaml": "a", ".metadata.yml": described})

    def test_ids_win(self) -> None:
        self.assertEqual(self.entries("export=true&ids=3,2,3&dataId=no&tenant=no"), {"EX/数据": "中", "g/t": "t"})

    def test_ids_are_asked_for(self) -> None:
        text = "Required request parameter 'ids' for method parameter type String is not present"
        result = self.call("GET", f"{CONFIGS}?export=true")
        assert isinstance(result, Deferred)
        self.refused(self.successResultOf(result), text)

    def test_round_trip(self) -> None:
        self.reply("POST", "/v1/console/namespaces", "customNamespaceId=copy&namespaceName=n")
        big = "x" * (2 * 1024 * 1024) + "\r\n end "
        self.publish(big, dataId="big.properties", group="EX", desc="line\nother: '\"", type="properties")
        for version in ("export=true", "exportV2=true"):
            data = self.reply("GET", f"{CONFIGS}?{version}&ids=&group=EX").body
            headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
            target = f"{CONFIGS}?import=true&namespace=copy&policy=OVERWRITE"
            found = msgspec.json.decode(self.reply("POST", target, form(data), headers).body)
            self.assertEqual(found["data"], {"succCount": 3, "skipCount": 0})
        for name, group in (("ex.yaml", "EX"), ("数据", "EX"), ("big.properties", "EX")):
            before, after = (
                self.get_json(f"{CONFIGS}?show=all&dataId={name}&group={group}&tenant={tenant}")
                for tenant in ("", "copy")
            )
            for field in ("content", "type", "desc", "appName"):
                self.assertEqual(before[field], after[field], (name, field))


class Importing(ConfigCase):
    def take(self, entries: Mapping[str, str | bytes] | bytes, query: str = "", **fields: str) -> dict[str, Any]:
        """The answer to an import."""
        data = entries if isinstance(entries, bytes) else archive(entries)
        reply = self.sent(form(data, **fields), query)
        self.assertEqual(reply.status, 200, reply.body)
        found: dict[str, Any] = msgspec.json.decode(reply.body)
        return found

    def sent(self, body: bytes, query: str = "") -> Reply:
        headers = {"Content-Type": f'Multipart/form-data; charset=utf-8; boundary="{BOUNDARY}"'}
        return self.reply("POST", f"{CONFIGS}?import=true{query}", body, headers)

    def test_abort(self) -> None:
        self.publish(dataId="b")
        found = self.take({"g/a": "1", "g/b": "2", "g/c": "3"})
        self.assertEqual((found["code"], found["message"]), (200, "import success"))
        self.assertEqual(
            found["data"],
            {
                "succCount": 1,
                "skipCount": 1,
                "failData": [{"dataId": "b", "group": "g"}],
                "skipData": [{"dataId": "c", "group": "g"}],
            },
        )
        self.assertEqual((self.get(dataId="a").body, self.get(dataId="b").body), (b"1", b"hello"))
        self.assertEqual(self.get(dataId="c").status, 404)

    def test_skip_and_overwrite(self) -> None:
        self.publish(dataId="b")
        found = self.take({"g/a": "1", "g/b": "2"}, policy="SKIP")["data"]
        skipped = [{"dataId": "b", "group": "g"}]
        self.assertEqual(found, {"succCount": 1, "skipCount": 1, "skipData": skipped})
        found = self.take({"g/a": "3", "g/b": "4"}, "&policy=OVERWRITE", policy="SKIP")["data"]
        self.assertEqual(found, {"succCount": 2, "skipCount": 0})
        self.assertEqual((self.get(dataId="a").body, self.get(dataId="b").body), (b"3", b"4"))

    def test_abort_in_a_later_batch(self) -> None:
        self.patch(exporting, "BATCH", 1)
        self.publish(dataId="b")
        found = self.take({"g/a": "1", "g/b": "2", "g/c": "3", "g/d": "4"})["data"]
        self.assertEqual([each["dataId"] for each in found["skipData"]], ["c", "d"])

    def test_listeners_are_told(self) -> None:
        body = "Listening-Configs=a%02g%02%01"
        poll = self.call("POST", f"{CONFIGS}/listener", body, {"Long-Pulling-Timeout": "30000"})
        self.take({"g/a": "1"})
        self.clock.advance(0)
        assert isinstance(poll, Deferred)
        self.assertEqual(self.successResultOf(poll).body, b"a%02g%01\n")

    def test_types_and_applications_of_version_1(self) -> None:
        self.take({"g/a.yml": "1", "g/b": "2", ".meta.yml": "g.a~yml.app=one\rg.b.app=two\nnothing\r\n"})
        found = [self.get_json(f"{CONFIGS}?show=all&dataId={name}&group=g") for name in ("a.yml", "b")]
        self.assertEqual([(each["type"], each["appName"]) for each in found], [("yaml", "one"), ("text", "two")])

    def test_unrecognized(self) -> None:
        found = self.take({"a/b/c": "1", "top": "2", "g/a": "3"})["data"]
        self.assertEqual((found["succCount"], found["unrecognizedCount"]), (1, 2))
        self.assertEqual(found["unrecognizedData"], [{"itemName": "a/b/c"}, {"itemName": "top"}])
        described = "metadata:\n- {}dataId: no\n  group: g\n  type: text\n"
        found = self.take({"g/x": "1", ".metadata.yml": described.format("")})
        self.assertEqual(found["code"], 100005)
        names = ["未在文件中找到: g/no", "未在元数据中找到: g/x"]
        self.assertEqual([each["itemName"] for each in found["data"]["unrecognizedData"]], names)

    def test_left_behind(self) -> None:
        """What file managers and editors leave in archives is no config, unless the metadata say so."""
        junk = ("__MACOSX/._a", "g/._a", "g/.DS_Store", "g/Thumbs.db", "g/desktop.ini", "g/.a.swp", "g/a~", "g/~$a")
        data = self.take({"g/a": "1", **dict.fromkeys(junk, b"\xff\x00")})["data"]
        self.assertEqual((data["succCount"], [each["itemName"] for each in data["unrecognizedData"]]), (1, [*junk]))
        described = "metadata:\n- {dataId: desktop.ini, group: g, type: text}\n"
        self.assertEqual(self.take({"g/desktop.ini": "1", ".metadata.yml": described})["data"]["succCount"], 1)

    def test_unreadable(self) -> None:
        """Entries that are no text are named; nothing is imported, or the rest."""
        entries: dict[str, str | bytes] = {"g/a": "1", "g/photo": b"\xff\xd8\xff", "g/b": "2"}
        found = self.take(entries)
        self.assertEqual((found["code"], found["data"]["succCount"], len(self.cache)), (100004, 0, 0))
        self.assertEqual(found["data"]["unreadableData"], [{"itemName": "g/photo"}])
        found = self.take(entries, "&unreadable=skip")
        self.assertEqual((found["code"], found["data"]["succCount"], len(self.cache)), (200, 2, 2))
        self.assertEqual(found["data"]["unreadableData"], [{"itemName": "g/photo"}])
        self.assertEqual(self.sent(form(archive(entries)), "&unreadable=perhaps").status, 400)
        described = "metadata:\n" + "".join(f"- {{dataId: {name}, group: g, type: text}}\n" for name in ("a", "photo"))
        found = self.take({**entries, ".metadata.yml": described}, "&unreadable=skip&policy=OVERWRITE")
        self.assertEqual(found["data"]["succCount"], 1)
        self.assertEqual(found["data"]["unrecognizedData"], [{"itemName": "未在元数据中找到: g/b"}])

    def test_line_of_the_metadata(self) -> None:
        found = self.take({"g/a": "1", ".metadata.yml": "metadata:\n- dataId: a\n  group: 'g\n"})
        self.assertEqual(found["code"], 100002)
        self.assertIn("line 4", found["message"])

    def test_into_a_namespace(self) -> None:
        found = self.take({"g/a": "1"}, "&namespace=no")
        self.assertEqual((found["code"], found["message"]), (100001, "目标 namespace 不存在"))
        self.reply("POST", "/v1/console/namespaces", "customNamespaceId=t&namespaceName=n")
        self.assertEqual(self.take({"g/a": "1"}, "&namespace=t&src_user=me")["data"]["succCount"], 1)
        self.assertEqual(self.get(dataId="a", tenant="t").body, b"1")
        self.assertEqual(self.take({"g/a": "1"}, "&namespace=public")["data"]["succCount"], 1)

    def test_one_at_a_time(self) -> None:
        """Archives wait for each other, and not too many do."""
        turn = next(area for area in self.areas if isinstance(area, ConfigsV1)).transfer.transfers._turn
        self.successResultOf(turn.acquire())
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}

        def begin() -> Any:
            return self.call("POST", f"{CONFIGS}?import=true&policy=SKIP", form(archive({"g/a": "1"})), headers)

        waiting = [begin() for _ in range(8)]
        refused = self.successResultOf(begin())
        self.assertEqual((refused.status, refused.body), (503, b"caused: too many archives are being imported;"))
        waiting.pop().cancel()
        waiting.append(begin())
        for deferred in waiting:
            self.assertNoResult(deferred)
        turn.release()
        self.assertEqual([self.successResultOf(deferred).status for deferred in waiting], [200] * 8)

    def test_nothing_to_import(self) -> None:
        self.assertEqual(self.take({"g/a": "1", ".metadata.yml": "metadata:\n- group: g\n"})["code"], 100002)
        self.assertEqual(self.take(b"no archive")["code"], 100004)
        found = self.take({})
        self.assertEqual((found["code"], found["data"]), (100005, {"succCount": 0}))
        without = msgspec.json.decode(self.sent(b"").body)
        self.assertEqual((without["code"], without["data"]), (100005, {}))
        broken = msgspec.json.decode(self.sent(b"--x").body)
        self.assertEqual(broken["code"], 100005)

    def test_what_may_not_be_stored(self) -> None:
        for entries, text in (
            ({"g/a": "1", "g/b c": "2"}, "invalid dataId : b c"),
            ({"g/a": "1", "g/b": " "}, "content is blank :  "),
        ):
            self.refused(self.sent(form(archive(entries))), text)
            self.assertEqual(len(self.cache), 0)
        self.assertEqual(self.sent(form(archive({"g/a": "1"}), policy="BAD")).status, 400)

    def test_through_the_carriers(self) -> None:
        clock = Clock()
        clock.advance(1_700_000_000)
        factory = FrontFactory(self.areas, "/nacos", HttpSettings(), clock)
        factory.doStart()
        protocol = factory.buildProtocol(StringTransport().getPeer())
        assert protocol is not None
        client = Client(protocol)
        data = archive({"g/a": "\r\n1\r\n--" + BOUNDARY})
        body = form(data, policy="SKIP")
        request = get(
            f"/nacos{CONFIGS}?import=true&namespace=",
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
            method="POST",
            body=body,
        )
        client.send(request[:500])
        client.send(request[500:])
        (got,) = client.got()
        self.assertEqual((got.status, msgspec.json.decode(got.body)["data"]["succCount"]), (200, 1), got)
        self.assertEqual(self.get(dataId="a").body, b"\r\n1\r\n--" + BOUNDARY.encode())


class Clone(ConfigCase):
    def clone(self, body: str, query: str = "tenant=t") -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        reply = self.reply("POST", f"{CONFIGS}?clone=true&{query}", body, headers)
        self.assertEqual(reply.status, 200, reply.body)
        found: dict[str, Any] = msgspec.json.decode(reply.body)
        return found

    def setUp(self) -> None:
        super().setUp()
        self.publish("a", type="yaml", desc="about", appName="app")
        self.reply("POST", "/v1/console/namespaces", "customNamespaceId=t&namespaceName=n")

    def test_copy(self) -> None:
        found = self.clone('[{"cfgId":"1","dataId":"","group":null},{"cfgId":1},null]')
        self.assertEqual(
            found, {"code": 200, "message": "Clone Completed Successfully", "data": {"succCount": 1, "skipCount": 0}}
        )
        copy = self.get_json(f"{CONFIGS}?show=all&dataId=d&group=g&tenant=t")
        self.assertEqual((copy["content"], copy["type"], copy["desc"], copy["appName"]), ("a", "yaml", "about", "app"))

    def test_other_name(self) -> None:
        self.clone('[{"cfgId":"1","dataId":"e","group":"h"}]', "tenant=public&policy=SKIP")
        self.assertEqual(self.get(dataId="e", group="h").body, b"a")
        again = self.clone('[{"cfgId":"1","dataId":"e","group":"h"}]', "tenant=&policy=SKIP")["data"]
        self.assertEqual((again["succCount"], again["skipCount"]), (0, 1))

    def test_nothing(self) -> None:
        self.assertEqual(self.clone("[]")["code"], 100006)
        self.assertEqual(self.clone('[{"cfgId":"1"}]', "tenant=no")["code"], 100001)
        self.assertEqual(self.clone('[{"cfgId":"9"}]')["code"], 100005)
        for body in ("{", '[{"cfgId":"x"}]', '[{"dataId":"x"}]', '[{"cfgId":"1","dataId":"a b"}]'):
            result = self.call("POST", f"{CONFIGS}?clone=true&tenant=t", body, {"Content-Type": "application/json"})
            assert isinstance(result, Deferred)
            self.assertEqual(self.successResultOf(result).status, 400)
