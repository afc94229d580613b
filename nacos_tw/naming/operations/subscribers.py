"""The subscribers of a service, at this node or at all nodes (docs/spec/naming-v1.md#4.7)."""

from __future__ import annotations

import msgspec

from nacos_tw.access.caller import Caller
from nacos_tw.access.identity import READ as READS
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.naming.matching import subscribes
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.requests import OfService, resource_of
from nacos_tw.naming.subscriptions import Subscriber
from nacos_tw.questions import Answering, Others, Question

READ = Rule("read", "naming")


class SubscribersOf(OfService, frozen=True, gc=False):
    """Who is told of a service; C{here}: by this node only."""

    here: bool = False


class SubscriberFacts(msgspec.Struct, frozen=True, order=True, rename="camel"):
    """A subscriber, as nodes tell it to each other."""

    addr_str: str
    agent: str
    app: str
    ip: str
    namespace_id: str
    service_name: str
    port: int
    cluster: str

    @property
    def service(self) -> ServiceKey:
        """What it subscribes to."""
        return self.namespace_id, self.service_name


SUBSCRIBERS: Question[ServiceKey, list[SubscriberFacts]] = Question(
    "subscribers",
    ServiceKey,  # type: ignore[arg-type]
    list[SubscriberFacts],
)
"""Who is told of the services that match, see L{subscribes}."""


class Subscribers(Operations):
    """Clients of any kind: those that are told over UDP, and those on connections."""

    __slots__ = ("_naming", "_others")

    def __init__(self, naming: Naming, others: Others) -> None:
        self._naming = naming
        self._others = others

    @operation(READ)
    async def subscribers(self, caller: Caller, request: SubscribersOf) -> list[SubscriberFacts]:
        """Those of one service, sorted, each once."""
        return [each for each in await self._found(request) if each.service == request.service]

    @operation(READ)
    async def search(self, caller: Caller, request: SubscribersOf) -> list[SubscriberFacts]:
        """
        Those of all services that match, of which the caller may read each: what a search finds can be of a group or
        namespace that they may not. Sorted, each once.
        """
        may = caller.identity.may
        return [each for each in await self._found(request) if may(READS, resource_of(each.service))]

    async def _found(self, request: SubscribersOf) -> list[SubscriberFacts]:
        found = set(_here(self._naming, request.service))
        if not request.here:
            for others in await self._others.ask_all(SUBSCRIBERS, request.service):
                found.update(others)
        return sorted(found)


def subscriber_questions(naming: Naming) -> dict[str, Answering]:
    """What other nodes ask about this node's subscribers, and who answers."""
    return SUBSCRIBERS.answered_by(lambda peer, service: list(_here(naming, service)))


def _here(naming: Naming, wanted: ServiceKey) -> set[SubscriberFacts]:
    return {_facts(each) for each in naming.subscriptions if subscribes(each.service, wanted)}


def _facts(each: Subscriber) -> SubscriberFacts:
    client, (namespace, service) = each.client, each.service
    return SubscriberFacts(
        client.address, client.agent, client.app, client.ip, namespace, service, client.port, each.clusters
    )
