"""Prompts, skills and AgentSpecs over v3."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import msgspec

from nacos_tw.access.caller import KnownCaller
from nacos_tw.access.identity import EVERYBODY
from nacos_tw.ai import skill_package
from nacos_tw.ai.package_requests import PackageUpload
from nacos_tw.ai.problems import AiInvalid, Lacks
from nacos_tw.errors import BadParameter
from tests.ai.case import ADMIN, AiCase

CALLER = KnownCaller(EVERYBODY, "10.0.0.1", "test")
SKILL = "---\nname: pdf\ndescription: reads\n---\n# what\n"


class PromptTests(AiCase):
    """Published, labelled, read."""

    def publish(self, version: str, template: str = "Hello {{who}}") -> None:
        gaps = [{"name": "who", "defaultValue": "you"}]
        self.data("POST", "/prompt", promptKey="p", version=version, template=template, variables=gaps)

    def read(self, **fields: str) -> Any:
        reply = self.call("GET", "/v3/client/ai/prompt", promptKey="p", **fields)
        self.assertEqual(reply.status, 200)
        return msgspec.json.decode(reply.body)["data"]

    def test_life(self) -> None:
        """By version, by label, as the latest; who has it gets 304."""
        self.publish("1.0.0")
        self.assertEqual(len(self.entries), 1)
        self.publish("1.1.0", "Hi")
        self.data("PUT", "/prompt/label", promptKey="p", label="stable", version="1.0.0")
        self.assertEqual((self.read()["version"], self.read(label="stable")["template"]), ("1.1.0", "Hello {{who}}"))
        self.assertEqual(self.read(version="1.0.0")["variables"][0]["defaultValue"], "you")
        reply = self.call("GET", "/v3/client/ai/prompt", promptKey="p", md5=self.read()["md5"])
        self.assertEqual((reply.status, reply.body), (304, b""))
        self.refused(
            409,
            20005,
            "Prompt already exists: p 1.0.0",
            "POST",
            "/prompt",
            promptKey="p",
            version="1.0.0",
            template="x",
        )
        meta = self.data("GET", "/prompt/metadata", promptKey="p")
        self.assertEqual(
            (meta["versions"], meta["labels"]), (["1.0.0", "1.1.0"], {"latest": "1.1.0", "stable": "1.0.0"})
        )
        self.data("DELETE", "/prompt/label", promptKey="p", label="stable")
        self.refused(
            404, 20004, "Prompt version not found: p stable", "GET", "/prompt/detail", promptKey="p", label="stable"
        )
        self.data("PUT", "/prompt/metadata", promptKey="p", description="d", bizTags="a,b")
        for tags, count in (("b", 1), ("a,b", 1), ("c", 0)):
            self.assertEqual(self.data("GET", "/prompt/list", bizTags=tags)["totalCount"], count, tags)
        (item,) = self.data("GET", "/prompt/list", search="blur")["pageItems"]
        self.assertEqual((item["description"], item["bizTags"], item["latestVersion"]), ("d", ["a", "b"], "1.1.0"))
        page = self.data("GET", "/prompt/versions", promptKey="p", pageSize="1")
        self.assertEqual((page["totalCount"], page["pageItems"][0]["version"]), (2, "1.1.0"))
        self.data("DELETE", "/prompt", promptKey="p")
        self.assertEqual(self.keys(), [])

    def test_unknown(self) -> None:
        """A prompt, a version, a label of no version."""
        self.refused(404, 20004, "Prompt not found: p", "GET", "/prompt/detail", promptKey="p")
        self.publish("1")
        self.refused(
            404, 20004, "Prompt version not found: p 9", "PUT", "/prompt/label", promptKey="p", label="l", version="9"
        )


def zipped(files: dict[str, bytes]) -> bytes:
    """An archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


