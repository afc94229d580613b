"""What the configuration centre does on every storage; each set-up runs all of it."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import Any

from tests.system.config_nodes import (
    CONFIGS,
    GROUP,
    NAMESPACES,
    ConfigCase,
    ConfigCluster,
    Poll,
    at_once,
    get,
    history,
    md5,
    past,
    past_contents,
    publish,
    read,
    remove,
)
from tests.system.nodes import Answer, RealNode, wait_for

BOUNDARY = "xXx-boundary-xXx"
MEBI = 1024 * 1024


class Set(ConfigCase):
    """
    One set-up whose nodes all tests of a class share; each test has configs of its own name.

    @ivar widest: a character that this storage keeps, and that takes many bytes.
    """

    widest = "\U0001f600"

    def found(self) -> ConfigCluster:
        """The nodes."""
        raise NotImplementedError

    def setUp(self) -> None:
        super().setUp()
        self.nodes = self.found().nodes
        self.first, self.last = self.nodes[0], self.nodes[-1]

    def everywhere(self, content: str | None, data_id: str = "", **more: str) -> None:
        self.assertEverywhere(self.nodes, data_id or self.name, content, **more)

    def published(self, content: str, data_id: str = "", node: RealNode | None = None, **more: Any) -> None:
        self.assertTrueAnswer(publish(node or self.first, data_id or self.name, content, **more))

    def namespace(self) -> str:
        """A new one."""
        number = f"ns-{uuid.uuid4()}"
        created = {"customNamespaceId": number, "namespaceName": "name", "namespaceDesc": "描述"}
        self.assertTrueAnswer(self.first.request("POST", NAMESPACES, created))
        return number


class SdkTests:
    """nacos-sdk-python 0.1."""

    def test_sdk(self: Any) -> None:
        """Publish at one node, get, list, change and remove at others; what is gone is None."""
        one, other = self.sdk(self.first), self.sdk(self.last)
        self.assertIs(one.get_config(self.name, GROUP), None)
        content = f"k: v # 配置 {self.widest} +%&=\n"
        self.assertTrue(one.publish_config(self.name, GROUP, content, app_name="app", config_type="yaml"))
        self.assertEqual(one.get_config(self.name, GROUP), content)
        for node in self.nodes:
            client = self.sdk(node)
            wait_for(lambda client=client: client.get_config(self.name, GROUP) == content, 5)
            row = node.request("GET", CONFIGS, {"dataId": self.name, "group": GROUP, "show": "all"}).json
            self.assertEqual((row["appName"], row["type"], row["md5"]), ("app", "yaml", md5(content)))
        self.assertTrue(other.publish_config(self.name, GROUP, "second"))
        self.assertEqual(other.get_config(self.name, GROUP), "second")
        self.everywhere("second")
        listed = one.get_configs(group=GROUP)["pageItems"]
        self.assertIn((self.name, "second"), [(item["dataId"], item["content"]) for item in listed])
        self.assertTrue(one.remove_config(self.name, GROUP))
        self.assertIs(one.get_config(self.name, GROUP), None)
        self.everywhere(None)
        self.assertEqual(past_contents(self.first, self.name), [("I", content), ("U", content), ("D", "second")])

    def test_sdk_listeners(self: Any) -> None:
        """Listeners of the client at every node hear of a publish, an update and a removal at one of them."""
        self.published("v1")
        self.everywhere("v1")
        heard = [self.watch(self.sdk(node), self.name) for node in self.nodes]
        self.assertTrue(self.sdk(self.first).publish_config(self.name, GROUP, "v2"))
        for one in heard:
            wait_for(lambda one=one: "v2" in one, 10, "listeners to hear of v2")
        self.assertTrue(self.sdk(self.last).publish_config(self.name, GROUP, "v3"))
        for one in heard:
            wait_for(lambda one=one: one[-1] == "v3", 10, "listeners to hear of v3")
        self.assertTrue(self.sdk(self.first).remove_config(self.name, GROUP))
        for one in heard:
            wait_for(lambda one=one: one[-1] is None, 10, "listeners to hear of the removal")

    def test_sdk_namespace(self: Any) -> None:
        """The same name in a namespace is another config; listeners there hear nothing of the public one."""
        number = self.namespace()
        self.published("public")
        inside = self.sdk(self.first, namespace=number)
        self.assertIs(inside.get_config(self.name, GROUP), None)
        self.assertTrue(inside.publish_config(self.name, GROUP, "inside"))
        self.everywhere("public")
        self.everywhere("inside", tenant=number)
        heard = self.watch(self.sdk(self.last, namespace=number), self.name)
        self.published("public 2")
        self.assertTrue(inside.publish_config(self.name, GROUP, "inside 2"))
        wait_for(lambda: heard, 10, "the listener in the namespace")
        self.assertEqual(heard, ["inside 2"])
        for node in self.nodes:
            spaces = {one["namespace"]: one for one in node.request("GET", NAMESPACES).json["data"]}
            self.assertEqual((spaces[number]["configCount"], spaces[number]["namespaceDesc"]), (1, "描述"))
            self.assertEqual(spaces[""]["namespaceShowName"], "public")
        self.assertTrue(inside.remove_config(self.name, GROUP))
        self.assertTrueAnswer(self.last.request("DELETE", NAMESPACES, {"namespaceId": number}))
        for node in self.nodes:
            wait_for(lambda node=node: number not in node.request("GET", NAMESPACES).text, 5)
        self.everywhere("public 2")


class GrayTests:
    """Copies for some clients."""

    def test_beta(self: Any) -> None:
        """Clients in the list get the beta copy at every node, over get and over listening; nobody else does."""
        self.published("main")
        self.published("beta", headers={"betaIps": "10.9.0.1,10.9.0.2"}, node=self.last)
        self.everywhere("beta", ip="10.9.0.1")
        self.everywhere("main", ip="10.9.0.3")
        for node in self.nodes:
            answers = [get(node, self.name, {"X-Forwarded-For": ip}) for ip in ("10.9.0.2", "10.9.0.3")]
            self.assertEqual([answer.headers.get("isbeta") for answer in answers], ["true", None])
            self.assertEqual([answer.headers["content-md5"] for answer in answers], [md5("beta"), md5("main")])
            self.assertEqual(Poll(node, {self.name: md5("main")}, "10.9.0.1").changed(), {self.name})
            self.assertEqual(Poll(node, {self.name: md5("beta")}, "10.9.0.3").changed(), {self.name})
        inside = [Poll(node, {self.name: md5("beta")}, "10.9.0.1").wait() for node in self.nodes]
        outside = [Poll(node, {self.name: md5("main")}, "10.9.0.3").wait() for node in self.nodes]
        self.published("beta 2", headers={"betaIps": "10.9.0.1,10.9.0.2"})
        self.assertEqual([poll.changed() for poll in inside], [{self.name}] * len(self.nodes))
        self.everywhere("beta 2", ip="10.9.0.1")
        self.assertEqual([poll.waits for poll in outside], [True] * len(self.nodes))
        inside = [Poll(node, {self.name: md5("beta 2")}, "10.9.0.1").wait() for node in self.nodes]
        stopped = self.last.request("DELETE", CONFIGS, {"dataId": self.name, "group": GROUP, "beta": "true"})
        self.assertEqual(stopped.json["data"], True)
        self.assertEqual([poll.changed() for poll in inside], [{self.name}] * len(self.nodes))
        self.everywhere("main", ip="10.9.0.1")
        self.assertEqual([poll.waits for poll in outside], [True] * len(self.nodes))
        self.published("main 2")
        self.assertEqual([poll.changed() for poll in outside], [{self.name}] * len(self.nodes))

    def test_tag(self: Any) -> None:
        """A tag's copy is for those who ask for it, over get and over listening, at every node."""
        self.published("main")
        self.published("tagged", tag="t1")
        self.everywhere("tagged", tag="t1")
        self.everywhere("main")
        for node in self.nodes:
            self.assertEqual(get(node, self.name, {"Vipserver-Tag": "t1"}).text, "tagged")
            self.assertEqual(get(node, self.name, {"Vipserver-Tag": "t2"}).text, "main")
            self.assertEqual(get(node, self.name, tag="t2").status, 404)
            found = Poll(node, {self.name: md5("main")}, "10.9.1.1", Vipserver_Tag="t1").changed()
            self.assertEqual(found, {self.name})
        tagged = [Poll(node, {self.name: md5("tagged")}, "10.9.1.1", Vipserver_Tag="t1").wait() for node in self.nodes]
        self.published("tagged 2", tag="t1", node=self.last)
        self.assertEqual([poll.changed() for poll in tagged], [{self.name}] * len(self.nodes))
        self.everywhere("tagged 2", tag="t1")
        self.assertTrueAnswer(remove(self.first, self.name, tag="t1"))
        self.everywhere(None, tag="t1")
        self.everywhere("main")


