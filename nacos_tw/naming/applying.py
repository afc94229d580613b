"""
Applies the log's commands to the registry, the same on every node.

No result depends on a clock, on chance, or on which node applies a command.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.errors import NacosError
from nacos_tw.naming import (
    client_commands,
    commands,
    instance_commands,
    lease_commands,
    overrides,
    service_commands,
)
from nacos_tw.naming.commands import Command
from nacos_tw.naming.registry import Registry

_EFFECTS: dict[type, Callable[[Registry, Any], object]] = {
    commands.Register: instance_commands.register,
    commands.Deregister: instance_commands.deregister,
    commands.Update: instance_commands.update,
    commands.Patch: instance_commands.patch,
    commands.MetadataBatch: instance_commands.metadata_batch,
    commands.Expire: lease_commands.expire,
    commands.Revive: lease_commands.revive,
    commands.Health: lease_commands.health,
    commands.CreateService: service_commands.create_service,
    commands.UpdateService: service_commands.update_service,
    commands.RemoveService: service_commands.remove_service,
    commands.CleanServices: service_commands.clean_services,
    commands.UpdateCluster: service_commands.update_cluster,
    commands.SetSwitch: service_commands.set_switch,
    commands.Publish: client_commands.publish,
    commands.Withdraw: client_commands.withdraw,
    commands.EndClients: client_commands.end,
    commands.Level: client_commands.raise_level,
    commands.ForgetOverrides: overrides.forget,
}


def apply(registry: Registry, command: Command) -> object:
    """
    Apply one command of the log.

    @return: its result (see L{commands}), or the L{NacosError} that it ends in; then nothing changed.
    """
    registry.applied += 1
    try:
        return _EFFECTS[type(command)](registry, command)
    except NacosError as error:
        return error
