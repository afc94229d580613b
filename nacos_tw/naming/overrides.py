"""
What operators change of instances that clients of 2.x and 3.x publish (docs/spec/grpc.md#7.3).

A client registers its instance again and again: when its connection is made anew, when its node dies, when its
application says so. So a change by an operator is kept beside the registration, and laid over each that follows. When
the instance goes it is kept for a while, so that an instance that was taken out of service, and is started anew, does
not come back into it by itself.

Instances of 1.x and persistent ones have none: they are what was said of them last.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from nacos_tw.naming import commands
from nacos_tw.naming.model import NO_METADATA, NO_OVERRIDES, Given, Instance, InstanceKey, Override, Service
from nacos_tw.naming.registry import Registry


def overridden(override: Override, given: Given) -> Given:
    """What is to be shown of an instance that its client gave these values."""
    metadata = given.metadata
    if override.metadata:
        both = {**metadata, **override.metadata}
        metadata = {name: value for name, value in both.items() if value is not None} or NO_METADATA
    return Given(
        given.weight if override.weight is None else override.weight,
        given.enabled if override.enabled is None else override.enabled,
        metadata,
    )


def published(registry: Registry, service: Service, key: InstanceKey, given: Given) -> Given | None:
    """A client publishes an instance: what is shown of it; None if that is what it gave."""
    override = service.overrides.get(key)
    if override is None:
        return None
    if override.gone:
        del registry.kept[service.key, key]
    service.overrides[key] = replace(override, given=given, gone=0)
    return overridden(override, given)


def provisionally(service: Service | None, instance: Instance) -> Instance:
    """An instance that a client publishes without a majority, as it is shown."""
    override = service.overrides.get(instance.key) if service is not None else None
    if override is None:
        return instance
    shown = overridden(override, Given(instance.weight, instance.enabled, instance.metadata or NO_METADATA))
    return replace(instance, weight=shown.weight, enabled=shown.enabled, metadata=shown.metadata)


def edited(
    service: Service,
    old: Instance,
    weight: float | None = None,
    enabled: bool | None = None,
    metadata: Mapping[str, str | None] | None = None,
) -> Given:
    """
    An operator changes what is not None of an instance that a client publishes.

    @param metadata: all that is to be laid over the client's.
    @return: what is shown of it from now on.
    """
    before = service.overrides.get(old.key)
    given = before.given if before is not None else None
    if given is None:
        given = Given(old.weight, old.enabled, old.metadata or NO_METADATA)
    override = _changed(before, weight, enabled, metadata, given)
    if _says_something(override):
        if service.overrides is NO_OVERRIDES:
            service.overrides = {}
        service.overrides[old.key] = override
    elif before is not None:
        del service.overrides[old.key]
    return overridden(override, given)


def edited_without_client(
    registry: Registry,
    service: Service,
    key: InstanceKey,
    weight: float | None = None,
    enabled: bool | None = None,
    metadata: Mapping[str, str | None] | None = None,
) -> bool:
    """
    An operator says something of an instance whose client is gone: that counts when it comes back.

    @return: whether anything is known of such an instance.
    """
    before = service.overrides.get(key)
    if before is None:
        return False
    override = _changed(before, weight, enabled, metadata, None)
    if _says_something(override):
        service.overrides[key] = override
    else:
        dropped(registry, service, key)
    return True


def metadata_over(service: Service, old: Instance, changed: Mapping[str, str], remove: bool) -> dict[str, str | None]:
    """What is laid over the client's metadata once these keys are put into the instance's, or taken out of it."""
    before = service.overrides.get(old.key)
    over = dict(before.metadata) if before is not None else {}
    if not remove:
        return {**over, **changed}
    given = before.given.metadata if before is not None and before.given is not None else old.metadata
    for name in changed:
        if given and name in given:
            over[name] = None
        else:
            over.pop(name, None)
    return over


def dropped(registry: Registry, service: Service, key: InstanceKey) -> None:
    """Another has the instance now, who says all about it."""
    override = service.overrides.pop(key, None)
    if override is not None and override.gone:
        del registry.kept[service.key, key]


def forget(registry: Registry, command: commands.ForgetOverrides) -> None:
    """See L{commands.ForgetOverrides}."""
    for place in command.places:
        gone = registry.kept.get(place)
        if gone is not None and gone <= command.seen:
            del registry.kept[place]
            del registry.services[place[0]].overrides[place[1]]


def _says_something(override: Override) -> bool:
    return override.weight is not None or override.enabled is not None or bool(override.metadata)


def _changed(
    before: Override | None,
    weight: float | None,
    enabled: bool | None,
    metadata: Mapping[str, str | None] | None,
    given: Given | None,
) -> Override:
    if before is None:
        return Override(weight, enabled, dict(metadata or {}), given)
    return Override(
        before.weight if weight is None else weight,
        before.enabled if enabled is None else enabled,
        before.metadata if metadata is None else dict(metadata),
        given,
        before.gone,
    )