class CasTests:
    """Compare and set."""

    def test_cas(self: Any) -> None:
        """The right md5 publishes; a stale one is refused, and leaves no trace in content or history."""
        self.published("v1")
        self.published("v2", headers={"casMd5": md5("v1")}, node=self.last)
        self.everywhere("v2")
        for node in self.nodes:
            answer = publish(node, self.name, "stale", headers={"casMd5": md5("v1")})
            self.assertEqual((answer.status, "Cas publish fail" in answer.text), (500, True), answer)
        self.everywhere("v2")
        self.assertEqual(past_contents(self.last, self.name), [("I", "v1"), ("U", "v1")])

    def test_cas_race(self: Any) -> None:
        """50 at once over all nodes: one wins each round; nothing of the others is stored."""
        content, won = "start", ["start"]
        self.published(content)
        for turn in range(4):
            held = {"casMd5": md5(content)}
            jobs = [
                lambda number=number, turn=turn, held=held: publish(
                    self.nodes[number % len(self.nodes)], self.name, f"round {turn} by {number}", held
                )
                for number in range(50)
            ]
            answers: list[Answer] = at_once(jobs)
            winners = [number for number, answer in enumerate(answers) if answer.text == "true"]
            self.assertEqual(len(winners), 1, answers)
            self.assertEqual({answer.status for answer in answers}, {200, 500}, answers)
            content = f"round {turn} by {winners[0]}"
            won.append(content)
            self.everywhere(content)
        for node in self.nodes:
            wanted = [("I", "start"), *(("U", one) for one in won[:-1])]
            self.assertEqual(past_contents(node, self.name), wanted)


