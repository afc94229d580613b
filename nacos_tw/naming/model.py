"""Service, cluster and instance as values, and the keys they go by (docs/spec/naming-v1.md#2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from nacos_tw.naming.checkers import TCP, Checker
from nacos_tw.naming.selectors import NO_SELECTOR
from nacos_tw.naming.selectors import Selector as Selector
from nacos_tw.naming.switches import Switches as Switches

ServiceKey: TypeAlias = tuple[str, str]
"""C{(namespace, "group@@name")}."""

InstanceKey: TypeAlias = tuple[str, str, int]
"""C{(cluster, ip, port)}: what an instance goes by within the ephemeral or the persistent ones of a service."""

Place: TypeAlias = tuple[ServiceKey, InstanceKey]
"""Where an instance is."""

Overlay: TypeAlias = "Mapping[ServiceKey, Mapping[InstanceKey, Instance | None]]"
"""Provisional ephemeral instances by service, laid over the replicated ones; None: provisionally deregistered."""

NO_OVERLAY: Overlay = {}

DEFAULT_NAMESPACE = "public"
DEFAULT_GROUP = "DEFAULT_GROUP"
DEFAULT_CLUSTER = "DEFAULT"
DEFAULT_APP = "DEFAULT"

NO_METADATA: dict[str, str] = {}
"""The one empty map that instances without metadata share. Metadata maps are values: never changed in place."""

BEAT_INTERVAL_KEY = "preserved.heart.beat.interval"
BEAT_TIMEOUT_KEY = "preserved.heart.beat.timeout"
DELETE_TIMEOUT_KEY = "preserved.ip.delete.timeout"
TIMES = frozenset({BEAT_TIMEOUT_KEY, DELETE_TIMEOUT_KEY})
"""Keys of metadata that name the times of an instance's own lease."""
SHORTEST_BEAT_TIMEOUT = 1_000
SHORTEST_DELETE_TIMEOUT = 5_000
"""Milliseconds below which an instance's own timeouts do not count: a Nacos looks every 5 s, so instances with timeouts
of some milliseconds (seconds were meant) live there."""
ID_GENERATOR_KEY = "preserved.instance.id.generator"

DEFAULT_BEAT_INTERVAL = 5000
DEFAULT_BEAT_TIMEOUT = 15000
DEFAULT_DELETE_TIMEOUT = 30000
"""Milliseconds, docs/spec/naming-v1.md#2.3."""


