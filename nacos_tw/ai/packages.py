"""Packages of the AI registries: versioned contents with files, skills and AgentSpecs. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Generic, TypeVar

import attrs
from msgspec import Struct

from nacos_tw.ai.archives import Resource, archive_of, check_path
from nacos_tw.ai.problems import AiInvalid, Lacks


class Package(Struct, rename="camel", kw_only=True):
    """A version of one."""

    namespace_id: str | None = None
    name: str = ""
    description: str | None = None
    resource: dict[str, Resource] | None = None


P = TypeVar("P", bound=Package)


@attrs.frozen
class Unpacked(Generic[P]):
    """What is in an archive. @ivar version: that it names itself; "" for none; C{biz_tags}: likewise."""

    package: P
    version: str = ""
    biz_tags: str = ""


@attrs.frozen
class Kind(Generic[P]):
    """
    What packages of a kind have of their own.

    @ivar name: what the kind is called; C{named}: the parameter with a package's name; C{card}: that with a package.
    @ivar type: of their contents.
    @ivar pattern: of their names.
    @ivar main: the file that describes a package; C{field}: the member of its content that is that file's text.
    @ivar text: that text; C{path}: where in the package's folder a resource lies.
    @ivar unpacked: reads an archive; raises AiInvalid, Lacks.
    @ivar blank: a package of a name with nothing in it, as a draft may begin; None where none may.
    """

    name: str
    named: str
    card: str
    type: type[P]
    pattern: re.Pattern[str]
    main: str
    field: str
    text: Callable[[P], str | None]
    unpacked: Callable[[bytes], Unpacked[P]]
    path: Callable[[Resource], str] = attrgetter("path")
    blank: Callable[[str], P] | None = None

    def check_name(self, name: str) -> None:
        """@raise Lacks, AiInvalid: none can be called so."""
        if not name:
            raise Lacks(self.named)
        if not self.pattern.fullmatch(name):
            raise AiInvalid(self.named, "name", name)

    def check(self, package: P) -> None:
        """
        Whether it can be stored, and unpacked anywhere.

        @raise Lacks, AiInvalid: it cannot.
        """
        self.check_name(package.name)
        if not self.text(package):
            raise Lacks(self.field)
        for resource in (package.resource or {}).values():
            check_path(resource.path)

    def packed(self, package: P) -> bytes:
        """The archive with it: the same bytes for the same package."""
        files = [(self.main, (self.text(package) or "").encode())]
        for each in sorted((package.resource or {}).values(), key=lambda resource: resource.path):
            files.append((self.path(each), each.data()))
        return archive_of((f"{package.name}/{path}", content) for path, content in files)
