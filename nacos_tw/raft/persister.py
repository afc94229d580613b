"""Sends the core's messages at once, or when what they promise is on disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from nacos_tw.raft.core.core import IncomingChunk, Ready
from nacos_tw.raft.core.messages import AnyMessage
from nacos_tw.raft.disk.writer import DirectWriter, Writer
from nacos_tw.raft.net import codec
from nacos_tw.raft.net.peers import Peers


class Persister:
    """
    The saves under way, in order. Messages that promise something leave when their save and all before
    it are done.

    @ivar peers: the links; None for a node that stands alone.
    """

    def __init__(
        self,
        writer: Writer | DirectWriter,
        install: Callable[[IncomingChunk], None],
        done: Callable[[], None],
    ) -> None:
        """
        @param install: writes a chunk of the leader's snapshot; calls L{finished} when that is on disk.
        @param done: called for each save that is on disk; calls L{finished}, if the node still wants to know.
        """
        self.peers: Peers | None = None
        self._noted = 0
        self._writer = writer
        self._install = install
        self._done = done
        self._waiting: deque[tuple[int, list[tuple[str, AnyMessage]]]] = deque()

    def save(self, ready: Ready) -> None:
        """Send what may go at once; save what must be on disk, and send then what has to wait for it, in order."""
        self._send(ready.messages_now)
        chunk = ready.snapshot
        if chunk is not None:
            if ready.hard is not None or ready.entries:
                self._writer.save(ready.hard, ready.entries, _nothing)
            self._waiting.append((ready.token, list(ready.messages)))
            self._install(chunk)
        elif ready.hard is not None or ready.entries:
            self._waiting.append((ready.token, list(ready.messages)))
            self._noted = ready.commit
            self._writer.save(ready.hard, ready.entries, self._done, ready.commit)
        elif ready.messages:
            if self._waiting:
                self._waiting[-1][1].extend(ready.messages)
            else:
                self._send(ready.messages)

    def note(self, commit: int) -> None:
        """From time to time: when nothing is saved, the disk hears what has been committed since the last save."""
        if commit > self._noted and not self._waiting:
            self._noted = commit
            self._writer.save(None, (), _nothing, commit)

    def finished(self) -> int:
        """The oldest save is on disk: send what waited for it. Gives its token, for the core."""
        token, messages = self._waiting.popleft()
        self._send(messages)
        return token

    def _send(self, messages: Iterable[tuple[str, AnyMessage]]) -> None:
        """Send messages; followers that are equally far get equal ones, which are encoded once."""
        peers = self.peers
        if peers is None:
            return
        last: AnyMessage | None = None
        payload = b""
        for peer, message in messages:
            if message != last:
                last, payload = message, codec.encode(codec.RaftFrame(message))
            peers.send_encoded(peer, payload)

    def forget(self) -> None:
        """The disk refused: nothing that waits is ever sent."""
        self._waiting.clear()
        self._noted = 0


def _nothing() -> None:
    pass
