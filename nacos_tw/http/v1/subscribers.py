"""Who is told of a service's changes, on this node and on all (docs/spec/naming-v1.md#4.7)."""

from __future__ import annotations

import msgspec

from nacos_tw.http.v1.asking import ask_others
from nacos_tw.http.v1.faces import AskAll, Naming
from nacos_tw.naming.matching import subscribes
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.subscriptions import Subscriber

SUBSCRIBERS = "subscribers"
"""The kind of question under which nodes ask each other for them."""


class Shown(msgspec.Struct, frozen=True, order=True, rename="camel"):
    """One subscriber, as the answer shows it and as nodes tell it to each other."""

    addr_str: str
    agent: str
    app: str
    ip: str
    namespace_id: str
    service_name: str
    port: int
    cluster: str


_decode = msgspec.json.Decoder(list[Shown]).decode
_decode_key = msgspec.json.Decoder(ServiceKey).decode


def _shown(each: Subscriber) -> Shown:
    client, (namespace, service) = each.client, each.service
    return Shown(client.address, client.agent, client.app, client.ip, namespace, service, client.port, each.clusters)


def local_subscribers(naming: Naming, wanted: ServiceKey) -> set[Shown]:
    """
    This node's subscribers of all services that match, on whatever way they are told.

    @param wanted: see L{subscribes}.
    """
    return {_shown(each) for each in naming.subscriptions if subscribes(each.service, wanted)}


def asked_subscribers(naming: Naming, body: bytes) -> bytes:
    """
    Answer another node.

    @param body: the service it asks for, as C{all_subscribers} writes it.
    @raise ValueError: it is none.
    """
    return msgspec.json.encode(list(local_subscribers(naming, _decode_key(body))))


async def all_subscribers(naming: Naming, wanted: ServiceKey, ask_all: AskAll) -> list[Shown]:
    """The subscribers of this and all other nodes that answer, each once, sorted."""
    found = local_subscribers(naming, wanted)
    for others in await ask_others(ask_all, SUBSCRIBERS, msgspec.json.encode(wanted), _decode):
        found.update(others)
    return sorted(found)
