"""
Acknowledgements that are known by their bytes.

A client answers all pushes with the same bytes but for the number of the push. So their shape is learnt from one that
was read, and the next ones need not be taken apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard

import attrs

from nacos_tw.grpc.engine.assembly import PREFIX
from nacos_tw.grpc.engine.frames import DATA, HEADER, HEADER_SIZE
from nacos_tw.grpc.engine.memory import Memory
from nacos_tw.grpc.messages import OK, Ack

LONGEST = 512
"""Bytes of an acknowledgement that may be known."""
REMEMBERED = 4096
"""Shapes that are kept: clients name their address."""
_OTHER = bytes.maketrans(b"0123456789", b"1234567891")
"""Makes another number of as many digits."""


@attrs.frozen
class Shape:
    """
    What stands around the number in an acknowledgement with success, from the header of its frame on.

    @ivar stream: on which it came; C{ack}: what it says.
    """

    stream: int
    ack: Ack


class KnownAcks:
    """Those of all clients."""

    def __init__(self, read: Callable[[bytes], Ack | None], most: int = REMEMBERED) -> None:
        """
        @param read: what a payload acknowledges; None if it acknowledges nothing.
        @param most: shapes that are kept.
        """
        self._read = read
        self._known: Memory[tuple[bytes, bytes], Shape] = Memory(most, most * LONGEST)

    @property
    def remembered(self) -> int:
        """Shapes that are known."""
        return len(self._known)

    def find(self, data: bytes, stream: int, number: int) -> Ack | None:
        """
        What bytes say, if these are the one frame that acknowledges that push on that stream with success, in a shape
        that is known; the next one in the shape of these is.
        """
        size = len(data) - HEADER_SIZE
        if not PREFIX < size <= LONGEST or data[3] != DATA or data[4] or (data[1] << 8 | data[2]) != size:
            return None  # some clients put changes of windows around it
        before, found, after = data.rpartition(b"%d" % number)  # from the end: what stands in front has more digits
        shape = self._known.recent((before, after)) or self._known.get((before, after))
        if shape is not None:
            return shape.ack if shape.stream == stream else None
        if found and before.startswith(
            HEADER.pack(0, size, DATA, 0, stream) + b"\0" + (size - PREFIX).to_bytes(4, "big")
        ):
            self._learn(before, after, stream, number)
        return None

    def _learn(self, before: bytes, after: bytes, stream: int, number: int) -> None:
        """Remember the shape of one frame, if with any number at that place it says that just this push was taken."""
        digits = b"%d" % number
        other = digits.translate(_OTHER)
        ack, changed = self._said(before + digits + after), self._said(before + other + after)
        if _succeeds(ack, number) and _succeeds(changed, int(other)):
            self._known.put((before, after), Shape(stream, ack), len(before) + len(after) + 300)

    def _said(self, data: bytes) -> Ack | None:
        return self._read(data[HEADER_SIZE + PREFIX :])


def _succeeds(ack: Ack | None, number: int) -> TypeGuard[Ack]:
    return ack is not None and ack.resultCode == OK and ack.number == number
