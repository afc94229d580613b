"""
What the endpoints read: pure functions over the registry, and what this node shows beside it.

L{service_of} and L{services_of} lay the overlay over the replicated state; all else takes the services that they give.
Without an overlay these are the registry's own, and nothing is copied. Rendering is not done here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import md5

import msgspec

from nacos_tw.errors import HealthIsChecked, InstanceUnknown, ServiceUnknown
from nacos_tw.naming.checkers import Unchecked
from nacos_tw.naming.matching import contains
from nacos_tw.naming.model import Cluster, Instance, InstanceKey, Service, ServiceKey, find_instance
from nacos_tw.naming.model import Overlay as Overlay
from nacos_tw.naming.overrides import provisionally
from nacos_tw.naming.registry import Registry
from nacos_tw.naming.selectors import Labels, ListFilter, choose
from nacos_tw.paging import page

# -- the overlay


def service_of(registry: Registry, overlay: Overlay, key: ServiceKey) -> Service | None:
    """The service as this node shows it; None if there is none. With an overlay on it, a copy."""
    service = registry.services.get(key)
    if overlay and key in overlay:
        return _laid_over(service, key, overlay[key])
    return service


def services_of(registry: Registry, overlay: Overlay, namespace: str) -> Mapping[str, Service]:
    """The services of a namespace by grouped name; empty if there is no such namespace."""
    services = registry.namespaces.get(namespace, {})
    if not overlay:
        return services
    shown = dict(services)
    for key, instances in overlay.items():
        if key[0] == namespace:
            service = _laid_over(services.get(key[1]), key, instances)
            if service is not None:
                shown[key[1]] = service
    return shown


def all_services(registry: Registry, overlay: Overlay) -> Iterator[Service]:
    """Every service of every namespace."""
    if not overlay:
        yield from registry.services.values()
        return
    for namespace in namespaces_of(registry, overlay):
        yield from services_of(registry, overlay, namespace).values()


def namespaces_of(registry: Registry, overlay: Overlay) -> list[str]:
    """The namespaces that have services."""
    if not overlay:
        return list(registry.namespaces)
    shown = dict.fromkeys(registry.namespaces)
    for key, instances in overlay.items():
        if any(each is not None for each in instances.values()):
            shown[key[0]] = None
    return list(shown)


def _laid_over(
    service: Service | None, key: ServiceKey, instances: Mapping[InstanceKey, Instance | None]
) -> Service | None:
    """A copy of the service with provisional instances; None if neither makes a service."""
    if service is None and all(each is None for each in instances.values()):
        return None
    shown = Service(key)
    if service is not None:
        shown.protect_threshold, shown.metadata = service.protect_threshold, service.metadata
        shown.selector, shown.stored, shown.version = service.selector, service.stored, service.version
        shown.changed_at = service.changed_at
        shown.clusters, shown.persistent = dict(service.clusters), service.persistent
        shown.ephemeral = dict(service.ephemeral)
    for instance_key, instance in instances.items():
        if instance is None:
            shown.ephemeral.pop(instance_key, None)
        else:
            shown.ephemeral[instance_key] = provisionally(service, instance) if instance.client else instance
            shown.clusters.setdefault(instance.cluster, Cluster(instance.cluster))
    return shown


# -- instances of one service


def instances_of(service: Service, clusters: str = "") -> list[Instance]:
    """L{Service.instances}."""
    return service.instances(clusters)


class Selection(msgspec.Struct, frozen=True):
    """What an instance list gives out (docs/spec/naming-v1.md#3.6)."""

    instances: list[Instance]
    protected: bool
    """Whether so few are healthy that all are shown as healthy."""
    total: int
    """Instances of the wanted clusters, before health and C{enabled} were looked at; 0: the service has none there."""

    def shown(self) -> list[tuple[Instance, bool]]:
        """Each instance and the health to show."""
        protected = self.protected
        return [(each, protected or each.healthy) for each in self.instances]


def select(
    service: Service, clusters: str = "", healthy_only: bool = False, client_ip: str = "", labels: Labels | None = None
) -> Selection:
    """
    The instances for an instance list, in the order of work of docs/spec/naming-v1.md#3.6: clusters, selector,
    protection, C{healthy_only}, enabled.

    @param client_ip: the selector looks only at a client that gives one.
    @param labels: the CMDB; None if there is none.
    """
    found = instances_of(service, clusters)
    if service.selector.labels:
        found = choose(service.selector, client_ip, found, labels)
    total = len(found)
    if not total:
        return Selection(found, False, 0)
    healthy = [each for each in found if each.healthy]
    protected = len(healthy) / total <= service.protect_threshold
    if healthy_only and not protected:
        found = healthy
    return Selection([each for each in found if each.enabled], protected, total)


def find_one(registry: Registry, overlay: Overlay, key: ServiceKey, cluster: str, ip: str, port: int) -> Instance:
    """
    One instance of either kind (docs/spec/naming-v1.md#3.5), with its real health.

    @raise InstanceUnknown: no such service, cluster or instance.
    """
    service = service_of(registry, overlay, key)
    if service is None:
        raise InstanceUnknown(key, cluster, ip, port, "service")
    found = find_instance(service, (cluster, ip, port))
    if found is not None:
        return found
    raise InstanceUnknown(key, cluster, ip, port, "instance" if instances_of(service, cluster) else "cluster")


def statuses(registry: Registry, overlay: Overlay, key: ServiceKey) -> list[str]:
    """
    C{ip:port_true} or C{..._false} for every instance (docs/spec/naming-v1.md#3.9); empty if there is no such service.
    """
    service = service_of(registry, overlay, key)
    found = instances_of(service) if service is not None else ()
    return [f"{each.ip}:{each.port}_{'true' if each.healthy else 'false'}" for each in found]


def checksum(service: Service) -> str:
    """MD5 hex of the settings and all instances (docs/spec/naming-v1.md#2.4): equal on all nodes that hold the same."""
    settings = (service.key, service.protect_threshold, service.metadata, service.selector)
    clusters = sorted(service.clusters.values(), key=lambda cluster: cluster.name)
    parts = sorted(
        f"{each.ip}:{each.port}_{each.weight}_{each.healthy}_{each.cluster}," for each in instances_of(service)
    )
    digest = md5(msgspec.json.encode((settings, clusters), order="deterministic"), usedforsecurity=False)
    digest.update("".join(parts).encode())
    return digest.hexdigest()


def health_targets(service: Service | None, name: ServiceKey, cluster: str, ip: str, port: int) -> list[int]:
    """
    The numbers of the instances whose health is set by hand (docs/spec/naming-v1.md#5.6); empty for an unknown address.

    @raise HealthIsChecked: the cluster has a checker, or there is no such cluster.
    """
    found = service.clusters.get(cluster) if service is not None else None
    if service is None or found is None or not isinstance(found.checker, Unchecked):
        raise HealthIsChecked(name, cluster)
    key = (cluster, ip, port)
    both = (service.persistent.get(key), service.ephemeral.get(key))
    return [each.number for each in both if each is not None and each.number]


# -- services


def service_detail(service: Service | None, key: ServiceKey) -> Service:
    """
    The service of C{GET service} (docs/spec/naming-v1.md#4.4).

    @raise ServiceUnknown: there is none.
    """
    if service is None:
        raise ServiceUnknown(key)
    return service


def service_names(
    services: Mapping[str, Service], group: str, page_no: int, page_size: int, keep: ListFilter | None = None
) -> tuple[list[str], int]:
    """
    One page of the sorted names of a group (docs/spec/naming-v1.md#4.5), and how many there are in all.

    @param group: C{*} for all groups; the names are then grouped ones, else bare.
    @param page_no: from 1; less counts as 1.
    """
    if group == "*":
        found = [(name, name) for name in services]
    else:
        prefix = f"{group}@@"
        start = len(prefix)
        found = [(name[start:], name) for name in services if name.startswith(prefix)]
    if keep is not None:
        found = [
            (shown, name)
            for shown, name in found
            if keep.keeps(services[name].metadata, instances_of(services[name]) if keep.of_instance else ())
        ]
    names = sorted(shown for shown, _ in found)
    return page(names, page_no, page_size), len(names)


def search_names(registry: Registry, overlay: Overlay, namespace: str, expression: str) -> dict[str, list[str]]:
    """
    Grouped names that contain an expression (docs/spec/naming-v1.md#4.6), by namespace.

    @param namespace: blank for all; an unknown one gives nothing.
    """
    matches = contains(expression)
    wanted = namespaces_of(registry, overlay)
    if namespace.strip():
        wanted = [namespace] if namespace in wanted else []
    return {each: [name for name in services_of(registry, overlay, each) if matches(f"{name}:")] for each in wanted}


# -- counts


class Totals(msgspec.Struct, frozen=True):
    """Of C{operator/metrics} (6)."""

    services: int
    instances: int


def counts(registry: Registry, overlay: Overlay) -> Totals:
    """How many services and instances there are; at once without an overlay."""
    services, instances = len(registry.services), len(registry.by_number)
    for key, laid in overlay.items():
        known = registry.services.get(key)
        present = known.ephemeral if known is not None else {}
        for instance_key, instance in laid.items():
            instances += (instance is not None) - (instance_key in present)
        services += known is None and any(each is not None for each in laid.values())
    return Totals(services, instances)


def empty_services(registry: Registry, overlay: Overlay) -> list[ServiceKey]:
    """
    The replicated services without an instance, for the clean-up (docs/spec/naming-v1.md#2.4); one that the overlay
    fills is not empty.
    """
    return [
        service.key
        for service in registry.services.values()
        if not service.ephemeral and not service.persistent and service.key not in overlay
    ]
