"""
A backup made into the data folder of a node that has none: the node becomes a member of a new cluster.

Every node of the new cluster is given the same backup and the same members; the first election finds the same state on
all of them. The new log begins so far behind the old one that nothing of a node of the old cluster fits to it.
"""

from __future__ import annotations

import os

from nacos_tw.ctl.failures import Failure
from nacos_tw.errors import NacosError, StoreDamaged
from nacos_tw.options import Options, load_settings
from nacos_tw.raft.assembly import ALONE
from nacos_tw.raft.core.messages import Configuration, HardState, MemberRecord, SnapshotMeta
from nacos_tw.raft.disk.files import Disk, explain
from nacos_tw.raft.disk.snapshots import SnapshotFile
from nacos_tw.raft.disk.store import Store
from nacos_tw.recover import AHEAD
from nacos_tw.settings.settings import Settings

PIECE = 1024 * 1024


def settings_of(home: str, mode: str) -> Settings:
    """
    The settings of the node that the home is of.

    @raise Failure: they cannot be used; one line.
    """
    options = Options()
    options.parseOptions(["--home", home, *(["--mode", mode] if mode else [])])
    try:
        return load_settings(options, os.environ)
    except NacosError as error:
        raise Failure(str(error)) from None


def restore(path: str, settings: Settings) -> tuple[str, tuple[str, ...]]:
    """
    Make the data folder.

    @return: this node's name in the new cluster, and all its voters.
    @raise Failure: there is one already, the backup is damaged, or the disk refuses.
    """
    name = ALONE if settings.standalone else settings.node
    config = configuration(settings, name)
    folder = os.path.join(settings.data, "raft")
    taken = [each for each in (folder, os.path.join(settings.data, "config")) if os.path.isdir(each)]
    if taken:
        raise Failure(f"{taken[0]} is there already: a backup is restored where no node has been; move it away first")
    disk = Disk()
    try:
        file = SnapshotFile(path, disk)
    except (OSError, StoreDamaged) as error:
        raise Failure(str(error).partition(";")[0]) from None
    made = f"{folder}.new"
    try:
        os.makedirs(settings.data, exist_ok=True)
        if os.path.isdir(made):  # of a run that was cut off
            disk.remove_folder(made)
        _write(file, made, name, config, disk, settings.raft.segment_bytes)
        disk.rename(made, folder)
        disk.sync_folder(settings.data)
    except OSError as error:
        raise Failure(f"{folder}: {explain(error)}") from None
    except NacosError as error:
        raise Failure(str(error)) from None
    finally:
        file.close()
    return name, config.voters


def configuration(settings: Settings, name: str) -> Configuration:
    """The members of the new cluster, the same on each of its nodes: their ids are told when they start."""
    if settings.standalone:
        return Configuration((name,))
    others = (MemberRecord(each.node, "", each.node, each.raft_address) for each in settings.members)
    found = tuple(sorted(others, key=lambda each: each.name))
    return Configuration(tuple(each.name for each in found), members=found)


def _write(file: SnapshotFile, folder: str, name: str, config: Configuration, disk: Disk, segment_bytes: int) -> None:
    """A log that begins with the state."""
    meta = SnapshotMeta(file.meta.index + AHEAD, file.meta.term + 1, config)
    store = Store.open(folder, name, disk=disk, segment_bytes=segment_bytes)
    try:
        offset = 0
        while part := file.read(offset, PIECE):
            store.append_chunk(meta, offset, part, False)
            offset += len(part)
        store.append_chunk(meta, offset, b"", True)
        store.save(HardState(term=meta.term), [])
    finally:
        store.close()
