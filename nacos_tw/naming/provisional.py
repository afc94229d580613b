"""Ephemeral instances taken while there is no majority.

They are answered and shown by this node only, and handed to the leader as soon as there is one. For
each instance of 1.x, and for each service of a client, the newest command counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from nacos_tw.naming.client_commands import published_instance
from nacos_tw.naming.commands import Deregister, EndClients, Publish, Register, Withdraw
from nacos_tw.naming.instance_commands import instance_of
from nacos_tw.naming.model import Instance, InstanceKey, Place, ServiceKey

Ephemeral: TypeAlias = Register | Deregister | Publish | Withdraw | EndClients
"""The commands that can wait for a leader."""
OfClient: TypeAlias = Publish | Withdraw | EndClients

CLIENTS_OWN = -1
"""L{Instance.client} of one that a client publishes provisionally."""


def slot_of(command: Ephemeral) -> tuple[object, ...]:
    """What the command is about: of those with equal slots only the newest counts."""
    if isinstance(command, EndClients):
        return ("end", *command.clients)
    if isinstance(command, Publish | Withdraw):
        return (command.client, command.service)
    return (command.service, (command.cluster, command.ip, command.port))


class Provisional:
    """
    The commands that wait for a leader, and what they make this node show.

    @ivar overlay: by service and instance key the instance to show, None for one that was
        deregistered; read by L{nacos_tw.naming.queries}.
    @ivar commands: those that wait, by their slots.
    @ivar most: commands that may wait.
    """

    def __init__(self, most: int = 200_000) -> None:
        self.overlay: dict[ServiceKey, dict[InstanceKey, Instance | None]] = {}
        self.commands: dict[tuple[object, ...], Ephemeral] = {}
        self._places: dict[tuple[object, ...], list[Place]] = {}
        """What each of them makes this node show, by slot."""
        self._shown_by: dict[Place, tuple[object, ...]] = {}
        """The slot that decides what is shown there: the newest that concerns the place."""
        self.most = most

    def __len__(self) -> int:
        return len(self.commands)

    def put(self, command: Ephemeral, had: Iterable[Place] = ()) -> bool:
        """
        Take a command for ephemeral instances; False when too many wait.

        @param had: what a client publishes as far as the replicated state knows, and this command concerns.
        """
        slot = slot_of(command)
        if len(self.commands) >= self.most and slot not in self.commands:
            return False
        self._remove(slot)
        if isinstance(command, EndClients):
            for other in [other for other in self.commands if other[0] in command.clients]:
                self._remove(other)
        self.commands[slot] = command
        shown: dict[Place, Instance | None] = dict.fromkeys(had)
        shown.update(_shown(command))
        self._places[slot] = list(shown)
        for place, instance in shown.items():
            self._shown_by[place] = slot
            self.overlay.setdefault(place[0], {})[place[1]] = instance
        return True

    def holds(self, command: Ephemeral) -> bool:
        """Whether this very command waits, and no newer one has taken its place."""
        return self.commands.get(slot_of(command)) is command

    def concerns(self, command: Ephemeral) -> bool:
        """Whether a command about the same waits."""
        if isinstance(command, EndClients):
            return any(slot[0] in command.clients for slot in self.commands)
        return slot_of(command) in self.commands or any(place in self._shown_by for place in _shown(command))

    def services(self, command: Ephemeral) -> list[ServiceKey]:
        """The services of which a command makes this node show something else."""
        return list(dict.fromkeys(place[0] for place in self._places.get(slot_of(command), ())))

    def client_at(self, place: Place) -> str:
        """The client whose instance is shown there; "" if it is none's."""
        command = self.commands.get(self._shown_by.get(place, ()))
        return command.client if isinstance(command, Publish) else ""

    def waiting(self) -> list[Ephemeral]:
        """The commands to hand to the leader, oldest first."""
        return list(self.commands.values())

    def handed_over(self, command: Ephemeral) -> None:
        """The command was applied: the replicated state shows it now, unless a newer one waits."""
        if self.holds(command):
            self._remove(slot_of(command))

    def _remove(self, slot: tuple[object, ...]) -> None:
        self.commands.pop(slot, None)
        for place in self._places.pop(slot, ()):
            if self._shown_by.get(place) != slot:
                continue
            del self._shown_by[place]
            shown = self.overlay[place[0]]
            del shown[place[1]]
            if not shown:
                del self.overlay[place[0]]


def _shown(command: Ephemeral) -> Mapping[Place, Instance | None]:
    """What the command makes a node show, but for what a client had before."""
    if isinstance(command, Register):
        instance = instance_of(command, 0)
        return {(command.service, instance.key): instance}
    if isinstance(command, Deregister):
        return {(command.service, (command.cluster, command.ip, command.port)): None}
    if isinstance(command, Publish):
        return {
            (command.service, each.key): published_instance(each, command.service, 0, CLIENTS_OWN)
            for each in command.instances
        }
    return {}
