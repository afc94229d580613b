"""Skills as packages: an archive with SKILL.md and what it needs, read and written. Pure."""

from __future__ import annotations

import re
from typing import Any

from nacos_tw.ai.archives import archive_of, check_path, files_of, outermost, resources_below, text_of
from nacos_tw.ai.packages import Kind, Package, Unpacked
from nacos_tw.ai.problems import AiInvalid, Lacks

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
DESCRIPTION = "SKILL.md"


class Skill(Package, rename="camel", kw_only=True):
    """A version of a skill."""

    skill_md: str | None = None


def check_skill_name(name: str) -> None:
    """@raise Lacks, AiInvalid: no skill can be called so."""
    if not name:
        raise Lacks("skillName")
    if not NAME.fullmatch(name):
        raise AiInvalid("skillName", "name", name)


def check_skill(skill: Skill) -> None:
    """
    Whether it can be stored, and unpacked anywhere.

    @raise Lacks, AiInvalid: it cannot.
    """
    check_skill_name(skill.name)
    if not skill.skill_md:
        raise Lacks("skillMd")
    for resource in (skill.resource or {}).values():
        check_path(resource.path)


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
    check_skill(skill)
    metadata = head.get("metadata")
    version = head.get("version") or (metadata.get("version") if isinstance(metadata, dict) else None)
    return Unpacked(skill, "" if version is None else str(version))


def packed_skill(skill: Skill) -> bytes:
    """The archive that clients get: the same bytes for the same skill."""
    files = [(DESCRIPTION, (skill.skill_md or "").encode())]
    for each in sorted((skill.resource or {}).values(), key=lambda resource: resource.path):
        files.append((each.path, each.data()))
    return archive_of((f"{skill.name}/{path}", content) for path, content in files)


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


SKILL = Kind("skill", "skillCard", Skill, check_skill_name, check_skill, unpacked_skill, packed_skill)
