"""Messages out of the bytes of a stream: one byte of flags, four of length, the message."""

from __future__ import annotations

from nacos_tw.grpc.engine.status import Status

PREFIX = 5


class Room:
    """
    Room for messages that have come in part, shared by all connections of a server.

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
    The messages of one stream, where they do not come in one piece each.

    @ivar missing: bytes until the message that is being received is complete; 0 while its length is not known.
    """

    __slots__ = ("_data", "_largest", "_room", "_taken", "missing")

    def __init__(self, room: Room, largest: int) -> None:
        self._room = room
        self._largest = largest
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
            check(kept[at], length, self._largest)
            stop = at + PREFIX + length
            if stop > len(kept):
                if not self._room.take(length):
                    raise Refused(Status.RESOURCE_EXHAUSTED, "too many large messages are being received")
                self._taken += length
                self.missing = stop - len(kept)
                break
            messages.append(bytes(kept[at + PREFIX : stop]))
            at = stop
        del kept[:at]
        return messages

    def release(self) -> None:
        """Give back the room of messages that are complete; of one that is not as well, if there will be no more."""
        self._room.give_back(self._taken)
        self._taken = 0


def check(flag: int, length: int, largest: int) -> None:
    """
    Whether a message may begin so.

    @raise Refused: it may not.
    """
    if flag:
        raise Refused(
            Status.INTERNAL, "a compressed message without grpc-encoding" if flag == 1 else "a malformed message"
        )
    if length > largest:
        raise Refused(Status.RESOURCE_EXHAUSTED, f"gRPC message exceeds maximum size {largest}: {length}")
