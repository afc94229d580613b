"""What can be asked of the registry of skills."""

from __future__ import annotations

from nacos_tw.ai.problems import AiInvalid
from nacos_tw.ai.requests import OfName
from nacos_tw.ai.skill_package import Skill, check_skill_name

SCOPES = "PUBLIC", "PRIVATE"


class SkillQuery(OfName, frozen=True, gc=False, kw_only=True):
    """A skill: of a version, or by a label, or the latest. C{md5}: of what the client has."""

    version: str = ""
    label: str = ""
    md5: str = ""


class SkillUpload(OfName, frozen=True, gc=False, kw_only=True):
    """An archive that becomes a draft. C{overwrite}: also where there is one."""

    data: bytes | None
    overwrite: bool = False


class SkillDraft(OfName, frozen=True, gc=False, kw_only=True):
    """
    A draft to be begun, or to be changed.

    @ivar based_on: the version whose content it has at first; C{version}: that it is to be, "" for the next one;
        C{skill}: its content; None: that of the version before.
    """

    based_on: str = ""
    version: str = ""
    skill: Skill | None = None

    def __post_init__(self) -> None:
        check_skill_name(self.name)

    def details(self) -> dict[str, str]:
        """As L{OfName.details}."""
        return {**super().details(), "version": self.version}


class SkillVersion(OfName, frozen=True, gc=False, kw_only=True):
    """A version; "" is the draft. C{latest}: whether it becomes the latest."""

    version: str = ""
    latest: bool = True

    def details(self) -> dict[str, str]:
        """As L{OfName.details}."""
        return {**super().details(), "version": self.version}


class SkillSwitch(SkillVersion, frozen=True, gc=False, kw_only=True):
    """A version, or with "" the whole skill, to be shown to clients or not."""

    online: bool


class SkillSettings(OfName, frozen=True, gc=False, kw_only=True):
    """What is set of a skill; None keeps."""

    labels: dict[str, str] | None = None
    biz_tags: str | None = None
    scope: str | None = None

    def __post_init__(self) -> None:
        if self.scope is not None and self.scope not in SCOPES:
            raise AiInvalid("scope", "choice", self.scope, SCOPES)
