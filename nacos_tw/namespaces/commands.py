"""What changes the namespaces; part of the union of L{nacos_tw.database.commands}. Tags 20 to 29 are theirs."""

from __future__ import annotations

import msgspec


class _Command(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="command"):
    """Base of all: frozen, encoded as an array that starts with the tag."""


class CreateNamespace(_Command, frozen=True, array_like=True, tag=20):
    """Create a namespace. Result: True, or False if there is one with that id."""

    id: str
    name: str
    desc: str | None
    at_ms: int


class UpdateNamespace(_Command, frozen=True, array_like=True, tag=21):
    """Rename a namespace. Result: True, for an unknown one too (docs/spec/config-v1.md#11.5)."""

    id: str
    name: str
    desc: str | None
    at_ms: int


class DeleteNamespace(_Command, frozen=True, array_like=True, tag=22):
    """Remove the row of a namespace, not what is in it. Result: True, always (docs/spec/config-v1.md#11.6)."""

    id: str


NamespaceCommand = CreateNamespace | UpdateNamespace | DeleteNamespace
"""Any of them."""
