"""Commands are applied exactly once, however often they were sent.

Each start of a node is a session with a random number, in which its commands are counted. A node
sends them in order, from the oldest unanswered one after any change of leader or connection. So the
highest count applied for a node's session tells which commands of a batch are repeats (Ongaro's
thesis, section 6.3, with one session for each node: a new one takes the place of the one before).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import msgspec

from nacos_tw.errors import NacosError
from nacos_tw.interfaces import IDurableMachine, IFrozen, IStateMachine, Pieces
from nacos_tw.raft import snapshotdata
from nacos_tw.raft.core.marks import Mark
from nacos_tw.raft.snapshotdata import SnapshotData


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """The data of a COMMAND entry: commands C{first}, C{first}+1, … of one session of a node."""

    origin: str
    session: int
    first: int
    commands: tuple[bytes, ...]


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    last: dict[str, tuple[int, int]]
    machine: memoryview
    """Not a copy: the state may be large."""


_encode = msgspec.msgpack.Encoder().encode
_decode_batch = msgspec.msgpack.Decoder(Batch).decode
_decode_stored = msgspec.msgpack.Decoder(_Stored).decode

NO_SESSION = (-1, -1)

COMBINED = b"t"
"""The name of a command that is several, of one or more machines: they are in one entry, so all are there or none."""
_decode_parts = msgspec.msgpack.Decoder(list[bytes]).decode

MARK = b"h"
"""The command that marks the entry after which every node hashes its state. Its result is that entry's index."""


def encode_batch(origin: str, session: int, first: int, commands: Sequence[bytes]) -> bytes:
    """The data of an entry that holds these commands."""
    return _encode((origin, session, first, commands))


def one_entry(commands: Sequence[bytes]) -> bytes:
    """Commands as one. Its result is the list of theirs, an error stands as itself: what one refuses others may do."""
    return COMBINED + _encode(commands)


def parts_of(command: bytes) -> list[bytes]:
    """
    The commands that L{one_entry} made one of.

    @raise msgspec.MsgspecError: they cannot be read.
    """
    return _decode_parts(command[1:])


@attrs.frozen
class Part:
    """
    A part of a frozen state.

    @ivar in_thread: whether it is to be read in a thread, as it is on disk.
    """

    frozen: IFrozen
    in_thread: bool = False


class Machines:
    """
    Several state machines behind one log: the first byte of a command names its machine.

    @ivar machines: the machines by their one-byte name. Never rename one: the names are on disk.
    @ivar marked: whether a L{MARK} was among the commands since this was last set to False.
    @ivar observers: called with commands of other names, and whether the entry was applied before the last start. Such
        a command changes nothing: nodes that do not know it are none the worse.
    """

    def __init__(
        self, machines: dict[bytes, IStateMachine], durable: dict[bytes, IDurableMachine] | None = None
    ) -> None:
        """@param durable: those that keep their state on disk themselves."""
        self._durable = durable or {}
        self.machines: dict[bytes, IStateMachine] = {**machines, **self._durable}
        self._blank = {name: machine.snapshot() for name, machine in machines.items()}
        self._index = 0
        self.marked = False
        self.observers: dict[bytes, Callable[[bytes, bool], object]] = {}

    def begin(self, index: int, term: int) -> None:
        """What follows is of this entry."""
        self._index = index
        for machine in self._durable.values():
            machine.begin(index, term)

    def marks(self) -> list[Mark]:
        """How far those machines are that keep their state on disk themselves."""
        return [Mark(machine.applied, machine.applied_term) for machine in self._durable.values() if machine.applied]

    def quarantine(self) -> list[str]:
        """The state is not the cluster's: begin anew. Gives where what was on disk is kept."""
        kept = [machine.quarantine() for machine in self._durable.values()]
        for name, blank in self._blank.items():
            self.machines[name].restore(blank)
        return kept

    def flush(self) -> None:
        """See L{IDurableMachine.flush}."""
        for machine in self._durable.values():
            machine.flush()

    @property
    def lost(self) -> bool:
        """Whether a machine lacks some of what it was given."""
        return any(machine.lost for machine in self._durable.values())

    def align(self, last: int) -> None:
        """The log of a node that is alone ends at C{last}: a machine that is further had another log."""
        for machine in self._durable.values():
            if machine.applied > last:
                machine.begins_anew()

    def reset(self) -> None:
        """Back to what is on disk by itself: the log is applied again from its last snapshot on."""
        for name, blank in self._blank.items():
            self.machines[name].restore(blank)
        for machine in self._durable.values():
            machine.reopened()

    def apply(self, command: bytes) -> Any:
        """Apply a command by the machine that it names, unless that has it already."""
        name = command[:1]
        machine = self.machines.get(name)
        if name == COMBINED:
            return [self.apply(part) for part in parts_of(command)]
        if name == MARK:
            self.marked = True
            return self._index
        if machine is None:
            return self._observed(name, command)
        if name in self._durable and self._index <= self._durable[name].applied:
            return None
        return machine.apply(command[1:])

    def _observed(self, name: bytes, command: bytes) -> Any:
        observer = self.observers.get(name)
        if observer is None:
            return NacosError("a command for an unknown part: this node runs an older version")
        observer(command[1:], any(self._index <= machine.applied for machine in self._durable.values()))
        return None

    def freeze(self) -> dict[str, Part]:
        """
        The states of all machines that can be compared, as they are after the last entry.

        A machine that keeps its state itself is left out where that is of a later entry, after a restart.
        """
        found = {}
        for name, machine in self.machines.items():
            durable = self._durable.get(name)
            if (durable is None or durable.applied <= self._index) and hasattr(machine, "freeze"):
                found[machine.part] = Part(machine.freeze(), durable is not None)  # type: ignore[attr-defined]
        return found

    def capture(self) -> Callable[[], SnapshotData]:
        """The states of all machines, as a map of msgpack; the function is called in the log's thread."""
        states = {name: machine.snapshot() for name, machine in self.machines.items() if name not in self._durable}
        captures = {name: machine.capture() for name, machine in self._durable.items()}

        def read() -> SnapshotData:
            found = {name: snapshotdata.of_bytes(state) for name, state in states.items()}
            found |= {name: snapshotdata.of_file(taken()) for name, taken in captures.items()}
            parts = [snapshotdata.of_bytes(bytes([0x80 | len(found)]))]  # a map of fewer than 16
            for name, state in found.items():
                parts += [snapshotdata.of_bytes(_encode(name)), snapshotdata.packed(state)]
            return snapshotdata.joined(parts)

        return read

    def snapshot(self) -> bytes:
        """The states of all machines."""
        return self.capture()().whole()

    def restore(self, data: bytes | memoryview) -> None:
        """Replace the states of all machines that the snapshot holds and that are not further already."""
        stored = msgspec.msgpack.decode(data, type=dict[bytes, memoryview])
        for name, machine in self.machines.items():
            if name not in stored:
                continue
            durable = self._durable.get(name)
            if durable is None:
                machine.restore(bytes(stored[name]))
            elif durable.applied < self._index:
                durable.restore_from(stored[name])


