"""All that 9848 serves, built from the parts of a node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from msgspec import Raw
from twisted.application.service import Service
from twisted.internet.interfaces import IProtocolFactory, IStreamServerEndpoint

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.limits import NO_LIMITS, Admission, Limits
from nacos_tw.ai.assembly import AiOperations
from nacos_tw.auth.directory import Directory
from nacos_tw.config.configs import Configs
from nacos_tw.config.limits import limits_of
from nacos_tw.config.operations.contents import Contents
from nacos_tw.config.operations.subscribing import Subscribing
from nacos_tw.descriptors import Room
from nacos_tw.grpc.ai import AiHandlers
from nacos_tw.grpc.config_listening import ConfigListening
from nacos_tw.grpc.config_push import ConfigPushes
from nacos_tw.grpc.configs import ConfigHandlers
from nacos_tw.grpc.connected import ConnectedHere
from nacos_tw.grpc.connections import ConnectionLimits, Connections
from nacos_tw.grpc.counters import Counters
from nacos_tw.grpc.dispatch import Dispatcher, Handler
from nacos_tw.grpc.locks import LockHandlers
from nacos_tw.grpc.naming_fuzzy import ServiceWatching
from nacos_tw.grpc.naming_push import ServicePushes
from nacos_tw.grpc.naming_reads import NamingReads
from nacos_tw.grpc.naming_subscribing import NamingSubscribing
from nacos_tw.grpc.naming_writes import NamingWrites
from nacos_tw.grpc.opening import Opening
from nacos_tw.grpc.rights import Rights
from nacos_tw.grpc.service import Grpc
from nacos_tw.grpc.service_info import Rendering
from nacos_tw.grpc.using import Using
from nacos_tw.locks.locks import Locks
from nacos_tw.naming.clients import Clients
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.operations.clientviews import Publishing
from nacos_tw.naming.operations.discovery import Discovery, View
from nacos_tw.naming.operations.instances import Instances
from nacos_tw.naming.operations.publications import Publications
from nacos_tw.naming.operations.watching import Present
from nacos_tw.settings.settings import Settings

ABILITIES = {
    "supportPersistentInstanceByGrpc": True,
    "fuzzyWatch": True,
    "lock": True,
    "mcp": False,
    "agent": False,
}
"""
The abilities of servers of 3.x, and whether this one has them; clients ask for nothing else. The last two are those of
a node that serves both configs and services.
"""


PUBLISHING = "naming", "ai"
"""Modules of connections that publish instances."""


@attrs.frozen
class GrpcParts:
    """
    The parts of a node that gRPC works with.

    @ivar readiness: why the node cannot serve; "" when it can.
    @ivar room: for connections, shared with HTTP.
    @ivar directory: the accounts, if there are any.
    @ivar configs: None where there are none; C{audit}: the log of what was done; C{millis}: the wall clock.
    @ivar late: whether what is read now waited while the process stood still; C{lately}: whether clients may have given
        this node up for that, and come again now.
    @ivar elsewhere: C{ip:port} of the other nodes that are up.
    """

    settings: Settings
    clock: Any
    readiness: Callable[[], str]
    room: Room
    late: Callable[[], bool]
    lately: Callable[[], bool]
    naming: Naming
    clients: Clients
    locks: Locks
    configs: Configs | None
    directory: Directory | None
    audit: AuditLog
    millis: Callable[[], int]
    elsewhere: Callable[[], list[str]]
    ai: AiOperations | None = None
    limits: Limits = NO_LIMITS


def build(
    parts: GrpcParts, endpoint: IStreamServerEndpoint, over: Callable[[IProtocolFactory], IProtocolFactory]
) -> Grpc:
    """
    The service of 9848.

    @param over: puts TLS under a factory.
    """
    settings, clock, counters = parts.settings, parts.clock, Counters()
    limits = ConnectionLimits(settings.grpc.clients, settings.grpc.per_ip or settings.limits.connections)
    abilities = {**ABILITIES, "mcp": parts.ai is not None, "agent": parts.ai is not None}
    connections = Connections(clock, counters, settings.ip, abilities, limits)
    handlers = LockHandlers(parts.locks, connections).table()
    services: list[Service] = []
    pushes: ServicePushes | None = None
    listeners: ConfigPushes | None = None
    if settings.function_mode != "config":
        more, pushes = naming_handlers(
            NamingParts(parts.naming, parts.clients, connections, clock, parts.limits.registrations, parts.lately)
        )
        handlers.update(more)
        services.append(pushes)
    if settings.function_mode != "naming" and parts.configs is not None:
        contents = Contents(parts.configs, limits_of(settings.config), parts.millis, parts.audit)
        listeners = ConfigPushes(clock, connections, parts.configs.listeners)
        handlers.update(config_handlers(contents, listeners))
    if parts.ai is not None:
        handlers.update(AiHandlers(parts.ai).table())
    rights = None if parts.directory is None else Rights(parts.directory, connections, pushes, listeners)
    opening = Opening(clock, parts.readiness)
    dispatcher = Dispatcher(handlers, connections, counters, clock, opening, late=parts.late)
    connected = ConnectedHere(connections, clock.seconds, Using(Publishing(parts.naming), pushes, listeners))
    grpc = Grpc(settings.grpc, endpoint, connections, dispatcher, clock, parts.room, over, parts.elsewhere, connected)
    grpc.config_pushes = listeners
    if rights is not None:
        grpc.on_logins = rights.asked_for
    for service in services:
        grpc.addService(service)
    return grpc


@attrs.frozen
class NamingParts:
    """
    What the handlers of the registry work with.

    @ivar lately: as of L{GrpcParts}.
    """

    naming: Naming
    clients: Clients
    connections: Connections
    clock: Any
    admission: Admission | None = None
    lately: Callable[[], bool] = lambda: False


def naming_handlers(parts: NamingParts) -> tuple[dict[str, Handler[Any]], ServicePushes]:
    """Those of the registry, and the pushes, to be started with the node."""
    naming, clients, connections = parts.naming, parts.clients, parts.connections
    registry, subscriptions = naming.registry, naming.subscriptions
    discovery = Discovery(naming)
    rendering = Rendering(lambda: registry.switches.default_push_cache_millis, subscriptions.revisions)

    def render(key: ServiceKey, clusters: str) -> Raw:
        return rendering.info(View(naming, key), key, clusters)

    pushes = ServicePushes(parts.clock, connections, subscriptions, render, lambda: registry.switches.push_enabled)
    connections.on_joined(lambda client: clients.connected(client.id) if client.module in PUBLISHING else None)
    connections.on_left(lambda client: clients.ended(client.id, gave_up=parts.lately()))
    connections.on_moving(lambda client: clients.moving(client.id))
    watching = ServiceWatching(parts.clock, connections, Present(naming))
    naming.on_services.append(watching.changed)
    pushes.watches = watching.watches
    return {
        **watching.table(),
        **NamingReads(discovery, rendering).table(),
        **NamingSubscribing(discovery, rendering, pushes).table(),
        **NamingWrites(Publications(clients, parts.admission), Instances(naming, parts.admission)).table(),
    }, pushes


def config_handlers(contents: Contents, pushes: ConfigPushes) -> dict[str, Handler[Any]]:
    """Those of the configuration centre."""
    return {
        **ConfigHandlers(contents, pushes.reminders).table(),
        **ConfigListening(Subscribing(), pushes).table(),
        **pushes.watching.table(),
    }
