"""The state machine behind the log's part for locks."""

from __future__ import annotations

from typing import Any

from twisted.logger import Logger

from nacos_tw.errors import Defect, NacosError
from nacos_tw.interfaces import IFrozen, Pieces
from nacos_tw.locks.applying import apply
from nacos_tw.locks.commands import decode
from nacos_tw.locks.state import State


class LockMachine:
    """An L{IStateMachine<nacos_tw.interfaces.IStateMachine>} that applies commands of locks."""

    log = Logger()
    part = "locks"

    def __init__(self) -> None:
        self.state = State()

    def apply(self, command: bytes) -> Any:
        """Apply one command; a failure is returned."""
        try:
            return apply(self.state, decode(command))
        except NacosError as error:
            return error
        except Exception:
            self.log.failure("a command of locks could not be applied")
            return Defect()

    def freeze(self) -> IFrozen:
        """See L{IHashed.freeze<nacos_tw.interfaces.IHashed.freeze>}."""
        return Pieces(self.state.pieces())

    def snapshot(self) -> bytes:
        """The whole state."""
        return self.state.snapshot()

    def restore(self, data: bytes) -> None:
        """Replace the whole state."""
        self.state.restore(data)
