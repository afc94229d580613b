"""Which clients can be told of changes by UDP: by their agent's text and their address."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from nacos_tw.memo import BoundedMemo

if TYPE_CHECKING:
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
