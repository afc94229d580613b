"""What a connection may ask of the engine."""

from __future__ import annotations

import attrs


@attrs.frozen
class Limits:
    """
    All in bytes, numbers and seconds.

    @ivar message: largest message from the client.
    @ivar streams: open at a time.
    @ivar header_block: compressed headers of one call; C{header_list}: the same decoded.
    @ivar continuations: frames that a header block may be cut into, besides the first.
    @ivar window: bytes of messages of a connection that may be here and not be handled yet; those that come in several
        frames have their own room (see L{nacos_tw.grpc.engine.assembly.Room}).
    @ivar queued: bytes of unary answers that the client has not taken. More are refused (RESOURCE_EXHAUSTED).
    @ivar pushes: bytes of messages on one stream that the client has not taken; more end the connection.
    @ivar message_time: for a call until it has come completely; C{frame_time}: likewise for a frame or header block.
    @ivar resets: calls cut off at once, and per second for ever; C{controls}: likewise frames that carry nothing.
    """

    message: int = 10 * 2**20
    streams: int = 256
    header_block: int = 2**14
    header_list: int = 2**14
    continuations: int = 8
    window: int = 2**18
    queued: int = 2**24
    pushes: int = 2**22
    message_time: float = 60.0
    frame_time: float = 20.0
    resets: tuple[float, float] = (500.0, 50.0)
    controls: tuple[float, float] = (2000.0, 200.0)
