"""What a node is made of, and the order in which its parts start and stop.

This is the only module that joins the parts, and the only one that knows the real reactor.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.logger import Logger

from nacos_tw.ai.assembly import AiOperations, AiParts, ai_operations
from nacos_tw.ai.fetching import Fetcher
from nacos_tw.ai.writing import LEVEL as AI
from nacos_tw.api_authentication import ApiAuthentication
from nacos_tw.auth.assembly import Logins
from nacos_tw.auth.audit import Audit
from nacos_tw.auth.secret import NAME as SECRET
from nacos_tw.auth.secret import SecretMachine
from nacos_tw.auth.switch import AuthSwitch
from nacos_tw.banner import StartLines
from nacos_tw.clocks import make_monotonic
from nacos_tw.cluster.lookup import FileLookup
from nacos_tw.cluster.reports import Reports
from nacos_tw.cluster.storage import Storage
from nacos_tw.comparison import Comparison
from nacos_tw.config.configs import Configs
from nacos_tw.config.limits import limits_of
from nacos_tw.config.upkeep import Upkeep
from nacos_tw.console.pages import Pages
from nacos_tw.console.port import console_front
from nacos_tw.database.assembly_embedded import EmbeddedConfigs
from nacos_tw.database.assembly_external import ExternalConfigs
from nacos_tw.descriptors import Room, raise_limit
from nacos_tw.discovery import Follower
from nacos_tw.dns.assembly import build as build_dns
from nacos_tw.dns.counters import dns_families
from nacos_tw.grpc.assembly import GrpcParts, build
from nacos_tw.grpc.metrics import grpc_families
from nacos_tw.http.app import no_pages
from nacos_tw.http.assembly import Parts, all_areas
from nacos_tw.http.authorization import EverybodyMay
from nacos_tw.http.counters import Counters
from nacos_tw.http.front import Front
from nacos_tw.http.guard import Guard
from nacos_tw.http.listener import FrontFactory, endpoint
from nacos_tw.http.mcp.engine import McpEngine
from nacos_tw.http.record import Recorder
from nacos_tw.http.registry.assembly import registry_listener
from nacos_tw.http.routing import Area
from nacos_tw.http.traffic import Traffic
from nacos_tw.http.v1.list_rendering import ListRendering
from nacos_tw.http.v1.listener import changed_reply
from nacos_tw.http.waking import Waking
from nacos_tw.interfaces import IProposer
from nacos_tw.locks.commands import NAME as LOCK
from nacos_tw.locks.locks import Locks
from nacos_tw.locks.machine import LockMachine
from nacos_tw.locks.operations import SessionLocks
from nacos_tw.locks.sessions import LockSessions
from nacos_tw.logs import FORM, FileLog
from nacos_tw.membership import Alone, Group, members_of
from nacos_tw.metrics.exposition import Family
from nacos_tw.naming.assembly import build_registry
from nacos_tw.naming.commands import GIVEN_IDS
from nacos_tw.naming.expiry import SILENT
from nacos_tw.naming.machine import NAME as NAMING
from nacos_tw.naming.machine import NamingMachine
from nacos_tw.naming.registry import Registry
from nacos_tw.options import Options, settings_of, surroundings
from nacos_tw.peer_events import PeerEvents
from nacos_tw.push.longpoll import LongPolls
from nacos_tw.push.poll_operations import end_with_rights
from nacos_tw.push.udp import UdpPush
from nacos_tw.questions import Others
from nacos_tw.raft.assembly import build_node, build_peers, open_folder
from nacos_tw.raft.autopilot import Autopilot, Rules
from nacos_tw.raft.disk.writer import Writer
from nacos_tw.raft.sessions import Machines, one_entry
from nacos_tw.serving import Listener
from nacos_tw.settings.auth import AuthSettings
from nacos_tw.settings.clusterconf import Address
from nacos_tw.settings.settings import Settings, load_auth, properties_file
from nacos_tw.shortage import Shortage, fitting
from nacos_tw.starting import PORTS, Node, WhenReady, one_line_errors
from nacos_tw.storage.facts import StorageFacts
from nacos_tw.tls.assembly import Tls
from nacos_tw.tracing.on_demand import tracing_of
from nacos_tw.whereabouts import Whereabouts


def makeService(options: Options) -> Node:  # noqa: N802 - the plugin's name for it
    """The node that the options and its home's files describe, for C{twistd nacos}."""
    from twisted.internet import reactor

    make_monotonic(reactor)
    raise_limit()
    with one_line_errors():
        place = surroundings(options, os.environ)
        settings = settings_of(options, place)
        if options.parent is not None and not options.parent["nodaemon"]:
            for remark in settings.remarks:  # a daemon's log is not on the terminal
                sys.stderr.write(f"WARN {remark}\n")
        return NacosNode(
            settings, reactor, lambda: load_auth(place.home, place.environ, options.overrides, place.defaults)
        )


