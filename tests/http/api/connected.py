"""Connections without a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed

from nacos_tw.cluster.operations.connections import ConnectionInfo, ConnectionUses
from nacos_tw.errors import NacosError

CLIENT = ConnectionInfo(
    "1_10.0.0.9_5000", "10.0.0.9", "10.0.0.9", 5000, "Nacos-Java-Client:v3.0.3", "shop", "naming", "",
    {"lock": True}, {"module": "naming"}, 1, 0.0, 2, 3,
)  # fmt: skip


class Here:
    """
    Clients of this node.

    @ivar asked: who was sent away: (client, keep, server).
    @ivar used: what each of them uses.
    """

    def __init__(self) -> None:
        self.clients: list[ConnectionInfo] = []
        self.asked: list[tuple[str, int, str]] = []
        self.used = ConnectionUses()

    def current(self) -> list[ConnectionInfo]:
        return self.clients

    def uses(self, client: str) -> tuple[ConnectionInfo, ConnectionUses] | None:
        return next(((each, self.used) for each in self.clients if each.id == client), None)

    def reset(self, client: str, keep: int, server: str) -> int:
        self.asked.append((client, keep, server))
        return 1


class Answers:
    """
    Other nodes.

    @ivar known: what is asked to who answers, by node: (asking node, body) -> bytes.
    """

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Callable[[str, bytes], Any]]] = {}

    def ask(self, peer: str, what: str, body: bytes) -> Deferred[bytes]:
        found = self.known.get(peer, {}).get(what)
        return fail(NacosError(f"{peer} does not answer")) if found is None else maybeDeferred(found, "me", body)

    def ask_all(self, what: str, body: bytes) -> Deferred[list[bytes]]:
        return succeed([each[what]("me", body) for each in self.known.values() if what in each])
