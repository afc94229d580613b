"""
Which lead each part of a log is of.

A leader begins its term with an entry that holds a number which no other lead has, and all entries up to the next such
entry are its own. Two logs whose entries at an index are of the same term and of the same lead are equal up to there.
In Raft the term alone tells that, as long as nobody forgets its vote; nodes whose folders were restored from copies
have, and may elect a second leader in a term.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from nacos_tw.raft.core.messages import CONFIG, NOOP, Configuration, Entry

KEPT = 64
"""So many of a log's last leads are remembered."""
NUMBERS = 2**53
"""Numbers of leads are from 1 to this."""


_decode = msgspec.msgpack.Decoder(Configuration).decode


def first_entry(lead: int) -> bytes:
    """The data of the entry that begins a lead."""
    return lead.to_bytes(8, "big")


def first_config(config: Configuration, lead: int) -> bytes:
    """The same for the very first entry of a cluster, which holds its members too."""
    return msgspec.msgpack.encode(msgspec.structs.replace(config, lead=lead))


def begins(entry: Entry) -> int | None:
    """The number of the lead that an entry begins, 0 if it tells none; None: it begins none."""
    if entry.kind == NOOP:
        return int.from_bytes(entry.data, "big") if len(entry.data) == 8 else 0
    if entry.kind == CONFIG:
        try:
            return _decode(entry.data).lead
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
    return None


def lead_at(leads: Sequence[tuple[int, int]], index: int) -> int:
    """The number of the lead that the entry at C{index} is of; 0: not known."""
    for begin, lead in reversed(leads):
        if begin <= index:
            return lead
    return 0


class Leads:
    """The leads of one log, oldest first."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: list[tuple[int, int]] = []

    def note(self, entries: Iterable[Entry]) -> None:
        """Entries were added to the log's end."""
        for entry in entries:
            if entry.kind == NOOP or entry.kind == CONFIG:
                lead = begins(entry)
                if lead is not None:
                    self._found.append((entry.index, lead))
        del self._found[:-KEPT]

    def truncate(self, index: int) -> None:
        """The log lost its entries from there on."""
        while self._found and self._found[-1][0] >= index:
            self._found.pop()

    def restart(self, leads: tuple[tuple[int, int], ...]) -> None:
        """The log is a snapshot with these leads, and nothing else."""
        self._found = list(leads)

    def until(self, index: int) -> tuple[tuple[int, int], ...]:
        """Those of the entries up to C{index}, for a snapshot."""
        return tuple(found for found in self._found if found[0] <= index)

    def at(self, index: int) -> int:
        """The number of the lead that the entry at C{index} is of; 0: not known."""
        return lead_at(self._found, index)

    def begin(self, index: int) -> int:
        """Where the lead that the entry at C{index} is of begins, as far as is known; 0: not known."""
        for begin, _ in reversed(self._found):
            if begin <= index:
                return begin
        return 0
