"""Which addresses are this machine's own, found with the standard library alone (Linux and macOS)."""

from __future__ import annotations

import fcntl
import ipaddress
import re
import socket
import struct
import sys
from collections.abc import Sequence

import attrs

_SIOCGIFADDR = 0xC0206921 if sys.platform == "darwin" else 0x8915


def literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that C{host} is, None for a host name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_own(host: str) -> bool:
    """
    Whether C{host} (an IP address or a name) is this machine.

    All of 127.0.0.0/8 is. Any other address is when a socket can be bound to it and the way to it
    starts at itself (where C{ip_nonlocal_bind} is set, binding alone proves nothing). A name is
    resolved, which may block for as long as the resolver does.
    """
    address = literal(host)
    if address is not None:
        return address.is_loopback or _is_local(host)
    if host.lower() == socket.gethostname().lower() or host.lower() == "localhost":
        return True
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return False
    return any(is_own(str(entry[4][0])) for entry in found if literal(str(entry[4][0])) is not None)


def _is_local(host: str) -> bool:
    try:
        family, kind, _, _, target = socket.getaddrinfo(host, 9, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0]
        with socket.socket(family, kind) as probe:
            probe.bind((target[0], 0, *target[2:]))
        with socket.socket(family, kind) as probe:
            probe.connect(target)
            return bool(probe.getsockname()[0] == target[0])
    except OSError:
        return False


@attrs.frozen
class Preferences:
    """C{nacos.inetutils.*}: which interface's address is taken where several would do.

    @ivar networks: regular expressions or prefixes an address should start with.
    @ivar ignored: regular expressions of interface names that are left out.
    @ivar site_local: only private addresses (10/8, 172.16/12, 192.168/16).
    """

    networks: Sequence[str] = ()
    ignored: Sequence[str] = ()
    site_local: bool = False

    def take(self, interface: str, address: str) -> bool:
        """Whether the address of that interface may be this node's."""
        if any(re.fullmatch(pattern, interface) for pattern in self.ignored):
            return False
        if self.site_local and not ipaddress.ip_address(address).is_private:
            return False
        return not self.networks or any(
            address.startswith(wanted) or re.match(wanted, address) for wanted in self.networks
        )


def own_ipv4() -> list[tuple[str, str]]:
    """(interface, IPv4 address) of each interface that has one, loopback included, lowest index first."""
    found: list[tuple[str, str]] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in sorted(socket.if_nameindex()):
            request = struct.pack("256s", name.encode()[:15])
            try:
                answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, request)
            except OSError:
                continue  # an interface without an IPv4 address
            found.append((name, socket.inet_ntoa(answer[20:24])))
    return found


def preferred_ip(preferences: Preferences) -> str:
    """The first address that is not loopback and is to the preferences' taste, else 127.0.0.1."""
    for interface, address in own_ipv4():
        if not ipaddress.ip_address(address).is_loopback and preferences.take(interface, address):
            return address
    return "127.0.0.1"
