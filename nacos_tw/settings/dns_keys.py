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


ENABLED = Key(
    _DNS + "enabled", switch(), "false", "Whether DNS queries for services are answered, for everybody who can reach "
    "the port.",
)  # fmt: skip
BIND = Key(_DNS + "bind-address", host, "127.0.0.1", "The address to listen on, over UDP and TCP.")
PORT = Key(_DNS + "port", integer(1, 65535), "5353", "The port, for UDP and TCP.")
SUFFIX = Key(_DNS + "domain-suffix", suffix, "nacos", "The domain of all services: orders.nacos.")
GROUP = Key(_DNS + "default-group", text, "DEFAULT_GROUP", "The group of services whose names in queries have none.")
NAMESPACE = Key(_DNS + "namespace", text, "", "The id of the namespace whose services can be found; public if unset.")
TTL = Key(_DNS + "ttl", integer(0, 86400), "60", "Seconds for which an answer may be cached.")
RATE = Key(
    _DNS + "queries-per-client", integer(0, 10**6), "1000", "Queries per second from one address; more are not "
    "answered. 0: no limit.",
)  # fmt: skip
FORWARD = Key(
    _DNS + "forward", resolvers, "", "Resolvers to which queries for names outside of the domain are forwarded, for "
    "clients in private networks: host, host:port or [ipv6]:port, comma separated. If unset, such queries are refused.",
)  # fmt: skip
FORWARD_ENABLED = Key(_DNS + "forward-enabled", switch(), "false", "Whether forward-servers is used.")
FORWARD_SERVERS = Key(_DNS + "forward-servers", resolvers, "", "The same as forward, under Nacos's name.")
FORWARD_TIMEOUT = Key(
    _DNS + "forward-timeout-ms", milliseconds(100, 60_000), "3000", "How long one resolver may take; all together may "
    "take twice as long.",
)  # fmt: skip

KEYS = (
    ENABLED, BIND, PORT, SUFFIX, GROUP, NAMESPACE, TTL, RATE, FORWARD, FORWARD_ENABLED, FORWARD_SERVERS,
    FORWARD_TIMEOUT,
)  # fmt: skip
