"""The parameters of an instance, read into requests (docs/spec/naming-v1.md#3.1 to #3.4)."""

from __future__ import annotations

import msgspec

from nacos_tw.errors import Invalid
from nacos_tw.http.call import Call
from nacos_tw.naming.commands import Target
from nacos_tw.naming.model import DEFAULT_APP, DEFAULT_CLUSTER, NO_METADATA
from nacos_tw.naming.requests import Change, MetadataChange, Registration, Removal
from nacos_tw.naming.validation import check_port, check_weight, parse_metadata

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


def ephemeral(call: Call) -> bool | None:
    """The kind of instance that the call is about; None where it does not say."""
    return call.loose("ephemeral") if call.params.get("ephemeral") else None


def enabled(call: Call) -> bool:
    """C{enabled}, else C{enable}, else true."""
    params = call.params
    return call.loose("enabled", True) if params.get("enabled") else call.loose("enable", True)


def read_metadata(text: str) -> dict[str, str]:
    """
    The metadata of an instance; 1.4 has no limit, 2.5 one of 1024 characters, here it is L{LONGEST_METADATA}.

    @raise Invalid: unreadable or too long.
    """
    if len(text) > LONGEST_METADATA:
        raise Invalid("metadata", "length", len(text), LONGEST_METADATA)
    return parse_metadata(text)


def java_int_or_zero(text: str) -> int:
    """Apache's C{NumberUtils.toInt}: what is no Java int is 0."""
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 32:
        return 0
    value = int(text)
    return value if -(2**31) <= value < 2**31 else 0


def registration(call: Call) -> Registration:
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
    return Registration(
        service,
        ip,
        port,
        cluster,
        ephemeral(call),
        weight,
        enabled(call),
        call.loose("healthy", True),
        found,
        call.params.get("app") or DEFAULT_APP,
    )


def removal(call: Call) -> Removal:
    """
    The instance that DELETE names; weight and the like are only looked at for their form.

    @raise BadParameter: a parameter is missing or refused.
    """
    service = call.service_key()
    ip, port = address(call)
    check_weight(call.number("weight", 1.0))
    return Removal(service, ip, port, cluster_name(call), ephemeral(call))


def change(call: Call) -> Change:
    """
    The fields that PATCH changes.

    @raise BadParameter: a parameter is missing or refused.
    """
    service = call.service_key()
    ip, port = address(call)
    params = call.params
    weight = call.number("weight") if params.get("weight") else None
    if weight is not None:
        check_weight(weight)
    return Change(
        service,
        cluster_name(call),
        ip,
        port,
        read_metadata(params["metadata"]) if params.get("metadata") else None,
        params.get("app") or None,
        weight,
        call.loose("healthy") if params.get("healthy") else None,
        call.loose("enabled") if params.get("enabled") else None,
    )


def metadata_change(call: Call, remove: bool) -> MetadataChange:
    """
    What a metadata batch changes.

    @raise BadParameter: a parameter is missing or refused.
    """
    service = call.service_key()
    metadata = read_metadata(call.required("metadata"))
    kind = call.get("consistencyType")
    return MetadataChange(service, kind, [] if kind else targets(call.get("instances")), metadata, remove)


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
