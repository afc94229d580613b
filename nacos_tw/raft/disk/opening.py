"""Opening the log at start, or again after the disk refused."""

from __future__ import annotations

from twisted.logger import Logger

from nacos_tw.errors import StoreDamaged
from nacos_tw.raft.disk.files import Disk
from nacos_tw.raft.disk.store import SEGMENT_BYTES, Store

_log = Logger()


def open_store(
    folder: str, node: str, alone: bool, disk: Disk | None = None, segment_bytes: int = SEGMENT_BYTES
) -> Store:
    """
    Open the log in a folder; in a cluster a damaged one is set aside and the node rejoins.

    @param alone: there is no other node to fetch the log from.
    @param segment_bytes: when to begin the next file of the log.
    @param disk: the disk; None for the real one.
    @raise nacos_tw.errors.StartError: one clear line, also for a damaged log of a node that is alone.
    """
    try:
        # A node that is alone cannot get a lost end from anybody: what is left is better than nothing.
        return Store.open(folder, node, segment_bytes=segment_bytes, disk=disk, cut_tail=alone)
    except StoreDamaged as error:
        if alone:
            raise StoreDamaged(
                f"{error}. There is no other node to fetch the log from: restore {folder} from a backup, go on "
                "with what is whole (nacos-tw recover tells what that is), or move it away to begin anew (clients "
                "register again by themselves)"
            ) from None
        where = Store.quarantine(folder, disk)
        _log.error(
            "{error}. The damaged files are kept in {where}; this node takes the log from the leader and does "
            "not vote until it has it",
            error=str(error),
            where=where,
        )
        return Store.open(folder, node, segment_bytes=segment_bytes, disk=disk)
