"""The keys of services by DNS (C{nacos.naming.dns.*}, as Nacos 3.3 has them)."""

from __future__ import annotations

import re

from nacos_tw.settings.key import Key
from nacos_tw.settings.kinds import host, integer, milliseconds, switch, text, words

_DNS = "nacos.naming.dns."
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_PLACE = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.%]+)\]|(?P<host>[A-Za-z0-9_.-]+))(?::(?P<port>[0-9]{1,5}))?")


def suffix(value: str) -> str:
    """A domain name."""
    value = value.strip().strip(".")
    if len(value) > 200 or not all(_LABEL.fullmatch(label) for label in value.split(".")):
        raise ValueError("a domain name such as nacos or svc.example")
    return value


def resolvers(value: str) -> tuple[tuple[str, int], ...]:
    """Resolvers: C{host}, C{host:port} or C{[ipv6]:port}, between commas."""
    found = []
    for entry in filter(None, words(value).split(",")):
        match = _PLACE.fullmatch(entry)
        if match is None or not 0 < int(match["port"] or 53) < 65536:
            raise ValueError("host, host:port or [ipv6]:port, between commas")
        found.append((match["six"] or match["host"], int(match["port"] or 53)))
    return tuple(found)


ENABLED = Key(_DNS + "enabled", switch(), "false", "Whether services are answered by DNS, to whoever reaches the port.")
BIND = Key(_DNS + "bind-address", host, "127.0.0.1", "The address to listen on, over UDP and TCP.")
PORT = Key(_DNS + "port", integer(1, 65535), "5353", "The port, of both.")
SUFFIX = Key(_DNS + "domain-suffix", suffix, "nacos", "The domain that all services are in: orders.nacos.")
GROUP = Key(_DNS + "default-group", text, "DEFAULT_GROUP", "The group of names that tell none.")
NAMESPACE = Key(_DNS + "namespace", text, "", "The id of the namespace whose services are answered; public if unset.")
TTL = Key(_DNS + "ttl", integer(0, 86400), "60", "Seconds that an answer may be remembered.")
RATE = Key(
    _DNS + "queries-per-client", integer(0, 10**6), "1000", "Queries a second of one address; what is more is not "
    "answered. 0: no limit.",
)  # fmt: skip
FORWARD = Key(
    _DNS + "forward", resolvers, "", "Resolvers that names outside of the domain are sent on to, for clients in "
    "private networks: host, host:port or [ipv6]:port, between commas. Such names are refused if unset.",
)  # fmt: skip
FORWARD_ENABLED = Key(_DNS + "forward-enabled", switch(), "false", "Whether forward-servers counts.")
FORWARD_SERVERS = Key(_DNS + "forward-servers", resolvers, "", "Nacos's name for forward.")
FORWARD_TIMEOUT = Key(
    _DNS + "forward-timeout-ms", milliseconds(100, 60_000), "3000", "How long a resolver may take; twice as long for "
    "all of them.",
)  # fmt: skip

KEYS = (
    ENABLED, BIND, PORT, SUFFIX, GROUP, NAMESPACE, TTL, RATE, FORWARD, FORWARD_ENABLED, FORWARD_SERVERS,
    FORWARD_TIMEOUT,
)  # fmt: skip