class Instance(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One instance. Equal values (the service key, cluster name, app and metadata) are shared between instances."""

    number: int
    """The same on all nodes, kept as long as the key stays registered; 0 for a provisional one."""
    service: ServiceKey
    ip: str
    port: int
    cluster: str
    ephemeral: bool
    weight: float
    enabled: bool
    healthy: bool
    metadata: dict[str, str] | None
    """None only in snapshots of older versions, for one that a beat without metadata brought."""
    app: str
    given_id: str = ""
    """An instanceId that does not follow from the other fields, else ""."""
    marked: bool = False
    """Health is not touched by checks."""
    written: int = 0
    """C{Registry.applied} at the last write that renewed the lease; not for callers, no answer shows it."""
    client: int = 0
    """The number of the client that publishes it, whose lease is its own too; 0: it has a lease of its own."""

    @property
    def instance_id(self) -> str:
        """
        C{<ip>#<port>#<cluster>#<group@@name>}, or the number text of the C{snowflake} generator
        (docs/spec/naming-v1.md#2.2).
        """
        return self.given_id or f"{self.ip}#{self.port}#{self.cluster}#{self.service[1]}"

    @property
    def key(self) -> InstanceKey:
        """The key within its service and kind."""
        return self.cluster, self.ip, self.port

    @property
    def datum_key(self) -> str:
        """C{ip:port:unknown:cluster}, without the port if that is 0."""
        if self.port == 0:
            return f"{self.ip}:unknown:{self.cluster}"
        return f"{self.ip}:{self.port}:unknown:{self.cluster}"


def beat_interval(instance: Instance) -> int:
    """Milliseconds between beats as told to clients (wire: C{instanceHeartBeatInterval})."""
    return preserved(instance.metadata, BEAT_INTERVAL_KEY, DEFAULT_BEAT_INTERVAL)


def beat_timeout(instance: Instance) -> int:
    """Milliseconds without a beat until it is unhealthy (wire: C{instanceHeartBeatTimeOut})."""
    return preserved(instance.metadata, BEAT_TIMEOUT_KEY, DEFAULT_BEAT_TIMEOUT)


def delete_timeout(instance: Instance) -> int:
    """Milliseconds without a beat until it is removed (wire: C{ipDeleteTimeout})."""
    return preserved(instance.metadata, DELETE_TIMEOUT_KEY, DEFAULT_DELETE_TIMEOUT)


def custom_timeouts(instance: Instance) -> tuple[float, float] | None:
    """(beat timeout, delete timeout) in seconds if the metadata names one, else None."""
    metadata = instance.metadata
    if not metadata or metadata.keys().isdisjoint(TIMES):
        return None
    silent, gone = beat_timeout(instance), delete_timeout(instance)
    return max(silent, SHORTEST_BEAT_TIMEOUT) / 1000, max(gone, SHORTEST_DELETE_TIMEOUT) / 1000


def own_beat_interval(metadata: Mapping[str, str] | None) -> int | None:
    """The metadata's own beat interval in milliseconds, None if the switch decides (docs/spec/naming-v1.md#3.7)."""
    if not metadata or BEAT_INTERVAL_KEY not in metadata:
        return None
    return preserved(metadata, BEAT_INTERVAL_KEY, DEFAULT_BEAT_INTERVAL)


def id_generator(instance: Instance) -> str | None:
    """
    What C{instanceIdGenerator} shows: C{simple} with empty metadata, what it names, or None: not shown
    (docs/spec/naming-v1.md#5.3).
    """
    return instance.metadata.get(ID_GENERATOR_KEY) if instance.metadata else "simple"


def preserved(metadata: Mapping[str, str] | None, key: str, default: int) -> int:
    """A number of milliseconds from metadata: digits that fit 64 bits, else the default."""
    value = metadata.get(key) if metadata else None
    return int(value) if value and value.isascii() and value.isdigit() and len(value) <= 18 else default


class Cluster(msgspec.Struct, frozen=True, array_like=True):
    """The settings of one cluster of a service (docs/spec/naming-v1.md#2.5)."""

    name: str
    checker: Checker = TCP
    default_check_port: int = 80
    use_instance_port: bool = True
    metadata: dict[str, str] = NO_METADATA
    sitegroup: str = ""

    @property
    def default_ip_port(self) -> int:
        """Follows the check port; nothing sets it apart."""
        return self.default_check_port


_INITIAL = Cluster(DEFAULT_CLUSTER)


def initial_cluster(name: str) -> Cluster:
    """A cluster that nobody has set anything of; of all services the same one under the usual name."""
    return _INITIAL if name == DEFAULT_CLUSTER else Cluster(name)


class Given(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a client gave an instance when it last registered it, as far as an operator may change it."""

    weight: float
    enabled: bool
    metadata: dict[str, str]


class Override(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """
    What an operator has changed of an instance that a client publishes. It is kept beside the registration and laid
    over it, so that it outlives the next one (docs/spec/grpc.md#7.3). None: not changed.
    """

    weight: float | None
    enabled: bool | None
    metadata: dict[str, str | None]
    """Keys that have another value than the client gave, or that it did not give; None: taken away."""
    given: Given | None = None
    """What it is laid over; None while no client publishes the instance."""
    gone: int = 0
    """C{Registry.applied} when the instance went; 0 while it is there."""


NO_OVERRIDES: dict[InstanceKey, Override] = {}
"""The one empty map of services without any; never changed in place."""


class Service:
    """A service with its clusters and instances. Only the registry changes it."""

    __slots__ = (
        "key", "namespace", "name", "protect_threshold", "metadata", "selector", "clusters", "ephemeral", "persistent",
        "overrides", "stored", "version", "changed_at", "shared_metadata",
    )  # fmt: skip

    def __init__(self, key: ServiceKey, version: int = 0) -> None:
        self.key = key
        self.namespace, self.name = key
        """C{name} is the grouped name."""
        self.protect_threshold = 0.0
        self.metadata: dict[str, str] = NO_METADATA
        self.selector: Selector = NO_SELECTOR
        self.clusters: dict[str, Cluster] = {}
        self.ephemeral: dict[InstanceKey, Instance] = {}
        self.persistent: dict[InstanceKey, Instance] = {}
        self.overrides: dict[InstanceKey, Override] = NO_OVERRIDES
        """Of ephemeral instances that clients publish, or did until lately."""
        self.stored = False
        """Whether it was created by the service API or a persistent instance."""
        self.version = version
        """Node-local, grows at each change; see L{Registry.version<nacos_tw.naming.registry.Registry>}."""
        self.changed_at = 0
        """When this node saw its last change, in milliseconds since 1970, rounded down to a second; 0 until told."""
        self.shared_metadata: dict[str, str] = NO_METADATA
        """The last metadata that was registered, so that equal ones are one object."""

    def instances(self, clusters: str = "") -> list[Instance]:
        """
        The instances of both kinds, persistent ones first.

        @param clusters: comma separated names; "" for all. Unknown ones give nothing.
        """
        if clusters:
            wanted = clusters.split(",")
            found = [each for each in self.persistent.values() if each.cluster in wanted]
            found += [each for each in self.ephemeral.values() if each.cluster in wanted]
            return found
        if self.persistent:
            return [*self.persistent.values(), *self.ephemeral.values()]
        return list(self.ephemeral.values())

    @property
    def has_settings(self) -> bool:
        """
        Whether somebody has made or changed the service itself, and not only registered instances. Of one with
        persistent instances, which is kept in any case, only settings that differ from the initial ones tell.
        """
        if not self.persistent:
            return self.stored
        return bool(self.protect_threshold or self.metadata or self.selector != NO_SELECTOR)

    @property
    def group(self) -> str:
        """The group's name."""
        return self.name.partition("@@")[0]

    @property
    def bare_name(self) -> str:
        """The name without its group."""
        return self.name.partition("@@")[2]


class Client:
    """A connection of a node that publishes instances, and whose end is theirs. Only the registry changes it."""

    __slots__ = ("id", "node", "number", "published", "written")

    def __init__(self, number: int, id_: str, node: str, written: int = 0) -> None:
        self.number = number
        """Of its lease; instances and clients are numbered together."""
        self.id = id_
        """The connection's."""
        self.node = node
        """The node that it is connected to, and that renews its lease."""
        self.written = written
        """C{Registry.applied} at its last write, which renewed the lease."""
        self.published: dict[ServiceKey, tuple[int, ...]] = {}
        """The numbers of the instances that it has, by service; not of those that another has taken over."""


def find_instance(service: Service, key: InstanceKey) -> Instance | None:
    """The instance of that key, of either kind; the persistent one if there are both, as in Nacos."""
    return service.persistent.get(key) or service.ephemeral.get(key)


def split_name(grouped: str) -> tuple[str, str]:
    """C{"group@@name"} as C{(group, name)}; a name without a group is in the default one."""
    group, separator, name = grouped.partition("@@")
    return (group, name) if separator else (DEFAULT_GROUP, grouped)