class SkillTests(AiCase):
    """From a draft to what clients get."""

    def upload(self, data: bytes, overwrite: bool = False) -> Any:
        return self.ai.skills.upload(CALLER, PackageUpload(tenant="", data=data, overwrite=overwrite))

    def test_life(self) -> None:
        """Clients get what was published, byte for byte, and nothing else."""
        files = {"pdf/SKILL.md": SKILL.encode(), "pdf/scripts/run.py": b"x", "pdf/a.bin": bytes(range(256))}
        self.assertEqual(self.successResultOf(self.upload(zipped(files))), "pdf")
        meta = self.data("GET", "/skills", skillName="pdf")
        self.assertEqual((meta["editingVersion"], meta["onlineCnt"], meta["description"]), ("0.0.1", 0, "reads"))
        self.data("POST", "/skills/submit", skillName="pdf")
        reply = self.call("GET", "/v3/client/ai/skills", name="pdf")
        self.assertEqual((reply.status, reply.content_type), (200, b"application/zip"))
        with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
            self.assertEqual({name: archive.read(name) for name in archive.namelist()}, files)
        card = {"name": "pdf", "skillMd": SKILL, "description": "new"}
        self.assertEqual(self.data("POST", "/skills/draft", skillName="pdf", skillCard=card), "0.0.2")
        self.data("PUT", "/skills/draft", skillCard={**card, "description": "newer"})
        self.data("POST", "/skills/publish", skillName="pdf", version="0.0.2", updateLatestLabel="false")
        self.assertEqual(self.data("GET", "/skills", skillName="pdf")["labels"], {"latest": "0.0.1"})
        self.data("PUT", "/skills/labels", skillName="pdf", labels={"latest": "0.0.2"})
        self.assertEqual(self.data("GET", "/skills/version", skillName="pdf")["description"], "newer")
        self.data("POST", "/skills/offline", skillName="pdf", version="0.0.2")
        self.assertEqual(self.data("GET", "/skills/list")["pageItems"][0]["onlineCnt"], 1)
        self.data("DELETE", "/skills", skillName="pdf")
        self.assertEqual(self.keys(), [])

    def test_draft_again(self) -> None:
        """A draft that is there is only replaced by who says so."""
        data = zipped({"pdf/SKILL.md": SKILL.encode(), "pdf/old.txt": b"o"})
        self.successResultOf(self.upload(data))
        self.failureResultOf(self.upload(data))
        self.successResultOf(self.upload(zipped({"pdf/SKILL.md": SKILL.encode()}), overwrite=True))
        self.assertEqual(self.data("GET", "/skills/version", skillName="pdf", version="0.0.1")["resource"], {})
        self.data("DELETE", "/skills/draft", skillName="pdf")
        self.assertEqual(self.keys(), [])

    def begun(self, name: str = "pdf", **fields: Any) -> None:
        card = {"name": name, "skillMd": SKILL, "description": "d"}
        self.data("POST", "/skills/draft", skillName=name, skillCard=card, **fields)

    def test_labels(self) -> None:
        """C{latest} stays where none is given, and is shown while its version is online; none is of a draft."""
        self.begun(targetVersion="1.0.0")
        self.data("POST", "/skills/force-publish", skillName="pdf", version="1.0.0")
        for labels in ({"stable": "1.0.0"}, {"stable": "1.0.0", "latest": "9.9.9"}):
            self.data("PUT", "/skills/labels", skillName="pdf", labels=labels)
            found = self.data("GET", "/skills", skillName="pdf")["labels"]
            self.assertEqual(found, {"stable": "1.0.0", "latest": "1.0.0"})
        for state, shown in (("offline", {"stable": "1.0.0"}), ("online", found)):
            self.data("POST", f"/skills/{state}", skillName="pdf", version="1.0.0")
            self.assertEqual(self.data("GET", "/skills", skillName="pdf")["labels"], shown)
        self.data("POST", "/skills/draft", skillName="pdf", targetVersion="1.1.0")
        said = "Label 'x' cannot point to draft version: 1.1.0"
        self.refused(400, 20002, said, "PUT", "/skills/labels", skillName="pdf", labels={"x": "1.1.0"})

    def test_published_again(self) -> None:
        """One that is offline comes back by C{online} only; only a draft is submitted; one that is online stays so."""
        for version in ("1.0.0", "1.1.0"):
            self.begun(targetVersion=version)
            self.data("POST", "/skills/submit", skillName="pdf", version=version)
        submitted = "Current editing version is not draft: 1.0.0"
        published = "Only reviewing version can be published: 1.0.0"
        self.refused(400, 20002, submitted, "POST", "/skills/submit", skillName="pdf", version="1.0.0")
        none = "No draft version to submit for skill: pdf"
        self.refused(404, 20004, none, "POST", "/skills/submit", skillName="pdf")
        card = {"name": "pdf", "skillMd": SKILL}
        none = "No editing draft exists for skill: pdf"
        self.refused(404, 20004, none, "PUT", "/skills/draft", skillCard=card)
        self.data("POST", "/skills/publish", skillName="pdf", version="1.1.0")
        said = "Version is already online, force-publish is not needed: 1.0.0"
        self.refused(400, 20002, said, "POST", "/skills/force-publish", skillName="pdf", version="1.0.0")
        self.data("POST", "/skills/offline", skillName="pdf", version="1.0.0")
        for verb, said in (("submit", submitted), ("publish", published), ("force-publish", published)):
            self.refused(400, 20002, said, "POST", f"/skills/{verb}", skillName="pdf", version="1.0.0")
        found = self.data("GET", "/skills", skillName="pdf")
        self.assertEqual(
            ([row["status"] for row in found["versions"]], found["labels"]),
            (["offline", "online"], {"latest": "1.1.0"}),
        )

    def test_latest_offline(self) -> None:
        """Clients get the greatest version that is online when the latest is taken offline, and it again afterwards."""
        for version in ("1.9.0", "1.10.0", "v7"):
            self.begun(targetVersion=version)
            self.data("POST", "/skills/force-publish", skillName="pdf", version=version)
        for state, version, latest in (
            ("offline", "v7", "1.10.0"),
            ("offline", "1.10.0", "1.9.0"),
            ("online", "v7", "1.9.0"),
            ("offline", "1.9.0", "v7"),
            ("online", "1.10.0", "1.10.0"),
        ):
            self.data("POST", f"/skills/{state}", skillName="pdf", version=version)
            self.assertEqual(self.data("GET", "/skills", skillName="pdf")["labels"], {"latest": latest}, version)
            reply = self.call("GET", "/v3/client/ai/skills", name="pdf")
            self.assertEqual(reply.status, 200)
            self.assertIn((b"X-Nacos-Skill-Resolved-Version", latest.encode()), reply.headers)

    def test_changed(self) -> None:
        """A version that gets another state is changed then; one that is asked to be what it is stays as it was."""
        for version in ("1.0.0", "1.1.0"):
            self.begun(targetVersion=version)
            self.data("POST", "/skills/submit", skillName="pdf", version=version)
        self.data("POST", "/skills/publish", skillName="pdf", version="1.0.0")
        seen = []
        for verb in ("online", "publish", "offline", "offline", "online"):
            self.now += 1000
            self.data("POST", f"/skills/{verb}", skillName="pdf", version="1.0.0")
            found = self.data("GET", "/skills", skillName="pdf")
            (row,) = (row for row in found["versions"] if row["version"] == "1.0.0")
            seen.append((self.now - row["updateTime"], found["labels"]["latest"]))
        self.assertEqual(seen, [(1000, "1.0.0"), (2000, "1.0.0"), (0, "1.1.0"), (1000, "1.1.0"), (0, "1.1.0")])
        self.begun(targetVersion="2.0.0")
        self.now += 1000
        self.data("POST", "/skills/submit", skillName="pdf")
        rows = self.data("GET", "/skills", skillName="pdf")["versions"]
        self.assertEqual(rows[-1]["updateTime"] - rows[-1]["createTime"], 1000)

    def test_listed(self) -> None:
        """By who they are meant for, and by a tag."""
        for name, scope, tags in (("a", "PUBLIC", '["x","y"]'), ("b", "PRIVATE", ""), ("an", "PRIVATE", "")):
            self.begun(name)
            self.data("PUT", "/skills/scope", skillName=name, scope=scope)
            self.data("PUT", "/skills/biz-tags", skillName=name, bizTags=tags)
        for fields, names in (
            ({"scope": "PUBLIC"}, ["a"]),
            ({"scope": "PRIVATE"}, ["an", "b"]),
            ({"bizTag": "y"}, ["a"]),
            ({}, ["a", "an", "b"]),
            ({"skillName": "a"}, ["a", "an"]),
            ({"skillName": "a", "search": "accurate"}, ["a"]),
        ):
            page = self.data("GET", "/skills/list", **fields)
            self.assertEqual([each["name"] for each in page["pageItems"]], names, fields)

    def test_refusals(self) -> None:
        """What has to be there, what may be chosen, and a version that is there."""
        self.begun(targetVersion="1.0.0")
        self.data("POST", "/skills/force-publish", skillName="pdf", version="1.0.0")
        scope = "Request parameter `scope` should be PUBLIC or PRIVATE."
        card = {"name": "other", "skillMd": SKILL}
        for status, code, said, method, path, fields in (
            (400, 10000, "Required parameter 'version' type String is not present", "POST", "/publish", {}),
            (400, 10000, "Required parameter 'version' type String is not present", "POST", "/force-publish", {}),
            (400, 10000, "Required parameter 'labels' type String is not present", "PUT", "/labels", {}),
            (400, 10000, "Required parameter 'scope' type String is not present", "PUT", "/scope", {}),
            (400, 20002, scope, "PUT", "/scope", {"scope": "TEAM"}),
            (400, 20002, scope, "GET", "/list", {"scope": "TEAM"}),
            (409, 20005, "targetVersion already exists: 1.0.0", "POST", "/draft", {"targetVersion": "1.0.0"}),
            (
                400,
                20002,
                "Invalid targetVersion format: next, expected x.y.z or vN",
                "POST",
                "/draft",
                {"targetVersion": "next"},
            ),
            (400, 20002, "skillCard name must match skillName", "POST", "/draft", {"skillCard": card}),
        ):
            self.refused(status, code, said, method, f"/skills{path}", skillName="pdf", **fields)

    def test_version_said(self) -> None:
        """The first that can be one: of the skill, its metadata, the file beside it; else the server gives one."""
        for number, (said, metadata, beside, version) in enumerate(
            (
                ("2.3.4", "5.0.0", b"", "2.3.4"),
                ("1.0 (beta)", "5.0.0", b"", "5.0.0"),
                ("", "a b", b'{"version":"6.0.0"}', "6.0.0"),
                ("../x", "", b"{", "0.0.1"),
                ("", "", b'{"version":["7"]}', "0.0.1"),
            )
        ):
            head = f"---\nname: s{number}\ndescription: d\nversion: {said}\nmetadata:\n  version: {metadata}\n---\n"
            data = zipped({f"s{number}/SKILL.md": head.encode(), f"s{number}/_meta.json": beside})
            self.successResultOf(self.upload(data))
            self.assertEqual(self.data("GET", "/skills", skillName=f"s{number}")["editingVersion"], version, head)

    def test_hostile(self) -> None:
        """Nothing leads out of its folder."""
        for name in ("../SKILL.md", "pdf/../../x", "/SKILL.md", "pdf/a\\b"):
            data = zipped({"pdf/SKILL.md": SKILL.encode(), name: b"x"})
            with self.assertRaises(BadParameter, msg=name):
                skill_package.unpacked_skill(data)
        for data in (b"no archive", zipped({"a/b": b"c"})):
            with self.assertRaises((AiInvalid, Lacks)):
                skill_package.unpacked_skill(data)


