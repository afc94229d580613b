"""
The check of parameters that stands before every handler of v2 and v3 (docs/spec/http-v2-v3.md#1.3): the length and the
characters of what has a name that it knows; nothing is called as folders call themselves and their parents, C{.} and
C{..}. Blank values pass: whether there must be one is the handler's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from nacos_tw.http.api.problems import Unchecked
from nacos_tw.http.params import NOTHING

_TOO_LONG = "Param '{}' is illegal, the param length should not exceed {}."
_ODD = "Param '{}' is illegal, illegal characters should not appear in the param."
_NO_PORT = "Param 'port' is illegal, the value should be between 0 and 65535."

_NAMESPACE = "namespaceId/tenant", 64, re.compile(r"[\w-]+", re.ASCII)
_GROUP = "group", 128, re.compile(r"(?!\.\.?$)[a-zA-Z0-9\-_:.]+")
_CLUSTER = "cluster", 64, re.compile(r"[0-9a-zA-Z\-_]+")
_LIMITS: dict[str, tuple[str, int, re.Pattern[str]]] = {
    "namespaceId": _NAMESPACE,
    "tenant": _NAMESPACE,
    "customNamespaceId": _NAMESPACE,
    "targetNamespaceId": _NAMESPACE,
    "namespaceName": ("namespaceShowName", 256, re.compile(r"[^@#$%^&*]+")),
    "dataId": ("dataId", 256, re.compile(r"(?!\.\.?$)[a-zA-Z0-9\-_:.]+")),
    "group": _GROUP,
    "groupName": _GROUP,
    "serviceName": ("serviceName", 512, re.compile(r"(?!@)(?!.*@@)[^\s一-龥]+")),
    "ip": ("ip", 128, re.compile(r"[^\s一-龥]+")),
}
LONGEST_METADATA = 65536
"""Characters; 2.5.1 has a limit of 1024, ours is the same for every API."""
SEARCHED = frozenset({"dataId", "group", "groupName"})
"""What may hold a C{*} where it is a pattern."""


_PLAIN: dict[str, tuple[int, Callable[[str], object]]] = {
    **{field: (limit, allowed.fullmatch) for field, (_, limit, allowed) in _LIMITS.items()},
    **dict.fromkeys(("clusterName", "cluster"), (_CLUSTER[1], _CLUSTER[2].fullmatch)),
    "port": (5, re.compile("[0-9]{1,4}|[0-5][0-9]{4}").fullmatch),
    "metadata": (LONGEST_METADATA, bool),
}
"""The longest that passes without a closer look, and what it is then; nearly all that clients send is such."""


def check(given: Mapping[str, str], patterns: bool = False, portless: bool = False, clusters: bool = True) -> None:
    """
    Look at the parameters of a call.

    @param patterns: a dataId and a group may be patterns.
    @param portless: there need not be a port, and a C{null} is none.
    @param clusters: there may be several clusters, with commas between them.
    @raise Unchecked: one does not pass.
    """
    for field, value in given.items():
        plain = _PLAIN.get(field)
        if plain is not None and value and (len(value) > plain[0] or not plain[1](value)):
            _look(given, patterns, portless, clusters)
            return


def _look(given: Mapping[str, str], patterns: bool, portless: bool, clusters: bool) -> None:
    """Look at each closely, in the order in which Nacos does."""
    for field, limits in _LIMITS.items():
        value = given.get(field)
        if value:
            if field == "serviceName":
                value = _bare(value, given)
            _check(value.replace("*", "") if patterns and field in SEARCHED else value, *limits)
    for field in ("clusterName", "cluster"):
        value = given.get(field, "")
        for cluster in value.split(",") if clusters else (value,):
            _check(cluster, "cluster", *_CLUSTER[1:])
    port = given.get("port", "")
    if (
        port
        and not (portless and port in NOTHING)
        and not (port.isascii() and port.isdigit() and len(port) < 10 and int(port) <= 65535)
    ):
        raise Unchecked(_NO_PORT)
    if len(given.get("metadata", "")) > LONGEST_METADATA:
        raise Unchecked(_TOO_LONG.format("Metadata", LONGEST_METADATA))


def _bare(name: str, given: Mapping[str, str]) -> str:
    """The name without the group in it, which is looked at itself."""
    group, at, rest = name.partition("@@")
    if not at or not group:
        return name
    _check(group, *_GROUP)
    return rest


def _check(value: str, field: str, limit: int, allowed: re.Pattern[str]) -> None:
    if len(value) > limit:
        raise Unchecked(_TOO_LONG.format(field, limit))
    if value and not allowed.fullmatch(value):
        raise Unchecked(_ODD.format(field))
