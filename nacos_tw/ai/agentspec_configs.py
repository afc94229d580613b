"""
AgentSpecs as the configs that Java's client reads and listens to (docs/spec/ai-v3.md#5): an index, which names a
version and its files, and the files of each version in a group of their own. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from nacos_tw.ai.agentspec_package import MANIFEST, AgentSpec, identifier
from nacos_tw.ai.archives import Resource
from nacos_tw.ai.jsons import stored
from nacos_tw.ai.problems import AiInvalid
from nacos_tw.ai.shelves import coded
from nacos_tw.ai.writing import document
from nacos_tw.config.commands import Change

INDEX = "agentspec_index.json"
PREFIX = "agentspec__"
LONGEST_GROUP = 128
TAG = "nacos.internal.config=agentspec"


def group_of(name: str) -> str:
    """The group with the index."""
    return PREFIX + (f"enc.{name.encode().hex()}" if "__" in name else coded(name))


def version_group(name: str, version: str) -> str:
    """The group with the files of a version."""
    return f"{PREFIX}enc.{name.encode().hex()}__enc.{version.encode().hex()}"


def check_length(name: str, version: str) -> None:
    """@raise AiInvalid: there can be no group for the files of that version."""
    most = LONGEST_GROUP - len(version_group(name, ""))
    if 2 * len(version.encode()) > most:
        raise AiInvalid("version", "size", version, most // 2)


def published(tenant: str, name: str, version: str, spec: AgentSpec) -> list[Change]:
    """The files of a version."""
    group = version_group(name, version)
    return [document((tenant, group, id_), stored(each), None, name, TAG) for id_, each in _files(spec)]


def removed(tenant: str, name: str, version: str, spec: AgentSpec) -> list[Change]:
    """They go."""
    group = version_group(name, version)
    return [Change((tenant, group, id_), None) for id_, _ in _files(spec)]


def index(tenant: str, name: str, version: str, spec: AgentSpec | None) -> Change:
    """What the index is to be. @param spec: that version; None where clients get none."""
    key = tenant, group_of(name), INDEX
    if spec is None:
        return Change(key, None)
    files = [id_ for id_, _ in _files(spec)]
    return document(key, stored({"version": version, "files": files}), None, name, TAG)


def _files(spec: AgentSpec) -> Iterator[tuple[str, Resource]]:
    """By dataId."""
    yield MANIFEST, Resource(name=MANIFEST, content=spec.content or "")
    for each in sorted((spec.resource or {}).values(), key=lambda resource: resource.path):
        yield coded(f"resource_{identifier(each)}.json"), each
