"""What can be asked about namespaces: frozen values, which every API makes of its own parameters."""

from __future__ import annotations

import msgspec

from nacos_tw.namespaces.model import is_valid_id, is_valid_name
from nacos_tw.namespaces.problems import DescriptionTooLong, NamespaceRefused

LONGEST_DESC = 256


class _OfNamespaces(msgspec.Struct, frozen=True, gc=False):
    """Base: permissions name nothing of the namespaces themselves."""

    def resource(self) -> str:
        """None."""
        return ""


class All(_OfNamespaces, frozen=True, gc=False):
    """Every namespace."""


class OneNamespace(_OfNamespaces, frozen=True, gc=False):
    """A namespace; C{id} "" is the public one."""

    id: str

    def details(self) -> dict[str, str]:
        """For the audit log."""
        return {"namespaceId": self.id}


class NewNamespace(_OfNamespaces, frozen=True, gc=False):
    """
    A namespace to be created; C{id} "": one is made.

    @raise NamespaceRefused: there can be none of that id or name.
    @raise DescriptionTooLong: the description is too long.
    """

    id: str
    name: str
    desc: str | None = None

    def __post_init__(self) -> None:
        check_desc(self.desc)
        if self.id and (not is_valid_id(self.id) or self.id.lower() in ("public", "null")):
            raise NamespaceRefused("id", self.id)
        check_name(self.name)

    def details(self) -> dict[str, str]:
        """For the audit log."""
        return {"customNamespaceId": self.id, "namespaceName": self.name}


class Renaming(_OfNamespaces, frozen=True, gc=False):
    """
    Name and description that a namespace gets.

    @raise NamespaceRefused: none can be called so.
    @raise DescriptionTooLong: the description is too long.
    """

    id: str
    name: str
    desc: str | None = None

    def __post_init__(self) -> None:
        check_desc(self.desc)
        check_name(self.name)

    def details(self) -> dict[str, str]:
        """For the audit log."""
        return {"namespace": self.id, "namespaceShowName": self.name}


def check_desc(desc: str | None) -> None:
    """@raise DescriptionTooLong: it is too long."""
    if desc and len(desc) > LONGEST_DESC:
        raise DescriptionTooLong(LONGEST_DESC)


def check_name(name: str) -> None:
    """@raise NamespaceRefused: no namespace can have it."""
    if not is_valid_name(name):
        raise NamespaceRefused("name", name)
