"""
What clients of 2.x and 3.x read: services as they are seen by who wants to call them (docs/spec/grpc.md#7.2).

In two steps, so that an API can give an answer again that it has rendered: a L{View} is cheap and has the service's
version; what is in it is worked out when asked for.
"""

from __future__ import annotations

import msgspec

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.resources import naming_resource
from nacos_tw.access.rules import Rule
from nacos_tw.naming import queries
from nacos_tw.naming.model import Instance, Service, ServiceKey
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.requests import OfService


class Look(OfService, frozen=True, gc=False):
    """One service; see L{View} for what of it."""


class NamesOfGroup(msgspec.Struct, frozen=True, gc=False):
    """A page of the services of a group, counted from 1."""

    namespace: str
    group: str
    page_no: int
    page_size: int

    def resource(self) -> str:
        """All of the group."""
        return f"{naming_resource(self.namespace).partition(':')[0]}:{self.group}:naming/*"


class Seen(msgspec.Struct, frozen=True, gc=False):
    """
    Instances that may be called, with the health to show.

    C{protected}: so few are healthy that all are shown as healthy.
    """

    instances: list[tuple[Instance, bool]]
    protected: bool


NOTHING = Seen([], False)


class View:
    """
    A service as this node shows it now.

    @ivar service: None if there is none.
    @ivar version: what was rendered of the same service object at the same version can be given again; -1: it cannot.
    """

    __slots__ = ("service", "version")

    def __init__(self, naming: Naming, key: ServiceKey) -> None:
        overlay = naming.overlay
        self.service: Service | None = queries.service_of(naming.registry, overlay, key)
        self.version = -1 if self.service is None or (overlay and key in overlay) else self.service.version

    def seen(self, clusters: str = "", healthy_only: bool = False) -> Seen:
        """
        The enabled instances of these clusters.

        @param clusters: comma separated names; "" for all.
        """
        service = self.service
        if service is None:
            return NOTHING
        found = [each for each in queries.instances_of(service, clusters) if each.enabled]
        if not found:
            return NOTHING
        healthy = [each for each in found if each.healthy]
        if len(healthy) / len(found) <= service.protect_threshold:
            return Seen([(each, True) for each in found], True)
        shown = healthy if healthy_only else found
        return Seen([(each, each.healthy) for each in shown], False)


class Discovery(Operations):
    """Reads of this node's copy."""

    __slots__ = ("_naming",)

    def __init__(self, naming: Naming) -> None:
        self._naming = naming

    @operation(Rule("read", "naming"))
    def look(self, caller: Caller, request: Look) -> View:
        """A service; one that does not exist is seen as empty."""
        return View(self._naming, request.service)

    @operation(Rule("read", "services"))
    def names(self, caller: Caller, request: NamesOfGroup) -> tuple[list[str], int]:
        """One page of the bare names of a group's services, and how many there are in all."""
        naming = self._naming
        services = queries.services_of(naming.registry, naming.overlay, request.namespace)
        return queries.service_names(services, request.group, request.page_no, request.page_size)
