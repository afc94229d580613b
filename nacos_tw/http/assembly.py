"""All routes of the API: one list of the objects that have them, built from the parts of a node."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from nacos_tw import __version__
from nacos_tw.access.audit import AuditLog
from nacos_tw.access.limits import NO_LIMITS, Limits
from nacos_tw.ai.assembly import AiOperations
from nacos_tw.auth.auth import Auth
from nacos_tw.auth.operations.accounts import Permissions, Roles, Users
from nacos_tw.auth.operations.logins import Logins
from nacos_tw.cluster.families import member_families, ready_family
from nacos_tw.cluster.members import MemberList
from nacos_tw.cluster.operations.backups import Backups
from nacos_tw.cluster.operations.connections import Connected, ConnectedClients, NamingClients, connection_questions
from nacos_tw.cluster.operations.diagnostics import Diagnostics, Ports
from nacos_tw.cluster.operations.everywhere import ConnectionsEverywhere, everywhere_questions
from nacos_tw.cluster.operations.hashes import Comparing, Hashes
from nacos_tw.cluster.operations.history import Histories, history_questions
from nacos_tw.cluster.operations.members import Members
from nacos_tw.cluster.operations.membership import Group, Membership
from nacos_tw.cluster.operations.membership import questions_of as membership_questions
from nacos_tw.cluster.operations.node import Nodes, NodeState
from nacos_tw.cluster.operations.notices import Notices
from nacos_tw.cluster.operations.orders import Orders, order_questions
from nacos_tw.cluster.operations.plugins import Plugins
from nacos_tw.config.configs import Configs
from nacos_tw.config.families import config_families, config_monitor
from nacos_tw.config.limits import limits_of
from nacos_tw.config.operations.assembly import ConfigOperations, config_operations
from nacos_tw.config.watchers import Watchers
from nacos_tw.http.api.openapi import OpenApi
from nacos_tw.http.api.parts import AccountParts, ApiParts, ClusterParts, NamingParts
from nacos_tw.http.counters import Counters
from nacos_tw.http.families import http_families
from nacos_tw.http.guard import Guard
from nacos_tw.http.mcp.area import McpArea, tools_of
from nacos_tw.http.mcp.engine import McpEngine
from nacos_tw.http.routing import Area
from nacos_tw.http.shared_words import order_words
from nacos_tw.http.v1.accounts import PermissionsV1, RolesV1, UsersV1
from nacos_tw.http.v1.actuator import ActuatorV1
from nacos_tw.http.v1.beat import BeatsV1
from nacos_tw.http.v1.catalog import CatalogV1
from nacos_tw.http.v1.cluster import ServiceClustersV1
from nacos_tw.http.v1.cluster_history import ClusterHistoryV1
from nacos_tw.http.v1.config_areas import ConfigParts, config_areas, config_questions
from nacos_tw.http.v1.console import ConsoleV1
from nacos_tw.http.v1.core import ClusterCoreV1, ConfigLogV1
from nacos_tw.http.v1.described import described
from nacos_tw.http.v1.distro import DistroV1
from nacos_tw.http.v1.faces import Ask, AskAll, Millis
from nacos_tw.http.v1.health import HealthV1
from nacos_tw.http.v1.instance import InstancesV1
from nacos_tw.http.v1.legacy import LegacyV1
from nacos_tw.http.v1.list_rendering import ListRendering
from nacos_tw.http.v1.listing import InstanceListV1
from nacos_tw.http.v1.logins import LoginV1
from nacos_tw.http.v1.metrics import PrometheusV1
from nacos_tw.http.v1.namespaces import NamespacesV1
from nacos_tw.http.v1.oidc import OidcV1
from nacos_tw.http.v1.oldnames import OldNamesV1
from nacos_tw.http.v1.operator import OPERATOR, OPS, OperatorV1
from nacos_tw.http.v1.raft import RaftV1
from nacos_tw.http.v1.service import ServicesV1
from nacos_tw.http.v1.targets import TargetsV1
from nacos_tw.http.v2 import assembly as v2
from nacos_tw.http.v3 import assembly as v3
from nacos_tw.locks.operations import SessionLocks
from nacos_tw.metrics.disk import disk_families
from nacos_tw.metrics.exposition import Family
from nacos_tw.metrics.history import History, Reading
from nacos_tw.metrics.limits import limit_families
from nacos_tw.metrics.machine import Machine
from nacos_tw.metrics.monitor import monitor_family
from nacos_tw.metrics.nacos import NO_GRPC, GrpcFacts, HttpFacts, monitors, nacos_families
from nacos_tw.metrics.operations import Metrics, Source
from nacos_tw.metrics.process import java_families, process_families
from nacos_tw.metrics.space import DiskSpace
from nacos_tw.namespaces.operations import Namespaces
from nacos_tw.naming.counts import Counts, naming_monitor
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.operations.beats import Beats
from nacos_tw.naming.operations.clientviews import ClientViews
from nacos_tw.naming.operations.counting import Counting
from nacos_tw.naming.operations.datums import Datums
from nacos_tw.naming.operations.discovery import Discovery
from nacos_tw.naming.operations.health import HealthOperations
from nacos_tw.naming.operations.instances import Instances
from nacos_tw.naming.operations.services import Services
from nacos_tw.naming.operations.status import Status
from nacos_tw.naming.operations.subscribers import Subscribers, subscriber_questions
from nacos_tw.naming.operations.switches import SwitchOperations
from nacos_tw.naming.operations.targets import Targets
from nacos_tw.naming.probes import Probes
from nacos_tw.push.longpoll import LongPolls
from nacos_tw.push.longpoll import families as poll_families
from nacos_tw.push.operations import Pushes
from nacos_tw.push.udp import UdpPush
from nacos_tw.questions import Others
from nacos_tw.raft.families import link_family, raft_families
from nacos_tw.raft.node import RaftNode
from nacos_tw.settings.settings import Settings
from nacos_tw.storage.facts import StorageFacts

INSTANCE = "/v1/ns/instance"
API = "/v1/ns/api"


@attrs.frozen
class Parts:
    """The parts of a node that handlers work with."""

    settings: Settings
    guard: Guard
    naming: Naming
    udp: UdpPush
    rendering: ListRendering
    node: RaftNode
    members: MemberList
    group: Group
    comparing: Comparing
    audit: AuditLog
    probes: Probes
    counters: Counters
    ask: Ask
    ask_all: AskAll
    readiness: Callable[[], str]
    storage_differs: Callable[[], str]
    storage: Callable[[], Awaitable[StorageFacts]]
    console_port: Callable[[], int]
    millis: Millis
    set_log_level: Callable[[str, str], None]
    configs: Configs | None
    polls: LongPolls | None
    auth: Auth | None
    connected: Callable[[], Connected]
    clock: IReactorTime
    ai: AiOperations | None = None
    mcp: McpEngine | None = None
    locks: SessionLocks | None = None
    space: DiskSpace | None = None
    files: Callable[[], dict[str, int]] = lambda: {}
    more_families: Callable[[], Iterable[Family]] = tuple
    limits: Limits = NO_LIMITS
    grpc: Callable[[], GrpcFacts] = lambda: NO_GRPC


@attrs.frozen
class Areas:
    """
    What has routes.

    @ivar history: to be started with the node, and told of changes of its role.
    @ivar questions: what other nodes may ask on 7848, and who answers: (peer, body) -> answer.
    """

    areas: list[Area]
    history: History
    questions: dict[str, Callable[[str, bytes], bytes | Deferred[bytes] | Any]]


def all_areas(parts: Parts) -> Areas:
    """Every object with routes."""
    guard, naming, settings = parts.guard, parts.naming, parts.settings
    counts, machine, others = Counts(naming), Machine(), Others(parts.ask, parts.ask_all)
    metrics = Metrics(machine, metric_sources(parts, counts, machine))
    cluster = _cluster_parts(parts, others, machine)
    history = History(settings.node, lambda: _reading(parts, counts), parts.clock, parts.millis)
    config = _config_parts(parts)
    areas: list[Area] = [
        *([] if settings.function_mode == "config" else _naming_areas(parts, cluster, others)),
        *_cluster_areas(parts, cluster, Histories(history, others)),
        PrometheusV1(guard, metrics),
        *_operator_areas(parts, cluster, counts, metrics),
    ]
    if settings.targets:
        areas.append(TargetsV1(guard, Targets(naming)))
    if config is not None:
        areas += config_areas(config)
        areas.append(ConfigLogV1(guard, cluster.nodes))
        areas.append(NamespacesV1(guard, Namespaces(config.configs, parts.millis, parts.audit)))
    if parts.auth is not None:
        areas += auth_areas(guard, parts.auth, parts.audit, settings.https is not None)
    areas += _newer_apis(parts, cluster, None if config is None else config.does)
    areas.append(OpenApi(guard, lambda: areas, described))
    return Areas(areas, history, _questions(parts, cluster, history, config))


def _questions(
    parts: Parts, cluster: ClusterParts, history: History, config: ConfigParts | None
) -> dict[str, Callable[[str, bytes], Any]]:
    """See L{Areas}."""
    return {
        **subscriber_questions(parts.naming),
        **history_questions(history),
        **order_questions(cluster.orders, order_words),
        **membership_questions(cluster.membership),
        **connection_questions(cluster.connections),
        **everywhere_questions(cluster.everywhere),
        **({} if config is None else config_questions(config.watchers)),
    }


def _cluster_parts(parts: Parts, others: Others, machine: Machine) -> ClusterParts:
    """What the APIs do with the cluster."""
    node, members, audit = parts.node, parts.members, parts.audit
    return ClusterParts(
        Members(members, node.status, parts.millis, audit),
        Nodes(members, node.status, lambda: _state(parts), parts.readiness, parts.set_log_level, audit),
        Orders(members, node, others, audit),
        ConnectedClients(parts.connected, lambda: (machine.load(), machine.cpu()), members, others, audit),
        Backups(node.images, parts.settings.node, __version__, parts.settings.storage, audit),
        Membership(parts.group, members, others, audit),
        Notices(os.path.join(parts.settings.home, "conf")),
        Plugins(lambda: _state(parts), audit),
        Hashes(parts.comparing, audit),
        Diagnostics(lambda: _ports(parts), parts.storage, audit),
        ConnectionsEverywhere(parts.connected, members, others, audit),
    )


def _config_parts(parts: Parts) -> ConfigParts | None:
    """What the API of configurations works with; None for a node that has none."""
    if parts.configs is None or parts.polls is None:
        return None
    limits = limits_of(parts.settings.config)
    watchers = Watchers(parts.clock, parts.configs.listeners, parts.ask_all)
    return ConfigParts(
        parts.guard,
        parts.configs,
        parts.polls,
        watchers,
        parts.millis,
        parts.audit,
        limits,
        None if parts.auth is None else parts.auth.directory,
        config_operations(parts.configs, watchers, limits, parts.millis, parts.audit),
    )


def _cluster_areas(parts: Parts, cluster: ClusterParts, histories: Histories) -> list[Area]:
    """Those that tell of the node and the cluster, and change it."""
    guard = parts.guard
    return [
        ClusterCoreV1(guard, cluster.members, cluster.nodes, cluster.orders),
        ConsoleV1(guard, cluster.nodes, cluster.notices),
        ClusterHistoryV1(guard, histories),
        ActuatorV1(guard, cluster.nodes),
    ]


def _operator_areas(parts: Parts, cluster: ClusterParts, counts: Counts, metrics: Metrics) -> list[Area]:
    """The same under both of its paths; they have no place in a node that only serves configurations."""
    if parts.settings.function_mode == "config":
        return []
    naming = parts.naming
    status, services, pushes = Status(naming, counts), Services(naming), Pushes(parts.udp)
    switches = SwitchOperations(naming, parts.audit)
    return [
        OperatorV1(parts.guard, status, services, switches, cluster.nodes, cluster.members, metrics, pushes, prefix)
        for prefix in (OPERATOR, OPS)
    ]


def _naming_areas(parts: Parts, cluster: ClusterParts, others: Others) -> list[Area]:
    """The registry's."""
    guard, naming, node, settings = parts.guard, parts.naming, cluster.nodes, parts.settings
    listing = InstanceListV1(INSTANCE, guard, Discovery(naming), parts.udp, parts.rendering)
    beats = BeatsV1(INSTANCE, guard, Beats(naming))
    health, datums = HealthOperations(naming), Datums(naming)
    times = int(settings.raft.election * 1000), int(settings.raft.heartbeat * 1000)
    return [
        InstancesV1(INSTANCE, guard, Instances(naming, parts.limits.registrations)),
        listing,
        beats,
        InstancesV1(API, guard, Instances(naming, parts.limits.registrations)),
        InstanceListV1(API, guard, Discovery(naming), parts.udp, parts.rendering),
        BeatsV1(API, guard, Beats(naming)),
        OldNamesV1(guard, listing.instance_list, beats.beat),
        LegacyV1(guard, Services(naming)),
        ServicesV1(guard, Services(naming), Discovery(naming), Subscribers(naming, others), cluster.members),
        CatalogV1(guard, naming, parts.probes.round_trips),
        ServiceClustersV1(guard, Services(naming)),
        HealthV1(guard, health, settings.port),
        DistroV1(guard, datums, node),
        RaftV1(guard, node, datums, health, *times),
    ]


