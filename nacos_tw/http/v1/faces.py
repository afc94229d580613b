"""What the v1 handlers ask of the rest of the node."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from twisted.internet.defer import Deferred

from nacos_tw.naming.operations.replicated import Replicated

if TYPE_CHECKING:
    from nacos_tw.naming.commands import Register
    from nacos_tw.naming.subscriptions import Subscriptions

Ask = Callable[[str, str, bytes], "Deferred[bytes]"]
"""ask(peer, what, body): a small question to another node, see L{nacos_tw.raft.net.peers.Peers.ask}."""

AskAll = Callable[[str, bytes], "Deferred[list[bytes]]"]
"""ask_all(what, body): the same question to all other nodes; fires with the answers of those that gave one."""

Millis = Callable[[], int]
"""The wall clock, in milliseconds since 1970."""


class Naming(Replicated, Protocol):
    """The registry and the way to change it: L{nacos_tw.naming.naming.Naming}."""

    @property
    def subscriptions(self) -> Subscriptions:
        """Who wants to hear of which services at this node."""

    def register(self, command: Register) -> Deferred[Any]:
        """Register an instance; an ephemeral one also while there is no majority."""

    def status(self) -> tuple[str, str]:
        """The server's status (C{UP}, C{DOWN} ...) and why it is so, "" when UP."""

    def last_beat_millis(self, number: int) -> int:
        """When the instance was last heard of, in milliseconds since 1970; 0 when not known."""
