"""
A hash of the replicated state at one entry of the log, the same on every node whose state is the same.

It is made of the state as it is, piece by piece, and not kept up to date with each command: so it sees as well what has
changed a state besides the log. The hash of a part is the sum of the hashes of its pieces, whatever their order. What
is in memory is hashed a little at a time in the reactor's turns, of a state that was frozen at the entry; what is on
disk in a thread.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from hashlib import blake2b

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.interfaces import IFrozen
from nacos_tw.raft.disk.writer import DirectWriter, Writer
from nacos_tw.raft.sessions import Part
from nacos_tw.timers import Turns

FORMAT = 1
"""Of the pieces. Hashes of different formats say nothing about each other; another one for each change of a piece."""
BYTES = 16
KEPT = 4
"""So many hashes are kept."""
AT_ONCE = 16
"""Pieces in one step."""
ROWS = 256
"""Pieces after which a thread lets the others go on, for L{PAUSE} seconds."""
PAUSE = 0.001


class StateHash(msgspec.Struct, frozen=True):
    """
    The hashes after the entry C{index}, by part, as hexadecimal digits.

    @ivar format: see L{FORMAT}.
    """

    index: int
    parts: dict[str, str]
    format: int = FORMAT


class Sum:
    """The hash of a set of pieces."""

    __slots__ = ("_total",)

    def __init__(self) -> None:
        self._total = 0

    def add(self, piece: bytes) -> None:
        """One more."""
        self._total += int.from_bytes(blake2b(piece, digest_size=BYTES).digest(), "big")

    def text(self) -> str:
        """The hash, as hexadecimal digits."""
        return f"{self._total % (1 << 8 * BYTES):0{2 * BYTES}x}"


class _Work:
    """What is being hashed: C{left} are the parts in memory that are not through, C{waiting} those in threads."""

    def __init__(self, index: int, parts: dict[str, Part]) -> None:
        self.index = index
        self.parts = parts
        self.found: dict[str, str] = {}
        self.left = [(name, part.frozen.items(), Sum()) for name, part in parts.items() if not part.in_thread]
        self.given_up = False

    def step(self) -> bool:
        """Hash a few pieces. @return: whether there are more in memory."""
        name, pieces, total = self.left[-1]
        for _ in range(AT_ONCE):
            piece = next(pieces, None)
            if piece is None:
                self.found[name] = total.text()
                self.left.pop()
                break
            total.add(piece)
        return bool(self.left)

    def of_disk(self, frozen: IFrozen) -> str:
        """In a thread: the hash of a part on disk."""
        total = Sum()
        pieces: Iterator[bytes] = frozen.items()
        for number, piece in enumerate(pieces):
            total.add(piece)
            if number % ROWS == ROWS - 1:
                if self.given_up:
                    break
                time.sleep(PAUSE)
        return total.text()

    def close(self) -> None:
        self.given_up = True
        for part in self.parts.values():
            if not part.in_thread:
                part.frozen.close()


class Hashing:
    """
    Hashes this node's state where the log says so; one at a time, the newest.

    @ivar last: the index at which the state was hashed last; 0: never.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, writer: Writer | DirectWriter) -> None:
        self.last = 0
        self._writer = writer
        self._known: dict[int, StateHash] = {}
        self._work: _Work | None = None
        self._turns = Turns(clock, self._step, steps=100, seconds=0.002)

    def begin(self, index: int, parts: dict[str, Part]) -> None:
        """The state after the entry C{index}, frozen."""
        self._give_up()
        work = self._work = _Work(index, parts)
        for name, part in parts.items():
            if part.in_thread:
                hashed: Deferred[str] = self._writer.in_thread(partial(work.of_disk, part.frozen))
                hashed.addBoth(self._closed, part.frozen)
                hashed.addCallbacks(self._found, self._failed, (work, name), {}, (work,))
        self._turns.begin()

    @staticmethod
    def _closed(result: str | Failure, frozen: IFrozen) -> str | Failure:
        frozen.close()
        return result

    def stop(self) -> None:
        """Hash nothing any more."""
        self._give_up()

    def known(self, index: int) -> StateHash | None:
        """The hash at that entry, if there is one."""
        return self._known.get(index)

    def pending(self, index: int) -> bool:
        """Whether it is being made."""
        return self._work is not None and self._work.index == index

    def _give_up(self) -> None:
        work, self._work = self._work, None
        self._turns.stop()
        if work is not None:
            work.close()

    def _step(self) -> bool | None:
        work = self._work
        if work is None:
            return None
        try:
            if work.left and work.step():
                return True
        except Exception:
            self.log.failure("the state at entry {index} cannot be hashed", index=work.index)
            self._give_up()
            return None
        self._look(work)
        return None

    def _found(self, text: str, work: _Work, name: str) -> None:
        work.found[name] = text
        self._look(work)

    def _failed(self, failure: Failure, work: _Work) -> None:
        self.log.warn("the state at entry {index} cannot be hashed: {why}", index=work.index, why=failure.value)
        if work is self._work:
            self._give_up()

    def _look(self, work: _Work) -> None:
        """Whether all is there."""
        if work is not self._work or len(work.found) < len(work.parts):
            return
        self._give_up()
        self.last = work.index
        self._known[work.index] = StateHash(work.index, work.found)
        for old in sorted(self._known)[:-KEPT]:
            del self._known[old]
