"""
What clients read: services as they are seen by who wants to call them (docs/spec/grpc.md#7.2), and their names.

In two steps, so that an API can give an answer again that it has rendered: a L{View} or L{Catalog} is cheap and has a
version; what is in it is worked out when asked for. Who kept one asks later whether it still holds.
"""

from __future__ import annotations

import msgspec

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.resources import naming_resource
from nacos_tw.access.rules import Rule
from nacos_tw.naming import queries
from nacos_tw.naming.model import Instance, Service, ServiceKey
from nacos_tw.naming.operations.replicated import Replicated, check_known
from nacos_tw.naming.requests import OfNamespace, OfService, resource_of
from nacos_tw.naming.selectors import ListFilter
from nacos_tw.naming.switches import Switches


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
    @ivar switches: in force now.
    """

    __slots__ = ("key", "service", "switches", "version")

    def __init__(self, naming: Replicated, key: ServiceKey) -> None:
        overlay = naming.overlay
        self.key = key
        self.switches: Switches = naming.registry.switches
        self.service: Service | None = queries.service_of(naming.registry, overlay, key)
        self.version = -1 if self.service is None or (overlay and key in overlay) else self.service.version

    def resource(self) -> str:
        """The service."""
        return resource_of(self.key)

    def same(self, other: View) -> bool:
        """Whether another view of the same key shows the same, under the same switches."""
        return self.service is other.service and self.version == other.version >= 0 and self.switches is other.switches

    @property
    def by_client(self) -> bool:
        """Whether who asks makes a difference."""
        return self.service is not None and bool(self.service.selector.labels)

    def select(self, clusters: str = "", healthy_only: bool = False, client_ip: str = "") -> queries.Selection | None:
        """What lists of 1.x give out, see L{queries.select}; None if there is no service."""
        return None if self.service is None else queries.select(self.service, clusters, healthy_only, client_ip)

    def checksum(self) -> str:
        """A text that is equal on all nodes that have the same of the service; "" if there is none."""
        return "" if self.service is None else queries.checksum(self.service)

    def seen(self, clusters: str = "", healthy_only: bool = False) -> Seen:
        """
        The enabled instances of these clusters. A service that only came into being by its instances has no protect
        threshold for clients of 2.x and 3.x, not even 0 (docs/spec/grpc.md#7.2).

        @param clusters: comma separated names; "" for all.
        @param healthy_only: the others are left out before the threshold is looked at.
        """
        service = self.service
        if service is None:
            return NOTHING
        found = [each for each in queries.instances_of(service, clusters) if each.enabled]
        if not found:
            return NOTHING
        shown = [each for each in found if each.healthy] if healthy_only else found
        if not shown:
            return NOTHING
        healthy = sum(each.healthy for each in shown)
        if service.has_settings and healthy / len(shown) <= service.protect_threshold:
            return Seen([(each, True) for each in shown], True)
        return Seen([(each, each.healthy) for each in shown], False)


class Catalog:
    """
    The services of a namespace as this node shows them now.

    @ivar services: by grouped name; not to change.
    @ivar version: names that were listed at the same version can be given again; -1: they cannot.
    """

    __slots__ = ("namespace", "services", "version")

    def __init__(self, naming: Replicated, namespace: str) -> None:
        registry, overlay = naming.registry, naming.overlay
        self.namespace = namespace
        self.services = queries.services_of(registry, overlay, namespace)
        self.version = -1 if overlay else registry.catalog_version.get(namespace, 0)

    def resource(self) -> str:
        """All of the namespace."""
        return naming_resource(self.namespace)

    def names(self, group: str, keep: ListFilter | None = None) -> list[str]:
        """All names of a group, sorted; see L{queries.service_names}."""
        return queries.service_names(self.services, group, 1, len(self.services), keep)[0]


class Discovery(Operations):
    """Reads of this node's copy."""

    __slots__ = ("_naming",)

    def __init__(self, naming: Replicated) -> None:
        self._naming = naming

    @operation(Rule("read", "naming"))
    def look(self, caller: Caller, request: Look) -> View:
        """
        A service; one that does not exist is seen as empty.

        @raise nacos_tw.errors.Unavailable: this node does not know yet whether it is; an empty list would make clients
            forget what they have.
        """
        check_known(self._naming, request.service)
        return View(self._naming, request.service)

    @operation(Rule("read", "naming"))
    def holds(self, caller: Caller, view: View) -> bool:
        """Whether a service is still as it was viewed, so that what was rendered of it can be given again."""
        naming, service = self._naming, view.service
        return (
            service is not None
            and service.version == view.version
            and view.switches is naming.registry.switches
            and not naming.overlay
        )

    @operation(Rule("read", "services"))
    def catalog(self, caller: Caller, request: OfNamespace) -> Catalog:
        """
        The services of a namespace; empty if there is no such namespace.

        @raise nacos_tw.errors.Unavailable: see L{look}.
        """
        check_known(self._naming)
        return Catalog(self._naming, request.namespace)

    @operation(Rule("read", "services"))
    def listed(self, caller: Caller, catalog: Catalog) -> bool:
        """Whether the names of a namespace's services are still those of the catalog."""
        naming = self._naming
        return not naming.overlay and naming.registry.catalog_version.get(catalog.namespace, 0) == catalog.version

    @operation(Rule("read", "services"))
    def names(self, caller: Caller, request: NamesOfGroup) -> tuple[list[str], int]:
        """
        One page of the bare names of a group's services, and how many there are in all.

        @raise nacos_tw.errors.Unavailable: see L{look}.
        """
        check_known(self._naming)
        naming = self._naming
        services = queries.services_of(naming.registry, naming.overlay, request.namespace)
        return queries.service_names(services, request.group, request.page_no, request.page_size)
