"""
BackupFile files: saved from a node over HTTP, looked at, and made into the data folder of a new node.

A backup is a snapshot file of the log (L{nacos_tw.raft.disk.snapshots}), checksums and all, and beside it a document
C{<file>.json} that says where it is from.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from nacos_tw.ctl.client import Client
from nacos_tw.ctl.failures import Failure, NotFound
from nacos_tw.ctl.server import Server

PATH = "/v3/admin/core/snapshot"
TAKES = 120.0
"""Seconds that a node may take for a snapshot."""
PARTS = {b"n": "registry", b"c": "configs", b"k": "key of tokens", b"l": "locks"}
"""The parts of a state by their names in it."""
TRIES = 3


@attrs.frozen
class BackupFile:
    """What was saved: C{bytes} of the file, C{sha256} of the state in it."""

    path: str
    index: int
    term: int
    node: str
    version: str
    storage: str
    bytes: int
    sha256: str


def save(server: Server, path: str, progress: Callable[[int], object] = lambda size: None) -> BackupFile:
    """
    Save the state of the cluster as a file; a file of that name is replaced when the new one is whole.

    @param progress: called with the bytes that have come.
    @raise Failure: the node cannot, or the disk refuses.
    """
    for left in reversed(range(TRIES)):
        made = server.own("snapshots", "POST", PATH, timeout=TAKES)
        try:
            return _fetched(server.client, made, path, progress)
        except NotFound:  # newer snapshots took its place meanwhile
            if not left:
                raise
    raise AssertionError("not reached")


def _fetched(client: Client, made: dict[str, Any], path: str, progress: Callable[[int], object]) -> BackupFile:
    from nacos_tw.raft.core.messages import Configuration, SnapshotMeta
    from nacos_tw.raft.disk.files import Disk
    from nacos_tw.raft.disk.snapshots import SnapshotDraft

    meta = SnapshotMeta(made["index"], made["term"], Configuration(voters=()))
    folder, disk, digest = os.path.dirname(os.path.abspath(path)), Disk(), hashlib.sha256()
    try:
        os.makedirs(folder, exist_ok=True)
        draft = SnapshotDraft(folder, meta, disk, f"incoming-{os.getpid()}")
        try:
            os.chmod(draft.path, 0o600)  # hashes of passwords, and the key of tokens
            while True:
                params = {"index": made["index"], "offset": draft.size}
                piece = client.checked(client.call("GET", PATH, params, timeout=TAKES), "snapshot").body
                draft.write(draft.size, piece)
                digest.update(piece)
                progress(draft.size)
                if len(piece) < made["piece"]:
                    break
            size = draft.size
            draft.finish()
        except BaseException:
            draft.drop()
            raise
        os.replace(draft.path, path)
        found = BackupFile(
            path, made["index"], made["term"], made["node"], made["version"], made["storage"],
            os.path.getsize(path), digest.hexdigest(),
        )  # fmt: skip
        with open(f"{path}.json", "w", encoding="utf-8") as file:
            said = {**attrs.asdict(found), "path": os.path.basename(path), "stateBytes": size}
            file.write(json.dumps(said, indent=2))
        disk.sync_folder(folder)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror or error}") from None
    return found


def status(path: str) -> dict[str, Any]:
    """
    What a backup holds; all of it is checked.

    @raise Failure: it is damaged, or is none.
    """
    import msgspec

    from nacos_tw.errors import StoreDamaged
    from nacos_tw.raft.disk.files import Disk
    from nacos_tw.raft.disk.snapshots import SnapshotFile

    try:
        file = SnapshotFile(path, Disk())
    except StoreDamaged as error:
        raise Failure(str(error).partition(";")[0]) from None
    except OSError as error:
        raise Failure(f"{path}: {error.strerror or error}") from None
    try:
        state = file.read(0, file.length)
        meta = file.meta
    finally:
        file.close()
    try:
        _, machines = msgspec.msgpack.decode(state, type=tuple[Any, memoryview])
        parts = msgspec.msgpack.decode(machines, type=dict[bytes, memoryview])
    except msgspec.MsgspecError:
        raise Failure(f"{path}: holds no state of this server") from None
    return {
        "file": path,
        "index": meta.index,
        "term": meta.term,
        "bytes": len(state),
        "sha256": hashlib.sha256(state).hexdigest(),
        "parts": {PARTS.get(name, name.decode()): len(part) for name, part in sorted(parts.items())},
        **_about(path),
    }


def _about(path: str) -> dict[str, Any]:
    """What stands beside it."""
    try:
        with open(f"{path}.json", encoding="utf-8") as file:
            said = json.load(file)
        return {name: said[name] for name in ("node", "version", "storage") if name in said}
    except (OSError, ValueError, TypeError):
        return {}


def names_of(folder: str, prefix: str) -> list[str]:
    """The backups of an agent in a folder, oldest first."""
    found = [name for name in os.listdir(folder) if name.startswith(f"{prefix}-") and name.endswith(".snap")]
    return [os.path.join(folder, name) for name in sorted(found)]


def prune(paths: Sequence[str], keep: int) -> list[str]:
    """Remove all but the newest. @return: what was removed."""
    gone = list(paths[:-keep]) if keep else []
    for path in gone:
        for each in (path, f"{path}.json"):
            if os.path.exists(each):
                os.remove(each)
    return gone
