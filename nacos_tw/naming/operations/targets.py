"""Instances as Prometheus finds them: all of a node, of a namespace, of the services of one name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from nacos_tw.access.caller import Caller
from nacos_tw.access.identity import READ
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.resources import naming_resource
from nacos_tw.access.rules import Rule
from nacos_tw.naming import queries
from nacos_tw.naming.model import Instance, Service
from nacos_tw.naming.operations.replicated import Replicated, check_known


class AskingTargets(msgspec.Struct, frozen=True, gc=False):
    """C{namespace}: "" for all that the caller may read; C{service}: a name without its group, "" for all."""

    namespace: str = ""
    service: str = ""

    def resource(self) -> str:
        """All of the namespace."""
        return naming_resource(self.namespace)


class Targets(Operations):
    """
    Unhealthy and disabled ones are among them: whoever monitors wants to see those most.

    All raise L{Unavailable<nacos_tw.errors.Unavailable>} while this node does not know all services: an empty list
    would make a monitor forget what it has.
    """

    __slots__ = ("_naming",)

    def __init__(self, naming: Replicated) -> None:
        self._naming = naming

    @operation(Rule("user"))
    def everywhere(self, caller: Caller, request: AskingTargets) -> list[Instance]:
        """Those of all namespaces whose services the caller may read."""
        naming, identity = self._naming, caller.identity
        check_known(naming)
        found: list[Instance] = []
        for namespace in queries.namespaces_of(naming.registry, naming.overlay):
            if identity.admin or identity.may(READ, naming_resource(namespace)):
                found += self._within(namespace, "")
        return found

    @operation(Rule("read", "services"))
    def within(self, caller: Caller, request: AskingTargets) -> list[Instance]:
        """Those of one namespace."""
        check_known(self._naming)
        return list(self._within(request.namespace, request.service))

    def _within(self, namespace: str, name: str) -> Iterator[Instance]:
        naming = self._naming
        services = queries.services_of(naming.registry, naming.overlay, namespace)
        for service in _named(services.values(), name):
            yield from queries.instances_of(service, "")


def _named(services: Iterable[Service], name: str) -> Iterator[Service]:
    """Those with that name in any group; "": all."""
    return (service for service in services if not name or service.key[1].partition("@@")[2] == name)
