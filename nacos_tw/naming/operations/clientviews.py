"""
Clients as v2 and v3 show them (docs/spec/http-v2-v3.md#2): connections of 2.x and 3.x, and for those of 1.x an
C{ip:port} of each kind of instance. What clients publish is replicated; what they subscribe to is known to their node.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import attrs

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.errors import ClientUnknown
from nacos_tw.naming import queries
from nacos_tw.naming.model import Instance, ServiceKey
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.requests import Asking, OneService
from nacos_tw.naming.subscriptions import Subscriber, SubscribingClient

ADMIN, READ = Rule("admin"), Rule("read", "naming")


class OfClient(Asking, frozen=True, gc=False):
    """One client."""

    client: str


@attrs.frozen
class ClientFacts:
    """
    A client.

    @ivar connection: whether it is one; else an C{ip:port} of 1.x.
    @ivar updated_ms: when it was last heard of, in milliseconds since 1970.
    @ivar version: of its SDK, C{app}: its application; "" where that is not known to this node.
    """

    id: str
    connection: bool
    ephemeral: bool
    updated_ms: int
    ip: str
    port: int
    version: str = ""
    app: str = ""


class NamingConnections(Protocol):
    """The clients of naming that are connected to this node."""

    def ids(self) -> list[str]:
        """Of all."""

    def of(self, client: str) -> tuple[str, str] | None:
        """The version of its SDK, and its application; None if it is not here."""


class NoConnections:
    """None."""

    def ids(self) -> list[str]:
        """None."""
        return []

    def of(self, client: str) -> tuple[str, str] | None:
        """None."""
        return None


@attrs.frozen
class Published:
    """An instance, and the id of the client that publishes it."""

    client: str
    instance: Instance


def id_of(instance: Instance) -> str:
    """The id of the 1.x client that an instance is of."""
    return f"{instance.ip}:{instance.port}#{'true' if instance.ephemeral else 'false'}"


def id_of_subscriber(client: SubscribingClient) -> str:
    """The id of a client that subscribes: those that are pushed by UDP have a port, connections have not."""
    return f"{client.ip}:{client.port}#true" if client.port else str(client.key)


class Publishing:
    """What clients on connections publish, for who has the connections."""

    __slots__ = ("_naming",)

    def __init__(self, naming: Naming) -> None:
        self._naming = naming

    def count(self, client: str) -> int:
        """Of how many services a client has instances."""
        known = self._naming.registry.clients.get(client)
        return 0 if known is None else len(known.published)

    def of(self, client: str) -> dict[ServiceKey, list[Instance]]:
        """A client's instances by service."""
        registry = self._naming.registry
        known, by_number = registry.clients.get(client), registry.by_number
        published = {} if known is None else known.published
        return {
            service: [by_number[number] for number in numbers if number in by_number]
            for service, numbers in published.items()
        }


class ClientViews(Operations):
    """Reads of this node's copy."""

    __slots__ = ("_connected", "_naming")

    def __init__(self, naming: Naming, connected: NamingConnections | None = None) -> None:
        self._naming = naming
        self._connected = connected or NoConnections()

    @operation(ADMIN)
    def ids(self, caller: Caller, request: Asking) -> list[str]:
        """All clients that publish, of all nodes, and those of this node that are connected or subscribe."""
        registry = self._naming.registry
        found = dict.fromkeys(registry.clients)
        found.update(dict.fromkeys(id_of(each) for each in registry.by_number.values() if not each.client))
        found.update(dict.fromkeys(id_of_subscriber(each.client) for each in self._naming.subscriptions))
        found.update(dict.fromkeys(self._connected.ids()))
        return list(found)

    @operation(ADMIN)
    def facts(self, caller: Caller, request: OfClient) -> ClientFacts:
        """
        One client.

        @raise ClientUnknown: there is none.
        """
        registry, subscriber = self._naming.registry, self._subscriber(request.client)
        client, connected = registry.clients.get(request.client), self._connected.of(request.client)
        if client is not None or connected is not None or (subscriber is not None and not subscriber.port):
            ip, port = _address(request.client)
            updated = 0 if client is None else self._naming.last_beat_millis(client.number)
            version, app = connected or (("", "") if subscriber is None else (subscriber.agent, subscriber.app))
            return ClientFacts(request.client, True, True, updated, ip, port, version, app)
        own = self._own(request.client)
        if not own and subscriber is None:
            raise ClientUnknown(request.client)
        address, _, ephemeral = request.client.partition("#")
        ip, _, port_text = address.rpartition(":")
        updated = max((self._naming.last_beat_millis(each.number) for each in own), default=0)
        version, app = ("", "") if subscriber is None else (subscriber.agent, subscriber.app)
        return ClientFacts(request.client, False, ephemeral == "true", updated, ip, int(port_text), version, app)

    @operation(ADMIN)
    def published(self, caller: Caller, request: OfClient) -> list[Instance]:
        """
        What one client publishes.

        @raise ClientUnknown: there is none.
        """
        found = self._own(request.client)
        if not found and self._subscriber(request.client) is None and self._connected.of(request.client) is None:
            raise ClientUnknown(request.client)
        return found

    @operation(ADMIN)
    def subscribed(self, caller: Caller, request: OfClient) -> list[Subscriber]:
        """
        What one client of this node is told of.

        @raise ClientUnknown: there is none.
        """
        found = [each for each in self._naming.subscriptions if id_of_subscriber(each.client) == request.client]
        if not found and not self._own(request.client) and self._connected.of(request.client) is None:
            raise ClientUnknown(request.client)
        return found

    @operation(READ)
    def publishers(self, caller: Caller, request: OneService) -> list[Published]:
        """Who publishes the instances of a service."""
        naming = self._naming
        service = queries.service_of(naming.registry, naming.overlay, request.service)
        by_number = naming.registry.clients_by_number
        found = []
        for each in [] if service is None else queries.instances_of(service):
            client = by_number.get(each.client) if each.client else None
            found.append(Published(id_of(each) if client is None else client.id, each))
        return found

    @operation(READ)
    def subscribers(self, caller: Caller, request: OneService) -> list[SubscribingClient]:
        """Who is told of a service by this node."""
        return [each.client for each in self._naming.subscriptions.of(request.service)]

    def _own(self, client: str) -> list[Instance]:
        registry = self._naming.registry
        known = registry.clients.get(client)
        if known is not None:
            numbers: Iterable[int] = (number for each in known.published.values() for number in each)
            return [registry.by_number[number] for number in numbers if number in registry.by_number]
        return [each for each in registry.by_number.values() if not each.client and id_of(each) == client]

    def _subscriber(self, id: str) -> SubscribingClient | None:
        for each in self._naming.subscriptions:
            if id_of_subscriber(each.client) == id:
                return each.client
        return None


def _address(id: str) -> tuple[str, int]:
    """Of a connection's id, C{<millis>_<ip>_<port>}."""
    _, _, rest = id.partition("_")
    ip, _, port = rest.rpartition("_")
    return ip, int(port) if port.isascii() and port.isdigit() else 0
