"""Instances in v2 and v3: the parameters that describe one, and how one is written (docs/spec/grpc.md#7.1)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace
from twisted.internet.defer import FirstError, gatherResults

from nacos_tw.errors import InstanceUnknown
from nacos_tw.http.api.parameters import (
    FORM,
    GROUP,
    NAMESPACE,
    REQUEST,
    SERVICE,
    SERVICE_ASKED,
    boolean,
    integer,
    number,
    service_key,
    text,
)
from nacos_tw.http.api.problems import Lacking
from nacos_tw.http.call import Call
from nacos_tw.naming.commands import Target
from nacos_tw.naming.model import (
    DEFAULT_CLUSTER,
    NO_METADATA,
    Instance,
    beat_interval,
    beat_timeout,
    delete_timeout,
    id_generator,
)
from nacos_tw.naming.operations.instances import Instances
from nacos_tw.naming.requests import Change, MetadataChange, OneInstance, Registration, Removal
from nacos_tw.naming.validation import parse_metadata

IP = text("ip", "The instance's address.", needed=FORM)
PORT = integer("port", "The instance's port.", needed=FORM)
IP_ASKED = text("ip", "The instance's address.", needed=REQUEST)
PORT_ASKED = integer("port", "The instance's port.", needed=REQUEST)
CLUSTER = text("clusterName", "The cluster.", DEFAULT_CLUSTER)
HEALTHY = boolean("healthy", "Whether it is healthy.", True)
WEIGHT = number("weight", "Its weight, 0 to 10000.", 1.0)
ENABLED = boolean("enabled", "Whether it may be called.", True)
METADATA = text("metadata", "A JSON object, or k=v,k2=v2.")
EPHEMERAL = boolean("ephemeral", "Whether it lives by heartbeats; by default as the switches say.", True)
INSTANCE = NAMESPACE, GROUP, SERVICE, IP, PORT, CLUSTER, HEALTHY, WEIGHT, ENABLED, METADATA, EPHEMERAL
"""Of a form that describes a whole one."""
NAMED = NAMESPACE, GROUP, SERVICE_ASKED, IP_ASKED, PORT_ASKED, CLUSTER
"""That name one."""

CLUSTERS = text("clusterName", "Clusters, with commas between them; all by default.")
HEALTHY_ONLY = boolean("healthyOnly", "Only those that are healthy.")
KIND = text("consistencyType", "Which kind of instances.", choices=("ephemeral", "persist"))
INSTANCES = text("instances", "A JSON list of {ip, port, ephemeral, clusterName}; all of them by default.")
MERGED = text("metadata", "A JSON object.", needed=REQUEST)
BATCH = NAMESPACE, GROUP, SERVICE_ASKED, KIND, INSTANCES, MERGED


def metadata_of(call: Call) -> dict[str, str]:
    """What C{metadata} says."""
    given = call.params.get("metadata")
    return parse_metadata(given) if given else NO_METADATA


def registration(call: Call) -> Registration:
    """The whole instance that a form describes."""
    key = service_key(call)
    ip, port = IP(call), PORT(call)
    return Registration(
        key,
        ip,
        port,
        CLUSTER(call),
        EPHEMERAL.given(call),
        WEIGHT(call),
        ENABLED(call),
        HEALTHY(call),
        metadata_of(call),
    )


def removal(call: Call) -> Removal:
    """The instance that a form names."""
    key = service_key(call)
    ip, port = IP(call), PORT(call)
    return Removal(key, ip, port, CLUSTER(call), EPHEMERAL.given(call))


def change(call: Call, metadata: dict[str, str] | None, weight: float | None, enabled: bool | None) -> Change:
    """Fields of the instance that a form names; None: not changed."""
    key = service_key(call)
    ip, port = IP(call), PORT(call)
    cluster = call.params.get("cluster") or CLUSTER(call)
    return Change(key, cluster, ip, port, metadata, None, weight, None, enabled)


def one_instance(call: Call) -> OneInstance:
    """The instance that the parameters name."""
    key = service_key(call, SERVICE_ASKED)
    ip, port = IP_ASKED(call), PORT_ASKED(call)
    if not ip:
        raise Lacking("ip", "String", False)
    return OneInstance(key, CLUSTER(call), ip, port)


class Named(msgspec.Struct):
    """An instance as a metadata batch names it."""

    ip: str
    port: int
    ephemeral: bool = True
    clusterName: str = ""  # noqa: N815


def metadata_changes(call: Call, remove: bool) -> list[MetadataChange]:
    """
    What a metadata batch changes: the instances that it names, or all of a kind, or of both. C{instances} that cannot
    be read name none, as if they were not there.
    """
    key = service_key(call, SERVICE_ASKED)
    metadata = parse_metadata(MERGED(call))
    try:
        found = msgspec.json.decode(INSTANCES(call) or "[]", type=list[Named], strict=False)
    except (msgspec.MsgspecError, UnicodeError):
        found = []
    targets = [Target(one.ip, one.port, one.ephemeral, one.clusterName or DEFAULT_CLUSTER) for one in found]
    kind = KIND(call)
    kinds = [""] if targets else [kind] if kind else ["ephemeral", "persist"]
    return [MetadataChange(key, each, targets, metadata, remove) for each in kinds]


def changed(found: list[str] | None) -> list[str]:
    """The instances that a batch found, as C{ip:port:unknown:cluster:ephemeral} or C{...:persistent}."""
    return [f"{each}ent" if each.endswith(":persist") else each for each in found or []]


async def changed_metadata(instances: Instances, call: Call, remove: bool) -> dict[str, list[str]]:
    """Do what a metadata batch says, as a v2 or v3 answer has it."""
    # All are on their way before one is waited for: a client that goes meanwhile leaves none undone.
    doing = [instances.change_metadata(call, each) for each in metadata_changes(call, remove)]
    try:
        found = await gatherResults(doing, consumeErrors=True)
    except FirstError as first:
        raise first.subFailure.value or RuntimeError("no error in the failure") from None
    return {"updated": [each for some in found for each in changed(some)]}


async def replaced(instances: Instances, call: Call) -> None:
    """
    Replace the instance that a form describes; one that is not there is accepted, and nothing of it is kept. Without
    metadata it keeps what its client gave it, as in Nacos 2 and 3: an operator who changes the weight means no more.

    @raise InstanceUnknown: there is no such service.
    """
    try:
        wanted = registration(call)
        await instances.replace(call, wanted if call.params.get("metadata") else replace(wanted, keeps=True))
    except InstanceUnknown as problem:
        if problem.lacking == "service":
            raise


class Host(msgspec.Struct, frozen=True, gc=False):
    """An instance as it is written."""

    instanceId: str  # noqa: N815 - the names of the wire, here and below
    ip: str
    port: int
    weight: float
    healthy: bool
    enabled: bool
    ephemeral: bool
    clusterName: str  # noqa: N815
    serviceName: str  # noqa: N815
    metadata: dict[str, str]
    instanceHeartBeatInterval: int  # noqa: N815
    instanceHeartBeatTimeOut: int  # noqa: N815
    ipDeleteTimeout: int  # noqa: N815
    instanceIdGenerator: str | UnsetType = UNSET  # noqa: N815


def host(instance: Instance, healthy: bool) -> Host:
    """@param healthy: the health to show."""
    return Host(
        instance.instance_id,
        instance.ip,
        instance.port,
        instance.weight,
        healthy,
        instance.enabled,
        instance.ephemeral,
        instance.cluster,
        instance.service[1],
        instance.metadata or NO_METADATA,
        beat_interval(instance),
        beat_timeout(instance),
        delete_timeout(instance),
        id_generator(instance) or UNSET,
    )


def hosts(instances: Iterable[Instance]) -> list[Host]:
    """Instances with their real health."""
    return [host(each, each.healthy) for each in instances]
