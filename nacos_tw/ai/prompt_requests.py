"""What can be asked of the registry of prompts."""

from __future__ import annotations

from msgspec import Struct

from nacos_tw.ai.problems import AiInvalid, Lacks
from nacos_tw.ai.requests import Listing, OfName

LONGEST_NAME = 128


class PromptListing(Listing, frozen=True, gc=False, kw_only=True):
    """A page of prompts. C{biz_tag}: that their tags hold, "" for any."""

    biz_tag: str = ""


class Variable(Struct, rename="camel", frozen=True):
    """A gap of a template."""

    name: str | None = None
    default_value: str | None = None
    description: str | None = None


class PromptQuery(OfName, frozen=True, gc=False, kw_only=True):
    """
    A prompt: of a version, or by a label, or the latest.

    @ivar md5: of what the client has of it.
    """

    version: str = ""
    label: str = ""
    md5: str = ""


class PromptWrite(OfName, frozen=True, gc=False, kw_only=True):
    """A version to be published. C{description}, C{biz_tags}: of the whole prompt; None keeps."""

    version: str
    template: str
    variables: list[Variable] | None = None
    commit: str = ""
    description: str | None = None
    biz_tags: str | None = None

    def __post_init__(self) -> None:
        check_name("promptKey", self.name)
        if not self.version:
            raise Lacks("version")
        if not self.template:
            raise Lacks("template")

    def details(self) -> dict[str, str]:
        """As L{OfName.details}."""
        return {**super().details(), "version": self.version}


class PromptDescription(OfName, frozen=True, gc=False, kw_only=True):
    """What describes a prompt; None keeps."""

    description: str | None = None
    biz_tags: str | None = None


class LabelChange(OfName, frozen=True, gc=False, kw_only=True):
    """A label to be put onto a version; C{version} "": off whatever it is on."""

    label: str
    version: str = ""

    def __post_init__(self) -> None:
        if not self.label:
            raise Lacks("label")

    def details(self) -> dict[str, str]:
        """As L{OfName.details}."""
        return {**super().details(), "label": self.label, "version": self.version}


class VersionPage(OfName, frozen=True, gc=False, kw_only=True):
    """A page of the versions of one thing, counted from 1."""

    number: int = 1
    size: int = 100


def check_name(field: str, name: str) -> None:
    """@raise Lacks, AiInvalid: nothing can be called so."""
    if not name.strip():
        raise Lacks(field)
    if len(name) > LONGEST_NAME or any(char < " " or char in "/\\" for char in name):
        raise AiInvalid(field, "length" if len(name) > LONGEST_NAME else "name", name, LONGEST_NAME)
