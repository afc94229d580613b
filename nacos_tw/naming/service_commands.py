"""What the commands about services, their clusters and the switches do to the registry."""

from __future__ import annotations

from nacos_tw.errors import ServiceExists, ServiceNotEmpty, ServiceUnknown
from nacos_tw.naming import commands
from nacos_tw.naming.model import Cluster, Service
from nacos_tw.naming.registry import Registry
from nacos_tw.naming.switches import apply_switch


def create_service(registry: Registry, command: commands.CreateService) -> None:
    if command.service in registry.services:
        raise ServiceExists(command.service)
    _settle(registry, registry.add_service(command.service), command)


def update_service(registry: Registry, command: commands.UpdateService) -> None:
    service = registry.services.get(command.service)
    if service is None:
        raise ServiceUnknown(command.service)
    _settle(registry, service, command)


def _settle(registry: Registry, service: Service, command: commands.CreateService | commands.UpdateService) -> None:
    new = (command.protect_threshold, command.metadata, command.selector, True)
    if (service.protect_threshold, service.metadata, service.selector, service.stored) != new:
        service.protect_threshold, service.metadata, service.selector, service.stored = new
        registry.changed(service)


def remove_service(registry: Registry, command: commands.RemoveService) -> None:
    service = registry.services.get(command.service)
    if service is None:
        raise ServiceUnknown(command.service)
    if command.must_be_empty and (service.ephemeral or service.persistent):
        raise ServiceNotEmpty(command.service)
    registry.delete_service(service)


def clean_services(registry: Registry, command: commands.CleanServices) -> None:
    for key in command.services:
        service = registry.services.get(key)
        if service is not None and not service.ephemeral and not service.persistent:
            registry.delete_service(service)


def update_cluster(registry: Registry, command: commands.UpdateCluster) -> None:
    service = registry.services.get(command.service)
    if service is None:
        raise ServiceUnknown(command.service)
    old = service.clusters.get(command.cluster)
    new = Cluster(
        old.name if old else command.cluster,
        command.checker,
        command.check_port,
        command.use_instance_port,
        command.metadata,
        old.sitegroup if old else "",
    )
    service.stored = True
    if new != old:
        service.clusters[new.name] = new
        registry.changed(service)


def set_switch(registry: Registry, command: commands.SetSwitch) -> None:
    agreed = apply_switch(registry.agreed_switches, command.entry, command.value)
    registry.switches = apply_switch(registry.switches, command.entry, command.value)
    registry.agreed_switches = agreed
    registry.changes.switches = True
