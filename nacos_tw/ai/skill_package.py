"""Skills as packages: an archive with SKILL.md and what it needs, and how one is read. Pure."""

from __future__ import annotations

import re
from operator import attrgetter
from typing import Any

import msgspec

from nacos_tw.ai.archives import files_of, outermost, resources_below, text_of
from nacos_tw.ai.packages import Kind, Package, Unpacked
from nacos_tw.ai.problems import AiInvalid, Lacks
from nacos_tw.ai.shelves import is_version

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
DESCRIPTION = "SKILL.md"


class Skill(Package, rename="camel", kw_only=True):
    """A version of a skill."""

    skill_md: str | None = None


def unpacked_skill(data: bytes) -> Unpacked[Skill]:
    """
    An archive.

    @raise AiInvalid, Lacks: it is none, or none of a skill.
    """
    files = files_of(data)
    path = outermost(files, DESCRIPTION)
    if path is None:
        raise Lacks(DESCRIPTION)
    root = path[: -len(DESCRIPTION)]
    text = text_of(files.pop(path))
    if text is None:
        raise AiInvalid(DESCRIPTION, "format")
    head = _head(text)
    skill = Skill(
        name=str(head.get("name") or root.strip("/").rpartition("/")[2]),
        description=str(head.get("description") or ""),
        skill_md=text,
        resource={each.path: each for each in resources_below(files, root)},
    )
    SKILL.check(skill)
    return Unpacked(skill, _version(head, files.get(f"{root}_meta.json", b"")))


def _version(head: dict[str, Any], beside: bytes) -> str:
    """
    What the skill says that its version is; "" where it says none, or none that can be.

    @param beside: the JSON of the file that some registries put beside C{SKILL.md}.
    """
    try:
        meta = msgspec.json.decode(beside)
    except (msgspec.DecodeError, RecursionError):
        meta = None
    for said in (head, head.get("metadata"), meta):
        version = str(said.get("version") or "") if isinstance(said, dict) else ""
        if is_version(version):
            return version
    return ""


def _head(text: str) -> dict[str, Any]:
    """The YAML between the first two lines of dashes; nothing where there is none."""
    match = re.match(r"---\s*\n(.*?)\n---\s*(?:\n|$)", text, re.DOTALL)
    if match is None:
        return {}
    import yaml

    try:
        found = yaml.safe_load(match[1])
    except (yaml.YAMLError, RecursionError, ValueError):
        raise AiInvalid(DESCRIPTION, "format") from None
    return found if isinstance(found, dict) else {}


SKILL = Kind(
    name="skill",
    named="skillName",
    card="skillCard",
    type=Skill,
    pattern=NAME,
    main=DESCRIPTION,
    field="skillMd",
    text=attrgetter("skill_md"),
    unpacked=unpacked_skill,
)
