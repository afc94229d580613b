"""Ephemeral registrations taken while there is no majority.

They are answered and shown by this node only, and handed to the leader as soon as there is one. For
each instance the newest command counts.
"""

from __future__ import annotations

from nacos_tw.naming.commands import Deregister, Register
from nacos_tw.naming.instance_commands import instance_of
from nacos_tw.naming.model import Instance, ServiceKey

InstanceKey = tuple[str, str, int]
"""(cluster, ip, port)"""


class Provisional:
    """
    The commands that wait for a leader, and what they make this node show.

    @ivar overlay: by service and instance key the instance to show, None for one that was
        deregistered; read by L{nacos_tw.naming.queries}.
    @ivar most: instances that may wait.
    """

    def __init__(self, most: int = 200_000) -> None:
        self.overlay: dict[ServiceKey, dict[InstanceKey, Instance | None]] = {}
        self._commands: dict[tuple[ServiceKey, InstanceKey], Register | Deregister] = {}
        self.most = most

    def __len__(self) -> int:
        return len(self._commands)

    def put(self, command: Register | Deregister) -> bool:
        """Take a command for an ephemeral instance; False when too many wait."""
        key = (command.cluster, command.ip, command.port)
        if len(self._commands) >= self.most and (command.service, key) not in self._commands:
            return False
        self._commands[command.service, key] = command
        shown = instance_of(command, 0) if isinstance(command, Register) else None
        self.overlay.setdefault(command.service, {})[key] = shown
        return True

    def holds(self, command: Register | Deregister) -> bool:
        """Whether this very command waits, and no newer one for the same instance has taken its place."""
        return self._commands.get((command.service, (command.cluster, command.ip, command.port))) is command

    def concerns(self, command: Register | Deregister) -> bool:
        """Whether a command for the same instance waits."""
        return (command.service, (command.cluster, command.ip, command.port)) in self._commands

    def waiting(self) -> list[Register | Deregister]:
        """The commands to hand to the leader, oldest first."""
        return list(self._commands.values())

    def handed_over(self, command: Register | Deregister) -> None:
        """The command was applied: the replicated state shows it now, unless a newer one waits."""
        if not self.holds(command):
            return
        key = (command.cluster, command.ip, command.port)
        del self._commands[command.service, key]
        shown = self.overlay[command.service]
        del shown[key]
        if not shown:
            del self.overlay[command.service]
