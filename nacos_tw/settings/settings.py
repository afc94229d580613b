"""What an operator decided about one node, as frozen values.

Precedence: command line, environment, conf/application.properties, default. What each key means
stands in L{nacos_tw.settings.keys}.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

import attrs

from nacos_tw.errors import SettingsError, StartError
from nacos_tw.settings import ai_keys, keys, member_keys, monitoring_keys
from nacos_tw.settings.api_keys import COMPATIBILITY
from nacos_tw.settings.auth import AuthSettings, read_auth
from nacos_tw.settings.autopilot import AutopilotSettings, autopilot
from nacos_tw.settings.clusterconf import Address
from nacos_tw.settings.console import ConsoleSettings, console
from nacos_tw.settings.database import DatabaseSettings, storage
from nacos_tw.settings.discovery import Discovery
from nacos_tw.settings.dns import DnsSettings, dns
from nacos_tw.settings.grpc import GrpcSettings, grpc
from nacos_tw.settings.limits import LimitSettings, limits
from nacos_tw.settings.membership import Found, alone, find
from nacos_tw.settings.reading import Reader
from nacos_tw.settings.secret import cluster_secret
from nacos_tw.settings.tls import HttpsSettings, RaftTlsSettings, https, raft_tls
from nacos_tw.settings.tracing import TracingSettings, tracing


@attrs.frozen
class NamingSettings:
    """The registry's. Times in seconds."""

    expire_instance: bool = True
    empty_service_auto_clean: bool = True
    clean_initial_delay: float = 50.0
    clean_period: float = 30.0
    client_grace: float = 15.0
    metadata_clean_period: float = 5.0
    metadata_expired: float = 60.0


@attrs.frozen
class RaftSettings:
    """Raft's. Times in seconds, sizes in bytes."""

    election: float = 1.0
    heartbeat: float = 0.1
    request_timeout: float = 5.0
    secret: bytes = attrs.field(default=b"", repr=False)
    append_bytes: int = 512 * 1024
    segment_bytes: int = 8 * 2**20
    snapshot_bytes: int = 16 * 2**20
    hash_check: float = 3600.0
    """How often the members' states are compared; 0: never."""
    tls: RaftTlsSettings | None = None


@attrs.frozen
class DiskSettings:
    """Of the disk of data/, in bytes."""

    warn: int = 256 * 2**20
    refuse: int = 64 * 2**20
    wal: int = 64 * 2**20


@attrs.frozen
class ConfigSettings:
    """The configuration centre's. Sizes in bytes, times in seconds."""

    max_content: int = 10 * 2**20
    retention_days: int = 30
    content_check: float = 6 * 3600.0
    manage_capacity: bool = True
    check_capacity: bool = False
    cluster_quota: int = 100_000
    group_quota: int = 200
    tenant_quota: int = 200
    max_size: int = 102_400
    copies: int = 10


@attrs.frozen
class HttpSettings:
    """Limits of the HTTP front. Times in seconds, sizes in bytes."""

    max_body: int = 11 * 2**20
    bodies_bytes: int = 256 * 2**20
    answers_bytes: int = 256 * 2**20
    header_bytes: int = 16384
    header_count: int = 100
    header_time: float = 10.0
    idle_time: float = 60.0
    pipeline_depth: int = 64
    max_connections: int = 20000
    trusted_proxies: frozenset[str] = frozenset()
    cors_origins: frozenset[str] = frozenset()


class OlderApis(NamedTuple):
    """Which kinds of APIs v1 and v2 have: for clients, for operators, for browsers."""

    client: bool = True
    admin: bool = True
    console: bool = True


