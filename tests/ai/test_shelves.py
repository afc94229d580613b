"""Prompts and skills over v3."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import msgspec

from nacos_tw.access.caller import KnownCaller
from nacos_tw.access.identity import EVERYBODY
from nacos_tw.ai import skill_package
from nacos_tw.ai.problems import AiInvalid, Lacks
from nacos_tw.ai.skill_requests import SkillUpload
from nacos_tw.errors import BadParameter
from tests.ai.case import AiCase

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


class SkillTests(AiCase):
    """From a draft to what clients get."""

    def archive(self, **files: bytes) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return packed.getvalue()

    def upload(self, data: bytes, overwrite: bool = False) -> Any:
        return self.ai.skills.upload(CALLER, SkillUpload(tenant="", data=data, overwrite=overwrite))

    def test_life(self) -> None:
        """Clients get what was published, byte for byte, and nothing else."""
        files = {"pdf/SKILL.md": SKILL.encode(), "pdf/scripts/run.py": b"x", "pdf/a.bin": bytes(range(256))}
        self.assertEqual(self.successResultOf(self.upload(self.archive(**files))), "pdf")
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
        data = self.archive(**{"pdf/SKILL.md": SKILL.encode(), "pdf/old.txt": b"o"})
        self.successResultOf(self.upload(data))
        self.failureResultOf(self.upload(data))
        self.successResultOf(self.upload(self.archive(**{"pdf/SKILL.md": SKILL.encode()}), overwrite=True))
        self.assertEqual(self.data("GET", "/skills/version", skillName="pdf", version="0.0.1")["resource"], {})
        self.data("DELETE", "/skills/draft", skillName="pdf")
        self.assertEqual(self.keys(), [])

    def test_hostile(self) -> None:
        """Nothing leads out of its folder."""
        for name in ("../SKILL.md", "pdf/../../x", "/SKILL.md", "pdf/a\\b"):
            data = self.archive(**{"pdf/SKILL.md": SKILL.encode(), name: b"x"})
            with self.assertRaises(BadParameter, msg=name):
                skill_package.unpacked(data)
        for data in (b"no archive", self.archive(**{"a/b": b"c"})):
            with self.assertRaises((AiInvalid, Lacks)):
                skill_package.unpacked(data)
