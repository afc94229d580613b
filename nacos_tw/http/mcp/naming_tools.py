"""Tools for services: list them, their instances and health, who subscribes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import attrs
from msgspec import Meta

from nacos_tw.access.caller import Caller
from nacos_tw.http.api.parts import NamingParts
from nacos_tw.http.mcp.tool import Arguments, Namespace, Number, Size, Tool
from nacos_tw.naming.catalog import catalog_page, summary
from nacos_tw.naming.model import DEFAULT_NAMESPACE, ServiceKey
from nacos_tw.naming.operations.subscribers import SubscribersOf
from nacos_tw.naming.requests import OfNamespace, OneService
from nacos_tw.paging import page_of

EVERY = 2**31


class ListServices(Arguments, frozen=True, kw_only=True):
    """Which services."""

    namespace: Namespace = ""
    service: Annotated[str, Meta(description="A part of the names that are wanted.")] = ""
    group: Annotated[str, Meta(description="A part of the groups that are wanted.")] = ""
    page: Number = 1
    page_size: Size = 50


class OfService(Arguments, frozen=True, kw_only=True):
    """One service."""

    service: Annotated[str, Meta(description="The service's name.", min_length=1)]
    group: Annotated[str, Meta(description="The service's group.")] = "DEFAULT_GROUP"
    namespace: Namespace = ""

    @property
    def key(self) -> ServiceKey:
        """The service."""
        return self.namespace or DEFAULT_NAMESPACE, f"{self.group}@@{self.service}"


@attrs.frozen
class NamingTools:
    """@ivar does: the operations."""

    does: NamingParts

    def tools(self) -> Iterator[Tool]:
        """All of them."""
        yield Tool("list_services", "List the services of a namespace, with how many instances they have and how many "
                   "of these are healthy.", ListServices, self.list)  # fmt: skip
        yield Tool("service_instances", "List the instances of a service: address, health, weight, metadata.",
                   OfService, self.instances)  # fmt: skip
        yield Tool("service_subscribers", "Which clients are told of a service's changes.", OfService, self.subscribers)

    def list(self, caller: Caller, given: ListServices) -> dict[str, Any]:
        """A page."""
        every = self.does.services.of_namespace(caller, OfNamespace(given.namespace or DEFAULT_NAMESPACE))
        matching, _ = catalog_page(every, 0, EVERY, given.service, given.group)
        found = page_of(matching, given.page, given.page_size)
        rows = [
            {"service": line.name, "group": line.group, "instances": line.instances, "healthy": line.healthy}
            for line in map(summary, found.items)
        ]
        return {"total": found.total, "page": found.number, "services": rows}

    def instances(self, caller: Caller, given: OfService) -> dict[str, Any]:
        """With their real health."""
        service = self.does.services.detail(caller, OneService(given.key))
        rows = [
            {"ip": each.ip, "port": each.port, "cluster": each.cluster, "healthy": each.healthy,
             "enabled": each.enabled, "weight": each.weight, "ephemeral": each.ephemeral,
             "metadata": each.metadata or {}}
            for each in sorted(service.instances(), key=lambda each: (each.cluster, each.ip, each.port))
        ]  # fmt: skip
        return {"service": given.service, "group": given.group, "instances": rows}

    async def subscribers(self, caller: Caller, given: OfService) -> dict[str, Any]:
        """Of all nodes."""
        found = await self.does.subscribers.subscribers(caller, SubscribersOf(given.key))
        rows = [{"client": each.addr_str, "agent": each.agent, "application": each.app} for each in found]
        return {"subscribers": rows}