@attrs.frozen
class Settings:
    """
    One node's.

    @ivar home: the folder above conf/.
    @ivar function_mode: "" (all), "naming" or "config".
    @ivar address: the one address to listen on, "" for all.
    @ivar context_path: "/nacos", or "" for the root.
    @ivar ip: own address or host name, without brackets.
    @ivar raft_port: 0 where a node that stands alone has none.
    @ivar data: folder of the node's state; C{logs}: of its log files.
    @ivar members: all nodes, this one included; only this one where it stands alone. Where the node has a log, those
        of the log when it was last known here.
    @ivar listed: those that the operator names; empty where that cannot be used.
    @ivar clustered: whether there are, or were, other nodes.
    @ivar node: this node's id, see L{Address.node}.
    @ivar storage: "embedded" or "external".
    @ivar targets: whether Prometheus is told of instances; C{log_format}: C{text} or C{json}.
    @ivar remarks: lines to log once: keys of the file that are not read.
    """

    home: str
    standalone: bool
    function_mode: str
    address: str
    port: int
    context_path: str
    ip: str
    raft_port: int
    data: str
    logs: str
    members: tuple[Address, ...]
    node: str
    storage: str
    database: DatabaseSettings | None
    naming: NamingSettings
    raft: RaftSettings
    http: HttpSettings
    auth: AuthSettings
    config: ConfigSettings = ConfigSettings()
    disk: DiskSettings = DiskSettings()
    console: ConsoleSettings = ConsoleSettings()
    https: HttpsSettings | None = None
    grpc: GrpcSettings = GrpcSettings()
    dns: DnsSettings | None = None
    limits: LimitSettings = LimitSettings()
    tracing: TracingSettings | None = None
    ai_registry: int = 0
    """The port of the MCP registry; 0: it is switched off."""
    ai_fetching: ai_keys.AiFetching = ai_keys.AiFetching()
    mcp: bool = False
    """Whether the node is an MCP server itself."""
    older_apis: OlderApis = OlderApis()
    targets: bool = False
    log_format: str = "text"
    listed: tuple[Address, ...] = ()
    discovery: Discovery | None = None
    """Where members are found by DNS; None: they are listed."""
    autopilot: AutopilotSettings | None = None
    """What the leader does with members by itself; None: nothing."""
    welcome: bool = False
    """Whether nodes that DNS does not name may announce themselves, too."""
    clustered: bool = attrs.field(default=attrs.Factory(lambda self: len(self.members) > 1, takes_self=True))
    remarks: tuple[str, ...] = ()

    @property
    def member(self) -> Address:
        """This node."""
        return next(member for member in self.members if member.node == self.node)

    @property
    def auth_enabled(self) -> bool:
        """Whether requests of some API need a login."""
        return any(self.auth.asking)


def load(
    home: str, environ: Mapping[str, str], overrides: Mapping[str, str], defaults: Mapping[str, str] | None = None
) -> Settings:
    """
    Read C{conf/} of a home.

    @param environ: environment variables; see L{nacos_tw.settings.properties.environment_names}.
    @param overrides: keys given on the command line.
    @param defaults: keys that count where nothing else sets them.
    @raise SettingsError: a file or a value cannot be used.
    @raise StartError: the node cannot tell who it is or who its cluster is.
    """
    home = os.path.abspath(home)
    reader, base = _open(home, environ, overrides, defaults)
    try:
        return _load(reader, home, base, environ)
    except (SettingsError, StartError) as error:
        misspelt = reader.misspelt()
        if not misspelt:
            raise
        raise type(error)(f"{error} ({'; '.join(misspelt[:3])})") from None


def _load(reader: Reader, home: str, base: str, environ: Mapping[str, str]) -> Settings:
    standalone = reader.get(keys.STANDALONE)
    port = reader.get(keys.PORT)
    data = os.path.join(base, "data")
    found = find(reader, home, os.path.join(data, "raft"), port) if not standalone else alone(reader, port)
    members, own = found.members, found.own
    kind, database = storage(reader, environ)
    return Settings(
        home=home,
        standalone=standalone,
        function_mode=reader.get(keys.FUNCTION_MODE),
        address=reader.get(keys.ADDRESS),
        port=port,
        context_path=reader.get(keys.CONTEXT_PATH),
        ip=own.host,
        raft_port=own.raft_port,
        data=data,
        logs=os.path.join(base, reader.get(keys.LOGS) or "logs"),
        members=members,
        listed=found.listed,
        clustered=found.clustered,
        discovery=found.discovery,
        autopilot=autopilot(reader, found.discovery),
        welcome=reader.get(member_keys.AUTOPILOT) and found.discovery is None,
        node=own.node,
        storage=kind,
        database=database,
        naming=_naming(reader),
        raft=_raft(reader, found, environ, home),
        http=_http(reader),
        auth=read_auth(reader),
        config=_config(reader),
        disk=DiskSettings(reader.get(keys.DISK_WARN), reader.get(keys.DISK_REFUSE), reader.get(keys.DISK_WAL)),
        console=console(reader),
        https=https(reader, home),
        grpc=grpc(reader, home, port),
        dns=dns(reader),
        limits=limits(reader),
        tracing=tracing(reader),
        ai_registry=reader.get(ai_keys.REGISTRY_PORT) if reader.get(ai_keys.REGISTRY) else 0,
        ai_fetching=ai_keys.AiFetching(*(reader.get(key) for key in ai_keys.FETCHING)),
        mcp=reader.get(ai_keys.MCP),
        older_apis=OlderApis(*map(reader.get, COMPATIBILITY)),
        targets=reader.get(monitoring_keys.TARGETS),
        log_format=reader.get(monitoring_keys.LOG_FORMAT),
        remarks=(*reader.remarks(), *found.remarks),
    )


