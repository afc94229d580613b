"""gRPC on a registry that takes commands at once, without a log."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet.defer import Deferred, fail, succeed

from nacos_tw.grpc.assembly import NamingParts, naming_handlers
from nacos_tw.naming import machine
from nacos_tw.naming.applying import apply
from nacos_tw.naming.clients import Clients
from nacos_tw.naming.commands import Command, decode
from nacos_tw.naming.leases import Leases
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.registry import Registry
from nacos_tw.naming.subscriptions import Subscriptions
from tests.grpc.carriers import Client, Server


class Proposer:
    """A log of one node that never fails."""

    is_leader = available = True

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.applied: Any = None

    def propose(self, command: bytes) -> Deferred[Any]:
        result = apply(self.registry, decode(command[len(machine.NAME) :]))
        self.applied()
        return fail(result) if isinstance(result, Exception) else succeed(result)

    def renew(self, number: int) -> None:
        """Nothing."""


def naming_on(clock: Any) -> Naming:
    """A registry's face."""
    registry = Registry()
    proposer = Proposer(registry)
    naming = Naming(registry, Leases(clock.seconds, clock.seconds), proposer, Subscriptions(clock))  # type: ignore[arg-type]
    proposer.applied = naming.applied
    return naming


def do(naming: Naming, command: Command) -> None:
    """Apply a command."""
    naming.change(command)


def asked(client: Client, type_: str, **members: Any) -> tuple[str, dict[str, Any]]:
    """A request and its answer, decoded."""
    kind, body = client.ask(type_, members)
    return kind, msgspec.json.decode(body)


class NamingServer(Server):
    """
    All of 9848 on a registry.

    @ivar naming: the registry's face; C{clients}: who publishes.
    @ivar woken: whether it stood still a moment ago.
    """

    def __init__(self) -> None:
        super().__init__()
        self.naming = naming_on(self.clock)
        self.clients = Clients(self.clock, self.naming, "10.9.9.9:8848", lambda number: None)  # type: ignore[arg-type]
        self.clients.startService()
        self.woken = False
        parts = NamingParts(self.naming, self.clients, self.connections, self.clock, lately=lambda: self.woken)
        handlers, self.pushes = naming_handlers(parts)
        self.dispatcher._handlers.update(handlers)
        self.pushes.startService()


def naming_server() -> NamingServer:
    """One that runs."""
    return NamingServer()