MANIFEST = b'{"version":"1.0.0","description":" codes ","tags":["dev"],"worker":{"suggested_name":"coder"}}'
SPEC = {
    "coder/manifest.json": MANIFEST,
    "coder/Dockerfile": b"FROM x",
    "coder/config/AGENTS.md": b"# how",
    "coder/config/logo.png": bytes(range(256)),
}
INDEX = "agentspec__coder", "agentspec_index.json"
CODER = "agentspec__enc.636f646572__enc."


class AgentSpecTests(AiCase):
    """From a draft to what clients get, over HTTP and as the configs that Java's client reads."""

    def upload(self, files: dict[str, bytes], overwrite: bool = False) -> Any:
        request = PackageUpload(tenant="", data=zipped(files), overwrite=overwrite)
        return self.ai.agentspecs.upload(CALLER, request)

    def version_group(self, version: str) -> str:
        return CODER + version.encode().hex()

    def published(self) -> None:
        self.assertEqual(self.successResultOf(self.upload(SPEC)), "coder")
        self.data("POST", "/agentspecs/submit", agentSpecName="coder")

    def test_upload(self) -> None:
        """Name, description, tags and version are the manifest's; a draft is nothing that clients get."""
        self.successResultOf(self.upload(SPEC))
        meta = self.data("GET", "/agentspecs", agentSpecName="coder")
        self.assertEqual(
            (meta["editingVersion"], meta["description"], meta["bizTags"], meta["onlineCnt"]),
            ("1.0.0", "codes", '["dev"]', 0),
        )
        self.assertEqual(self.call("GET", "/v3/client/ai/agentspecs", name="coder").status, 404)
        self.assertIsNone(self.stored(*INDEX))
        found = self.data("GET", "/agentspecs/version", agentSpecName="coder", version="1.0.0")
        self.assertEqual(
            {name: each["type"] for name, each in found["resource"].items()},
            {"dockerfile_Dockerfile": "dockerfile", "config_AGENTS__md": "config", "config_logo__png": "config"},
        )
        reply = self.call("GET", ADMIN + "/agentspecs/version/download", agentSpecName="coder", version="1.0.0")
        with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
            self.assertEqual({name: archive.read(name) for name in archive.namelist()}, SPEC)

    def test_clients(self) -> None:
        """What was published, with the md5 by which they ask again; found by a word of the description."""
        self.published()
        reply = self.call("GET", "/v3/client/ai/agentspecs", name="coder")
        headers = dict(reply.headers)
        found = msgspec.json.decode(reply.body)["data"]
        self.assertEqual(
            (found["content"], found["description"], found["bizTags"]), (MANIFEST.decode(), "codes", '["dev"]')
        )
        self.assertEqual(headers[b"X-Nacos-AgentSpec-Resolved-Version"], b"1.0.0")
        md5 = headers[b"X-Nacos-AgentSpec-Md5"].decode()
        again = self.call("GET", "/v3/client/ai/agentspecs", name="coder", md5=md5)
        self.assertEqual((again.status, again.body), (304, b""))
        for keyword, count in (("CODE", 1), ("other", 0), ("", 1)):
            page = msgspec.json.decode(self.call("GET", "/v3/client/ai/agentspecs/search", keyword=keyword).body)[
                "data"
            ]
            self.assertEqual(page["totalCount"], count, keyword)

    def test_configs(self) -> None:
        """Java's client reads an index and the files of its version; each change is one entry of the log."""
        self.published()
        index = self.stored(*INDEX)
        self.assertEqual(index["version"], "1.0.0")
        self.assertEqual(
            sorted(index["files"]),
            [
                "manifest.json",
                "resource_config_AGENTS__md.json",
                "resource_config_logo__png.json",
                "resource_dockerfile_Dockerfile.json",
            ],
        )
        for id_ in index["files"]:
            self.assertIn("content", self.stored(self.version_group("1.0.0"), id_))
        card = {"name": "coder", "content": '{"name":"coder"}', "resource": {}}
        self.assertEqual(self.data("POST", "/agentspecs/draft", agentSpecName="coder", agentSpecCard=card), "1.0.1")
        self.assertEqual(self.stored(*INDEX)["version"], "1.0.0")
        entries = len(self.entries)
        self.data("POST", "/agentspecs/publish", agentSpecName="coder", version="1.0.1")
        self.assertEqual(len(self.entries), entries + 1)
        self.assertEqual(self.stored(*INDEX), {"version": "1.0.1", "files": ["manifest.json"]})
        self.data("POST", "/agentspecs/offline", agentSpecName="coder")
        self.assertIsNone(self.stored(*INDEX))
        self.data("POST", "/agentspecs/online", agentSpecName="coder")
        self.data("PUT", "/agentspecs/labels", agentSpecName="coder", labels={"latest": "1.0.0"})
        self.assertEqual(self.stored(*INDEX)["version"], "1.0.0")
        self.data("DELETE", "/agentspecs", agentSpecName="coder")
        self.assertEqual(self.keys(), [])

    def test_blank(self) -> None:
        """A draft may begin with nothing, or by what it is to be."""
        self.assertEqual(self.data("POST", "/agentspecs/draft", agentSpecName="a", targetVersion="1.0.0"), "1.0.0")
        self.data("PUT", "/agentspecs/draft", agentSpecCard={"name": "b", "content": "{}"})
        for name, version in (("a", "1.0.0"), ("b", "0.0.1")):
            found = self.data("GET", "/agentspecs/version", agentSpecName=name, version=version)
            self.assertEqual(found["content"], "{}", name)
        self.refused(404, 20004, "AgentSpec not found: c", "GET", "/agentspecs", agentSpecName="c")

    def test_refused(self) -> None:
        """No manifest, no name in it, a name or a version that no group of configs can have."""
        for files in ({"a/b": b"c"}, {"manifest.json": b"{}"}, {"manifest.json": b"x"}):
            self.assertIsInstance(self.failureResultOf(self.upload(files)).value, (AiInvalid, Lacks))
        for name in ("../x", "a" * 41, "-a", "é"):
            card = {"name": name, "content": "{}"}
            reply = self.call("POST", ADMIN + "/agentspecs/draft", agentSpecCard=card)
            self.assertEqual(reply.status, 400, name)
        card = {"name": "a" * 40, "content": "{}"}
        reply = self.call("POST", ADMIN + "/agentspecs/draft", agentSpecCard=card, targetVersion="1" * 20)
        self.assertEqual(reply.status, 400)
        self.assertEqual(self.keys(), [])
