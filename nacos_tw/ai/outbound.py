"""
Which hosts the node may connect to when a user gives an address: public ones, and private ones that the operator
allows. A name is resolved once, all its addresses are checked, and only these are used.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from twisted.internet.defer import Deferred

from nacos_tw.ai.problems import FetchRefused
from nacos_tw.settings.ai_keys import Network

Resolve = Callable[[str], Awaitable[list[str]]]
"""The addresses of a host."""
_NAT64 = IPv6Network("64:ff9b::/96")
_MOST = 4
"""Addresses that are tried."""


def plain(address: str) -> IPv4Address | IPv6Address:
    """An address; of one of IPv6 that stands for one of IPv4 the latter."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv4Address):
        return found
    if found.ipv4_mapped is not None:
        return found.ipv4_mapped
    if found in _NAT64:
        return IPv4Address(int(found) & 0xFFFFFFFF)
    return found.sixtofour or found


def allowed(address: str, private: tuple[Network, ...]) -> bool:
    """Whether it is public, or in a network that the operator allows."""
    found = plain(address)
    if found.is_global and not found.is_multicast:
        return True
    return any(found in network for network in private if network.version == found.version)


def parts_of(url: str) -> SplitResult:
    """
    An address that can be asked.

    @raise FetchRefused: it is none.
    """
    try:
        found = urlsplit(url)
        if found.scheme not in ("http", "https") or not found.hostname or found.port == 0:
            raise ValueError
        url.encode("ascii")
    except ValueError:
        raise FetchRefused(url, "address") from None
    if found.username is not None or any(char <= " " or char == "\x7f" for char in url):
        raise FetchRefused(url, "address")
    return found


class CheckedEndpoint:
    """An endpoint of a host, none of whose addresses may be a private one that is not allowed."""

    def __init__(
        self, reactor: Any, resolve: Resolve, private: tuple[Network, ...], host: str, port: int, timeout: float
    ) -> None:
        self._reactor, self._resolve, self._private = reactor, resolve, private
        self._host, self._port, self._timeout = host, port, timeout

    def connect(self, factory: Any) -> Deferred[Any]:
        """As IStreamClientEndpoint; fails with L{FetchRefused} too."""
        return Deferred.fromCoroutine(self._connect(factory))

    async def _connect(self, factory: Any) -> Any:
        from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
        from twisted.internet.error import ConnectError, DNSLookupError

        addresses = await self._resolve(self._host)
        for address in addresses:
            if not allowed(address, self._private):
                raise FetchRefused(self._host, "private")
        failed: Exception = DNSLookupError(self._host)
        for address in addresses[:_MOST]:
            kind = TCP6ClientEndpoint if ":" in address else TCP4ClientEndpoint
            try:
                return await kind(self._reactor, address, self._port, self._timeout).connect(factory)
            except ConnectError as error:
                failed = error
        raise failed


def resolver(reactor: Any) -> Resolve:
    """By the system, in a thread."""

    async def resolve(host: str) -> list[str]:
        from socket import SOCK_STREAM, gaierror, getaddrinfo

        from twisted.internet.error import DNSLookupError
        from twisted.internet.threads import deferToThreadPool

        bare = host.strip("[]")
        try:
            found = await deferToThreadPool(reactor, reactor.getThreadPool(), getaddrinfo, bare, None, 0, SOCK_STREAM)
        except (gaierror, UnicodeError):
            raise DNSLookupError(host) from None
        return list(dict.fromkeys(str(each[4][0]) for each in found))

    return resolve
