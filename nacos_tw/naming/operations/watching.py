"""Watching which services there are, for clients that are told on a connection of their own."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.resources import naming_resource
from nacos_tw.access.rules import Rule
from nacos_tw.naming import queries
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.operations.replicated import Replicated


class AllOfNamespace(msgspec.Struct, frozen=True, gc=False):
    """All services of a namespace, by name: those that are there, and those that come."""

    namespace: str

    def resource(self) -> str:
        """All of the namespace."""
        return naming_resource(self.namespace)


class Present:
    """Which services this node shows now."""

    __slots__ = ("_naming",)

    def __init__(self, naming: Replicated) -> None:
        self._naming = naming

    def names(self, namespace: str) -> Iterator[str]:
        """Their grouped names."""
        return iter(list(queries.services_of(self._naming.registry, self._naming.overlay, namespace)))

    def has(self, key: ServiceKey) -> bool:
        """Whether it is one."""
        return queries.service_of(self._naming.registry, self._naming.overlay, key) is not None


class Watching(Operations):
    """What is watched is told by its transport."""

    __slots__ = ()

    def __init__(self) -> None:
        """Nothing is recorded."""

    @operation(Rule("read", "services"))
    def watch(self, caller: Caller, request: AllOfNamespace) -> None:
        """Be told of the services of a namespace from now on: that they may is all that is done here."""