class TransferTests:
    """Archives, copies, history: what the console does."""

    def export(self: Any, version: int, tenant: str = "") -> dict[str, bytes]:
        """The files of an export."""
        how = "exportV2" if version == 2 else "export"
        params = {how: "true", "dataId": "*", "group": "", "appName": "", "ids": "", "tenant": tenant}
        answer = self.last.request("GET", CONFIGS, params, timeout=60)
        self.assertEqual(
            (answer.status, answer.headers["content-type"].split(";")[0]), (200, "application/octet-stream")
        )
        with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
            return {info.filename: archive.read(info) for info in archive.infolist()}

    def upload(self: Any, files: dict[str, bytes], tenant: str, policy: str = "ABORT") -> Answer:
        """Import an archive of these files."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="policy"\r\n\r\n{policy}\r\n--{BOUNDARY}\r\n'
            f'Content-Disposition: form-data; name="file"; filename="导出.zip"\r\nContent-Type: application/zip\r\n\r\n'
        )
        body = head.encode() + packed.getvalue() + f"\r\n--{BOUNDARY}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        found: Answer = self.first.request(
            "POST", CONFIGS, {"import": "true", "namespace": tenant}, body, kind, timeout=60
        )
        return found

    def take_in(self: Any, files: dict[str, bytes], tenant: str, policy: str = "ABORT") -> Any:
        """The answer to an import that is one."""
        answer = self.upload(files, tenant, policy)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def test_round_trips(self: Any) -> None:
        """Both layouts, Chinese names and contents: what is imported elsewhere is exported the same."""
        source = self.namespace()
        contents = {"应用配置.yaml": "名称: 值\n", "b.properties": "a=1\r\nb=2\r\n", "无后缀": "文本", "d.json": "{}"}
        for data_id, content in contents.items():
            kind = {"应用配置.yaml": "yaml", "b.properties": "properties", "d.json": "json"}.get(data_id, "text")
            self.published(content, data_id, tenant=source, type=kind, appName="应用", desc="说明")
        for version in (1, 2):
            files = self.export(version, source)
            self.assertEqual(
                {name: data.decode() for name, data in files.items() if not name.startswith(".")},
                {f"{GROUP}/{data_id}": content for data_id, content in contents.items()},
            )
            self.assertEqual(len(files), 5, "there is one file of metadata")
            target = self.namespace()
            answer = self.take_in(files, target)
            self.assertEqual((answer["code"], answer["data"]), (200, {"succCount": 4, "skipCount": 0}))
            for data_id, content in contents.items():
                self.everywhere(content, data_id, tenant=target)
            self.assertEqual(self.export(version, target), files)
            shown = {"dataId": "应用配置.yaml", "group": GROUP, "tenant": target, "show": "all"}
            row = self.last.request("GET", CONFIGS, shown).json
            self.assertEqual((row["type"], row["appName"]), ("yaml", "应用"))

    def test_policies(self: Any) -> None:
        """What exists ends an import, is passed over, or is replaced."""
        target = self.namespace()
        self.published("old", "b", tenant=target)
        files = {f"{GROUP}/{name}": b"new" for name in ("a", "b", "c")}
        stopped = self.take_in(files, target)["data"]
        self.assertEqual((stopped["succCount"], stopped["failData"]), (1, [{"dataId": "b", "group": GROUP}]))
        self.everywhere("old", "b", tenant=target)
        self.everywhere(None, "c", tenant=target)
        passed = self.take_in(files, target, "SKIP")["data"]
        self.assertEqual((passed["succCount"], passed["skipCount"]), (1, 2))
        self.everywhere("old", "b", tenant=target)
        self.everywhere("new", "c", tenant=target)
        self.assertEqual(self.take_in(files, target, "OVERWRITE")["data"], {"succCount": 3, "skipCount": 0})
        self.everywhere("new", "b", tenant=target)
        self.assertEqual(self.take_in(files, "no-such-namespace")["code"], 100001)

    def test_empty_configs(self: Any) -> None:
        """An archive with an empty config, as a blank content is refused by publishing: nothing is half done."""
        target = self.namespace()
        answer = self.upload({f"{GROUP}/full": b"x", f"{GROUP}/empty": b""}, target)
        self.assertEqual((answer.status, "content is blank" in answer.text), (400, True), answer)
        self.everywhere(None, "empty", tenant=target)
        self.everywhere(None, "full", tenant=target)
        self.assertEqual(publish(self.first, self.name, " ").status, 400)
        self.everywhere(None)

    def test_large(self: Any) -> None:
        """10 MB: published, read at every node, exported and imported; more is refused."""
        source, target = self.namespace(), self.namespace()
        content = "0123456789abcdef" * (10 * MEBI // 16)
        self.published(content, tenant=source)
        for node in self.nodes:
            wait_for(lambda node=node: get(node, self.name, tenant=source).text == content, 20)
        files = self.export(2, source)
        self.assertEqual(files[f"{GROUP}/{self.name}"], content.encode())
        self.assertEqual(self.take_in(files, target)["data"], {"succCount": 1, "skipCount": 0})
        for node in self.nodes:
            wait_for(lambda node=node: get(node, self.name, tenant=target).text == content, 20)
        over = publish(self.first, self.name, content + "x", tenant=source)
        self.assertEqual((over.status, "over 10485760" in over.text), (400, True), over)
        for tenant in (source, target):
            self.assertTrueAnswer(remove(self.first, self.name, tenant=tenant))

    def test_clone(self: Any) -> None:
        """Into another namespace, under another name too; labels of the source stay there."""
        target = self.namespace()
        self.published("content", type="json", appName="app", desc="说明")
        shown = {"dataId": self.name, "group": GROUP, "show": "all"}
        number = self.first.request("GET", CONFIGS, shown).json["id"]
        chosen = [{"cfgId": number, "dataId": "", "group": ""}, {"cfgId": number, "dataId": "x", "group": "other"}]
        for wanted, renamed in ((chosen[:1], (self.name, GROUP)), (chosen[1:], ("x", "other"))):
            answer = self.first.request(
                "POST", CONFIGS, {"clone": "true", "tenant": target, "policy": "ABORT"}, json.dumps(wanted).encode(),
                {"Content-Type": "application/json"},
            )  # fmt: skip
            self.assertEqual((answer.json["code"], answer.json["data"]["succCount"]), (200, 1), answer)
            row = self.first.request(
                "GET", CONFIGS, {"dataId": renamed[0], "group": renamed[1], "tenant": target, "show": "all"}
            ).json
            self.assertEqual(
                [row[name] for name in ("content", "type", "appName", "desc")], ["content", "json", "app", "说明"]
            )
        self.everywhere("content", tenant=target)
        self.everywhere("content", "x", tenant=target, group="other")

    def test_rollback(self: Any) -> None:
        """As the console does it: an update or a removal is undone by publishing, an insert by removing."""
        for content in ("v1", "v2"):
            self.published(content)
        self.assertTrueAnswer(remove(self.first, self.name))
        rows = history(self.last, self.name)
        self.assertEqual([row["opType"].strip() for row in rows], ["D", "U", "I"])
        for row, before, after in zip(rows[:2], (None, "v2"), ("v2", "v1"), strict=True):
            self.everywhere(before)
            self.published(past(self.last, self.name, row["id"])["content"], node=self.last)
            self.everywhere(after)
        self.assertTrueAnswer(remove(self.first, self.name))
        self.everywhere(None)
        contents = past_contents(self.first, self.name)
        wanted = [("I", "v1"), ("U", "v1"), ("D", "v2"), ("I", "v2"), ("U", "v2"), ("D", "v1")]
        self.assertEqual(contents, wanted)
        foreign = self.first.request(
            "GET", "/nacos/v1/cs/history", {"dataId": "another", "group": GROUP, "nid": rows[0]["id"]}
        )
        self.assertEqual(foreign.status, 403)


class CommonTests(SdkTests, GrayTests, CasTests, TransferTests):
    """All of it; mix it in before L{Set}."""

    def test_catch_up_by_md5(self: Any) -> None:
        """A poll that comes after the change is answered at once; without one, it is not held if so asked."""
        self.published("v1")
        self.published("v2")
        self.everywhere("v2")
        for node in self.nodes:
            self.assertEqual(Poll(node, {self.name: md5("v1")}, "10.9.2.1").changed(), {self.name})
            self.assertEqual(Poll(node, {self.name: ""}, "10.9.2.1").changed(), {self.name})
            calm = Poll(node, {self.name: md5("v2")}, "10.9.2.1", Long_Pulling_Timeout_No_Hangup="true")
            self.assertEqual(calm.changed(), set())

    def test_only_listeners_wake(self: Any) -> None:
        """A publish answers the polls with that config, at all nodes, and no others."""
        other = self.name + ".other"
        self.published("v1")
        self.published("v1", other)
        for data_id in (self.name, other):
            self.everywhere("v1", data_id)
        both = [Poll(n, {self.name: md5("v1"), other: md5("v1")}, "10.9.3.1").wait() for n in self.nodes]
        only = [Poll(n, {other: md5("v1")}, "10.9.3.2").wait() for n in self.nodes]
        self.published("v2")
        self.assertEqual([poll.changed() for poll in both], [{self.name}] * len(self.nodes))
        self.assertEqual([poll.waits for poll in only], [True] * len(self.nodes))
        self.assertTrueAnswer(remove(self.last, other))
        self.assertEqual([poll.changed() for poll in only], [{other}] * len(self.nodes))

    def test_healthy(self: Any) -> None:
        """Every node is ready and its database up."""
        for node in self.nodes:
            wait_for(node.ready, 10)
            self.assertEqual(node.request("GET", "/nacos/v1/cs/health").text, "UP")
        self.assertIs(read(self.first, self.name), None)
