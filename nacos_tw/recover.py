"""
``nacos-tw recover``: the last resort when the logs of a majority are damaged, and no leader can be elected any more.

It makes a new log for one node out of the furthest state on its disk that is whole, in which this node is the only
voter. When it starts it leads, and takes the others of cluster.conf in again, which must run by then (as one of two
voters it needs the other); they take over its state. The new log begins so far behind the old one that nothing that
another node still has can be taken for a part of it.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Sequence
from typing import Any, ClassVar

import attrs
from twisted.python import usage

from nacos_tw.auth.secret import NAME as SECRET
from nacos_tw.auth.secret import SecretMachine
from nacos_tw.database.machine import NAME as CONFIG
from nacos_tw.database.machine import ConfigMachine
from nacos_tw.errors import FileDamaged, StartError
from nacos_tw.interfaces import IDurableMachine, IStateMachine
from nacos_tw.locks.commands import NAME as LOCK
from nacos_tw.locks.machine import LockMachine
from nacos_tw.naming.machine import NAME as NAMING
from nacos_tw.naming.machine import NamingMachine
from nacos_tw.naming.registry import Registry
from nacos_tw.options import Options, load_settings
from nacos_tw.raft.assembly import ALONE
from nacos_tw.raft.core.messages import COMMAND, Configuration, HardState, MemberRecord, SnapshotMeta
from nacos_tw.raft.disk.files import Disk, explain
from nacos_tw.raft.disk.folder import check_owner, lock_folder
from nacos_tw.raft.disk.salvage import Remains, all_remains
from nacos_tw.raft.disk.statefile import StateFile
from nacos_tw.raft.disk.store import Store
from nacos_tw.raft.sessions import Machines, Sessions
from nacos_tw.settings import identity
from nacos_tw.settings.settings import Settings
from nacos_tw.starting import one_line_errors
from nacos_tw.storage.damaged import move_away
from nacos_tw.storage.sqlite import SQLiteFile

AHEAD = 1_000_000
"""So many entries behind the last one the new log begins."""


class RecoverOptions(Options):
    """Those of a node, and the confirmation."""

    longdesc = (
        "Make a new log for this node, which must not run, out of what is whole on its disk. Without --accept-loss it "
        "only tells what there is and what may be lost."
    )
    optFlags: ClassVar[list[list[Any]]] = [
        *Options.optFlags,
        ["accept-loss", None, "Do it: what this node does not have is lost."],
    ]


def main(arguments: Sequence[str]) -> int:
    """
    Tell what there is, and with C{--accept-loss} make the log anew.

    @return: the exit status. What cannot be done raises SystemExit with one line.
    """
    options = RecoverOptions()
    try:
        options.parseOptions(arguments)
    except usage.UsageError as error:
        raise SystemExit(options.refusal(str(error))) from None
    with one_line_errors():
        settings = load_settings(options, os.environ)
        folder = os.path.join(settings.data, "raft")
        if not os.path.isdir(folder):
            raise StartError(f"{folder}: there is no log here")
        disk = Disk()
        lock = lock_folder(folder, disk)
        try:
            check_owner(folder, _name(settings), disk)
            found = all_remains(folder, disk)
            sys.stdout.write(told(settings, found))
            if not options["accept-loss"]:
                sys.stdout.write("Nothing was changed. Stop all nodes, then add --accept-loss, on one node only.\n")
                return 1
            kept = _rebuild(settings, found, disk)
        except OSError as error:
            raise StartError(f"cannot recover {folder}: {explain(error)}") from error
        finally:
            disk.close(lock)
    sys.stdout.write(f"Done. The files that were there are in {kept}. Start the other nodes first, then this one.\n")
    return 0


def _name(settings: Settings) -> str:
    if settings.standalone:
        return ALONE
    known = identity.read(os.path.join(settings.data, "raft"))
    return settings.node if known is None else known.name


def told(settings: Settings, found: list[Remains]) -> str:
    """What there is, what is done with it, and what may be lost."""
    lines = [f"Node {settings.node}:"]
    for remains in found:
        text = f"  {remains.folder}: whole up to entry {remains.last} of term {remains.term}"
        if remains.beyond:
            text += f"; {remains.beyond} entries behind a damaged place cannot be used"
        lines.append(text)
    lines.append(f"  {_database(settings)}: {_state_of_database(_database(settings))}")
    best = found[0]
    others = "" if settings.standalone else (
        "  - all that other nodes have and this one has not: writes that were acknowledged after that entry\n"
        "    (compare what this command says on each node, and use the one with the highest term, then entry)\n"
    )  # fmt: skip
    beyond = f"  - the {best.beyond} entries behind the damaged place\n" if best.beyond else ""
    return (
        "\n".join(lines)
        + f"\nA new log is made of {best.folder} up to entry {best.last}; configs that the database has beyond it "
        "stay.\n" + (f"What may be lost for good:\n{others}{beyond}" if others or beyond else "")
    )


def _database(settings: Settings) -> str:
    return os.path.join(settings.data, "config", "config.db")


def _state_of_database(path: str) -> str:
    if not os.path.exists(path):
        return "not there"
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            sound = connection.execute("PRAGMA quick_check(1)").fetchone()
            row = connection.execute("SELECT value FROM meta WHERE name = 'applied'").fetchone()
        finally:
            connection.close()
    except sqlite3.Error:
        return "damaged"
    if sound is None or sound[0] != "ok":
        return "damaged"
    return f"whole, with the configs as of entry {row[0] if row else 0}"


def _rebuild(settings: Settings, found: list[Remains], disk: Disk) -> str:
    """Make the new log in a folder beside, then put it in the place of the old one. @return: where that is now."""
    folder, name = os.path.join(settings.data, "raft"), _name(settings)
    durable, files = _durable(settings)
    machines: dict[bytes, IStateMachine] = {
        NAMING: NamingMachine(Registry()),
        SECRET: SecretMachine(),
        LOCK: LockMachine(),
    }
    sessions = Sessions(Machines(machines, durable))
    try:
        best = found[0]
        _apply(sessions, best)
        last = max(best.last, *(machine.applied for machine in durable.values()), 0)
        term = max(remains.hard.term for remains in found)
        meta = SnapshotMeta(last + AHEAD, max(term, best.term) + 1, _members(settings, name))
        made = f"{folder}.new"
        if os.path.isdir(made):  # of a run that was cut off
            disk.remove_folder(made)
        store = Store.open(made, name, disk=disk, segment_bytes=settings.raft.segment_bytes)
        try:
            if (state := StateFile(folder, disk).state) is not None:
                store.count_start(state.boot)  # the others remember it
            offset = 0
            for part in sessions.capture()().parts:
                store.append_chunk(meta, offset, part, False)
                offset += len(part)
            store.append_chunk(meta, offset, b"", True)
            store.save(HardState(term=meta.term), [])
        finally:
            store.close()
    finally:
        for remains in found:
            remains.close()
        for file in files:
            file.close()
    number = 1
    while os.path.exists(f"{folder}.before-{number}"):
        number += 1
    kept = f"{folder}.before-{number}"
    disk.rename(folder, kept)
    disk.rename(made, folder)
    if (known := identity.read(kept)) is not None:
        identity.keep(folder, attrs.evolve(known, members=(), forced=False))
    disk.sync_folder(settings.data)
    return kept


def _members(settings: Settings, name: str) -> Configuration:
    """This node is the only voter; the others become voters again when they have taken over its state."""
    own = MemberRecord(name, "", settings.member.node, settings.member.raft_address)
    others = [
        MemberRecord(each.node, "", each.node, each.raft_address) for each in settings.listed if each.node != own.http
    ]
    names = tuple(other.name for other in others)
    return Configuration((name,), names, members=(own, *others), joining=names)


def _apply(sessions: Sessions, remains: Remains) -> None:
    if remains.snapshot is not None:
        snapshot = remains.snapshot
        sessions.restore(snapshot.read(0, snapshot.length), snapshot.meta.index, snapshot.meta.term)
    for entry in remains.entries:
        if entry.kind == COMMAND:
            sessions.apply(entry.data, entry.index, entry.term)
    sessions.flush()


def _durable(settings: Settings) -> tuple[dict[bytes, IDurableMachine], list[SQLiteFile]]:
    """The machine of embedded configs, on the file that is there, or on a new one if it is damaged."""
    if settings.storage != "embedded" or (settings.function_mode == "naming" and not settings.auth_enabled):
        return {}, []
    path = _database(settings)
    try:
        file = SQLiteFile(path)
    except FileDamaged:
        move_away(path)
        file = SQLiteFile(path)
    return {CONFIG: ConfigMachine(file)}, [file]
