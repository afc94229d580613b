"""What an operator decided about services by DNS."""

from __future__ import annotations

import attrs

from nacos_tw.settings import dns_keys as keys
from nacos_tw.settings.reading import Reader


@attrs.frozen
class DnsSettings:
    """
    Of the DNS server.

    @ivar bind: the address that it listens on.
    @ivar suffix: the domain of all services; C{default_group}: of names that tell none; C{namespace}: "" for public.
    @ivar ttl: seconds that an answer may be remembered.
    @ivar rate: queries a second of one address; 0: no limit.
    @ivar forward: host and port of resolvers for other names; none: these are refused.
    @ivar forward_timeout: seconds for one of them.
    """

    bind: str = "127.0.0.1"
    port: int = 5353
    suffix: str = "nacos"
    default_group: str = "DEFAULT_GROUP"
    namespace: str = ""
    ttl: int = 60
    rate: int = 1000
    forward: tuple[tuple[str, int], ...] = ()
    forward_timeout: float = 3.0


def dns(reader: Reader) -> DnsSettings | None:
    """None where it is switched off."""
    if not reader.get(keys.ENABLED):
        return None
    return DnsSettings(
        bind=reader.get(keys.BIND) or keys.BIND.default,
        port=reader.get(keys.PORT),
        suffix=reader.get(keys.SUFFIX),
        default_group=reader.get(keys.GROUP),
        namespace=reader.get(keys.NAMESPACE),
        ttl=reader.get(keys.TTL),
        rate=reader.get(keys.RATE),
        forward=reader.get(keys.FORWARD)
        or (reader.get(keys.FORWARD_SERVERS) if reader.get(keys.FORWARD_ENABLED) else ()),
        forward_timeout=reader.get(keys.FORWARD_TIMEOUT),
    )
