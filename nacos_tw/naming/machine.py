"""The registry behind the replicated log."""

from __future__ import annotations

from typing import Any

from twisted.logger import Logger

from nacos_tw.errors import Defect
from nacos_tw.interfaces import IFrozen, Pieces
from nacos_tw.naming import commands, frozen
from nacos_tw.naming.applying import apply
from nacos_tw.naming.registry import Registry

NAME = b"n"
"""This machine's name in the log, see L{nacos_tw.raft.sessions.Machines}."""


class NamingMachine:
    """An L{IStateMachine<nacos_tw.interfaces.IStateMachine>} that applies naming commands."""

    log = Logger()
    part = "registry"

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def apply(self, command: bytes) -> Any:
        """Apply one command; a failure is returned. A defect in a command's code fails that command,
        on every node alike, and not the log."""
        try:
            return apply(self.registry, commands.decode(command))
        except Exception:
            self.log.failure("a naming command could not be applied")
            return Defect()

    def freeze(self) -> IFrozen:
        """See L{IHashed.freeze<nacos_tw.interfaces.IHashed.freeze>}."""
        return Pieces(frozen.pieces(self.registry))

    def snapshot(self) -> bytes:
        """The registry's state."""
        return self.registry.snapshot()

    def restore(self, data: bytes) -> None:
        """Replace the registry's state."""
        self.registry.restore(data)
