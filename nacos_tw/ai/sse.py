"""Server-sent events, as MCP servers stream them."""

from __future__ import annotations

from collections import deque
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from nacos_tw.errors import Unavailable


class EventParser:
    """Bytes into events. Pure."""

    def __init__(self) -> None:
        self._rest = b""
        self._kind = ""
        self._data: list[str] = []

    def feed(self, data: bytes) -> list[tuple[str, str]]:
        """What has come, as (event, data); an event without a name is a C{message}."""
        self._rest += data
        found: list[tuple[str, str]] = []
        while True:
            end = min((at for at in (self._rest.find(b"\n"), self._rest.find(b"\r")) if at >= 0), default=-1)
            if end < 0 or (self._rest[end : end + 1] == b"\r" and end + 1 == len(self._rest)):
                return found  # a CR at the end may be the half of a line's end
            length = 2 if self._rest[end : end + 2] == b"\r\n" else 1
            line, self._rest = self._rest[:end].decode("utf-8", "replace"), self._rest[end + length :]
            if line:
                self._line(line)
            elif self._data:
                found.append((self._kind or "message", "\n".join(self._data)))
                self._kind, self._data = "", []
            else:
                self._kind = ""

    def _line(self, line: str) -> None:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._kind = value
        elif field == "data":
            self._data.append(value)


class EventStream(Protocol):
    """The body of a response; L{next} gives one event after the other."""

    def __init__(self, largest: int) -> None:
        """@param largest: bytes in all."""
        self._parser = EventParser()
        self._left = largest
        self._events: deque[tuple[str, str]] = deque()
        self._waiting: Deferred[tuple[str, str]] | None = None
        self._ended = False

    async def next(self) -> tuple[str, str]:
        """
        The next event.

        @raise Unavailable: the stream has ended, or is too long.
        """
        if self._events:
            return self._events.popleft()
        if self._ended:
            raise Unavailable("the stream has ended")
        self._waiting = Deferred()
        return await self._waiting

    def close(self) -> None:
        """Hear no more of it."""
        self._ended = True
        if self.transport is not None:
            (getattr(self.transport, "abortConnection", None) or self.transport.loseConnection)()

    def dataReceived(self, data: bytes) -> None:
        """A part."""
        self._left -= len(data)
        if self._left < 0:
            self.close()
            return
        self._events.extend(self._parser.feed(data))
        if self._events and self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            if not waiting.called:
                waiting.callback(self._events.popleft())

    def connectionLost(self, reason: Any = connectionDone) -> None:
        """The end."""
        self._ended = True
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.called:
            waiting.errback(Failure(Unavailable("the stream has ended")))
