"""Queries for tests, written and read by twisted.names, and a registry to ask."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.names import dns

from nacos_tw.dns.answers import Answers
from nacos_tw.dns.counters import Counters
from nacos_tw.dns.zone import Zone
from nacos_tw.naming.model import NO_OVERLAY, Overlay, ServiceKey
from nacos_tw.naming.operations.discovery import Discovery
from nacos_tw.naming.registry import Registry

OPT = 41


class Shown:
    """What operations read."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.overlay: Overlay = NO_OVERLAY
        self.restoring = False

    def lacks(self, service: ServiceKey | None = None) -> bool:
        """Whether there may be more than is shown."""
        return self.restoring

    def change(self, command: Any) -> Any:
        """Nothing is changed here."""
        raise NotImplementedError

    def set_local_switch(self, entry: str, value: str) -> None:
        """Nothing is changed here."""
        raise NotImplementedError


class Asked:
    """Answers over a registry, with what it depends on."""

    def __init__(self, registry: Registry, random: Any = lambda: 0.5) -> None:
        self.clock = Clock()
        self.clock.advance(100)
        self.counters = Counters()
        self.unready = ""
        self.shown = Shown(registry)
        self.answers = Answers(
            Zone.of("nacos", "DEFAULT_GROUP"), "public", 60, Discovery(self.shown), lambda: self.unready,
            self.clock.seconds, random, self.counters,
        )  # fmt: skip


def query(name: str, type: int = dns.A, id: int = 7, size: int = 0, version: int = 0, family: int = dns.IN) -> bytes:
    """@param size: of EDNS; 0: without it."""
    message = dns.Message(id=id, recDes=1)
    message.queries = [dns.Query(name.encode(), type, family)]
    if size:
        option = dns.RRHeader(b"", OPT, size, version << 16, payload=dns.UnknownRecord(b""))
        message.additional = [option]
    return bytes(message.toStr())


def read(data: bytes | None) -> dns.Message:
    """An answer."""
    assert data is not None
    message = dns.Message()
    message.fromStr(data)
    return message


def addresses(message: dns.Message) -> list[str]:
    """Those of A and AAAA records."""
    return [each.payload.dottedQuad() if each.type == dns.A else each.payload._address for each in message.answers]
