"""Services and their clusters: making, changing, removing and looking at them (docs/spec/naming-v1.md#4 and #5.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred

from nacos_tw.access.caller import Caller
from nacos_tw.access.identity import READ as READS
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.resources import naming_resource
from nacos_tw.access.rules import Rule
from nacos_tw.errors import ServiceNotEmpty, ServiceUnknown
from nacos_tw.naming import queries
from nacos_tw.naming.commands import CreateService, RemoveService, UpdateCluster, UpdateService
from nacos_tw.naming.model import Service
from nacos_tw.naming.operations.replicated import Replicated
from nacos_tw.naming.requests import (
    Asking,
    ClusterSettings,
    OfNamespace,
    OneService,
    Search,
    ServiceRemoval,
    ServiceSettings,
)
from nacos_tw.naming.selectors import SELECTOR_TYPES

READ, WRITE = Rule("read", "naming"), Rule("write", "naming")


class Services(Operations):
    """What reads give are the registry's own values, or copies with what this node shows beside them: not to change."""

    __slots__ = ("_naming",)

    def __init__(self, naming: Replicated) -> None:
        self._naming = naming

    @operation(WRITE)
    def create(self, caller: Caller, request: ServiceSettings) -> Deferred[Any]:
        """
        Create a service.

        @return: fails if it is there already.
        """
        return self._naming.change(
            CreateService(request.service, request.protect_threshold, request.metadata, request.selector)
        )

    @operation(WRITE)
    def update(self, caller: Caller, request: ServiceSettings) -> Deferred[Any]:
        """
        Replace the settings of a service.

        @return: fails if there is none.
        """
        return self._naming.change(
            UpdateService(request.service, request.protect_threshold, request.metadata, request.selector)
        )

    @operation(WRITE)
    def remove(self, caller: Caller, request: ServiceRemoval) -> Deferred[Any]:
        """
        Remove a service, with all its instances or if it has none.

        @raise ServiceNotEmpty: (also as a failure) it has to be empty and is not; or it has instances of connected
            clients, which would register them again at once.
        @return: fails if there is none.
        """
        # Nodes of a version that does not know the condition see it held in nearly all cases.
        found = queries.service_of(self._naming.registry, self._naming.overlay, request.service)
        if found is not None and any(request.must_be_empty or each.client for each in queries.instances_of(found)):
            raise ServiceNotEmpty(request.service)
        return self._naming.change(RemoveService(request.service, request.must_be_empty))

    @operation(WRITE)
    def update_cluster(self, caller: Caller, request: ClusterSettings) -> Deferred[Any]:
        """
        Create a cluster of a service, or replace its settings.

        @return: fails if there is no such service.
        """
        return self._naming.change(
            UpdateCluster(
                request.service,
                request.cluster,
                request.checker,
                request.check_port,
                request.use_instance_port,
                request.metadata,
            )
        )

    @operation(READ)
    def find(self, caller: Caller, request: OneService) -> Service | None:
        """A service as this node shows it, None if there is none."""
        return queries.service_of(self._naming.registry, self._naming.overlay, request.service)

    @operation(READ)
    def detail(self, caller: Caller, request: OneService) -> Service:
        """
        The same, of one that must be there.

        @raise ServiceUnknown: there is none.
        """
        found = queries.service_of(self._naming.registry, self._naming.overlay, request.service)
        return queries.service_detail(found, request.service)

    @operation(READ)
    def checksum(self, caller: Caller, request: OneService) -> str:
        """
        A text that is equal on all nodes that have the same of the service.

        @raise ServiceUnknown: there is none.
        """
        found = queries.service_of(self._naming.registry, self._naming.overlay, request.service)
        if found is None:
            raise ServiceUnknown(request.service)
        return queries.checksum(found)

    @operation(Rule("read", "services"))
    def of_namespace(self, caller: Caller, request: OfNamespace) -> Mapping[str, Service]:
        """The services of a namespace by grouped name; empty if there is no such namespace."""
        return queries.services_of(self._naming.registry, self._naming.overlay, request.namespace)

    @operation(Rule("user"))
    def search(self, caller: Caller, request: Search) -> dict[str, list[str]]:
        """Grouped names that contain a text, by namespace: of those that the caller may read."""
        found = queries.search_names(self._naming.registry, self._naming.overlay, request.namespace, request.text)
        return {
            namespace: names
            for namespace, names in found.items()
            if caller.identity.may(READS, naming_resource(namespace))
        }

    @operation(Rule("open"))
    def selector_types(self, caller: Caller, request: Asking) -> list[str]:
        """The types that a service's selector may have."""
        return list(SELECTOR_TYPES)
