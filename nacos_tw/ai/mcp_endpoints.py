"""Endpoints of MCP servers: which service has them, which of them answer now, how those that were given are kept."""

from __future__ import annotations

from collections.abc import Sequence

from nacos_tw.ai.mcp_model import (
    DIRECT,
    ENDPOINTS,
    HTTP,
    MARK,
    REF,
    BasicInfo,
    EndpointInfo,
    EndpointSpec,
    FrontEndpoint,
    RemoteConfig,
    ServiceRef,
    endpoint_service,
)
from nacos_tw.ai.problems import AiInvalid, Lacks
from nacos_tw.naming.checkers import UNCHECKED
from nacos_tw.naming.commands import Command, CreateService, Deregister, Register, RemoveService, UpdateCluster
from nacos_tw.naming.model import DEFAULT_CLUSTER, DEFAULT_GROUP, DEFAULT_NAMESPACE, Instance, ServiceKey
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.queries import service_of


def naming_namespace(tenant: str) -> str:
    """A namespace as services have it."""
    return tenant or DEFAULT_NAMESPACE


def made_service(tenant: str, name: str, version: str) -> ServiceKey:
    """The service that is made for a version's own endpoints."""
    return naming_namespace(tenant), f"{ENDPOINTS}@@{endpoint_service(name, version)}"


def named_service(tenant: str, ref: ServiceRef | None) -> ServiceKey | None:
    """The service that a reference names, in the namespace of the server; None if it names none."""
    if ref is None or not ref.service_name:
        return None
    return naming_namespace(tenant), f"{ref.group_name or DEFAULT_GROUP}@@{ref.service_name}"


class Endpoints:
    """What the registry has of them, as this node shows it."""

    def __init__(self, naming: Naming) -> None:
        self._naming = naming

    def healthy(self, key: ServiceKey | None) -> list[Instance]:
        """The instances that may be called, by address."""
        service = None if key is None else service_of(self._naming.registry, self._naming.overlay, key)
        if service is None:
            return []
        found = [each for each in service.instances() if each.healthy and each.enabled]
        return sorted(found, key=lambda each: (each.ip, each.port, each.cluster))

    def persistent(self, key: ServiceKey) -> list[Instance]:
        """Those that stay without a client."""
        service = self._naming.registry.services.get(key)
        return [] if service is None else list(service.persistent.values())

    def of(self, tenant: str, info: BasicInfo) -> tuple[list[EndpointInfo], list[EndpointInfo]]:
        """Of a server that is not local: those behind a gateway, and those that MCP clients find."""
        remote = info.remote_server_config or RemoteConfig()
        ref = remote.service_ref
        protocol = (ref.transport_protocol if ref is not None else None) or HTTP
        back = self._rows(named_service(tenant, ref), protocol, remote.export_path)
        front: list[EndpointInfo] = []
        for each in remote.front_endpoint_config_list or ():
            front += self._front(tenant, each, back)
        return back, front

    def _rows(
        self, key: ServiceKey | None, protocol: str | None, path: str | None, headers: object = None
    ) -> list[EndpointInfo]:
        return [
            EndpointInfo(protocol=protocol, address=each.ip, port=each.port, path=path, headers=headers)
            for each in self.healthy(key)
        ]

    def _front(self, tenant: str, given: FrontEndpoint, back: list[EndpointInfo]) -> list[EndpointInfo]:
        data, protocol = given.endpoint_data, given.protocol or HTTP
        if given.endpoint_type == REF:
            named = data if isinstance(data, dict) else {}
            ref = ServiceRef(group_name=named.get("groupName"), service_name=named.get("serviceName"))
            return self._rows(named_service(tenant, ref), protocol, given.path, given.headers)
        if given.endpoint_type == DIRECT:
            host, _, port = str(data or "").partition(":")
            number = int(port) if port.isascii() and port.isdigit() else (80 if protocol == HTTP else 443)
            return [EndpointInfo(protocol=protocol, address=host, port=number, path=given.path, headers=given.headers)]
        return back


class Wanted:
    """
    What becomes of the endpoints that a request gives for a version.

    @ivar ref: the service that has them; None: nothing was said of any.
    @ivar commands: what registers those that are given by address.
    @ivar undo: what takes that back.
    """

    __slots__ = ("commands", "ref", "undo")

    def __init__(self, ref: ServiceRef | None, commands: Sequence[Command] = (), undo: Sequence[Command] = ()) -> None:
        self.ref, self.commands, self.undo = ref, commands, undo


def wanted(
    endpoints: Endpoints, tenant: str, name: str, version: str, spec: EndpointSpec, only: bool = False
) -> Wanted:
    """
    Read what a request says.

    @param only: whether those that were given before go.
    @raise AiInvalid, Lacks: it lacks something.
    """
    protocol = spec.text("transportProtocol") or HTTP
    if spec.type == REF:
        group, service = spec.text("groupName"), spec.text("serviceName")
        if not (spec.text("namespaceId") and group and service):
            raise AiInvalid("endpointSpecification", "ref")
        namespace = naming_namespace(tenant)
        return Wanted(
            ServiceRef(namespace_id=namespace, group_name=group, service_name=service, transport_protocol=protocol)
        )
    if spec.type != DIRECT:
        raise AiInvalid("endpointSpecification.type", "choice", spec.type or "", (REF, DIRECT))
    address, port = spec.text("address"), spec.text("port")
    if not address or not port:
        raise Lacks("endpointSpecification.data.address" if not address else "endpointSpecification.data.port")
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise AiInvalid("endpointSpecification.data.port", "range", port, (0, 65535))
    key = made_service(tenant, name, version)
    there = {(each.ip, each.port): each for each in endpoints.persistent(key)}
    commands: list[Command] = [
        CreateService(key, metadata=MARK),
        UpdateCluster(key, DEFAULT_CLUSTER, UNCHECKED),
        Register(key, address, int(port), ephemeral=False),
    ]
    if only:
        commands += [_gone(each) for place, each in there.items() if place != (address, int(port))]
    undo = [] if (address, int(port)) in there else [Deregister(key, address, int(port), ephemeral=False)]
    ref = ServiceRef(
        namespace_id=key[0],
        group_name=ENDPOINTS,
        service_name=endpoint_service(name, version),
        transport_protocol=protocol,
    )
    return Wanted(ref, commands, undo)


def dropped(endpoints: Endpoints, key: ServiceKey) -> list[Command]:
    """What takes a service away that was made for a version; instances of clients stay as long as those want it."""
    return [*map(_gone, endpoints.persistent(key)), RemoveService(key, True)]


def own_service(tenant: str, name: str, version: str) -> ServiceRef:
    """The reference to the service that clients register a version's endpoints with."""
    return ServiceRef(
        namespace_id=naming_namespace(tenant),
        group_name=ENDPOINTS,
        service_name=endpoint_service(name, version),
        transport_protocol=HTTP,
    )


def _gone(instance: Instance) -> Command:
    return Deregister(instance.service, instance.ip, instance.port, instance.cluster, ephemeral=False)
