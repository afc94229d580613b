"""What v1 says about problems of namespaces, members and logs (docs/spec/config-v1.md#11, docs/spec/naming-v1.md#8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.cluster.problems import LeaveUnsupported, LogLevelsFixed, LookupUnsupported, OrderFailed
from nacos_tw.http.shared_words import order_words
from nacos_tw.loglevels import LogLevelUnknown, LogUnknown
from nacos_tw.namespaces.problems import DescriptionTooLong, NamespaceRefused, NamespaceUnknown


def lookup_words(it: LookupUnsupported) -> str:
    """How members can be looked up, and how not."""
    if it.kind == "address-server":
        return "address-server is not supported in this version, just: [file]"
    return f"The addressing mode exists : {it.kind}, just support : [[file, address-server]]"


WORDS: dict[type[BaseException], Callable[[Any, str], tuple[int, str]]] = {
    # Where one is created or renamed the answer is "false".
    NamespaceRefused: lambda it, route: (400, f"the {it.field} of a namespace cannot be '{it.value[:200]}'"),
    NamespaceUnknown: lambda it, route: (400, f"namespaceId [ {it.id} ] not exist"),
    DescriptionTooLong: lambda it, route: (400, f"too long namespaceDesc, over {it.limit}"),
    # The routes of the cluster answer these in documents of their own.
    LookupUnsupported: lambda it, route: (500, lookup_words(it)),
    LeaveUnsupported: lambda it, route: (405, f"{route.partition(' ')[2]} API not allow to use temporarily."),
    OrderFailed: lambda it, route: (500, order_words(it)),
    LogUnknown: lambda it, route: (400, f"unknown log {it.name}, expected one of {', '.join(it.known)}"),
    LogLevelUnknown: lambda it, route: (400, f"unknown level {it.level}, expected one of {', '.join(it.known)}"),
    LogLevelsFixed: lambda it, route: (400, "log levels cannot be changed on this node"),
}
