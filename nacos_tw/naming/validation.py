"""
What a request may name (docs/spec/naming-v1.md#2.6): checks that need no state, made before anything is proposed.

Each check raises L{Invalid}. The first group is 1.4.8's, the second 2.5.1's parameter check.
"""

from __future__ import annotations

import re

import msgspec

from nacos_tw.errors import Invalid

MAX_WEIGHT = 10000.0
MIN_WEIGHT = 0.01

_NO_MAP = frozenset({"", "null", "undefined", "None"})
_SERVICE_NAME = re.compile(r"[0-9a-zA-Z@.:_-]+")
_CLUSTER_NAME = re.compile(r"[0-9a-zA-Z-]+")
_DIGITS_AND_DOTS = re.compile(r"[0-9.]+")
_DOTTED_QUAD = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}")


def check_grouped_name(grouped: str) -> None:
    """The shape C{group@@name}, both parts given."""
    group, separator, name = grouped.partition("@@")
    if not separator or not name:
        raise Invalid("serviceName", "format", grouped)
    if not group:
        raise Invalid("serviceName", "group", grouped)


def check_service_name(grouped: str) -> None:
    """The characters of a service that may be created; not for reads."""
    if not _SERVICE_NAME.fullmatch(grouped):
        raise Invalid("serviceName", "name", grouped)


def check_cluster_name(cluster: str) -> None:
    """The characters of a cluster that may be created."""
    if cluster != "DEFAULT" and not _CLUSTER_NAME.fullmatch(cluster):
        raise Invalid("cluster", "name", cluster)


def check_ip(ip: str) -> None:
    """Any text is an address, unless it is made of digits and dots: then it needs four parts."""
    if not _DOTTED_QUAD.fullmatch(ip) and _DIGITS_AND_DOTS.fullmatch(ip):
        raise Invalid("ip", "format", ip)


def check_weight(weight: float) -> None:
    """0 to 10000; NaN is neither."""
    if not 0.0 <= weight <= MAX_WEIGHT:
        raise Invalid("weight", "range", weight, (0.0, MAX_WEIGHT))


def normal_weight(weight: float) -> float:
    """The weight as it is stored (docs/spec/naming-v1.md#2.1): at most 10000, and not between 0 and 0.01."""
    if MIN_WEIGHT <= weight <= MAX_WEIGHT:
        return weight
    if weight > MAX_WEIGHT:
        return MAX_WEIGHT
    return MIN_WEIGHT if weight > 0 else 0.0


def parse_metadata(text: str) -> dict[str, str]:
    """
    Metadata from a JSON object or C{k=v,k2=v2}; blank, and what clients make of no map, is empty. Numbers
    and booleans become their text, a null is left out; a comma at the end counts for nothing.

    @raise Invalid: neither, or a value is an object or array.
    """
    if text.strip() in _NO_MAP:
        return {}
    try:
        return msgspec.json.decode(text, type=dict[str, str])
    except (msgspec.MsgspecError, UnicodeError):
        pass
    try:
        found = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        return {key: _text(raw) for key, raw in found.items() if bytes(raw) != b"null"}
    except (msgspec.MsgspecError, UnicodeError):
        pass
    if text.lstrip().startswith("{"):
        raise Invalid("metadata", "format", text)
    return _pairs(text)


def _text(raw: msgspec.Raw) -> str:
    """A JSON scalar as text: a string's content, a number or boolean as it was written."""
    data = bytes(raw)
    if data[:1] == b'"':
        return msgspec.json.decode(data, type=str)
    if data[:1] in (b"{", b"["):
        raise msgspec.ValidationError("nested")
    return data.decode()


def _pairs(text: str) -> dict[str, str]:
    pairs = {}
    for part in text.rstrip(",").split(","):
        key, equals, value = part.partition("=")
        if not equals or not key or "=" in value:
            raise Invalid("metadata", "format", text)
        pairs[key] = value
    return pairs


def split_status_key(text: str) -> tuple[str, str]:
    """
    The service of a C{key} like C{ns##group@@name} or C{group@@name} (docs/spec/naming-v1.md#3.9).

    @raise Invalid: no C{group@@name}.
    """
    namespace, separator, name = text.partition("##")
    if not separator:
        namespace, name = "public", text
    group, at, bare = name.partition("@@")
    if not (at and group and bare):
        raise Invalid("serviceName", "format", text)
    return namespace or "public", name


# -- the parameter check of 2.5.1

_LIMITED: dict[str, tuple[int, re.Pattern[str]]] = {
    "namespaceId/tenant": (64, re.compile(r"[\w-]+", re.ASCII)),
    "serviceName": (512, re.compile(r"(?!@)(?!.*@@)[^\s一-龥]+")),
    "group": (128, re.compile(r"[a-zA-Z0-9\-_:.]+")),
    "cluster": (64, re.compile(r"[0-9a-zA-Z\-_]+")),
    "ip": (128, re.compile(r".*")),
}


def check_limits(name: str, value: str) -> None:
    """
    Length and characters of a parameter; an empty one passes.

    @param name: as in the text: C{namespaceId/tenant}, C{serviceName} (bare), C{group}, C{cluster} (one), C{ip}.
    """
    limit, allowed = _LIMITED[name]
    if len(value) > limit:
        raise Invalid(name, "length", value, limit)
    if value and not allowed.fullmatch(value):
        raise Invalid(name, "characters", value)


def check_port(port: int) -> None:
    """0 to 65535."""
    if not 0 <= port <= 65535:
        raise Invalid("port", "range", port, (0, 65535))


def check_names(service: tuple[str, str], cluster: str, ip: str) -> None:
    """
    Everything that names an instance, as 1.4's checks and 2.5's limits have it.

    @raise Invalid: one is refused.
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


def check_new_service(service: tuple[str, str]) -> None:
    """@raise Invalid: no service can be created under that namespace and C{group@@name}."""
    namespace, grouped = service
    check_service_name(grouped)
    group, separator, name = grouped.partition("@@")
    if not separator:
        group, name = "", grouped
    check_limits("group", group)
    check_limits("serviceName", name)
    check_limits("namespaceId/tenant", namespace)
