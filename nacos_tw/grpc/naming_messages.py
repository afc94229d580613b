"""Requests and responses of the module C{naming} (docs/spec/grpc.md#7)."""

from __future__ import annotations

from msgspec import UNSET, Raw, Struct, UnsetType

from nacos_tw.grpc.messages import Response


class NamingRequest(Struct, gc=False):
    """
    What every request of naming has.

    @ivar namespace: "" is C{public}, as some clients mean it.
    """

    namespace: str | None = None
    serviceName: str | None = None  # noqa: N815 - the names of the wire, here and below
    groupName: str | None = None  # noqa: N815


class GivenInstance(Struct, gc=False):
    """
    An instance as a client sends it.

    @ivar instanceId: what it is to be called; "" or None for the name that follows from its address.
    """

    instanceId: str | None = None  # noqa: N815 - the names of the wire, here and below
    ip: str | None = None
    port: int = 0
    weight: float = 1.0
    healthy: bool = True
    enabled: bool = True
    ephemeral: bool = True
    clusterName: str | None = None  # noqa: N815
    metadata: dict[str, str | None] | None = None


class InstanceRequest(NamingRequest, gc=False):
    """@ivar type: C{registerInstance} or C{deregisterInstance}."""

    type: str | None = None
    instance: GivenInstance | None = None


class PersistentInstanceRequest(InstanceRequest, gc=False):
    """Likewise of one that is not ephemeral."""


class BatchInstanceRequest(NamingRequest, gc=False):
    """@ivar type: C{batchRegisterInstance}; C{instances}: all that this client publishes of the service."""

    type: str | None = None
    instances: list[GivenInstance] | None = None


class ServiceQueryRequest(NamingRequest, gc=False):
    """@ivar cluster: comma separated names; "" or None for all."""

    cluster: str | None = None
    healthyOnly: bool = False  # noqa: N815


class ServiceListRequest(NamingRequest, gc=False):
    """@ivar pageNo: from 1."""

    pageNo: int = 1  # noqa: N815
    pageSize: int = 10  # noqa: N815


class SubscribeServiceRequest(NamingRequest, gc=False):
    """@ivar subscribe: False to end it."""

    subscribe: bool = False
    clusters: str | None = None


class InstanceResponse(Response, kw_only=True):
    """@ivar type: that of the request."""

    type: str | UnsetType = UNSET


class BatchInstanceResponse(InstanceResponse, kw_only=True):
    """Likewise."""


class QueryServiceResponse(Response, kw_only=True):
    """@ivar serviceInfo: see L{nacos_tw.grpc.service_info}."""

    serviceInfo: Raw | UnsetType = UNSET  # noqa: N815


class SubscribeServiceResponse(Response, kw_only=True):
    """Likewise."""

    serviceInfo: Raw | UnsetType = UNSET  # noqa: N815


class ServiceListResponse(Response, kw_only=True):
    """
    @ivar count: services of the group.
    @ivar serviceNames: without the group.
    """

    count: int = 0
    serviceNames: list[str] | UnsetType = UNSET  # noqa: N815
