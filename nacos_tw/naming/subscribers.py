"""Who wants to be told of a service's changes by UDP, and which clients can be told at all."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nacos_tw.memo import BoundedMemo

if TYPE_CHECKING:
    from nacos_tw.naming.acks import Pending
    from nacos_tw.naming.model import ServiceKey
    from nacos_tw.naming.switches import Switches

Version = tuple[int, int, int]

NO_VERSION: Version = (0, 0, 0)

# Start of the agent's text, the switch that holds its lowest version (docs/spec/naming-v1.md#11.1).
_AGENTS = (
    ("Nacos-Java-Client", "push_java_version"),
    ("Nacos-DNS", "push_python_version"),
    ("Nacos-C-Client", "push_c_version"),
    ("vip-client4cpp", "push_c_version"),
    ("Nacos-Go-Client", "push_go_version"),
    ("Nacos-CSharp-Client", "push_c_sharp_version"),
)

GRACE = 1.0
"""
Seconds that a subscription outlives pushCacheMillis. A client polls again pushCacheMillis after it has the last answer,
so without this every subscription would be gone for some milliseconds before each poll.
"""

_MOST_AGENTS = 1024


def version_of(text: str) -> Version:
    """
    The first three dotted numbers of a version text.

    >>> version_of("1.4.8-SNAPSHOT")
    (1, 4, 8)
    """
    numbers = []
    for part in text.split(".")[:3]:
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        numbers.append(int(digits[:9] or "0"))
        if digits != part:
            break
    return (*numbers, 0, 0, 0)[:3]  # type: ignore[return-value]


def agent_version(agent: str) -> Version:
    """The version that a User-Agent names after C{:v}; C{(0, 0, 0)} if none."""
    return version_of(agent.partition(":v")[2])


def canonical(ip: str) -> str | None:
    """
    An address as the socket layer writes it, so that an acknowledgement's source can be compared.

    @return: None for what is no address of one host: a name, a multicast or unspecified address.
    """
    try:
        packed = socket.inet_pton(socket.AF_INET, ip)
    except (OSError, ValueError):
        pass
    else:
        return None if packed[0] == 0 or packed[0] >= 224 else socket.inet_ntop(socket.AF_INET, packed)
    try:
        packed = socket.inet_pton(socket.AF_INET6, ip)
    except (OSError, ValueError):
        return None
    if packed[:12] == b"\0" * 10 + b"\xff\xff":
        return canonical(socket.inet_ntop(socket.AF_INET, packed[12:]))
    return None if packed[0] == 0xFF or packed == bytes(16) else socket.inet_ntop(socket.AF_INET6, packed)


class Agents:
    """Which agents are pushed, by docs/spec/naming-v1.md#11.1. Remembers what it has decided."""

    __slots__ = ("_known", "_switches")

    def __init__(self) -> None:
        self._known: BoundedMemo[str, bool] = BoundedMemo(_MOST_AGENTS)
        self._switches: Switches | None = None

    def pushed(self, agent: str, switches: Switches) -> bool:
        """Whether a client of this agent text understands pushes, by the switches' lowest versions."""
        if switches is not self._switches:
            self._known.clear()
            self._switches = switches
        known = self._known.get(agent)
        if known is None:
            known = self._decide(agent, switches)
            self._known.keep(agent, known)
        return known

    @staticmethod
    def _decide(agent: str, switches: Switches) -> bool:
        for start, switch in _AGENTS:
            if agent.startswith(start):
                return agent_version(agent) >= version_of(getattr(switches, switch))
        return False


class Subscriber:
    """
    One client's wish to hear of one service.

    @ivar clusters: the clusters as the client wrote them.
    @ivar ip: canonical text.
    @ivar grouped: whether hosts carry the grouped service name for this agent (Java clients from 1.0.0,
        docs/spec/naming-v1.md#3.6).
    @ivar last: when it last asked.
    @ivar newest: the packet sent last, see L{nacos_tw.naming.acks.Acks.sent}.
    """

    __slots__ = ("agent", "app", "clusters", "grouped", "ip", "last", "namespace", "newest", "port", "service")

    def __init__(
        self, service: ServiceKey, clusters: str, ip: str, port: int, agent: str, app: str, namespace: str
    ) -> None:
        self.service = service
        self.clusters = clusters
        self.ip = ip
        self.port = port
        self.agent = agent
        self.app = app
        self.namespace = namespace
        self.grouped = agent.startswith("Nacos-Java-Client") and agent_version(agent) >= (1, 0, 0)
        self.last = 0.0
        self.newest: Pending | None = None

    @property
    def address(self) -> str:
        """C{ip:port}, as the subscribers endpoint shows it."""
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


class Subscribers:
    """
    The subscribers of this node; nodes share nothing of it.

    @ivar refused: how many were turned away because there was no room.
    """

    def __init__(self, most: int) -> None:
        self._services: dict[ServiceKey, dict[tuple[str, str, int, str], Subscriber]] = {}
        self._most = most
        self._count = 0
        self.refused = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Subscriber]:
        for held in self._services.values():
            yield from held.values()

    def __contains__(self, service: ServiceKey) -> bool:
        return service in self._services

    def add(
        self,
        service: ServiceKey,
        clusters: str,
        ip: str,
        port: int,
        agent: str,
        app: str,
        namespace: str,
        now: float,
    ) -> Subscriber | None:
        """
        Take in a subscriber, or refresh it.

        @return: None if the address is none that a datagram can go to, or there is no room.
        """
        held = self._services.get(service)
        key = (clusters, ip, port, agent)
        found = None if held is None else held.get(key)
        if found is None:
            address = canonical(ip)
            if address is None or not 0 < port < 65536:
                return None
            if self._count >= self._most:
                self.refused += 1
                return None
            found = Subscriber(service, clusters, address, port, agent, app, namespace)
            self._services.setdefault(service, {})[key] = found
            self._count += 1
        found.app = app
        found.last = now
        return found

    def live(self, service: ServiceKey, now: float, lifetime: float) -> list[Subscriber]:
        """
        The subscribers of a service that have asked within their life-time; others are dropped.

        @param lifetime: seconds; L{GRACE} is added to it.
        """
        held = self._services.get(service)
        if held is None:
            return []
        oldest = now - lifetime - GRACE
        for key in [key for key, subscriber in held.items() if subscriber.last < oldest]:
            del held[key]
            self._count -= 1
        if not held:
            del self._services[service]
        return list(held.values())

    def sweep(self, now: float, lifetime: float) -> None:
        """Drop every subscriber that has not asked within its life-time."""
        for service in list(self._services):
            self.live(service, now, lifetime)
