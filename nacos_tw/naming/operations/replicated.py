"""What operations need of the registry and of the way to change it."""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet.defer import Deferred

from nacos_tw.errors import Unavailable
from nacos_tw.naming.commands import Command
from nacos_tw.naming.model import Overlay, ServiceKey
from nacos_tw.naming.registry import Registry


class Replicated(Protocol):
    """L{nacos_tw.naming.naming.Naming}, as far as they use it."""

    @property
    def registry(self) -> Registry:
        """The replicated state, as this node has applied it."""

    @property
    def overlay(self) -> Overlay:
        """What this node shows beside it; empty in normal times."""

    def lacks(self, service: ServiceKey | None = None) -> bool:
        """Whether there may be more than this node shows of a service, or (None) of all."""

    def change(self, command: Command) -> Deferred[Any]:
        """A replicated write; fires with its result, fails with an L{errors<nacos_tw.errors>} one."""

    def set_local_switch(self, entry: str, value: str) -> None:
        """Change a switch of this node only."""


def check_known(naming: Replicated, service: ServiceKey | None = None) -> None:
    """@raise Unavailable: there may be more than this node shows of a service, or (None) of all."""
    if naming.lacks(service):
        raise Unavailable("this node does not know yet which services there are, please try later")
