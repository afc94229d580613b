"""Skills, for clients, for operators and for a browser (docs/ai.md)."""

from __future__ import annotations

from typing import ClassVar

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
    CLIENTS_NAME,
    LABEL,
    MD5,
    TAG,
    VERSION,
    PackagesV3,
    headers,
    package_routes,
    query_of,
    zipped,
)

CLIENT = "/v3/client/ai/skills"
PREFIXES = "/v3/admin/ai/skills", "/v3/console/ai/skills"

NAME = text("skillName", "The skill's name.")
CARD = text("skillCard", "The skill, as JSON.")


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
            return Reply(304, b"", headers=headers(b"Skill", request.md5))
        return zipped(found, *headers(b"Skill", found.md5, found.version))


class SkillsV3(PackagesV3[Skill]):
    """What operators and browsers ask alike. Built for each of them."""

    app: ClassVar[Klein] = package_routes(NAME, CARD, "a skill", TAG)
    tagged: ClassVar[bool] = True

    def __init__(self, prefix: str, guard: Guard, skills: Skills) -> None:
        super().__init__(prefix, guard, SKILL, skills)
