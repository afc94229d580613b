"""The rules for leases that have run out (docs/spec/naming-v1.md#10.1), given the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nacos_tw.naming.model import DEFAULT_BEAT_TIMEOUT, DEFAULT_DELETE_TIMEOUT
from nacos_tw.naming.registry import Registry

SILENT = 2
"""
Times the grace that clients have whose node is not heard of, but may live: it stands still, or is cut off. Then their
connections do not end, and Java's client takes up to 21 s to find out and to register at another node: 5 s until it
looks, four tries of 3 s with pauses, and 3 s until it registers again.
"""
BEAT_TIMEOUT = DEFAULT_BEAT_TIMEOUT / 1000
DELETE_TIMEOUT = DEFAULT_DELETE_TIMEOUT / 1000
"""Seconds."""


def due(
    leases: Mapping[int, float], registry: Registry, now: float, expire_instance: bool = True
) -> tuple[list[int], list[int]]:
    """
    The ephemeral instances that have to become unhealthy, and those that have to go.

    An instance silent for longer than its beat timeout is unhealthy (and not reported again while it is), for longer
    than its delete timeout gone; one that has to go is not also in the first list. Marked ones are left alone. Nothing
    is due while the switch C{healthCheckEnabled} is off.

    @param leases: number to the time of the last beat, seconds on the clock of C{now}. An instance that is not in it
        counts as renewed now; a number that is no ephemeral instance's is ignored.
    @param expire_instance: the setting C{nacos.naming.expireInstance}; without it nothing is removed.
    @return: (numbers to make unhealthy, numbers to remove), for L{Expire<nacos_tw.naming.commands.Expire>}.
    """
    unhealthy: list[int] = []
    removed: list[int] = []
    if not registry.switches.health_check_enabled:
        return unhealthy, removed
    by_number, custom = registry.by_number, registry.custom
    silent = now - BEAT_TIMEOUT
    overdue = [number for number, last in leases.items() if last < silent]
    if custom:
        overdue = [number for number in overdue if number not in custom]
    gone = now - DELETE_TIMEOUT
    judged = [(number, expire_instance and leases[number] < gone) for number in overdue]
    for number, (beat_timeout, delete_timeout) in custom.items():
        silence = now - leases.get(number, now)
        remove = expire_instance and silence > delete_timeout
        if remove or silence > beat_timeout:
            judged.append((number, remove))
    for number, remove in judged:
        instance = by_number.get(number)
        if instance is None or instance.marked or not instance.ephemeral:
            continue
        if remove:
            removed.append(number)
        elif instance.healthy:
            unhealthy.append(number)
    return unhealthy, removed


def clients_due(
    leases: Mapping[int, float], registry: Registry, now: float, grace: float, silent: Callable[[str], bool]
) -> list[int]:
    """
    The clients that have not been heard of for longer than the grace, or, where their node is silent, for longer than
    L{SILENT} times that: their numbers.

    @param leases: as of L{due}.
    @param silent: whether a node, given its name, is not heard of, though it may live.
    """
    clients, past = registry.clients_by_number, now - grace
    late = [number for number in clients if leases.get(number, now) < past]
    if not late:
        return late
    quiet = {node for node in {clients[number].node for number in late} if silent(node)}
    long_past = now - SILENT * grace
    return [number for number in late if clients[number].node not in quiet or leases[number] < long_past]
