"""Whose data folder it is, that only one process uses it, and in which order files leave it."""

from __future__ import annotations

import os
from collections.abc import Iterable

from nacos_tw.errors import StartError
from nacos_tw.raft.disk.files import Disk


def lock_folder(folder: str, disk: Disk) -> int:
    """Make the folder ours for as long as the returned descriptor is open."""
    disk.make_folder(folder)
    path = os.path.join(folder, "lock")
    try:
        return disk.lock(path, b"%d\n" % os.getpid())
    except BlockingIOError:
        pid = disk.read(path).decode("ascii", "replace").strip()
        raise StartError(f"a node is already running with the data folder {folder} (pid {pid})") from None


def check_owner(folder: str, node: str, disk: Disk) -> None:
    """Write the node's name into a new folder; refuse that of another node."""
    path = os.path.join(folder, "owner")
    if "owner" not in disk.names(folder):
        disk.put(path, node.encode())
        return
    owner = disk.read(path).decode("utf-8", "replace")
    if owner != node:
        raise StartError(f"the data folder {folder} belongs to node {owner}, this is node {node}")


def remove_in_order(folder: str, paths: Iterable[str], disk: Disk) -> None:
    """Remove files of the folder, each for good before the next, so that no gap can be left."""
    for path in paths:
        disk.remove(path)
        disk.sync_folder(folder)
