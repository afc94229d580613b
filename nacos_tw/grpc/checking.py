"""
The check of parameters, made before anything is done (docs/spec/grpc.md#7.3): who fails it hears so in the response of
the request's own type.
"""

from __future__ import annotations

from nacos_tw.errors import BadParameter
from nacos_tw.grpc.dispatch import Refusal, RequestFailed
from nacos_tw.grpc.messages import BAD_PARAMETER, FAIL
from nacos_tw.grpc.naming_messages import GivenInstance, NamingRequest
from nacos_tw.naming.model import DEFAULT_NAMESPACE, ServiceKey
from nacos_tw.naming.validation import check_limits, check_port

LONGEST_METADATA = 1024
"""Characters of all keys and values of an instance's metadata."""


def namespace_of(text: str | None) -> str:
    """The namespace that a request of naming names; some clients name none, and mean the public one."""
    return (text or "").strip() or DEFAULT_NAMESPACE


def service_of(request: NamingRequest) -> ServiceKey:
    """
    The service that a request is about.

    @raise Refusal: a name is too long, or has characters that it may not have.
    @raise RequestFailed: a name is blank.
    """
    namespace, name, group = namespace_of(request.namespace), request.serviceName or "", request.groupName or ""
    check(("namespaceId/tenant", namespace), ("serviceName", name), ("group", group))
    if not name.strip():
        raise RequestFailed(FAIL, "Param 'serviceName' is illegal, serviceName is blank")
    return namespace, f"{group_of(group)}@@{name}"


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
    @param named: name of each parameter, as the text has it, and its value.
    @raise Refusal: one cannot be.
    """
    try:
        for name, value in named:
            check_limits(name, value)
    except BadParameter as error:
        raise refused(error) from None


def check_clusters(text: str | None) -> None:
    """Likewise of each of a comma list."""
    if text:
        check(*(("cluster", cluster) for cluster in text.split(",")))


def check_instance(given: GivenInstance) -> None:
    """Likewise of what an instance has."""
    check(("cluster", given.clusterName or ""), ("ip", given.ip or ""))
    try:
        check_port(given.port)
        length = sum(len(key) + len(value or "") for key, value in (given.metadata or {}).items())
        if length > LONGEST_METADATA:
            raise BadParameter(f"Param 'Metadata' is illegal, the param length should not exceed {LONGEST_METADATA}.")
    except BadParameter as error:
        raise refused(error) from None


def refused(error: BadParameter) -> Refusal:
    """As the client is told of it."""
    return Refusal(BAD_PARAMETER, f"Param check invalid:{error}")
