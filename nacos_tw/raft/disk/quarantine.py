"""Putting a damaged log out of the way, without forgetting the vote.

The files go to C{damaged-<n>/} in the same folder, for whoever wants to look at them. Term and vote
are gathered from the state file and from every group that still reads well, and written to the state
file first, together with a mark that the log is void; so a crash in the middle is finished at the
next start, and at no point can the node start with half a log or an older vote.
"""

from __future__ import annotations

import os
import re

import msgspec

from nacos_tw.errors import StartError, StoreDamaged
from nacos_tw.raft.disk.files import Disk
from nacos_tw.raft.disk.segment import ADVICE, salvage, segment_sequence
from nacos_tw.raft.disk.snapshots import snapshot_position
from nacos_tw.raft.disk.statefile import StateFile, StateRecord, newest

KEPT = 2
"""How many folders of damaged files are kept."""
_NAME = re.compile(r"damaged-(\d+)")


def log_files(folder: str, disk: Disk) -> list[str]:
    """The names of all segments and snapshots in the folder."""
    names = disk.names(folder)
    return [name for name in names if segment_sequence(name) is not None or snapshot_position(name) is not None]


def damaged_folders(folder: str, disk: Disk) -> list[int]:
    """The numbers of the folders of damaged files, in order."""
    return sorted(int(match[1]) for name in disk.names(folder) if (match := _NAME.fullmatch(name)))


def void_log(folder: str, disk: Disk) -> str:
    """
    Mark the log as void, durably, and move it away.

    @return: the folder where the damaged files are now.
    @raise StoreDamaged: no copy of term and vote can be read.
    """
    file = StateFile(folder, disk)
    records = [(file.state.synced + 1, file.state.hard)] if file.state is not None else []
    boot, synced = (file.state.boot, file.state.synced) if file.state is not None else (0, 0)
    for name in log_files(folder, disk):
        if segment_sequence(name) is None:
            continue
        for sequence, group in salvage(disk.read(os.path.join(folder, name))):
            boot, synced = max(boot, group.boot), max(synced, sequence)
            if group.hard is not None:
                records.append((sequence, group.hard))
    if not records:
        if not log_files(folder, disk):
            raise StartError(f"{folder}: there is no log to set aside")
        raise StoreDamaged(f"{folder}: no copy of this node's vote can be read; let another node take its place")
    hard = newest(hard for _, hard in sorted(records, key=lambda record: record[0]))
    hard = msgspec.structs.replace(hard, recovering=True)
    file.write_both(StateRecord(hard=hard, boot=boot, synced=synced, segment=0, quarantined=True))
    return finish_quarantine(folder, file, disk)


def finish_quarantine(folder: str, file: StateFile, disk: Disk) -> str:
    """Move what L{void_log} marked, and take the mark away. Returns the folder of the moved files."""
    assert file.state is not None
    numbers = damaged_folders(folder, disk)
    target = os.path.join(folder, f"damaged-{numbers[-1] + 1 if numbers else 1}")
    names = log_files(folder, disk)
    if names:
        disk.make_folder(target)
        for name in names:
            disk.rename(os.path.join(folder, name), os.path.join(target, name))
        disk.sync_folder(target)
        disk.sync_folder(folder)
    file.write_both(msgspec.structs.replace(file.state, quarantined=False))
    for number in damaged_folders(folder, disk)[:-KEPT]:
        disk.remove_folder(os.path.join(folder, f"damaged-{number}"))
    return target


def read_state(folder: str, disk: Disk) -> StateFile:
    """
    Read the state file, and finish what a crash left of L{void_log}.

    @return: it, with C{state} None in a new folder.
    @raise StoreDamaged: there is a log, but no copy of the state can be read.
    """
    file = StateFile(folder, disk)
    if file.state is None and (log_files(folder, disk) or damaged_folders(folder, disk)):
        raise StoreDamaged(f"{os.path.join(folder, 'state-*')}: no copy of term and vote can be read; {ADVICE}")
    if file.state is not None and file.state.quarantined:
        finish_quarantine(folder, file, disk)
    return file
