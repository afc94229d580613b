"""A state's bytes, part by part: what a snapshot holds may be larger than what should be in memory at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

import attrs

PART = 1024 * 1024
"""Bytes of a file that are read at a time."""
LONGEST = 2**32 - 1
"""Bytes of one value of msgpack."""


@attrs.frozen
class SnapshotData:
    """C{length} bytes, in C{parts}, which can be read once."""

    length: int
    parts: Iterable[bytes]

    def whole(self) -> bytes:
        """All of it."""
        return b"".join(self.parts)


def of_bytes(data: bytes) -> SnapshotData:
    """These bytes."""
    return SnapshotData(len(data), (data,))


def of_file(file: BinaryIO) -> SnapshotData:
    """What is in an open file, which is closed when it was read."""
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    return SnapshotData(length, _read(file))


def _read(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while data := file.read(PART):
            yield data


def joined(pieces: Iterable[SnapshotData]) -> SnapshotData:
    """One after the other."""
    pieces = list(pieces)
    return SnapshotData(sum(data.length for data in pieces), chain.from_iterable(data.parts for data in pieces))


def packed(data: SnapshotData) -> SnapshotData:
    """
    The bytes as a value of msgpack.

    @raise ValueError: there are too many.
    """
    if data.length > LONGEST:
        raise ValueError(f"a state of {data.length} bytes is too large for a snapshot")
    return joined((of_bytes(b"\xc6" + data.length.to_bytes(4, "big")), data))
