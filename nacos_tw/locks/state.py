"""
Who has which lock, and who waits for it: what every node knows alike.

There is no clock in it. Grants, waiters and clients have numbers out of one row that only grows; the leader counts
their times by these, and what is over goes by an entry of the log (L{commands.Expire<nacos_tw.locks.commands.Expire>}).
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from nacos_tw.locks.commands import LockKey

AVAILABLE, TIMEOUT = "AVAILABLE", "TIMEOUT"
"""What a waiter is told: it is its turn, or its time is over."""


class Waiter(msgspec.Struct, array_like=True):
    """
    One that waits. C{millis}: so long; C{written}: L{State.applied} when it said so last.
    """

    number: int
    client: str
    owner: str
    millis: int
    written: int


class Lock(msgspec.Struct, array_like=True):
    """
    A lock that somebody has or waits for. C{number}: of the grant, 0 while nobody has it. C{count}: how often its
    holder has acquired it. C{millis}: for how long since C{written}, L{State.applied} when it was granted or kept last.
    """

    key: LockKey
    number: int = 0
    client: str = ""
    owner: str = ""
    count: int = 0
    millis: int = 0
    written: int = 0
    waiting: list[Waiter] = []

    def held_by(self, client: str, owner: str) -> bool:
        """Whether that one has it."""
        return bool(self.number) and self.client == client and self.owner == owner


class Client(msgspec.Struct, array_like=True):
    """A connection that has asked for a lock. C{node}: to which node."""

    number: int
    id: str
    node: str
    written: int


Numbered: TypeAlias = Lock | tuple[Lock, Waiter] | Client


class Notice(msgspec.Struct, frozen=True):
    """What is to be told to a waiter. C{kind}: L{AVAILABLE} or L{TIMEOUT}."""

    client: str
    key: LockKey
    owner: str
    kind: str


class Changes(msgspec.Struct):
    """
    What became of the state, for the node. C{started}: numbers whose time begins, in milliseconds (of clients 0);
    C{all}: another state has taken the place of this one.
    """

    started: list[tuple[int, int]] = []
    ended: list[int] = []
    notices: list[Notice] = []
    all: bool = False


class _Stored(msgspec.Struct, array_like=True):
    format: int
    applied: int
    next_number: int
    level: int
    locks: list[Lock]
    clients: list[Client]


FORMAT = 1
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


class State:
    """
    All locks.

    @ivar applied: commands that were applied.
    @ivar next_number: the next grant's, waiter's or client's.
    @ivar level: the highest that was agreed on.
    @ivar keys: by client the locks that it has or waits for.
    @ivar numbered: what has a number.
    """

    def __init__(self) -> None:
        self.applied = 0
        self.next_number = 1
        self.level = 0
        self.locks: dict[LockKey, Lock] = {}
        self.clients: dict[str, Client] = {}
        self.keys: dict[str, dict[LockKey, None]] = {}
        self.numbered: dict[int, Numbered] = {}
        self.changes = Changes()

    def take_changes(self) -> Changes:
        """What has become of it since the last call."""
        taken, self.changes = self.changes, Changes()
        return taken

    def number(self) -> int:
        """A new number, higher than all before."""
        self.next_number += 1
        return self.next_number - 1

    def snapshot(self) -> bytes:
        """The whole of it."""
        locks, clients = list(self.locks.values()), list(self.clients.values())
        return _encode(_Stored(FORMAT, self.applied, self.next_number, self.level, locks, clients))

    def pieces(self) -> list[bytes]:
        """The whole of it as of now, a piece for each lock and each client; their order means nothing."""
        heads = ("state", self.applied, self.next_number, self.level)
        return [_encode(each) for each in (heads, *self.locks.values(), *self.clients.values())]

    def restore(self, data: bytes) -> None:
        """
        Replace the whole of it.

        @raise msgspec.MsgspecError: the bytes are none that L{snapshot} gave.
        """
        stored = _decode(data)
        self.applied, self.next_number, self.level = stored.applied, stored.next_number, stored.level
        self.locks = {lock.key: lock for lock in stored.locks}
        self.clients = {client.id: client for client in stored.clients}
        self.keys = {id_: {} for id_ in self.clients}
        self.numbered = {client.number: client for client in stored.clients}
        for lock in stored.locks:
            if lock.number:
                self.numbered[lock.number] = lock
                self.keys[lock.client][lock.key] = None
            for waiter in lock.waiting:
                self.numbered[waiter.number] = lock, waiter
                self.keys[waiter.client][lock.key] = None
        self.changes = Changes(all=True)

    def times(self) -> list[tuple[int, int]]:
        """All numbers with their times, as in L{Changes.started}."""
        found = [(client.number, 0) for client in self.clients.values()]
        for lock in self.locks.values():
            if lock.number:
                found.append((lock.number, lock.millis))
            found += [(waiter.number, waiter.millis) for waiter in lock.waiting]
        return found
