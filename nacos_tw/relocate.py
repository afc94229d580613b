"""
``nacos-tw member update --force``: tells a node that does not run where the members are now.

Members tell each other where they are, so this is only for a cluster all of whose addresses changed at once. It writes
the node's own small file; the log follows when a leader is elected.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import ClassVar

import attrs
from twisted.python import usage

from nacos_tw.errors import SettingsError, StartError
from nacos_tw.options import Options, load_settings
from nacos_tw.raft.disk.files import Disk
from nacos_tw.raft.disk.folder import lock_folder
from nacos_tw.settings import identity
from nacos_tw.settings.identity import Known
from nacos_tw.starting import one_line_errors


class RelocateOptions(Options):
    """Those of a node, and the confirmation."""

    longdesc = (
        "Tell this node, which must not run, where the members are now: <old address>=<new address>, for all of them. "
        "Without --force it only tells what it knows."
    )
    optFlags: ClassVar[list[list[str | None]]] = [["force", None, "Do it."]]

    def __init__(self) -> None:
        super().__init__()
        self.moves: dict[str, str] = {}

    def parseArgs(self, *rest: str) -> None:
        """C{old=new}, for each that has moved."""
        for move in rest:
            old, equals, new = move.partition("=")
            if not equals or not old or not new:
                raise usage.UsageError(f"{move}: expected <old address>=<new address>")
            self.moves[old] = new


def main(arguments: list[str]) -> int:
    """
    Tell where the members are, and with C{--force} note it.

    @return: the exit status. What cannot be done raises SystemExit with one line.
    """
    options = RelocateOptions()
    try:
        if arguments[:1] != ["update"]:
            raise usage.UsageError("expected: member update --force <old address>=<new address> ...")
        options.parseOptions(arguments[1:])
    except usage.UsageError as error:
        raise SystemExit(options.refusal(str(error))) from None
    with one_line_errors():
        folder = os.path.join(load_settings(options, os.environ).data, "raft")
        known = identity.read(folder)
        if known is None or not known.members:
            raise StartError(f"{folder}: the node there knows no members")
        moved = _moved(known.members, options.moves)
        for before, after in zip(known.members, moved, strict=True):
            change = "" if before == after else f", was {before.http}"
            sys.stdout.write(f"{after.name}: {after.http}{change}\n")
        if not options["force"]:
            sys.stdout.write("Nothing was changed. Stop all nodes, then add --force, on every node.\n")
            return 1
        disk = Disk()
        lock = lock_folder(folder, disk)
        try:
            identity.keep(folder, attrs.evolve(known, members=moved, forced=True))
        finally:
            disk.close(lock)
    sys.stdout.write("Done. Do the same on every other node, then start them with the new cluster.conf.\n")
    return 0


def _moved(members: Sequence[Known], moves: dict[str, str]) -> tuple[Known, ...]:
    """The members at their new places. @raise StartError: no member is at an old address that was given."""
    left = dict(moves)
    found = []
    for member in members:
        new = left.pop(member.http, None) or left.pop(member.name, None)
        if new is None:
            found.append(member)
            continue
        try:
            place = identity.address(new, "")
        except SettingsError as error:
            raise StartError(str(error)) from None
        found.append(attrs.evolve(member, http=place.node, raft=place.raft_address))
    if left:
        raise StartError(f"{next(iter(left))} is no member's address; those are {', '.join(m.http for m in members)}")
    return tuple(found)
