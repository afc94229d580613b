"""
Checks parameters before anything is done (docs/spec/grpc.md#7.3): errors are sent in the response of the request's own
type.
"""

from __future__ import annotations

import re
import sys

from nacos_tw.errors import ClientUnknown
from nacos_tw.grpc.connections import ClientConnection
from nacos_tw.grpc.dispatch import Refusal, RequestFailed
from nacos_tw.grpc.messages import BAD_PARAMETER, FAIL
from nacos_tw.grpc.naming_messages import GivenInstance, NamingRequest
from nacos_tw.memo import BoundedMemo
from nacos_tw.naming.model import DEFAULT_NAMESPACE, ServiceKey

LONGEST_METADATA = 1024
"""Characters of all keys and values of an instance's metadata."""
LONGEST_INSTANCE_ID = 1024
"""Characters of an instanceId that a client gives; Nacos takes any."""

_NAMES = re.compile(r"[a-zA-Z0-9\-_:.]*")
_LIMITED: dict[str, tuple[int, re.Pattern[str]]] = {
    "namespaceId/tenant": (64, re.compile(r"[\w-]*", re.ASCII)),
    "dataId": (256, _NAMES),
    "serviceName": (512, re.compile(r"(?!@)(?!.*@@)[^\s一-龥]*")),
    "group": (128, _NAMES),
    "cluster": (64, re.compile(r"[0-9a-zA-Z\-_]*")),
    "ip": (128, re.compile(r"[^\s一-龥]*")),
}
"""By the names in the texts: most characters, and which."""


_services: BoundedMemo[tuple[str | None, str | None, str | None], ServiceKey] = BoundedMemo(10_000)
"""By namespace, name and group as requests have them: clients name the same services again and again."""
_fit: BoundedMemo[tuple[str | None, str | None], None] = BoundedMemo(10_000)
"""Addresses and clusters that passed."""


def namespace_of(text: str | None) -> str:
    """The namespace that a request of naming names; some clients name none, or C{null}, and mean the public one."""
    named = (text or "").strip()
    return DEFAULT_NAMESPACE if named in ("", "null") else named


def service_of(request: NamingRequest) -> ServiceKey:
    """
    The service that a request is about.

    @raise Refusal: a name is too long, or has characters that it may not have.
    @raise RequestFailed: a name is blank.
    """
    named = request.namespace, request.serviceName, request.groupName
    found = _services.get(named)
    if found is not None:
        return found
    namespace, name, group = namespace_of(request.namespace), request.serviceName or "", request.groupName or ""
    check(("namespaceId/tenant", namespace), ("serviceName", name), ("group", group))
    if not name.strip():
        raise RequestFailed(FAIL, "Param 'serviceName' is illegal, serviceName is blank")
    found = sys.intern(namespace), f"{group_of(group)}@@{name}"
    _services.keep((_shared(request.namespace), request.serviceName, sys.intern(group)), found)
    return found


def _shared(text: str | None) -> str | None:
    """The one of all equal texts that is kept, for those that nearly all requests have."""
    return None if text is None else sys.intern(text)


def group_of(text: str | None) -> str:
    """
    The group, which must be there.

    @raise RequestFailed: it is blank.
    """
    if not text or not text.strip():
        raise RequestFailed(FAIL, "Param 'groupName' is illegal, groupName is blank")
    return text


def check(*named: tuple[str, str]) -> None:
    """
    Length and characters; blank ones pass.

    @param named: name of each parameter, as the text has it, and its value.
    @raise Refusal: one cannot be.
    """
    for name, value in named:
        limit, allowed = _LIMITED[name]
        if len(value) > limit:
            raise refused(f"Param '{name}' is illegal, the param length should not exceed {limit}.")
        if not allowed.fullmatch(value):
            raise refused(f"Param '{name}' is illegal, illegal characters should not appear in the param.")


def check_clusters(text: str | None) -> None:
    """Likewise of each of a comma list."""
    if text:
        check(*(("cluster", cluster) for cluster in text.split(",")))


def check_instance(given: GivenInstance) -> None:
    """Likewise of what an instance has."""
    place = given.clusterName, given.ip
    known = place in _fit
    if not known:
        check(("cluster", given.clusterName or ""))
    metadata = given.metadata
    if metadata:
        length = 0
        for key, value in metadata.items():
            length += len(key) + len(value or "")
        if length > LONGEST_METADATA:
            raise refused(f"Param 'Metadata' is illegal, the param length should not exceed {LONGEST_METADATA}.")
    if given.instanceId and len(given.instanceId) > LONGEST_INSTANCE_ID:
        raise refused(f"Param 'instanceId' is illegal, the param length should not exceed {LONGEST_INSTANCE_ID}.")
    if not known:
        check(("ip", given.ip or ""))
        _fit.keep((_shared(given.clusterName), given.ip), None)
    if not 0 <= given.port <= 65535:
        raise refused("Param 'port' is illegal, the value should be between 0 and 65535.")


def refused(text: str) -> Refusal:
    """As the client is told of it."""
    return Refusal(BAD_PARAMETER, f"Param check invalid:{text}")


def check_naming_client(client: ClientConnection) -> None:
    """
    Only connections that are made for it may register and subscribe.

    @raise ClientUnknown: this one is not.
    """
    if client.module != "naming" or not client.open:
        raise ClientUnknown(client.id)
