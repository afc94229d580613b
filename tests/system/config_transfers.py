"""Archives, copies and history, as the console uses them, on every storage."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from tests.system.config_nodes import CONFIGS, CS, GROUP, get, history, past, past_contents, publish, remove
from tests.system.nodes import Answer, wait_for

BOUNDARY = "xXx-boundary-xXx"
MEBI = 1024 * 1024


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
        # Published by key, as an import into a shared database writes them: an archive lists them as they were written.
        contents = {"b.properties": "a=1\r\nb=2\r\n", "d.json": "{}", "应用配置.yaml": "名称: 值\n", "无后缀": "文本"}
        for data_id, content in contents.items():
            kind = {"应用配置.yaml": "yaml", "b.properties": "properties", "d.json": "json"}.get(data_id, "text")
            self.published(content, data_id, tenant=source, type=kind, appName="应用", desc="说明")
            self.everywhere(content, data_id, tenant=source)
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
            wait_for(lambda node=node: get(node, self.name, tenant=source).text == content)
        files = self.export(2, source)
        self.assertEqual(files[f"{GROUP}/{self.name}"], content.encode())
        self.assertEqual(self.take_in(files, target)["data"], {"succCount": 1, "skipCount": 0})
        for node in self.nodes:
            wait_for(lambda node=node: get(node, self.name, tenant=target).text == content)
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
        self.everywhere(None)
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
            "GET", CS + "/history", {"dataId": "another", "group": GROUP, "nid": rows[0]["id"]}
        )
        self.assertEqual(foreign.status, 403)
