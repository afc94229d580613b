"""What the commands about the health of instances, and about leases that ran out, do to the registry."""

from __future__ import annotations

from msgspec.structs import replace

from nacos_tw.naming import commands
from nacos_tw.naming.model import Instance
from nacos_tw.naming.registry import Registry


def expire(registry: Registry, command: commands.Expire) -> None:
    for number in command.unhealthy:
        instance = _leased(registry, number)
        if instance is not None and instance.written <= command.seen:
            _set_health(registry, instance, False)
    for number in command.removed:
        instance = _leased(registry, number)
        if instance is not None and instance.written <= command.seen:
            registry.drop(registry.services[instance.service], instance)


def revive(registry: Registry, command: commands.Revive) -> None:
    for number in command.numbers:
        instance = _leased(registry, number)
        if instance is None:
            continue
        registry.changes.started.append(number)
        if not instance.healthy:
            # An expiry that was decided before this is applied does not count any more.
            revived = replace(instance, healthy=True, written=registry.applied)
            registry.put(registry.services[instance.service], instance.key, revived)


def _leased(registry: Registry, number: int) -> Instance | None:
    """The ephemeral, unmarked instance of that number, if it has a lease of its own."""
    instance = registry.by_number.get(number)
    if instance is None or not instance.ephemeral or instance.marked or instance.client:
        return None
    return instance


def health(registry: Registry, command: commands.Health) -> None:
    for number, healthy in command.states:
        instance = registry.by_number.get(number)
        if instance is not None and not instance.marked:
            _set_health(registry, instance, healthy)


def _set_health(registry: Registry, instance: Instance, healthy: bool) -> None:
    if instance.healthy != healthy:
        registry.put(registry.services[instance.service], instance.key, replace(instance, healthy=healthy))
