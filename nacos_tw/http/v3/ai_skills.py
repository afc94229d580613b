"""Skills, for clients, for operators and for a browser (docs/ai.md)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.ai.operations.skills import Skills
from nacos_tw.ai.problems import UpToDate
from nacos_tw.ai.skill_package import SKILL, Skill
from nacos_tw.http.api.parameters import NAMESPACE, text
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.v3.ai_packages import (
    BASED_ON,
    CLIENTS_NAME,
    LABEL,
    LABELS,
    LATEST,
    MD5,
    OVERWRITE,
    SCOPE,
    TAGS,
    TARGET,
    VERSION,
    PackagesV3,
    query_of,
    zipped,
)
from nacos_tw.http.v3.ai_parameters import PAGED

CLIENT = "/v3/client/ai/skills"
PREFIXES = "/v3/admin/ai/skills", "/v3/console/ai/skills"

NAME = text("skillName", "The skill's name.")
CARD = text("skillCard", "The skill, as JSON.")
ONE = NAMESPACE, NAME


@attrs.frozen
class ClientSkillsV3:
    """For clients."""

    prefix: ClassVar[str] = CLIENT
    app = Klein()
    guard: Guard
    skills: Skills

    @api(
        app, "GET", "", does=Skills.archive, takes=(NAMESPACE, CLIENTS_NAME, VERSION, LABEL, MD5), gives="The archive"
    )  # fmt: skip
    def package(self, call: Call) -> Reply:
        """A skill as a zip archive: of a version, by a label, or the latest one."""
        request = query_of(call)
        try:
            found = self.skills.archive(call, request)
        except UpToDate:
            md5 = request.md5.encode()
            return Reply(304, b"", headers=((b"ETag", b'"%b"' % md5), (b"X-Nacos-Skill-Md5", md5)))
        md5 = found.md5.encode()
        version = b"X-Nacos-Skill-Resolved-Version", found.version.encode()
        return zipped(found, (b"ETag", b'"%b"' % md5), (b"X-Nacos-Skill-Md5", md5), version)


class SkillsV3(PackagesV3[Skill]):
    """What operators and browsers ask alike. Built for each of them."""

    app: ClassVar[Klein] = Klein()

    def __init__(self, prefix: str, guard: Guard, skills: Skills) -> None:
        super().__init__(prefix, guard, SKILL, NAME.name, skills)

    @api(app, "GET", "", does=Skills.thing, takes=ONE, gives="The skill without contents")
    def meta(self, call: Call) -> dict[str, Any]:
        """A skill with its versions and labels."""
        return self._meta(call)

    @api(app, "DELETE", "", does=Skills.remove, takes=ONE, gives="ok")
    async def remove(self, call: Call) -> str:
        """Remove a skill with all its versions; succeeds if it does not exist."""
        return await self._remove(call)

    @api(app, "GET", "/list", does=Skills.page, takes=(NAME, *PAGED), gives="A page of skills")
    def page(self, call: Call) -> dict[str, Any]:
        """A page of the skills of a namespace."""
        return self._page(call)

    @api(app, "GET", "/version", does=Skills.version, takes=(*ONE, VERSION), gives="The content")
    def version(self, call: Call) -> Skill:
        """The content of a version of a skill."""
        return self.packages.version(call, self._query(call))

    @api(app, "GET", "/version/download", does=Skills.download, takes=(*ONE, VERSION), gives="The archive")
    def download(self, call: Call) -> Reply:
        """A version of a skill as a zip archive, also of one that clients do not get."""
        return zipped(self.packages.download(call, self._query(call)))

    @api(app, "POST", "/upload", does=Skills.upload, takes=(NAMESPACE, OVERWRITE), body="multipart", gives="Its name")
    async def upload(self, call: Call) -> str:
        """Make the archive in the field file a draft."""
        return await self._upload(call)

    @api(app, "POST", "/draft", does=Skills.create_draft, takes=(*ONE, BASED_ON, TARGET, CARD), gives="Its version")
    async def create_draft(self, call: Call) -> str:
        """Begin a draft: with a content, or with that of a version."""
        return await self._create_draft(call)

    @api(app, "PUT", "/draft", does=Skills.update_draft, takes=(NAMESPACE, CARD), gives="ok")
    async def update_draft(self, call: Call) -> str:
        """Change the content of the draft."""
        return await self._update_draft(call)

    @api(app, "DELETE", "/draft", does=Skills.remove_draft, takes=ONE, gives="ok")
    async def remove_draft(self, call: Call) -> str:
        """Remove the draft; succeeds if there is none."""
        return await self._remove_draft(call)

    @api(app, "POST", "/submit", does=Skills.publish, takes=(*ONE, VERSION), gives="The version")
    async def submit(self, call: Call) -> str:
        """Publish the draft: nothing is reviewed here."""
        return await self._publish(call)

    @api(app, "POST", "/publish", "/force-publish", does=Skills.publish, takes=(*ONE, VERSION, LATEST), gives="ok")
    async def publish(self, call: Call) -> str:
        """Publish a version: clients get it."""
        await self._publish(call)
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
        return await self._labels(call)

    @api(app, "PUT", "/biz-tags", does=Skills.settle, takes=(*ONE, TAGS), gives="ok")
    async def biz_tags(self, call: Call) -> str:
        """Replace the business tags."""
        return await self._biz_tags(call)

    @api(app, "PUT", "/scope", does=Skills.settle, takes=(*ONE, SCOPE), gives="ok")
    async def scope(self, call: Call) -> str:
        """Set the scope; it is stored and shown, and has no other effect."""
        return await self._scope(call)
