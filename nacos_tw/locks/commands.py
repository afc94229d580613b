"""What goes through the log: one value per way to change the locks, and their bytes.

The tags and the order of fields are the format of the log on disk: new commands get new tags, new fields go to the end
with a default.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

NAME = b"l"
"""The machine's name in the log, see L{nacos_tw.raft.sessions.Machines}."""
LOCKS = 2
"""The level (see L{nacos_tw.naming.commands.Level}) with all of these; they are proposed when every member has it."""

LockKey: TypeAlias = tuple[str, str]
"""(type, name)."""
PLAIN, REENTRANT, NOT_REENTRANT = "NACOS_LOCK", "REENTRANT", "NON_REENTRANT"
TYPES = frozenset({PLAIN, REENTRANT, NOT_REENTRANT})
"""Types of locks. A holder may acquire a L{REENTRANT} one again, and has to release it as often."""


class _Command(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Base of all: encoded as an array that starts with the tag."""


class Acquire(_Command, frozen=True, array_like=True, tag=1):
    """
    A client wants a lock. C{owner}: which of its threads, in its words; C{millis}: for so long; C{wait}: it waits in
    the queue for so many milliseconds if it cannot have it, 0: it does not wait.

    Result: L{Outcome}.
    """

    client: str
    node: str
    key: LockKey
    owner: str
    millis: int
    wait: int = 0


class Release(_Command, frozen=True, array_like=True, tag=2):
    """A client gives a lock back; only the one that has it can. Result: L{Outcome}."""

    client: str
    key: LockKey
    owner: str


class Renew(_Command, frozen=True, array_like=True, tag=3):
    """A client keeps a lock that it has, for so many milliseconds from now. Result: L{Outcome}."""

    client: str
    key: LockKey
    owner: str
    millis: int


class CancelWait(_Command, frozen=True, array_like=True, tag=4):
    """A client waits no more. Result: L{Outcome}."""

    client: str
    key: LockKey
    owner: str


class Expire(_Command, frozen=True, array_like=True, tag=5):
    """
    What the leader decided about times that are over, by number: of grants, of waiters, of clients. Unknown numbers are
    left out, and what was written again since C{seen} commands were applied. Result: None.
    """

    numbers: list[int]
    seen: int


class EndClients(_Command, frozen=True, array_like=True, tag=6):
    """Clients are gone: what they hold is free, and they wait no more. Result: None."""

    clients: list[str]


class Level(_Command, frozen=True, array_like=True, tag=7):
    """Every member knows the commands of this level. It never goes down. Result: None."""

    level: int


Command: TypeAlias = Acquire | Release | Renew | CancelWait | Expire | EndClients | Level


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """
    What became of a wish (not a command).

    C{done}: whether it was granted. C{number}: of the grant: each one's is higher than all before, so whoever is given
    two of them knows the newer one. C{count}: how often the holder has it. C{position}: in the queue, from 0; -1: it
    does not wait.
    """

    done: bool
    number: int = 0
    count: int = 0
    position: int = -1


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Command)


def encode(command: Command) -> bytes:
    """The command as bytes for the log."""
    return _encoder.encode(command)


def decode(data: bytes) -> Command:
    """
    The command that L{encode} gave.

    @raise msgspec.MsgspecError: the bytes are no command.
    """
    return _decoder.decode(data)
