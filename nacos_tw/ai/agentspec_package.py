"""AgentSpecs as packages: an archive with manifest.json and what it names, read and written. Pure."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from nacos_tw.ai.archives import Resource, archive_of, check_path, files_of, outermost, resources_below, text_of
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


def check_agentspec_name(name: str) -> None:
    """@raise Lacks, AiInvalid: no AgentSpec can be called so."""
    if not name:
        raise Lacks("agentSpecName")
    if not NAME.fullmatch(name):
        raise AiInvalid("agentSpecName", "name", name)


def check_agentspec(spec: AgentSpec) -> None:
    """
    Whether it can be stored, and unpacked anywhere.

    @raise Lacks, AiInvalid: it cannot.
    """
    check_agentspec_name(spec.name)
    if not spec.content:
        raise Lacks("content")
    for resource in (spec.resource or {}).values():
        check_path(resource.path)


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
    check_agentspec(spec)
    version = manifest.get("version")
    return Unpacked(spec, "" if version is None else str(version), spec.biz_tags or "")


def packed_agentspec(spec: AgentSpec) -> bytes:
    """The archive with it: the same bytes for the same AgentSpec."""
    files = [(MANIFEST, (spec.content or "").encode())]
    for each in sorted((spec.resource or {}).values(), key=lambda resource: resource.path):
        files.append((each.name if each.type == _TYPES.get(each.name) else each.path, each.data()))
    return archive_of((f"{spec.name}/{path}", content) for path, content in files)


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


AGENTSPEC = Kind(
    "agentspec", "agentSpecCard", AgentSpec, check_agentspec_name, check_agentspec, unpacked_agentspec, packed_agentspec
)
