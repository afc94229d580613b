"""Backups over HTTP: a snapshot of the whole replicated state, made while the node serves, and read in pieces."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

import attrs

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.cluster.problems import BackupGone
from nacos_tw.cluster.requests import BackupPiece, MakeBackup

PIECE = 1024 * 1024
"""Bytes of a piece."""


class Meta(Protocol):
    """What a snapshot stands for: L{nacos_tw.raft.core.messages.SnapshotMeta}."""

    @property
    def index(self) -> int:
        """Of the last entry that is in it."""

    @property
    def term(self) -> int:
        """That entry's."""


class Images(Protocol):
    """The snapshots of this node's log: L{nacos_tw.raft.images.Images}."""

    async def save(self) -> Meta:
        """One that holds all that this node has heard to be committed."""

    def read(self, index: int, offset: int, size: int) -> Awaitable[bytes]:
        """A piece of it, shorter than C{size} only at the end; fails with LookupError when it is gone."""


@attrs.frozen
class Backup:
    """
    What was made.

    @ivar index: of the last entry that is in it, C{term}: that entry's.
    @ivar node: whose it is; C{version}: what that runs.
    @ivar storage: C{embedded}: configs, namespaces and accounts are in it; else they are in that database.
    """

    index: int
    term: int
    node: str
    version: str
    storage: str


class Backups(Operations):
    """For administrators: a backup holds hashes of passwords and the key of tokens."""

    __slots__ = ("_images", "_node", "_storage", "_version")

    def __init__(self, images: Images, node: str, version: str, storage: str, audit: AuditLog) -> None:
        """See L{Backup} on the texts."""
        super().__init__(audit)
        self._images = images
        self._node, self._version, self._storage = node, version, storage

    @operation(Rule("admin", recorded=True))
    async def make(self, caller: Caller, request: MakeBackup) -> Backup:
        """
        Make one.

        @raise nacos_tw.errors.Unavailable: this node does not know what is committed.
        """
        meta = await self._images.save()
        return Backup(meta.index, meta.term, self._node, self._version, self._storage)

    @operation(Rule("admin", recorded=True))
    async def read(self, caller: Caller, request: BackupPiece) -> bytes:
        """
        A piece of one, of L{PIECE} bytes; shorter only at the end.

        @raise BackupGone: newer snapshots have taken its place.
        """
        try:
            return await self._images.read(request.index, request.offset, PIECE)
        except LookupError:
            raise BackupGone(request.index) from None
