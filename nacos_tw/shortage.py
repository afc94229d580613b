"""What a node does when its disk has little room: it makes files shorter, hands over the lead, refuses writes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import attrs
import msgspec
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from nacos_tw.config import commands as config
from nacos_tw.database import commands as database
from nacos_tw.database.assembly_embedded import EmbeddedConfigs
from nacos_tw.database.machine import NAME as CONFIG
from nacos_tw.metrics.space import LAST, SHORT, DiskSpace, SpaceLimits, sizes
from nacos_tw.namespaces.commands import DeleteNamespace
from nacos_tw.naming import commands as naming
from nacos_tw.naming.machine import NAME as NAMING
from nacos_tw.raft.node import RaftNode
from nacos_tw.raft.sessions import COMBINED, parts_of
from nacos_tw.settings.settings import Settings
from nacos_tw.timers import Periodic

HAND_OVER = 2.0
"""Seconds between two tries to have another node lead."""
FREEING: tuple[type[Any], ...] = (
    config.Remove, config.RemoveMany, config.StopBeta, config.TrimHistory, config.CountUsage, DeleteNamespace,
)  # fmt: skip
"""What is done to configs all the same."""
ENDING: tuple[type[Any], ...] = (
    naming.Deregister, naming.Expire, naming.Revive, naming.Health, naming.RemoveService, naming.CleanServices,
    naming.ForgetOverrides,
)  # fmt: skip
"""What is done to the registry even at the last."""


def fitting(settings: Settings) -> Settings:
    """The settings with shorter files where the disk is small."""
    folder = settings.data
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    try:
        _, total = sizes(folder)
    except OSError:
        return settings
    raft, disk = settings.raft, settings.disk
    return attrs.evolve(
        settings,
        raft=attrs.evolve(
            raft,
            segment_bytes=min(raft.segment_bytes, max(65536, total // 32)),
            snapshot_bytes=min(raft.snapshot_bytes, max(65536, total // 16)),
        ),
        disk=attrs.evolve(disk, wal=min(disk.wal, max(2**20, total // 8))),
    )


class Shortage(Periodic):
    """
    One node's.

    @ivar space: the room on the disk of its data.
    """

    log = Logger()

    def __init__(
        self,
        settings: Settings,
        clock: IReactorTime,
        node: RaftNode,
        configs: object,
        well: Callable[[], list[str]],
    ) -> None:
        """
        @param configs: those of the node.
        @param well: the names of the other members that say nothing is wrong with them.
        """
        super().__init__(clock, HAND_OVER, self._hand_over)
        self._node = node
        self._configs = configs if isinstance(configs, EmbeddedConfigs) else None
        self._well = well
        limits = SpaceLimits(settings.disk.warn, settings.disk.refuse)
        self.space = DiskSpace(clock, settings.data, limits, self._needed)
        self.space.on_low = self._shorten
        self.space.on_level = self._hand_over
        node.refusal = self.refusal
        node.shortage = self.reason

    def startService(self) -> None:  # noqa: N802 - Twisted's name
        """Begin to look."""
        super().startService()
        self.space.startService()

    def stopService(self) -> Any:  # noqa: N802 - Twisted's name
        """Look no more."""
        self.space.stopService()
        return super().stopService()

    def files(self) -> dict[str, int]:
        """The bytes of the node's files by name."""
        return {**self._node.sizes(), **(self._configs.sizes() if self._configs is not None else {})}

    def _needed(self) -> int:
        """A snapshot is written beside the two that are kept, and the image of the database for it."""
        snapshot = self._node.sizes()["snapshots"] // 2
        if self._configs is None:
            return snapshot
        database = self._configs.sizes()["config.db"]
        return database + max(database, snapshot)

    def _shorten(self) -> None:
        self._node.take_snapshot()
        if self._configs is not None:
            self._configs.checkpoint(empty=True)

    def _hand_over(self) -> None:
        """A leader with a full disk holds up all: another one that has room should lead."""
        if self.space.level >= SHORT and self._node.is_leader:
            for name in self._well():
                if self._node.transfer(name):
                    self.log.info("handing the lead to {name}: there is little room here", name=name)
                    return

    def reason(self) -> str:
        """Why writes are refused; "" while they are not."""
        return self.space.refusal

    def refusal(self, command: bytes) -> str:
        """Why a command is not taken; "" if it is: what makes room, and what the registry must forget, always is."""
        level = self.space.level
        if level < SHORT or not _adds(command, level):
            return ""
        self.space.refused += command[:1] == NAMING
        return self.space.refusal


def _adds(command: bytes, level: int) -> bool:
    """Whether a command makes more of what stays on the disk. At the last, what passes does, too."""
    name, data = command[:1], command[1:]
    try:
        if name == CONFIG:
            found = database.decode(data)
            if isinstance(found, config.Batch):
                return any(change.content is not None for change in found.changes)
            return not isinstance(found, FREEING)
        if name == COMBINED:
            return any(_adds(part, level) for part in parts_of(command))
        if name == NAMING:
            return level >= LAST and not isinstance(naming.decode(data), ENDING)
    except msgspec.MsgspecError:
        return True
    return False
