"""What must be on disk before it is told: saves, and the messages that wait for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from nacos_tw.raft.core import IncomingChunk, Ready
from nacos_tw.raft.messages import AnyMessage
from nacos_tw.raft.writer import DirectWriter, Writer


class Saving:
    """
    The saves under way, in order. Messages that promise something leave when their save and all before
    it are done.
    """

    def __init__(
        self,
        writer: Writer | DirectWriter,
        send: Callable[[Iterable[tuple[str, AnyMessage]]], None],
        install: Callable[[IncomingChunk], None],
        done: Callable[[], None],
    ) -> None:
        """
        @param install: writes a chunk of the leader's snapshot; calls L{finished} when that is on disk.
        @param done: called for each save that is on disk; calls L{finished}, if the node still wants to know.
        """
        self._writer = writer
        self._send = send
        self._install = install
        self._done = done
        self._held: deque[tuple[int, list[tuple[str, AnyMessage]]]] = deque()

    def save(self, ready: Ready) -> None:
        """Save what must be on disk; what has to wait for it is sent then, in order."""
        chunk = ready.snapshot
        if chunk is not None:
            if ready.hard is not None or ready.entries:
                self._writer.save(ready.hard, ready.entries, _nothing)
            self._held.append((ready.token, list(ready.messages)))
            self._install(chunk)
        elif ready.hard is not None or ready.entries:
            self._held.append((ready.token, list(ready.messages)))
            self._writer.save(ready.hard, ready.entries, self._done)
        elif ready.messages:
            if self._held:
                self._held[-1][1].extend(ready.messages)
            else:
                self._send(ready.messages)

    def finished(self) -> int:
        """The oldest save is on disk: send what waited for it. Gives its token, for the core."""
        token, messages = self._held.popleft()
        self._send(messages)
        return token

    def forget(self) -> None:
        """The disk refused: nothing that waits is ever sent."""
        self._held.clear()


def _nothing() -> None:
    pass
