"""The commands that this node has sent into the log and not yet seen applied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from twisted.internet.defer import Deferred

from nacos_tw.errors import TooLarge, Unavailable
from nacos_tw.raft.answers import Answers

BATCH_COMMANDS = 512
"""Most commands in one log entry."""
BATCH_BYTES = 256 * 1024
"""Bytes of commands after which an entry is closed; one larger command still fits."""
LONGEST_COMMAND = 12 * 1024 * 1024
"""Bytes of one command. A frame between nodes holds 16 MiB, so an entry with it can be replicated."""


_Pending = tuple[float, bytes, "Deferred[Any]"]
"""Until when it waits, the command, what fires with its result."""


class Proposals:
    """
    Counts this node's commands and keeps them, in order, until they are applied, time out or fail.

    All have the same time limit, so the order of sequence is the order of deadlines too.

    @ivar most: commands that may wait; more are refused with L{Unavailable}.
    """

    def __init__(self, timeout: float, most: int = 20_000) -> None:
        self._next = 0
        self._timeout = timeout
        self._waiting: dict[int, _Pending] = {}
        self._unsent = 0
        self.most = most

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, command: bytes, now: float) -> Deferred[Any]:
        """
        Take a command.

        @param now: seconds; the time limit counts from here.
        @return: fires when the command is applied here, see L{applied}.
        @raise Unavailable: too many wait already.
        @raise TooLarge: it is larger than an entry of the log may be.
        """
        if len(command) > LONGEST_COMMAND:
            raise TooLarge(len(command), LONGEST_COMMAND)
        if len(self._waiting) >= self.most:
            raise Unavailable("too many writes are waiting, try again later")
        deferred: Deferred[Any] = Deferred()
        self._waiting[self._next] = now + self._timeout, command, deferred
        self._next += 1
        return deferred

    def unsent(self) -> Iterator[tuple[int, list[bytes]]]:
        """Batches (first sequence, commands) of what was never sent; they count as sent afterwards."""
        first, self._unsent = self._unsent, self._next
        return self._batches(first)

    def everything(self) -> Iterator[tuple[int, list[bytes]]]:
        """Batches of all that wait, from the oldest; they count as sent afterwards."""
        self._unsent = self._next
        return self._batches(next(iter(self._waiting), self._next))

    def _batches(self, first: int) -> Iterator[tuple[int, list[bytes]]]:
        waiting = self._waiting
        commands: list[bytes] = []
        start, size = first, 0
        for sequence in range(first, self._next):
            pending = waiting.get(sequence)
            if pending is None:  # timed out: a gap ends the batch, sequences in it are consecutive
                if commands:
                    yield start, commands
                start, commands, size = sequence + 1, [], 0
                continue
            commands.append(pending[1])
            size += len(pending[1])
            if len(commands) >= BATCH_COMMANDS or size >= BATCH_BYTES:
                yield start, commands
                start, commands, size = sequence + 1, [], 0
        if commands:
            yield start, commands

    def applied(self, first: int, results: Sequence[Any]) -> Answers:
        """
        This node's commands from C{first} on were applied.

        @return: the Deferreds to fire, each with its result (an exception for a failure).
        """
        found = []
        for sequence, result in enumerate(results, first):
            pending = self._waiting.pop(sequence, None)
            if pending is not None:
                found.append((pending[2], result))
        return found

    def caught_up(self, last: int) -> list[Deferred[Any]]:
        """Those up to C{last}, forgotten here: a snapshot holds what came of them."""
        return [self._waiting.pop(sequence)[2] for sequence in [s for s in self._waiting if s <= last]]

    def expired(self, now: float) -> list[Deferred[Any]]:
        """Those whose time is over, forgotten here; they may still be applied later."""
        late = []
        for sequence, (deadline, _, _) in self._waiting.items():
            if deadline > now:
                break
            late.append(sequence)
        return [self._waiting.pop(sequence)[2] for sequence in late]

    def abandon(self) -> list[Deferred[Any]]:
        """All that wait, forgotten here."""
        found = [deferred for _, _, deferred in self._waiting.values()]
        self._waiting.clear()
        return found
