"""What DNS says of a service: records made of its instances. No I/O."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

import attrs
from twisted.names.dns import AAAA, SOA, SRV, A

from nacos_tw.dns.messages import name, record
from nacos_tw.naming.model import Instance

HINFO = 13
ANY = 255

REFRESH, RETRY, EXPIRE = 3600, 600, 86400
"""Seconds; for secondary servers, of which there are none."""


@attrs.frozen
class Choice:
    """
    One record that may be answered.

    @ivar weight: how likely it comes first, against the others.
    @ivar additional: the address of the host that it names; b"" for none.
    """

    weight: float
    answer: bytes
    additional: bytes = b""


def visible(instances: Sequence[Instance]) -> list[Instance]:
    """Those that may be called."""
    return [each for each in instances if each.healthy and each.enabled and each.weight > 0]


def address(text: str) -> IPv4Address | IPv6Address | None:
    """An instance's address; None for one that is known by a host name."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def addresses(instances: Sequence[Instance], type: int, ttl: int) -> list[Choice]:
    """A or AAAA records: one for each address, with the weights of all its ports."""
    weights: dict[bytes, float] = {}
    for each in instances:
        found = address(each.ip)
        if found is not None and found.version == (4 if type == A else 6):
            weights[found.packed] = weights.get(found.packed, 0.0) + each.weight
    return [Choice(weight, record(type, ttl, packed)) for packed, weight in weights.items()]


def servers(instances: Sequence[Instance], ttl: int, service: Sequence[bytes]) -> list[Choice]:
    """
    SRV records, each with the record of its host's address.

    @param service: the name of the service, by which its hosts are named (L{host}).
    """
    # Weights of SRV are whole numbers: those that are not are told in hundredths, all of them.
    scale = 1 if all(each.weight == int(each.weight) for each in instances) else 100
    choices = []
    for each in instances:
        found = address(each.ip)
        target = name((host(found), *service)) if found is not None else _host_name(each.ip)
        if not target:
            continue
        weight = min(65535, max(1, round(each.weight * scale)))
        answer = record(SRV, ttl, struct.pack("!3H", 0, weight, each.port) + target)
        additional = b""
        if found is not None:
            additional = record(A if found.version == 4 else AAAA, ttl, found.packed, owner=target)
        choices.append(Choice(each.weight, answer, additional))
    return choices


def host(of: IPv4Address | IPv6Address) -> bytes:
    """The label of an address: C{10-0-0-1}, C{2001-db8--1}."""
    text = str(of).replace(".", "-").replace(":", "-")
    return (f"0{text}" if text.startswith("-") else f"{text}0" if text.endswith("-") else text).encode()


def of_host(label: bytes, instances: Sequence[Instance]) -> list[Instance]:
    """The instances whose address is named so."""
    wanted = label.lower()
    return [each for each in instances if (found := address(each.ip)) is not None and host(found) == wanted]


def authority(zone: Sequence[bytes], ttl: int, serial: int) -> bytes:
    """The SOA record of the zone, which tells how long "there is none" may be remembered."""
    owner = name(zone)
    numbers = struct.pack("!5I", serial & 0xFFFFFFFF, REFRESH, RETRY, EXPIRE, ttl)
    return record(SOA, ttl, name((b"ns", *zone)) + name((b"hostmaster", *zone)) + numbers, owner=owner)


def few(ttl: int) -> bytes:
    """The short answer to a question for records of all types (RFC 8482)."""
    return record(HINFO, ttl, b"\x07RFC8482\x00")


def _host_name(text: str) -> bytes:
    """A host name in wire format; b"" if DNS has no such names."""
    labels = text.strip(".").encode().split(b".")
    return name(labels) if all(0 < len(label) < 64 for label in labels) and len(text) < 250 else b""
