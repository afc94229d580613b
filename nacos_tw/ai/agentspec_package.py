"""AgentSpecs as packages: an archive with manifest.json and what it names, and how one is read. Pure."""

from __future__ import annotations

import re
from operator import attrgetter
from typing import Any

import msgspec

from nacos_tw.ai.archives import Resource, files_of, outermost, resources_below, text_of
from nacos_tw.ai.packages import Kind, Package, Unpacked
from nacos_tw.ai.problems import AiInvalid, Lacks

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,38}[A-Za-z0-9])?")
"""So that the group with the files of a version is a group that configs can have."""
MANIFEST = "manifest.json"
_TYPES = {"Dockerfile": "dockerfile", "tool-analysis.json": "tool-analysis"}
"""Of files that are in no folder."""
_ENDING = re.compile(r".*\.[a-zA-Z0-9]+")


class AgentSpec(Package, rename="camel", kw_only=True):
    """A version of an AgentSpec. C{content}: manifest.json."""

    biz_tags: str | None = None
    content: str | None = None


def unpacked_agentspec(data: bytes) -> Unpacked[AgentSpec]:
    """
    An archive. Its name is the manifest's C{worker.suggested_name}.

    @raise AiInvalid, Lacks: it is none, or none of an AgentSpec.
    """
    files = files_of(data)
    path = outermost(files, MANIFEST)
    if path is None:
        raise Lacks(MANIFEST)
    text = text_of(files.pop(path))
    manifest = _manifest(text)
    worker = manifest.get("worker")
    name = worker.get("suggested_name") if isinstance(worker, dict) else None
    if not isinstance(name, str) or not name.strip():
        raise Lacks("worker.suggested_name")
    resources = [_typed(each) for each in resources_below(files, path[: -len(MANIFEST)])]
    tags = manifest.get("tags") or manifest.get("bizTags")
    spec = AgentSpec(
        name=name.strip(),
        description=str(manifest.get("description") or "").strip(),
        biz_tags=tags if isinstance(tags, str) else msgspec.json.encode(tags).decode() if tags else "",
        content=text,
        resource={identifier(each): each for each in resources},
    )
    AGENTSPEC.check(spec)
    version = manifest.get("version")
    return Unpacked(spec, "" if version is None else str(version), spec.biz_tags or "")


def identifier(resource: Resource) -> str:
    """What a file is called among the resources, as clients compute it (docs/spec/ai-v3.md#5)."""
    name = resource.name.strip()
    before, _, ending = name.rpartition(".")
    if before and _ENDING.fullmatch(name):
        name = f"{before}__{ending}"
    return f"{resource.type.strip().replace('/', '.')}_{name}" if resource.type.strip() else name


def _manifest(text: str | None) -> dict[str, Any]:
    """@raise AiInvalid: it is no object of JSON."""
    try:
        found = msgspec.json.decode(text or "")
    except (msgspec.MsgspecError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise AiInvalid(MANIFEST, "format")
    return found


def _typed(resource: Resource) -> Resource:
    resource.type = resource.type or _TYPES.get(resource.name, "")
    return resource


def _path(resource: Resource) -> str:
    return resource.name if resource.type == _TYPES.get(resource.name) else resource.path


AGENTSPEC = Kind(
    name="agentspec",
    named="agentSpecName",
    card="agentSpecCard",
    type=AgentSpec,
    pattern=NAME,
    main=MANIFEST,
    field="content",
    text=attrgetter("content"),
    unpacked=unpacked_agentspec,
    path=_path,
    blank=lambda name: AgentSpec(name=name, content="{}"),
)
