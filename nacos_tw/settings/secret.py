"""The secret by which nodes know each other, where the operator gave none.

Nodes that all run on one machine under one user share a file in that user's home, made by whichever
starts first. Across machines there is nothing they could share, so the operator must set one.
"""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from collections.abc import Mapping, Sequence

from nacos_tw.errors import StartError
from nacos_tw.settings import keys
from nacos_tw.settings.addresses import is_own
from nacos_tw.settings.clusterconf import Address
from nacos_tw.settings.reading import Reader

_FOLDER = ".nacos_tw"
_NAME = "cluster-secret"


def cluster_secret(
    reader: Reader, members: Sequence[Address], environ: Mapping[str, str], tls: bool, *, grows: bool = False
) -> bytes:
    """
    What the members prove to each other that they know; b"" where they need no such proof.

    @param tls: whether certificates tell them from strangers.
    @param grows: whether nodes come by themselves: then one must be set, whoever is there now.
    @raise StartError: they run on several machines, and none is set.
    """
    configured = reader.get(keys.RAFT_SECRET)
    if configured or tls or (len(members) == 1 and not grows):
        return configured.encode("utf-8", "surrogateescape")
    if not grows and all(is_own(member.host) for member in members):
        return local_secret(environ)
    raise StartError(
        f"{reader.filename}: nacos.raft.secret is not set; nodes on several machines need a line "
        "nacos.raft.secret=<16 or more random characters>, the same on every node"
    )


def local_secret(environ: Mapping[str, str]) -> bytes:
    """
    The secret of this user's nodes on this machine; made if there is none yet.

    @raise StartError: no folder can be written to, or the file is another user's or open to others.
    """
    reasons = []
    for folder in _folders(environ):
        try:
            return _read_or_make(folder)
        except OSError as error:
            reasons.append(f"{folder}: {error.strerror or error}")
    raise StartError(
        f"no place for the cluster's secret ({'; '.join(reasons)}); set nacos.raft.secret in "
        "conf/application.properties, the same on every node"
    )


def _folders(environ: Mapping[str, str]) -> list[str]:
    """Where the file may lie: the user's home, else a folder of theirs among the temporary ones."""
    home = environ.get("HOME", "")
    temporary = os.path.join(tempfile.gettempdir(), f"nacos_tw-{os.getuid()}")
    return [os.path.join(home, _FOLDER), temporary] if os.path.isabs(home) else [temporary]


def _read_or_make(folder: str) -> bytes:
    os.makedirs(folder, mode=0o700, exist_ok=True)
    _check(folder, os.lstat(folder), stat.S_ISDIR, 0o022)
    name = os.path.join(folder, _NAME)
    try:
        return _read(name)
    except FileNotFoundError:
        _make(folder, name)
    return _read(name)


def _read(name: str) -> bytes:
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        _check(name, os.fstat(descriptor), stat.S_ISREG, 0o077)
        found = file.read(4096).strip()
    if len(found) < 16:
        raise StartError(f"{name}: expected a secret of 16 characters or more; remove the file to have one made")
    return found


def _make(folder: str, name: str) -> None:
    """The file appears whole or not at all; of several makers the first one's stays."""
    descriptor, temporary = tempfile.mkstemp(prefix=_NAME, dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode() + b"\n")
            file.flush()
            os.fsync(descriptor)
        try:
            os.link(temporary, name)
        except FileExistsError:
            pass
    finally:
        os.unlink(temporary)


def _check(name: str, found: os.stat_result, kind: object, forbidden: int) -> None:
    if not callable(kind) or not kind(found.st_mode):
        raise StartError(f"{name}: expected a plain file in a plain folder; set nacos.raft.secret instead")
    if found.st_uid != os.getuid() or found.st_mode & forbidden:
        raise StartError(
            f"{name}: belongs to another user or is open to others; expected owner {os.getuid()} and "
            f"mode {'0600' if forbidden == 0o077 else '0700'}, or nacos.raft.secret in conf/application.properties"
        )
