"""Skills as packages: an archive with SKILL.md and what it needs, read and written. Pure."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from typing import Any

import attrs
from msgspec import Struct

from nacos_tw.ai.problems import AiInvalid, Lacks

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
DESCRIPTION = "SKILL.md"
MOST_FILES = 1000
MOST_BYTES = 10 * 1024 * 1024
"""Of all files, unpacked."""
BASE64 = {"encoding": "base64"}
"""Metadata of a file that is no text."""


class Resource(Struct, kw_only=True):
    """A file. C{type}: the folder that it is in, "" for none."""

    name: str
    type: str = ""
    content: str = ""
    metadata: dict[str, Any] | None = None

    @property
    def path(self) -> str:
        """Within the skill's folder."""
        return f"{self.type}/{self.name}" if self.type else self.name


class Skill(Struct, rename="camel", kw_only=True):
    """A version of a skill."""

    namespace_id: str | None = None
    name: str = ""
    description: str | None = None
    skill_md: str | None = None
    resource: dict[str, Resource] | None = None


@attrs.frozen
class Unpacked:
    """What is in an archive. @ivar version: that its description names; "" for none."""

    skill: Skill
    version: str


def check_skill_name(name: str) -> None:
    """@raise Lacks, AiInvalid: no skill can be called so."""
    if not name:
        raise Lacks("skillName")
    if not NAME.fullmatch(name):
        raise AiInvalid("skillName", "name", name)


def check(skill: Skill) -> None:
    """
    Whether it can be stored, and unpacked anywhere.

    @raise Lacks, AiInvalid: it cannot.
    """
    check_skill_name(skill.name)
    if not skill.skill_md:
        raise Lacks("skillMd")
    for resource in (skill.resource or {}).values():
        _check_path(resource.path)


def unpacked(data: bytes) -> Unpacked:
    """
    An archive.

    @raise AiInvalid, Lacks: it is none, or none of a skill.
    """
    from zipfile import BadZipFile, ZipFile  # seldom used, and brings several others

    files: dict[str, bytes] = {}
    try:
        with ZipFile(BytesIO(data)) as archive:
            entries = [each for each in archive.infolist() if not each.is_dir() and not _passing(each.filename)]
            if len(entries) > MOST_FILES or sum(each.file_size for each in entries) > MOST_BYTES:
                raise AiInvalid("file", "size", len(entries), MOST_BYTES)
            for each in entries:
                _check_path(each.filename)
                with archive.open(each) as file:
                    files[each.filename] = file.read(MOST_BYTES + 1)
    except (BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise AiInvalid("file", "format", detail=str(error)) from None
    found = sorted((name for name in files if name.rpartition("/")[2] == DESCRIPTION), key=lambda name: name.count("/"))
    if not found:
        raise Lacks(DESCRIPTION)
    root = found[0][: -len(DESCRIPTION)]
    text = _text(files.pop(found[0]))
    if text is None:
        raise AiInvalid(DESCRIPTION, "format")
    head = _head(text)
    resources = [_resource(name[len(root) :], content) for name, content in files.items() if name.startswith(root)]
    skill = Skill(
        name=str(head.get("name") or root.strip("/").rpartition("/")[2]),
        description=str(head.get("description") or ""),
        skill_md=text,
        resource={each.path: each for each in resources},
    )
    check(skill)
    metadata = head.get("metadata")
    version = head.get("version") or (metadata.get("version") if isinstance(metadata, dict) else None)
    return Unpacked(skill, "" if version is None else str(version))


def packed(skill: Skill) -> bytes:
    """The archive that clients get: the same bytes for the same skill."""
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

    out = BytesIO()
    files = [(DESCRIPTION, (skill.skill_md or "").encode())]
    for each in sorted((skill.resource or {}).values(), key=lambda resource: resource.path):
        coded = (each.metadata or {}).get("encoding") == BASE64["encoding"]
        files.append((each.path, base64.b64decode(each.content) if coded else each.content.encode()))
    with ZipFile(out, "w") as archive:
        for path, content in files:
            entry = ZipInfo(f"{skill.name}/{path}", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, content)
    return out.getvalue()


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


def _resource(path: str, content: bytes) -> Resource:
    folder, _, name = path.rpartition("/")
    text = _text(content)
    if text is not None:
        return Resource(name=name, type=folder, content=text)
    return Resource(name=name, type=folder, content=base64.b64encode(content).decode(), metadata=dict(BASE64))


def _text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _passing(name: str) -> bool:
    """Files that systems leave in archives by themselves."""
    last = name.rpartition("/")[2]
    return name.startswith("__MACOSX/") or last == ".DS_Store" or last.startswith("._")


def _check_path(path: str) -> None:
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in path or "\0" in path or ":" in parts[0]:
        raise AiInvalid("file", "path", path)
