"""Messages out of the bytes of a stream: one byte of flags, four of length, the message."""

from __future__ import annotations

import zlib

from nacos_tw.grpc.engine.floods import Floods
from nacos_tw.grpc.engine.status import Status

PREFIX = 5
GZIP = zlib.MAX_WBITS | 16
"""For zlib: a header and trailer as RFC 1952 has them, nothing else."""


class Room:
    """
    Room for messages that have come in part, or were compressed, shared by all connections of a server.

    @ivar most: bytes; C{used}: bytes that are promised now.
    """

    __slots__ = ("used", "most")

    def __init__(self, most: int = 2**26) -> None:
        self.most = most
        self.used = 0

    def take(self, size: int) -> bool:
        """Hold so many bytes; False if there is no room for them."""
        if self.used + size > self.most:
            return False
        self.used += size
        return True

    def give_back(self, size: int) -> None:
        """They are not held any more."""
        self.used -= size


class Refused(Exception):
    """
    The bytes of a stream cannot be made into messages.

    @ivar status: for the client, with C{text}.
    """

    def __init__(self, status: Status, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Assembly:
    """
    The messages of one stream, where they do not come in one piece each, as they are.

    @ivar missing: bytes until the message that is being received is complete; 0 while its length is not known.
    """

    __slots__ = ("_data", "_floods", "_largest", "_room", "_taken", "missing")

    def __init__(self, room: Room, largest: int, floods: Floods | None = None) -> None:
        """
        @param largest: bytes of a message, as it comes and, if it is compressed, as it is then.
        @param floods: counts the work for compressed ones; None where these are not taken.
        """
        self._room = room
        self._largest = largest
        self._floods = floods
        # Not a list of parts: a peer may send its message byte by byte.
        self._data = bytearray()
        self._taken = 0
        self.missing = 0

    @property
    def empty(self) -> bool:
        """Whether no message has begun."""
        return not self._data

    def add(self, data: bytes) -> list[bytes]:
        """
        More bytes have come.

        @return: the messages that are complete now. Room that they needed is kept until L{release}.
        @raise Refused: there is no room, or the bytes are no messages.
        @raise nacos_tw.grpc.engine.floods.Broken: messages are compressed so that they cost too much.
        """
        kept = self._data
        kept += data
        if self.missing > len(data):
            self.missing -= len(data)
            return []
        self.missing = 0
        messages: list[bytes] = []
        at = 0
        while len(kept) - at >= PREFIX:
            length = int.from_bytes(kept[at + 1 : at + PREFIX], "big")
            check(kept[at], length, self._largest, self._floods is not None)
            stop = at + PREFIX + length
            if stop > len(kept):
                if not self._room.take(length):
                    raise Refused(Status.RESOURCE_EXHAUSTED, "too many large messages are being received")
                self._taken += length
                self.missing = stop - len(kept)
                break
            message = bytes(kept[at + PREFIX : stop])
            messages.append(self._inflated(message) if kept[at] else message)
            at = stop
        del kept[:at]
        return messages

    def _inflated(self, data: bytes) -> bytes:
        """A compressed message as it was."""
        largest, inflater = self._largest, zlib.decompressobj(GZIP)
        try:
            message = inflater.decompress(data, largest + 1)
        except zlib.error as error:
            raise Refused(Status.INTERNAL, "a compressed message is damaged") from error
        if self._floods is not None:
            self._floods.inflated(len(message), len(data))
        if len(message) > largest:
            raise Refused(Status.RESOURCE_EXHAUSTED, f"Decompressed gRPC message exceeds maximum size {largest}")
        if not inflater.eof or inflater.unused_data:
            raise Refused(Status.INTERNAL, "a compressed message is damaged")
        if not self._room.take(len(message)):
            raise Refused(Status.RESOURCE_EXHAUSTED, "too many large messages are being received")
        self._taken += len(message)
        return message

    def release(self) -> None:
        """Give back the room of messages that are complete; of one that is not as well, if there will be no more."""
        self._room.give_back(self._taken)
        self._taken = 0


def check(flag: int, length: int, largest: int, compressed: bool = False) -> None:
    """
    Whether a message may begin so.

    @param compressed: whether it may be.
    @raise Refused: it may not.
    """
    if flag > compressed:
        raise Refused(
            Status.INTERNAL, "a compressed message without grpc-encoding" if flag == 1 else "a malformed message"
        )
    if length > largest:
        raise Refused(Status.RESOURCE_EXHAUSTED, f"gRPC message exceeds maximum size {largest}: {length}")
