"""The interface of an engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from nacos_tw.grpc.engine.events import Cancelled, Ended, Event
from nacos_tw.grpc.engine.shared import Shared

CAUSES = ("protocol", "headers", "resets", "controls", "unread", "slow", "drained", "idle", "silent", "closed")
"""Why connections end, for counting."""


class Engine(Protocol):
    """
    One connection of a client.

    @ivar ended: why it is over; None while it goes on.
    """

    ended: Ended | None

    def receive(self, data: bytes, now: float) -> list[Event]:
        """
        Bytes have come.

        @param now: seconds of a monotonic clock; likewise everywhere here.
        @return: what they mean, in order.
        """

    def passed(self, stream: int, size: int) -> bool:
        """
        A frame of so many bytes, with one whole message of a call with messages both ways and without padding, has come
        and was dealt with by its owner, who knows what such bytes mean.

        @return: False if it is not that simple: then nothing has happened, and L{receive} is to be given the bytes.
        """

    def take(self) -> bytes:
        """What is to be written now; each byte is given once."""

    def answer(self, stream: int, message: bytes) -> None:
        """Answer a unary call with success. Nothing happens if it is over already; likewise with all that follow."""

    def begin(self, stream: int) -> None:
        """
        Send the first headers of a call with messages both ways, ahead of its first message. Some clients do not see
        before them that the call is taken, nor afterwards that it has ended.
        """

    def send(self, stream: int, message: bytes) -> bool:
        """
        Send a message on a call with messages both ways.

        @return: False when the call is over, or as this is one message too many that the client did not take.
        """

    def finish(self, stream: int, status: int = 0, text: str = "") -> None:
        """
        End a call, behind what was sent on it.

        @param status: see L{nacos_tw.grpc.engine.status.Status}.
        """

    def consumed(self, stream: int) -> None:
        """All messages so far of a call with messages both ways are handled: the client may send more."""

    def queued(self, stream: int) -> int:
        """Bytes sent on a call that wait as the client does not take them."""

    def choke(self, choked: bool) -> list[Event]:
        """Whether the transport takes no more for now: then messages wait here."""

    def ping(self) -> None:
        """Ask for a sign of life: L{nacos_tw.grpc.engine.events.Ponged}."""

    def drain(self) -> None:
        """Take no new calls, in a way that loses none; the connection ends behind the last of those that go on."""

    def end(self, cause: str, reason: str, code: int = 0) -> None:
        """End the connection at once."""

    def sweep(self, now: float) -> list[Event]:
        """Time has passed: cut off what is too slow."""

    def lost(self) -> list[Cancelled]:
        """The transport is gone: the calls that were not over."""

    @property
    def calls(self) -> int:
        """Calls that are not over."""


EngineMaker = Callable[[Shared], Engine]