def millis() -> int:
    """The wall clock in milliseconds since 1970."""
    return int(time.time() * 1000)


class NacosNode(Node):
    """One node."""

    log = Logger()

    def __init__(
        self, settings: Settings, reactor: Any, auth_settings: Callable[[], AuthSettings] | None = None
    ) -> None:
        """
        Build all parts; open the log on disk.

        @param auth_settings: those of logins as the files have them now; None: they are not read again.
        @raise StartError: the data folder cannot be used.
        """
        super().__init__(reactor)
        self.settings = settings = fitting(settings)
        self._reactor = reactor
        self._lines = StartLines(settings)
        self._when_ready = WhenReady(reactor, self._readiness, lambda reason: self._has_started(unready=reason))
        self._trouble = ""
        self._stopping = False
        FORM.as_json = settings.log_format == "json"
        self._file_log = FileLog(settings.logs)
        self._file_log.startService()
        self.parts.opened("log file", self._close_log)
        try:
            self._build(settings, reactor, auth_settings)
        except BaseException:
            self.parts.stop()  # what was opened is closed
            raise

    # -- building

    def _build(self, settings: Settings, reactor: Any, auth_settings: Callable[[], AuthSettings] | None) -> None:
        self.registry = Registry()
        self.audit = Audit(settings.logs)
        self.tls = Tls(settings, reactor)
        self.tracing = tracing_of(settings.tracing, settings.node, reactor)
        self.secret = SecretMachine()
        self.lock_machine = LockMachine()
        self.peer_events = PeerEvents(lambda: self.members.others())
        self.config = self._build_config(settings, reactor)
        self._build_raft(settings, reactor)
        self.logins: Logins | None = None
        if self.config is not None and self.configs is not None:
            backend = self.configs.backend
            self.logins = Logins(settings, reactor, self.secret, self.node, self.config.directory, backend.write)
        self._build_naming(settings, reactor)
        self.ai = self._build_ai(settings, reactor)
        self._build_cluster(settings, reactor)
        self.shortage = Shortage(settings, reactor, self.node, self.config, self.members.well)
        self._build_http(settings, reactor)
        self._build_listeners(settings, reactor)
        self._build_grpc(settings, reactor)
        self.switch: AuthSwitch | None = None
        if auth_settings is not None:
            self.switch = AuthSwitch(
                properties_file(settings.home), settings.auth, auth_settings, self.api_authentication.switch, reactor
            )
        self._join()
        self._order()

    def _build_config(self, settings: Settings, reactor: Any) -> EmbeddedConfigs | ExternalConfigs | None:
        if settings.function_mode == "naming" and not settings.auth_enabled:
            return None
        config: EmbeddedConfigs | ExternalConfigs
        if settings.storage == "embedded":
            config = EmbeddedConfigs(settings, reactor, self.peer_events.ask, lambda: self.members.others())
        else:
            config = ExternalConfigs(settings, reactor, self.peer_events.ask, lambda: self.members.others())
        self.parts.opened("configs", config.stop)
        return config

    def _build_raft(self, settings: Settings, reactor: Any) -> None:
        folder = open_folder(settings)
        self.name, self.shown, self.store = folder.name, folder.shown, folder.store
        self.parts.opened("log store", self.store.close)
        self.writer = Writer(self.store, reactor)
        durable = self.config.durable if self.config is not None else {}
        machine = Machines(
            {NAMING: NamingMachine(self.registry), SECRET: self.secret, LOCK: self.lock_machine}, durable
        )
        self.node = build_node(settings, reactor, folder, self.writer, machine)
        self.configs: Configs | None = None
        proposer: IProposer = self.node
        if self.tracing is not None:
            self.tracing.watch_log(machine)
            proposer = self.tracing.proposer(proposer)
        if self.config is not None:
            self.configs = self.config.join(proposer, self.node.reason)
        self.members = members_of(settings, folder)
        events, place = self.peer_events, _interface(settings)
        self.peers = events.peers = build_peers(
            settings, reactor, folder, self.node, events, place, GIVEN_IDS, self.tls.raft,
            self.writer.in_thread,
        )  # fmt: skip
        period, others = settings.raft.hash_check, Others(events.ask, events.ask_all)
        self.comparison = Comparison(self.node, others, reactor, period, self.peers)
        self.group: Group | Alone = Alone(self.name, settings.member)
        self.discovery: Follower | None = None
        if self.peers is not None:
            rules = settings.autopilot
            pilot = None if rules is None else Autopilot(Rules(rules.stable, rules.dead_after, rules.least))
            self.group = events.group = Group(folder, self.node, self.peers, self.members, reactor, pilot)
            events.questions.update(Whereabouts(self.group, others, reactor).questions())
            if settings.discovery is not None:
                allow = self.peers.sources.allow
                self.discovery = Follower(
                    settings.discovery, settings.member, self.node, self.group, others, allow, reactor
                )

    def _build_naming(self, settings: Settings, reactor: Any) -> None:
        self.registry_parts = parts = build_registry(
            settings, reactor, self.registry, self.node, self.shown, self.node.renew,
            lambda: self.peers is not None and self.node.is_leader, self._is_silent,
        )  # fmt: skip
        self.naming, self.leases, self.clients, self.probes = parts.naming, parts.leases, parts.clients, parts.probes
        self.naming.trouble = lambda: self.node.reason() or self.node.shortage()
        self.rendering = ListRendering(self.naming)
        self.udp = UdpPush(reactor, self.naming.subscriptions, self.rendering.pushed, lambda: self.registry.switches)
        grace = settings.naming.client_grace
        self.locks = Locks(
            reactor, self.lock_machine, self.node, self.shown, grace, silent_grace=SILENT * grace,
            silent=self._is_silent,
        )  # fmt: skip
        self.lock_sessions = LockSessions(reactor, self.locks)
        if self.peers is not None:
            self.naming.members_level = self.locks.members_level = self.peers.level
            if isinstance(self.config, EmbeddedConfigs):
                self.config.members_level = self.peers.level

    def _is_silent(self, node: str) -> bool:
        """Whether that node is not heard of, though it may live."""
        return self.peers is not None and self.peers.silent(node)

    def _build_ai(self, settings: Settings, reactor: Any) -> AiOperations | None:
        """The AI registries need both halves: configs and services."""
        if self.configs is None or settings.function_mode in ("config", "naming"):
            return None
        embedded, peers = settings.storage == "embedded", self.peers
        parts = AiParts(
            configs=self.configs,
            naming=self.naming,
            clients=self.clients,
            limits=limits_of(settings.config),
            millis=millis,
            audit=self.audit,
            propose=(lambda commands: self.node.propose(one_entry(commands))) if embedded else None,
            members_level=(lambda: AI) if peers is None else peers.level,
            fetcher=Fetcher(reactor, settings.ai_fetching),
        )
        return ai_operations(parts)

    def _build_cluster(self, settings: Settings, reactor: Any) -> None:
        self.storage = Storage(self.members)
        if self.config is not None:
            self.config.on_storage = self.storage.tell
        self.reports = Reports(self.members, self.peer_events.ask, self.node.status, reactor, millis)
        self.lookup: FileLookup | None = None
        filename = os.path.join(settings.home, "conf", "cluster.conf")
        if self.discovery is None and not settings.standalone and os.path.exists(filename):
            self.group.listed(settings.listed)
            self.lookup = FileLookup(filename, settings.port, settings.listed, self._members_changed, reactor)

    def _build_http(self, settings: Settings, reactor: Any) -> None:
        self.counters = Counters()
        self.limits = settings.limits.of_node(reactor.seconds, settings.http.trusted_proxies)
        traffic = Traffic(self.registry, settings.context_path)
        self._recorder = recorder = Recorder(self.audit)
        self.waking = Waking(reactor)
        self.guard = Guard(EverybodyMay(), traffic, recorder, self.waking, settings.http.trusted_proxies)
        configs = None if settings.function_mode == "naming" else self.configs
        self.mcp = McpEngine(reactor) if settings.mcp else None
        self.polls = None if configs is None else LongPolls(reactor, configs.listeners, changed_reply)
        parts = Parts(
            settings=settings,
            guard=self.guard,
            naming=self.naming,
            udp=self.udp,
            rendering=self.rendering,
            node=self.node,
            members=self.members,
            group=self.group,
            comparing=self.comparison,
            audit=self.audit,
            probes=self.probes,
            counters=self.counters,
            ask=self.peer_events.ask,
            ask_all=self.peer_events.ask_all,
            readiness=self._readiness,
            storage_differs=self.storage.difference,
            storage=self._examine_storage,
            console_port=lambda: self.settings.console.port,
            millis=millis,
            set_log_level=self._file_log.levels.set,
            configs=configs,
            polls=self.polls,
            auth=None if self.logins is None else self.logins.auth,
            connected=lambda: self.grpc.connected,
            clock=reactor,
            ai=self.ai,
            mcp=self.mcp,
            locks=SessionLocks(self.locks, self.lock_sessions),
            space=self.shortage.space,
            files=self.shortage.files,
            more_families=self._more_families,
            limits=self.limits,
            grpc=lambda: self.grpc.facts(self.clients.publishing),
        )
        self.areas = all_areas(parts)

    def _build_listeners(self, settings: Settings, reactor: Any) -> None:
        """What HTTP is served on: the API's port, the console's, that of the registry of MCP servers."""
        self._room = Room()
        pages = Pages(settings.context_path).answer if settings.console.pages else no_pages
        self.front = FrontFactory(
            [*self.areas.areas, *self.more_areas()],
            settings.context_path,
            settings.http,
            reactor,
            self.counters,
            pages=pages,
            room=self._room,
            by_address=self.limits.connections,
        )
        place = endpoint(reactor, settings.port, _interface(settings))
        self.listener = Listener(place, self.front, self.tls.over_http(self.front))
        self.console: Listener[Front] | None = None
        if settings.console.port:
            front = console_front(self.areas.areas, self.guard, settings, reactor, self.front, self._room)
            place = endpoint(reactor, settings.console.port, _interface(settings))
            self.console = Listener(place, front, self.tls.over_http(front))
        self.mcp_registry = None
        if self.ai is not None and settings.ai_registry:
            place = endpoint(reactor, settings.ai_registry, _interface(settings))
            self.mcp_registry = registry_listener(self.ai, place, settings.http, reactor, self._room)

    def more_areas(self) -> list[Area]:
        """Routes beside those of the API: for those who build upon a node."""
        return []

    def _build_grpc(self, settings: Settings, reactor: Any) -> None:
        parts = GrpcParts(
            settings=settings,
            clock=reactor,
            readiness=self._readiness,
            room=self._room,
            late=self.waking.late,
            lately=self.waking.lately,
            naming=self.naming,
            clients=self.clients,
            locks=self.locks,
            configs=None if settings.function_mode == "naming" else self.configs,
            directory=None if self.logins is None else self.logins.auth.directory,
            audit=self.audit,
            millis=millis,
            elsewhere=lambda: [node for node in self.members.reachable() if node != settings.node],
            ai=self.ai,
            limits=self.limits,
        )
        self.grpc = build(parts, endpoint(reactor, settings.grpc.port, _interface(settings)), self.tls.over_grpc)
        self.api_authentication = ApiAuthentication(
            settings, self.logins, self.guard, self.grpc, self._recorder.failed_login, self.limits.requests
        )
        self.dns = None
        if settings.dns is not None and settings.function_mode != "config":
            self.dns = build_dns(settings.dns, reactor, self.naming, self.node.reason)

    def _more_families(self) -> Iterator[Family]:
        yield from self.comparison.families()
        yield from grpc_families(self.grpc.counters, self._reactor.seconds())
        if self.dns is not None:
            yield from dns_families(self.dns.counters)

    def _join(self) -> None:
        self.node.damaged_members = self.members.recovering
        self.node.on_applied = self._applied
        self.node.on_beats = self._beats
        self.node.on_role = self._role_changed
        if isinstance(self.group, Group):
            self.group.on_removed = self._send_away
        self.naming.restoring = lambda: self.node.restoring
        self.node.on_restored = self.naming.tell_changes
        if self.config is not None:
            self.node.on_ready = self.config.in_order
        questions = self.config.questions() if self.config is not None else {}
        questions = {**questions, **self.comparison.questions()}
        if self.discovery is not None:
            questions = {**questions, **self.discovery.questions()}
        self.peer_events.join(self.node, self.reports, self.config, {**questions, **self.areas.questions})
        self.upkeep: Upkeep | None = None
        if self.configs is not None:
            days = self.settings.config.retention_days
            self.upkeep = Upkeep(self._reactor, self.configs, days, millis, self._does_upkeep)
        if isinstance(self.config, EmbeddedConfigs):
            self.config.on_damaged = self.node.reopen
            self.config.on_begun_anew = self.node.take_snapshot
        elif self.config is not None:
            self.config.is_first = self._does_upkeep
        if self.logins is not None and self.polls is not None:
            end_with_rights(self.polls, self.logins.auth.directory)
        if self.tracing is not None and self.configs is not None:
            notices = self.config.notices if isinstance(self.config, ExternalConfigs) else None
            level = None if self.peers is None else self.peers.level
            self.tracing.join(self.configs, self.node, self.grpc, notices, level)

    def _order(self) -> None:
        """What starts after what, and stops before it; see L{nacos_tw.lifecycle}."""
        parts = self.parts
        parts.add(PORTS, self._take_ports, self._leave_ports)
        parts.add("lines of the start", self._say_starting)
        parts.add("audit log", self.audit.start, self.audit.stop)
        parts.service("traces", self.tracing)
        parts.service("samples", self.areas.history)
        parts.add("log on disk", None, self.node.close_store)  # another store than at first, if it was opened anew
        parts.add("writer of the log", self.writer.start, self.writer.stop)
        parts.service("links", self.peers)
        parts.service("members", self.group if isinstance(self.group, Group) else None)
        parts.add("log", self.node.start, self.node.stop)
        parts.service("comparison", self.comparison)
        parts.service("discovery", self.discovery)
        parts.service("logins", self.logins)
        parts.service("certificates", self.tls)
        parts.service("waking", self.waking)
        parts.service("udp pushes", self.udp)
        parts.service("room on the disk", self.shortage)
        parts.service("leases", self.registry_parts.expirer)
        cleans = self.settings.naming.empty_service_auto_clean
        parts.service("empty services", self.registry_parts.cleaner if cleans else None)
        parts.service("overrides", self.registry_parts.overrides)
        parts.service("clients", self.clients)
        parts.service("locks", self.locks)
        parts.service("sessions of locks", self.lock_sessions)
        parts.service("probes", self.probes)
        parts.service("reports", self.reports)
        parts.service("cluster.conf", self.lookup)
        parts.service("application.properties", self.switch)
        parts.service("mcp", self.mcp)
        parts.service("http", self.listener)
        parts.service("console", self.console)
        parts.service("grpc", self.grpc)
        parts.service("dns", self.dns)
        parts.service("mcp registry", self.mcp_registry)
        if self.polls is not None:
            parts.add("long polls", None, self.polls.stop)
        parts.add("lead", None, self.node.hand_over)
        parts.add("clients of gRPC", None, self.grpc.move)
        parts.add("database", self._follow_database)
        parts.service("upkeep", self.upkeep)
        parts.add("readiness", self._wait_until_ready, self._when_ready.stop)

    # -- start and stop

    async def _take_ports(self) -> None:
        """Before anything is announced."""
        for part in self._listening():
            try:
                await part.listen()
            except CannotListenError:
                if part is not self.console or not self.settings.console.usual:
                    raise
                self._without_console_port()

    def _without_console_port(self) -> None:
        """Another container in the same network was quicker. The pages are on the port of the API, too."""
        console = self.settings.console
        self.log.warn(
            "port {port} is taken: the console is on {http} alone", port=console.port, http=self.settings.port
        )
        self.settings = attrs.evolve(self.settings, console=attrs.evolve(console, port=0))
        self._lines = StartLines(self.settings)

    async def _leave_ports(self) -> None:
        """Those that are still listened on: the start has failed."""
        for part in reversed(self._listening()):
            await part.stopService()

    def _listening(self) -> list[Any]:
        parts = (self.listener, self.console, self.grpc, self.dns, self.mcp_registry, self.peers)
        return [part for part in parts if part is not None]

    def _say_starting(self) -> None:
        self._lines.announce()
        self._lines.starting()

    async def _follow_database(self) -> None:
        if self.config is not None:
            self._trouble = await self.config.start()

    def _wait_until_ready(self) -> None:
        """Everything serves, or does what it can to."""
        if self._trouble or self.peers is not None:
            self._has_started(self._trouble)
        else:
            self._when_ready.start()

    def _has_started(self, trouble: str = "", unready: str = "") -> None:
        self._lines.started(trouble, unready)
        self.started.callback(None)

    def stopService(self) -> Deferred[None]:
        """Hand over the lead, answer what is in flight, then stop the parts in the opposite order of their start."""
        self.log.info("the node is stopping")
        self._stopping = True
        self.clients.leave()
        return super().stopService()

    def _close_log(self) -> None:
        self.log.info("the node has stopped")
        self._file_log.stopService()

    # -- between the parts

    def _applied(self) -> None:
        self.naming.applied()
        self.locks.applied()
        if self.config is not None:
            self.config.in_order()

    def _beats(self, numbers: bytes) -> None:
        self.naming.beats(numbers)
        self.locks.beats(numbers)

    async def _examine_storage(self) -> StorageFacts:
        return StorageFacts("") if self.config is None else await self.config.examine()

    def _readiness(self) -> str:
        """Why this node cannot serve; "" when it can. One that stops sends nobody here any more."""
        if self._stopping:
            return "the node is stopping"
        reasons = [self.node.reason()]
        if self.config is not None and (not reasons[0] or isinstance(self.config, EmbeddedConfigs)):
            reasons.insert(0, self.config.reading())
        reason = "; ".join(filter(None, reasons)) or self.shortage.reason() or self.storage.trouble()
        return reason or (self.logins.auth.reason() if self.logins is not None else "")

    def _send_away(self) -> None:
        """
        This node is no member any more: clients that are connected are to go elsewhere. What they published is there
        until they have come to another node, which alone can tell that they are gone.
        """
        self.guard.gone = self.node.expelled
        self.clients.leave()
        going = Deferred.fromCoroutine(self.grpc.move())
        going.addErrback(lambda failure: self.log.failure("clients could not be sent away", failure))

    def _does_upkeep(self) -> bool:
        """Whether this node is the one that cleans up: the leader, or with a shared database the first that is up."""
        if self.settings.storage == "embedded":
            return self.node.is_leader
        return self.members.reachable()[:1] == [self.members.own.address]

    def _role_changed(self) -> None:
        self.registry_parts.leader_changed(self.node.is_leader)
        self.locks.role_changed()
        if self.config is not None:
            self.config.in_order()
        self.reports.role_changed()
        self.areas.history.noted(self.node.status())

    def _members_changed(self, addresses: list[Address]) -> None:
        self.group.listed(addresses)


def _interface(settings: Settings) -> str:
    """What to listen on: all of this machine's addresses, with IPv6 where the node itself is known by such a one."""
    return settings.address or ("::" if ":" in settings.ip else "")
