"""Which source addresses may connect to 7848: those that the members' hosts resolve to."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.interfaces import IAddress, IHostResolution, IReactorTime, IResolutionReceiver
from twisted.logger import Logger
from zope.interface import implementer

RESOLVE_PAUSE = 1.0
"""Seconds that must pass before a name is resolved again."""


def normal(text: str) -> str | None:
    """An address in one form: no IPv6 zone, IPv4 also where it came mapped into IPv6. None: it is a name."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)


def is_loopback(address: str) -> bool:
    """Whether a L{normal} address never leaves the machine."""
    return address == "::1" or address.startswith("127.")


class Sources:
    """
    The addresses of the members' hosts.

    Names are resolved in the background: at first, and again when someone unknown calls, since a
    member may have moved. If that fails the addresses known before stay.

    @param reactor: IReactorTime and IReactorPluggableNameResolver.
    @ivar anyone: whether every address may connect: nodes that are no members yet announce themselves.
    @ivar seeks: whether every address may connect for now: members that this node does not know may be looking for it.
    """

    log = Logger()

    def __init__(self, reactor: Any) -> None:
        self._clock: IReactorTime = reactor
        self._reactor = reactor
        self._literals: frozenset[str] = frozenset()
        self._resolved: dict[str, frozenset[str]] = {}
        self._asked: dict[str, float] = {}
        self._loopback = False
        self._more: frozenset[str] = frozenset()
        self._hosts: list[str] = []
        self.anyone = False
        self.seeks: Callable[[], bool] = lambda: False

    def allow(self, hosts: Iterable[str]) -> None:
        """Beside the members' hosts these, names or addresses."""
        if self._more != (more := frozenset(hosts)):
            self._more = more
            self.set_hosts(self._hosts)

    def set_hosts(self, hosts: Iterable[str]) -> None:
        """Replace the hosts by these (names or addresses)."""
        literals, names = set(), set()
        self._hosts = list(hosts)
        for host in (*self._hosts, *self._more):
            address = normal(host)
            if address is None:
                names.add(host)
            else:
                literals.add(address)
        self._literals = frozenset(literals)
        self._resolved = {name: self._resolved.get(name, frozenset()) for name in names}
        self._asked = {name: when for name, when in self._asked.items() if name in names}
        self._note_loopback()
        self._resolve()

    def allows(self, source: str) -> bool:
        """Whether that source address is a member's host, as far as is known now."""
        address = normal(source)
        if address is None:
            return False
        if self.anyone or address in self._literals or any(address in known for known in self._resolved.values()):
            return True
        # A member at 127.0.0.2 calls from 127.0.0.1.
        if self._loopback and is_loopback(address):
            return True
        self._resolve()
        return self.seeks()

    @property
    def complete(self) -> bool:
        """Whether every name has been resolved at least once."""
        return all(self._resolved.values())

    def _note_loopback(self) -> None:
        known = self._literals.union(*self._resolved.values())
        self._loopback = any(map(is_loopback, known))

    def _resolve(self) -> None:
        now = self._clock.seconds()
        for name in self._resolved:
            if now - self._asked.get(name, -RESOLVE_PAUSE) >= RESOLVE_PAUSE:
                self._asked[name] = now
                self._reactor.nameResolver.resolveHostName(_Found(self, name), name)

    def found(self, name: str, addresses: frozenset[str]) -> None:
        """The resolver's answer for one name."""
        if name in self._resolved and addresses:
            self._resolved[name] = addresses
            self._note_loopback()
        elif not addresses:
            self.log.warn("cannot resolve the member host {name}", name=name)


@implementer(IResolutionReceiver)
class _Found:
    """Collects the addresses of one name."""

    def __init__(self, sources: Sources, name: str) -> None:
        self._sources = sources
        self._name = name
        self._addresses: set[str] = set()

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:  # noqa: N802, N803
        """Nothing to do: a resolution is never cancelled."""

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802
        """One more address."""
        text = normal(getattr(address, "host", ""))
        if text is not None:
            self._addresses.add(text)

    def resolutionComplete(self) -> None:  # noqa: N802
        """That was all."""
        self._sources.found(self._name, frozenset(self._addresses))
