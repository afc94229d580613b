"""The parameters of an instance, read into commands (docs/spec/naming-v1.md#3.1 to #3.4)."""

from __future__ import annotations

import msgspec

from nacos_tw.errors import BadParameter
from nacos_tw.http.call import Call
from nacos_tw.naming.commands import Deregister, Register, Target, Update
from nacos_tw.naming.model import DEFAULT_APP, DEFAULT_CLUSTER, NO_METADATA, ServiceKey
from nacos_tw.naming.validation import (
    check_cluster_name,
    check_ip,
    check_limits,
    check_port,
    check_service_name,
    check_weight,
    parse_metadata,
)

LONGEST_METADATA = 65536
"""Characters of an instance's metadata as it was sent."""


def cluster_name(call: Call) -> str:
    """C{clusterName}, else C{cluster}, else the default one."""
    params = call.params
    return params.get("clusterName") or params.get("cluster") or DEFAULT_CLUSTER


def address(call: Call) -> tuple[str, int]:
    """
    The required C{ip} and C{port}.

    @raise BadParameter: one is missing, or the port is no port.
    """
    ip = call.required("ip")
    call.required("port")
    port = call.integer("port")
    check_port(port)
    return ip, port


def ephemeral(call: Call, default: bool) -> bool:
    """The kind of instance that the call is about."""
    return call.loose("ephemeral", default)


def enabled(call: Call) -> bool:
    """C{enabled}, else C{enable}, else true."""
    params = call.params
    return call.loose("enabled", True) if params.get("enabled") else call.loose("enable", True)


def check_names(service: ServiceKey, cluster: str, ip: str) -> None:
    """
    Everything that names the instance, as 1.4's checks and 2.5's limits have it.

    @raise BadParameter: with their texts.
    """
    namespace, grouped = service
    check_service_name(grouped)
    check_cluster_name(cluster)
    check_ip(ip)
    if len(grouped) > 64 or len(cluster) > 64 or len(ip) > 64:
        group, _, name = grouped.partition("@@")
        check_limits("group", group)
        check_limits("serviceName", name)
        check_limits("cluster", cluster)
        check_limits("ip", ip)
    if namespace != "public":
        check_limits("namespaceId/tenant", namespace)


def read_metadata(text: str) -> dict[str, str]:
    """
    The metadata of an instance; 1.4 has no limit, 2.5 one of 1024 characters, here it is L{LONGEST_METADATA}.

    @raise BadParameter: unreadable or too long.
    """
    if len(text) > LONGEST_METADATA:
        raise BadParameter(f"Param 'Metadata' is illegal, the param length should not exceed {LONGEST_METADATA}.")
    return parse_metadata(text)


def registration(
    call: Call, default_ephemeral: bool, kind: type[Register] | type[Update] = Register
) -> Register | Update:
    """
    The whole instance that POST and PUT describe.

    @raise BadParameter: a parameter is missing or refused.
    """
    service = call.service_key()
    ip, port = address(call)
    cluster = cluster_name(call)
    weight = call.number("weight", 1.0)
    metadata = call.params.get("metadata")
    check_weight(weight)
    found = read_metadata(metadata) if metadata else NO_METADATA
    check_names(service, cluster, ip)
    return kind(
        service,
        ip,
        port,
        cluster,
        ephemeral(call, default_ephemeral),
        weight,
        enabled(call),
        call.loose("healthy", True),
        found,
        call.params.get("app") or DEFAULT_APP,
    )


def removal(call: Call, default_ephemeral: bool) -> Deregister:
    """
    The instance that DELETE names; weight and the like are only looked at for their form.

    @raise BadParameter: a parameter is missing or refused.
    """
    service = call.service_key()
    ip, port = address(call)
    check_weight(call.number("weight", 1.0))
    return Deregister(service, ip, port, cluster_name(call), ephemeral(call, default_ephemeral))


class Named(msgspec.Struct):
    """An instance as a metadata batch names it."""

    ip: str
    port: int
    ephemeral: bool = True
    clusterName: str = ""  # noqa: N815


def targets(text: str) -> list[Target]:
    """The C{instances} of a metadata batch; anything unreadable names nothing."""
    try:
        found = msgspec.json.decode(text, type=list[Named], strict=False)
    except (msgspec.MsgspecError, UnicodeError):
        return []
    return [Target(one.ip, one.port, one.ephemeral, one.clusterName or DEFAULT_CLUSTER) for one in found]