def _newer_apis(parts: Parts, cluster: ClusterParts, config: ConfigOperations | None) -> list[Area]:
    """v2, v3, and MCP."""
    naming, auth, audit = parts.naming, parts.auth, parts.audit
    api = ApiParts(
        parts.guard,
        cluster,
        None
        if parts.settings.function_mode == "config"
        else NamingParts(
            Instances(naming, parts.limits.registrations),
            Beats(naming),
            Services(naming),
            Discovery(naming),
            ClientViews(naming, NamingClients(parts.connected)),
            Subscribers(naming, Others(parts.ask, parts.ask_all)),
            Counting(naming),
            SwitchOperations(naming, audit),
            HealthOperations(naming),
            lambda: naming.registry.switches.default_push_cache_millis,
        ),
        config,
        None if parts.configs is None else Namespaces(parts.configs, parts.millis, audit),
        None
        if auth is None
        else AccountParts(Logins(auth, audit), Users(auth, audit), Roles(auth, audit), Permissions(auth, audit)),
        parts.ai,
        parts.locks,
    )
    areas = v2.areas(api) + v3.areas(api)
    if parts.mcp is not None:
        areas.append(McpArea(parts.guard, parts.mcp, tools_of(api), audit, parts.settings.http.cors_origins))
    return areas


