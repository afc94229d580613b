"""Skills, for clients, for operators and for a browser (docs/ai.md)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.ai.jsons import read
from nacos_tw.ai.operations.skills import Package, Skills
from nacos_tw.ai.problems import Lacks, UpToDate
from nacos_tw.ai.requests import Listing, OfName
from nacos_tw.ai.shelves import ONLINE, Row, Thing
from nacos_tw.ai.skill_package import Skill
from nacos_tw.ai.skill_requests import SkillDraft, SkillQuery, SkillSettings, SkillSwitch, SkillUpload, SkillVersion
from nacos_tw.http.api.parameters import NAMESPACE, PAGE_NO, PAGE_SIZE, boolean, text
from nacos_tw.http.api.results import page_json
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.v3.ai_parameters import PAGED, blurred, tenant

CLIENT = "/v3/client/ai/skills"
PREFIXES = "/v3/admin/ai/skills", "/v3/console/ai/skills"

CLIENTS_NAME = text("name", "The skill's name.")
NAME = text("skillName", "The skill's name.")
VERSION = text("version", "The version.")
LABEL = text("label", "The label of the version.")
MD5 = text("md5", "Of what the client has: where that is it, the answer is 304.")
CARD = text("skillCard", "The skill, as JSON.")
BASED_ON = text("basedOnVersion", "The version whose content a draft begins with.")
TARGET = text("targetVersion", "The version that a draft is to be; the next one where none is skill_name.")
OVERWRITE = boolean("overwrite", "Whether a draft that is there is replaced.")
LATEST = boolean("updateLatestLabel", "Whether the version becomes the latest.", True)
LABELS = text("labels", "Labels to versions, as JSON.")
TAGS = text("bizTags", "Words for it.")
SCOPE = text("scope", "Who it is meant for.", choices=("PUBLIC", "PRIVATE"))
ONE = NAMESPACE, NAME
ZIP = b"application/zip"


def skill_name(call: Call, name: str = "skillName") -> str:
    """@raise Lacks: it is not given."""
    found = call.params.get(name, "")
    if not found:
        raise Lacks(name)
    return found


def zipped(found: Package) -> Reply:
    """The archive."""
    headers = (
        (b"Content-Disposition", f"attachment;filename={found.name}.zip".encode()),
        (b"ETag", f'"{found.md5}"'.encode()),
        (b"X-Nacos-Skill-Md5", found.md5.encode()),
        (b"X-Nacos-Skill-Resolved-Version", found.version.encode()),
    )
    return Reply(200, found.data, ZIP, headers)


def skill_json(thing: Thing, namespace: str) -> dict[str, Any]:
    """A skill of a list."""
    return {
        "namespaceId": namespace or "public",
        "name": thing.name,
        "description": thing.description,
        "updateTime": thing.update_time,
        "enable": thing.enable,
        "bizTags": thing.biz_tags,
        "from": "local",
        "scope": thing.scope,
        "labels": thing.labels,
        "editingVersion": thing.editing or None,
        "reviewingVersion": None,
        "onlineCnt": sum(row.status == ONLINE for row in thing.versions),
        "downloadCount": 0,
    }


def skill_version_json(row: Row) -> dict[str, Any]:
    """A version."""
    return {
        "version": row.version,
        "status": row.status,
        "author": row.author,
        "description": row.description or row.commit_msg,
        "createTime": row.create_time,
        "updateTime": row.update_time,
        "publishPipelineInfo": None,
        "downloadCount": 0,
    }


@attrs.frozen
class ClientSkillsV3:
    """For clients."""

    prefix: ClassVar[str] = CLIENT
    app = Klein()
    guard: Guard
    skills: Skills

    @api(
        app, "GET", "", does=Skills.package, takes=(NAMESPACE, CLIENTS_NAME, VERSION, LABEL, MD5), gives="The archive"
    )  # fmt: skip
    def package(self, call: Call) -> Reply:
        """A skill as a zip archive: of a version, by a label, or the latest one."""
        request = SkillQuery(
            tenant=tenant(call), name=skill_name(call, "name"), version=VERSION(call), label=LABEL(call), md5=MD5(call)
        )
        try:
            return zipped(self.skills.package(call, request))
        except UpToDate:
            return Reply(304, b"", headers=((b"X-Nacos-Skill-Md5", request.md5.encode()),))


@attrs.frozen
class SkillsV3:
    """What operators and browsers ask alike. Built for each of them."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    skills: Skills

    @api(app, "GET", "", does=Skills.thing, takes=ONE, gives="The skill without contents")
    def meta(self, call: Call) -> dict[str, Any]:
        """A skill with its versions and labels."""
        namespace = tenant(call)
        thing = self.skills.thing(call, OfName(tenant=namespace, name=skill_name(call)))
        return {**skill_json(thing, namespace), "versions": [skill_version_json(row) for row in thing.versions]}

    @api(app, "DELETE", "", does=Skills.remove, takes=ONE, gives="ok")
    async def remove(self, call: Call) -> str:
        """Remove a skill with all its versions; succeeds if it does not exist."""
        await self.skills.remove(call, OfName(tenant=tenant(call), name=skill_name(call)))
        return "ok"

    @api(app, "GET", "/list", does=Skills.page, takes=(NAME, *PAGED), gives="A page of skills")
    def page(self, call: Call) -> dict[str, Any]:
        """A page of the skills of a namespace."""
        namespace = tenant(call)
        request = Listing(
            tenant=namespace, name=NAME(call), blur=blurred(call), number=PAGE_NO(call), size=PAGE_SIZE(call)
        )
        return page_json(self.skills.page(call, request), lambda thing: skill_json(thing, namespace))

    @api(app, "GET", "/version", does=Skills.version, takes=(*ONE, VERSION), gives="The content")
    def version(self, call: Call) -> Skill:
        """The content of a version of a skill."""
        return self.skills.version(call, SkillQuery(tenant=tenant(call), name=skill_name(call), version=VERSION(call)))

    @api(app, "GET", "/version/download", does=Skills.download, takes=(*ONE, VERSION), gives="The archive")
    def download(self, call: Call) -> Reply:
        """A version of a skill as a zip archive, also of one that clients do not get."""
        request = SkillQuery(tenant=tenant(call), name=skill_name(call), version=VERSION(call))
        return zipped(self.skills.download(call, request))

    @api(app, "POST", "/upload", does=Skills.upload, takes=(NAMESPACE, OVERWRITE), body="multipart", gives="Its name")
    async def upload(self, call: Call) -> str:
        """Make the archive in the field file a draft."""
        uploaded = call.files.get("file")
        data = None if uploaded is None else uploaded.data
        return await self.skills.upload(
            call, SkillUpload(tenant=tenant(call), data=data, overwrite=OVERWRITE(call))
        )  # fmt: skip

    @api(
        app, "POST", "/draft", does=Skills.create_draft, takes=(*ONE, BASED_ON, TARGET, CARD), gives="Its version"
    )  # fmt: skip
    async def create_draft(self, call: Call) -> str:
        """Begin a draft: with a content, or with that of a version."""
        card = CARD(call)
        skill = read(card, Skill, "skillCard") if card else None
        name = NAME(call) or (skill.name if skill is not None else "")
        request = SkillDraft(
            tenant=tenant(call), name=name, based_on=BASED_ON(call), version=TARGET(call), skill=skill
        )  # fmt: skip
        return await self.skills.create_draft(call, request)

    @api(app, "PUT", "/draft", does=Skills.update_draft, takes=(NAMESPACE, CARD), gives="ok")
    async def update_draft(self, call: Call) -> str:
        """Change the content of the draft."""
        card = CARD(call)
        if not card:
            raise Lacks("skillCard")
        skill = read(card, Skill, "skillCard")
        await self.skills.update_draft(call, SkillDraft(tenant=tenant(call), name=skill.name, skill=skill))
        return "ok"

    @api(app, "DELETE", "/draft", does=Skills.remove_draft, takes=ONE, gives="ok")
    async def remove_draft(self, call: Call) -> str:
        """Remove the draft; succeeds if there is none."""
        await self.skills.remove_draft(call, OfName(tenant=tenant(call), name=skill_name(call)))
        return "ok"

    @api(app, "POST", "/submit", does=Skills.publish, takes=(*ONE, VERSION), gives="The version")
    async def submit(self, call: Call) -> str:
        """Publish the draft: nothing is reviewed here."""
        return await self.skills.publish(call, self._version(call))

    @api(
        app, "POST", "/publish", "/force-publish", does=Skills.publish, takes=(*ONE, VERSION, LATEST), gives="ok"
    )  # fmt: skip
    async def publish(self, call: Call) -> str:
        """Publish a version: clients get it."""
        await self.skills.publish(call, self._version(call))
        return "ok"

    @api(app, "POST", "/online", does=Skills.switch, takes=(*ONE, VERSION), gives="ok")
    async def online(self, call: Call) -> str:
        """Put a version, or the whole skill, online again."""
        return await self._switch(call, True)

    @api(app, "POST", "/offline", does=Skills.switch, takes=(*ONE, VERSION), gives="ok")
    async def offline(self, call: Call) -> str:
        """Take a version, or the whole skill, offline: clients no longer get it."""
        return await self._switch(call, False)

    @api(app, "PUT", "/labels", does=Skills.settle, takes=(*ONE, LABELS), gives="ok")
    async def labels(self, call: Call) -> str:
        """Replace the labels."""
        found = read(LABELS(call) or "{}", dict[str, str], "labels")
        return await self._settle(call, SkillSettings(tenant=tenant(call), name=skill_name(call), labels=found))

    @api(app, "PUT", "/biz-tags", does=Skills.settle, takes=(*ONE, TAGS), gives="ok")
    async def biz_tags(self, call: Call) -> str:
        """Replace the business tags."""
        return await self._settle(call, SkillSettings(tenant=tenant(call), name=skill_name(call), biz_tags=TAGS(call)))

    @api(app, "PUT", "/scope", does=Skills.settle, takes=(*ONE, SCOPE), gives="ok")
    async def scope(self, call: Call) -> str:
        """Set the scope; it is stored and shown, and has no other effect."""
        return await self._settle(call, SkillSettings(tenant=tenant(call), name=skill_name(call), scope=SCOPE(call)))

    def _version(self, call: Call) -> SkillVersion:
        return SkillVersion(tenant=tenant(call), name=skill_name(call), version=VERSION(call), latest=LATEST(call))

    async def _switch(self, call: Call, online: bool) -> str:
        request = SkillSwitch(tenant=tenant(call), name=skill_name(call), version=VERSION(call), online=online)
        await self.skills.switch(call, request)
        return "ok"

    async def _settle(self, call: Call, request: SkillSettings) -> str:
        await self.skills.settle(call, request)
        return "ok"
