"""Commands are applied exactly once, however often they were sent.

Each start of a node is a session with a random number, in which its commands are counted. A node
sends them in order, from the oldest unanswered one after any change of leader or connection. So the
highest count applied for a node's session tells which commands of a batch are repeats (Ongaro's
thesis, section 6.3, with one session for each node: a new one takes the place of the one before).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from nacos_tw.errors import NacosError
from nacos_tw.interfaces import IStateMachine


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """The data of a COMMAND entry: commands C{first}, C{first}+1, … of one session of a node."""

    origin: str
    session: int
    first: int
    commands: tuple[bytes, ...]


class _Saved(msgspec.Struct, frozen=True, array_like=True):
    last: dict[str, tuple[int, int]]
    machine: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode_batch = msgspec.msgpack.Decoder(Batch).decode
_decode_saved = msgspec.msgpack.Decoder(_Saved).decode

NO_SESSION = (-1, -1)


def encode_batch(origin: str, session: int, first: int, commands: Sequence[bytes]) -> bytes:
    """The data of an entry that holds these commands."""
    return _encode((origin, session, first, commands))


class Machines:
    """
    Several state machines behind one log: the first byte of a command names its machine.

    @ivar machines: the machines by their one-byte name. Never rename one: the names are on disk.
    """

    def __init__(self, machines: dict[bytes, IStateMachine]) -> None:
        self.machines = machines

    def apply(self, command: bytes) -> Any:
        """Apply a command by the machine that it names."""
        machine = self.machines.get(command[:1])
        if machine is None:
            return NacosError("a command for an unknown part: this node runs an older version")
        return machine.apply(command[1:])

    def snapshot(self) -> bytes:
        """The states of all machines."""
        return _encode({name: machine.snapshot() for name, machine in self.machines.items()})

    def restore(self, data: bytes) -> None:
        """Replace the states of all machines that the snapshot holds."""
        saved = msgspec.msgpack.decode(data, type=dict[bytes, bytes])
        for name, machine in self.machines.items():
            if name in saved:
                machine.restore(saved[name])


class Sessions:
    """
    Applies batches of commands to a machine, each command once.

    @ivar last: by node its session and the highest count applied of it; replicated state, part of
        the snapshot.
    """

    def __init__(self, machine: IStateMachine) -> None:
        self._machine = machine
        self.last: dict[str, tuple[int, int]] = {}

    def apply(self, data: bytes) -> tuple[str, int, int, list[Any]]:
        """
        Apply one entry's batch.

        @return: the node, its session, the count of the first command that was new, and the results
            from there on (an exception stands as itself).
        """
        batch = _decode_batch(data)
        origin, session, first, commands = batch.origin, batch.session, batch.first, batch.commands
        known_session, known = self.last.get(origin, NO_SESSION)
        if known_session == session and first <= known:
            commands = commands[known + 1 - first :]
            first = known + 1
        if not commands:
            return origin, session, first, []
        apply = self._machine.apply
        results = [apply(command) for command in commands]
        self.last[origin] = (session, first + len(commands) - 1)
        return origin, session, first, results

    def applied(self, origin: str, session: int) -> int:
        """The highest count that was applied of a session; -1 for none."""
        known_session, known = self.last.get(origin, NO_SESSION)
        return known if known_session == session else -1

    def snapshot(self) -> bytes:
        """The whole replicated state."""
        return _encode((self.last, self._machine.snapshot()))

    def restore(self, data: bytes) -> None:
        """Replace the whole replicated state."""
        saved = _decode_saved(data)
        self._machine.restore(saved.machine)
        self.last = saved.last
