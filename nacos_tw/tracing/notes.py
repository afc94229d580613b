"""
The trace of a write, in the log beside its command: one entry holds both (L{nacos_tw.raft.sessions.one_entry}).

Nodes that follow no traces pass a note over; it is no part of the state.
"""

from __future__ import annotations

import msgspec

from nacos_tw.config.model import ConfigKey
from nacos_tw.raft.sessions import COMBINED, one_entry, parts_of
from nacos_tw.tracing.tracer import Place

NAME = b"o"
"""Whose command a note is, for L{nacos_tw.raft.sessions.Machines}."""
LEVEL = 3
"""The level of commands (see L{nacos_tw.naming.commands.Level}) from which on members know several commands as one."""


class Note(msgspec.Struct, frozen=True, array_like=True):
    """@ivar trace: as L{Place.written}; C{keys}: the configs that the write is about."""

    trace: str
    keys: list[ConfigKey] = []

    @property
    def place(self) -> Place:
        """Where in the trace the write is."""
        return Place.read(self.trace)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Note).decode


def with_note(place: Place, keys: list[ConfigKey], command: bytes) -> bytes:
    """A command with its note. Its result is a list, the last of which is the command's."""
    return one_entry([NAME + _encode(Note(place.written, keys)), command])


def read_note(data: bytes) -> Note | None:
    """The note without its name; None if it cannot be read."""
    try:
        return _decode(data)
    except msgspec.MsgspecError:
        return None


def note_of(command: bytes) -> Note | None:
    """The note of a command of the log; None without one."""
    if not command.startswith(COMBINED):
        return None
    try:
        first = parts_of(command)[0]
    except (msgspec.MsgspecError, IndexError):
        return None
    return read_note(first[1:]) if first[:1] == NAME else None
