"""What an engine tells its owner. The two that come all the time are of the kind that is made fastest."""

from __future__ import annotations

import attrs
import msgspec

from nacos_tw.grpc.engine.heads import Head


class Request(msgspec.Struct, gc=False):
    """A unary call has come completely. It waits for C{answer} or C{finish}."""

    stream: int
    head: Head
    message: bytes


@attrs.define
class Opened:
    """A call with messages both ways has begun."""

    stream: int
    head: Head


class Message(msgspec.Struct, gc=False):
    """A message of such a call. Its room is given back by C{consumed}."""

    stream: int
    message: bytes


@attrs.define
class HalfClosed:
    """The client sends no more messages on that stream; it still takes ours, until C{finish}."""

    stream: int


@attrs.define
class Cancelled:
    """A call of which we were told is over without our doing; nothing can be sent on it."""

    stream: int


@attrs.define
class Drained:
    """The client has taken all that waited on that stream."""

    stream: int


@attrs.define
class Ponged:
    """The peer has answered our C{ping}."""


Event = Request | Opened | Message | HalfClosed | Cancelled | Drained | Ponged


@attrs.define
class Ended:
    """
    The connection is over: write what C{take} gives, and close it.

    @ivar code: of HTTP/2; 0 if nothing is wrong.
    @ivar cause: one word for counting (see L{nacos_tw.grpc.engine.seam.CAUSES}); C{reason}: for people.
    """

    code: int
    cause: str
    reason: str
