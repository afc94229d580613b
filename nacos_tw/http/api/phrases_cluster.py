"""What v2 and v3 say about problems of namespaces, accounts and the cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.cluster.operations.members import LookupUnsupported
from nacos_tw.cluster.operations.orders import OrderFailed
from nacos_tw.http.api.codes import ILLEGAL_NAMESPACE, NAMESPACE_NOT_EXIST, PARAMETER_ERROR, SERVER_ERROR
from nacos_tw.http.api.told import Told
from nacos_tw.namespaces.operations import NamespaceUnknown
from nacos_tw.namespaces.requests import NamespaceRefused


def _refused(it: NamespaceRefused, route: str) -> Told:
    if it.field == "id":
        return Told(400, ILLEGAL_NAMESPACE, f"namespaceId [{it.value}] mismatch the pattern")
    return Told(400, ILLEGAL_NAMESPACE, f"namespaceName [{it.value}] contains illegal char")


def _unknown(it: NamespaceUnknown, route: str) -> Told:
    return Told(404, NAMESPACE_NOT_EXIST, f"namespaceId [ {it.id or 'public'} ] not exist")


CLUSTER: dict[type[BaseException], Callable[[Any, str], Told]] = {
    NamespaceUnknown: lambda it, route: Told(
        404, NAMESPACE_NOT_EXIST, f"namespaceId [ {it.id or 'public'} ] not exist"
    ),
    NamespaceRefused: _refused,
    LookupUnsupported: lambda it, route: Told(
        400, PARAMETER_ERROR, f"the members are cluster.conf's, they are not looked up by {it.kind[:50]!r}"
    ),
    OrderFailed: lambda it, route: Told(500, SERVER_ERROR, str(it)),
}