def _state(parts: Parts) -> NodeState:
    settings = parts.settings
    return NodeState(
        __version__,
        settings.standalone,
        settings.port,
        settings.function_mode,
        parts.auth is not None and parts.auth.enabled,
        settings.auth.system_type or "nacos",
        _wants_admin(parts.auth),
        settings.console.pages,
        None if parts.configs is None else settings.config,
        "" if settings.database is None else settings.database.platform,
    )


def _ports(parts: Parts) -> Ports:
    settings = parts.settings
    raft = 0 if settings.standalone else parts.members.own.raft_port
    return Ports(settings.port, settings.grpc.port, raft, parts.console_port(), settings.console.pages)


def metric_sources(parts: Parts, counts: Counts, machine: Machine) -> list[Source]:
    """What the parts of the node measure, in the order in which it is shown."""
    node, configs, settings, routes = parts.node, parts.configs, parts.settings, parts.counters.routes

    def of_nacos() -> Iterator[Family]:
        naming = naming_monitor(counts, parts.udp.acks, node.status().role, parts.probes.gauges())
        listened = 0 if parts.polls is None else parts.polls.keys_waited
        telling = 0 if parts.polls is None else parts.polls.telling
        unheard = 0 if configs is None else configs.backend.waiting().unheard
        refused = 0 if parts.space is None else parts.space.refused
        pushed, publishers = len(parts.udp.audience), counts.publishers()
        http = HttpFacts(routes, listened, pushed, publishers, telling, unheard, refused)
        grpc = parts.grpc()
        yield from monitor_family(monitors(naming, _monitor(parts), http, grpc))
        yield from nacos_families(http, grpc, settings.storage == "external")

    return [
        of_nacos,
        lambda: ready_family(parts.readiness()),
        lambda: raft_families(node.status()),
        lambda: member_families(parts.members, parts.storage_differs()),
        lambda: process_families(machine, __version__),
        lambda: java_families(machine),
        lambda: http_families(parts.counters, settings.context_path, time.monotonic()),
        lambda: () if node.peers is None else (link_family(node.peers.counters),),
        lambda: () if configs is None else config_families(configs),
        lambda: () if parts.polls is None else poll_families(parts.polls),
        lambda: disk_families(parts.space, parts.files()),
        lambda: limit_families(parts.limits),
        parts.more_families,
    ]


def auth_areas(guard: Guard, auth: Auth, audit: AuditLog, secure: bool = False) -> list[Area]:
    """Every object with routes under C{/v1/auth}. C{secure}: see L{OidcV1}."""
    return [
        LoginV1(guard, Logins(auth, audit)),
        OidcV1(guard, Logins(auth, audit), None if auth.oidc is None else auth.oidc.settings, secure),
        UsersV1(guard, Users(auth, audit)),
        RolesV1(guard, Roles(auth, audit)),
        PermissionsV1(guard, Permissions(auth, audit)),
    ]


def _reading(parts: Parts, counts: Counts) -> Reading:
    polls = 0 if parts.polls is None else parts.polls.waiting
    return Reading(parts.counters.requests, counts.totals().instances, polls + counts.subscribers())


def _wants_admin(auth: Auth | None) -> bool:
    if auth is None or not auth.enabled or auth.awaits_admin:
        return False
    return auth.directory.now.known and not auth.directory.now.has_admin


def _monitor(parts: Parts) -> dict[str, float]:
    """Nacos's own gauges of the module C{config}."""
    if parts.configs is None or parts.polls is None:
        return {}
    return {"longPolling": parts.polls.waiting, **config_monitor(parts.configs)}