class Sessions:
    """
    Applies batches of commands to a machine, each command once.

    @ivar last: by node its session and the highest count applied of it; replicated state, part of
        the snapshot.
    """

    def __init__(self, machine: IStateMachine) -> None:
        self._machine = machine
        self._machines = machine if isinstance(machine, Machines) else None
        self._blank = b"" if self._machines is not None else machine.snapshot()
        self.last: dict[str, tuple[int, int]] = {}

    def apply(self, data: bytes, index: int = 0, term: int = 0) -> tuple[str, int, int, list[Any]]:
        """
        Apply one entry's batch.

        @param index: the entry's, as C{term}.
        @return: the node, its session, the count of the first command that was new, and the results
            from there on (an exception stands as itself).
        """
        if self._machines is not None:
            self._machines.begin(index, term)
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

    def flush(self) -> None:
        """The entries up to here belong together, see L{IDurableMachine.flush<nacos_tw.interfaces.IDurableMachine>}."""
        if self._machines is not None:
            self._machines.flush()

    @property
    def lost(self) -> bool:
        """Whether a part of the state lacks some of what was applied."""
        return self._machines is not None and self._machines.lost

    def marked(self) -> bool:
        """Whether the state is to be hashed as it is now; asked after each entry."""
        machines = self._machines
        if machines is None or not machines.marked:
            return False
        machines.marked = False
        return True

    def freeze(self) -> dict[str, Part]:
        """
        The whole replicated state of now, by its parts; see L{Machines.freeze}.

        @raise NacosError: the disk refused.
        """
        sessions = [_encode((node, *last)) for node, last in self.last.items()]
        return {"sessions": Part(Pieces(sessions)), **({} if self._machines is None else self._machines.freeze())}

    def align(self, last: int) -> None:
        """See L{Machines.align}."""
        if self._machines is not None:
            self._machines.align(last)

    def reset(self) -> None:
        """Back to what machines have on disk by themselves; all else is applied again."""
        self.last = {}
        if self._machines is not None:
            self._machines.reset()
        else:
            self._machine.restore(self._blank)

    def marks(self) -> list[Mark]:
        """See L{Machines.marks}."""
        return self._machines.marks() if self._machines is not None else []

    def quarantine(self) -> list[str]:
        """See L{Machines.quarantine}."""
        self.last = {}
        if self._machines is not None:
            return self._machines.quarantine()
        self._machine.restore(self._blank)
        return []

    def capture(self) -> Callable[[], SnapshotData]:
        """The whole replicated state of now, as a L{_Stored}; the function is called in the log's thread."""
        head = snapshotdata.of_bytes(b"\x92" + _encode(self.last))  # an array of two
        if self._machines is None:
            state = snapshotdata.of_bytes(self._machine.snapshot())
            return lambda: snapshotdata.joined((head, snapshotdata.packed(state)))
        taken = self._machines.capture()
        return lambda: snapshotdata.joined((head, snapshotdata.packed(taken())))

    def snapshot(self) -> bytes:
        """The whole replicated state."""
        return self.capture()().whole()

    def restore(self, data: bytes, index: int = 0, term: int = 0) -> None:
        """Replace the whole replicated state by the one after the entry with that index and term."""
        stored = _decode_stored(data)
        if self._machines is not None:
            self._machines.begin(index, term)
            self._machines.restore(stored.machine)
        else:
            self._machine.restore(bytes(stored.machine))
        self.last = stored.last