def load_auth(
    home: str, environ: Mapping[str, str], overrides: Mapping[str, str], defaults: Mapping[str, str] | None = None
) -> AuthSettings:
    """What L{load} would find of logins, or refuse; whatever the other keys are."""
    return read_auth(_open(os.path.abspath(home), environ, overrides, defaults)[0])


def peek(
    home: str, environ: Mapping[str, str], overrides: Mapping[str, str], defaults: Mapping[str, str] | None = None
) -> Reader:
    """
    The keys of a home, before anything is made of them.

    @raise SettingsError: the file cannot be used.
    """
    return _open(os.path.abspath(home), environ, overrides, defaults)[0]


def properties_file(home: str) -> str:
    """Where a home's application.properties is."""
    return os.path.join(home, "conf", "application.properties")


def _open(
    home: str, environ: Mapping[str, str], overrides: Mapping[str, str], defaults: Mapping[str, str] | None = None
) -> tuple[Reader, str]:
    """The keys, and the folder that C{nacos.home} names."""
    variables = dict(environ)
    if variables.get("MODE", "").lower() not in ("standalone", "cluster"):
        variables.pop("MODE", None)  # a name so common that it may mean something else
    reader = Reader.open(properties_file(home), variables, overrides, defaults)
    base = os.path.join(home, reader.home())
    variables["NACOS_HOME"] = base  # what ${nacos.home} stands for
    return reader, base


def _naming(reader: Reader) -> NamingSettings:
    return NamingSettings(
        expire_instance=reader.get(keys.EXPIRE),
        empty_service_auto_clean=reader.get(keys.CLEAN),
        clean_initial_delay=reader.get(keys.CLEAN_DELAY),
        clean_period=reader.get(keys.CLEAN_PERIOD),
        client_grace=reader.get(keys.CLIENT_GRACE),
        metadata_clean_period=reader.get(keys.METADATA_CLEAN_PERIOD),
        metadata_expired=reader.get(keys.METADATA_EXPIRED),
    )


def _config(reader: Reader) -> ConfigSettings:
    return ConfigSettings(
        max_content=reader.get(keys.MAX_CONTENT),
        retention_days=reader.get(keys.RETENTION),
        content_check=reader.get(keys.CONTENT_CHECK),
        manage_capacity=reader.get(keys.MANAGE_CAPACITY),
        check_capacity=reader.get(keys.CHECK_CAPACITY),
        cluster_quota=reader.get(keys.CLUSTER_QUOTA),
        group_quota=reader.get(keys.GROUP_QUOTA),
        tenant_quota=reader.get(keys.TENANT_QUOTA),
        max_size=reader.get(keys.MAX_SIZE),
        copies=reader.get(keys.COPIES),
    )


def _raft(reader: Reader, found: Found, environ: Mapping[str, str], home: str) -> RaftSettings:
    tls = raft_tls(reader, home)
    raft = RaftSettings(
        election=reader.get(keys.RAFT_ELECTION),
        heartbeat=reader.get(keys.RAFT_HEARTBEAT),
        request_timeout=reader.get(keys.RAFT_REQUEST),
        secret=cluster_secret(reader, found.members, environ, tls is not None, grows=found.discovery is not None),
        append_bytes=reader.get(keys.RAFT_APPEND),
        segment_bytes=reader.get(keys.RAFT_SEGMENT),
        snapshot_bytes=reader.get(keys.RAFT_SNAPSHOT),
        hash_check=reader.get(keys.RAFT_HASHES),
        tls=tls,
    )
    if raft.election < 3 * raft.heartbeat:
        raise SettingsError(
            f"{reader.filename}: nacos.raft.election-timeout-ms={raft.election * 1000:.0f}: expected at least three "
            f"times nacos.raft.heartbeat-ms={raft.heartbeat * 1000:.0f}"
        )
    return raft


def _http(reader: Reader) -> HttpSettings:
    return HttpSettings(
        max_body=reader.get(keys.MAX_CONTENT) + reader.get(keys.HTTP_OVERHEAD),
        bodies_bytes=reader.get(keys.HTTP_BODIES),
        answers_bytes=reader.get(keys.HTTP_ANSWERS),
        header_bytes=reader.get(keys.HTTP_HEADER_BYTES),
        header_count=reader.get(keys.HTTP_HEADERS),
        header_time=reader.get(keys.HTTP_HEADER_TIME),
        idle_time=reader.get(keys.HTTP_IDLE),
        pipeline_depth=reader.get(keys.HTTP_PIPELINE),
        max_connections=reader.get(keys.HTTP_CONNECTIONS),
        trusted_proxies=frozenset(filter(None, reader.get(keys.HTTP_PROXIES).split(","))),
        cors_origins=frozenset(filter(None, reader.get(keys.HTTP_ORIGINS).split(","))),
    )
