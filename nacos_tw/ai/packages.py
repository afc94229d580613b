"""Packages of the AI registries: versioned contents with files, skills and AgentSpecs. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import attrs
from msgspec import Struct

from nacos_tw.ai.archives import Resource


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

    @ivar name: what the kind is called; C{card}: the parameter that holds a package of it.
    @ivar type: of their contents.
    @ivar check_name: raises where none can be called so; C{check}: where one cannot be stored.
    @ivar unpacked: reads an archive; raises AiInvalid, Lacks.
    @ivar packed: the archive with a package: the same bytes for the same package.
    """

    name: str
    card: str
    type: type[P]
    check_name: Callable[[str], None]
    check: Callable[[P], None]
    unpacked: Callable[[bytes], Unpacked[P]]
    packed: Callable[[P], bytes]
