"""
The connected clients of all nodes: finding them, what one of them uses, and sending some from any node to another.

The nodes are asked; one that does not answer (down, or of a version that does not know the question) is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import merge, nsmallest
from itertools import islice

import attrs
import msgspec

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.cluster.members import Member, MemberList
from nacos_tw.cluster.operations.connections import Connected, ConnectionInfo, ConnectionUses, Moved
from nacos_tw.cluster.problems import MemberUnknown, OrderFailed
from nacos_tw.cluster.requests import OfCluster
from nacos_tw.errors import ClientUnknown, Invalid
from nacos_tw.paging import Page, offset
from nacos_tw.questions import Answering, Others, Question

DEEPEST = 10_000
"""Where the last page ends: each node is asked for all that stands before a page's end."""


@attrs.frozen
class ConnectionSearch(OfCluster):
    """
    Clients that are looked for.

    @ivar keyword: a part of the id, an address, the version, the application, or C{name=value} of a label.
    @ivar module: C{naming}, C{config} and so on; "" for all.
    @ivar node: the address of the node that they are connected to; "" for all.
    """

    keyword: str = ""
    module: str = ""
    node: str = ""
    number: int = 1
    size: int = 100


@attrs.frozen
class OneConnection(OfCluster):
    """A client, by the id of its connection."""

    client: str


@attrs.frozen
class Relocation(OfCluster):
    """
    Clients of one node that are to go to another.

    @ivar node: the address of the node that they are connected to.
    @ivar clients: ids; empty: all but C{keep} of those that are there.
    @ivar server: the address of the node where they shall go; "" for any.
    """

    node: str
    clients: tuple[str, ...] = ()
    keep: int = 0
    server: str = ""

    def details(self) -> dict[str, str]:
        """Who, from where, and where to."""
        count = "" if self.clients else str(self.keep)
        return {"clientId": ",".join(self.clients), "count": count, "value": f"{self.node} to {self.server or 'any'}"}


class Searched(msgspec.Struct, frozen=True):
    """What a node is asked for: the first C{most}, by address and id."""

    keyword: str
    module: str
    most: int


class Here(msgspec.Struct, frozen=True):
    """
    What a node has.

    @ivar total: all of its clients; C{matching}: those that are looked for; C{clients}: the first of these.
    """

    address: str
    total: int = 0
    matching: int = 0
    clients: list[ConnectionInfo] = []


class Uses(msgspec.Struct, frozen=True):
    """One client that is there, if it is, and what it uses."""

    address: str
    client: ConnectionInfo | None = None
    uses: ConnectionUses = ConnectionUses()


class SentOn(msgspec.Struct, frozen=True):
    """Clients that are to go, as nodes tell each other; see L{Relocation}."""

    clients: list[str]
    keep: int
    server: str


SEARCHED: Question[Searched, Here] = Question("connections-found", Searched, Here, wire="msgpack")
USES: Question[str, Uses] = Question("connection-uses", str, Uses, wire="msgpack")
SENT_ON: Question[SentOn, Moved] = Question("connections-sent-on", SentOn, Moved)


@attrs.frozen
class FoundConnections:
    """
    @ivar page: with the address of the node of each.
    @ivar nodes: those that answered; C{silent}: the addresses of the others.
    """

    page: Page[tuple[str, ConnectionInfo]]
    nodes: list[Here]
    silent: list[str]


def order_of(client: ConnectionInfo) -> tuple[str, str]:
    """Clients of one address stand together, the older ones first."""
    return client.ip, client.id


def _row_order(row: tuple[str, ConnectionInfo]) -> tuple[str, str]:
    return order_of(row[1])


def wanted(client: ConnectionInfo, keyword: str, module: str) -> bool:
    """Whether a client is looked for."""
    if module and client.module != module:
        return False
    if not keyword:
        return True
    texts = client.id, client.ip, client.remote_ip, client.version, client.app
    labels = (f"{name}={value}" for name, value in client.labels.items())
    return any(keyword in each.lower() for each in (*texts, *labels))


class ConnectionsEverywhere(Operations):
    """Those of all nodes."""

    __slots__ = ("_connected", "_members", "_others")

    def __init__(
        self, connected: Callable[[], Connected], members: MemberList, others: Others, audit: AuditLog
    ) -> None:
        """@param connected: asked at each call, as in L{nacos_tw.cluster.operations.connections.ConnectedClients}."""
        super().__init__(audit)
        self._connected = connected
        self._members = members
        self._others = others

    @operation(Rule("read", "cluster"))
    async def find(self, caller: Caller, request: ConnectionSearch) -> FoundConnections:
        """
        A page of those that are looked for, by address.

        @raise MemberUnknown: there is no such node.
        @raise Invalid: there is no such page, or it ends behind L{DEEPEST}.
        """
        start = offset(request.number, request.size)
        end = start + request.size
        if end > DEEPEST:
            raise Invalid("pageNo", "page", request.number)
        asked = Searched(request.keyword.strip().lower(), request.module, end)
        members = [self._member(request.node)] if request.node else list(self._members)
        nodes = sorted(await self._searched(members, asked), key=lambda each: each.address)
        told = {each.address for each in nodes}
        rows = merge(*([(each.address, client) for client in each.clients] for each in nodes), key=_row_order)
        items = list(islice(rows, start, end))
        page = Page(sum(each.matching for each in nodes), request.number, request.size, items)
        return FoundConnections(page, nodes, [each.address for each in members if each.address not in told])

    @operation(Rule("admin"))
    async def uses(self, caller: Caller, request: OneConnection) -> Uses:
        """
        One client of any node, with what it publishes, subscribes to and listens to.

        @raise ClientUnknown: no node that answers has it.
        """
        found = self._uses(request.client)
        if found.client is not None:
            return found
        for each in await self._others.ask_all(USES, request.client):
            if each.client is not None:
                return each
        raise ClientUnknown(request.client)

    @operation(Rule("admin", recorded=True))
    async def relocate(self, caller: Caller, request: Relocation) -> int:
        """
        Ask clients to go elsewhere; that they do is not waited for.

        @return: how many were asked.
        @raise MemberUnknown: either is no member.
        @raise OrderFailed: the node that they are connected to did not answer.
        """
        member = self._member(request.node)
        server = self._member(request.server).address if request.server else ""
        order = SentOn(list(request.clients), request.keep, server)
        if member.name == self._members.own_name:
            return self._send_on(order).count
        try:
            return (await self._others.ask(member.name, SENT_ON, order)).count
        except Exception as error:  # unreachable, too late, or of a version that does not know it
            raise OrderFailed("unanswered", member.address, self._members.own_name, str(error)) from None

    def _member(self, address: str) -> Member:
        found = self._members.at(address)
        if found is None:
            raise MemberUnknown(address)
        return found

    async def _searched(self, members: list[Member], asked: Searched) -> list[Here]:
        own = self._members.own_name
        if len(members) > 1:
            return [self._here(asked), *await self._others.ask_all(SEARCHED, asked)]
        if members[0].name == own:
            return [self._here(asked)]
        try:
            return [await self._others.ask(members[0].name, SEARCHED, asked)]
        except Exception:  # as above
            return []

    def _here(self, asked: Searched) -> Here:
        all_here = self._connected().current()
        found = [each for each in all_here if wanted(each, asked.keyword, asked.module)]
        first = nsmallest(min(asked.most, DEEPEST), found, key=order_of)
        return Here(self._members.own.address, len(all_here), len(found), first)

    def _uses(self, client: str) -> Uses:
        found = self._connected().uses(client)
        address = self._members.own.address
        return Uses(address) if found is None else Uses(address, *found)

    def _send_on(self, order: SentOn) -> Moved:
        connected = self._connected()
        if not order.clients:
            return Moved(connected.reset("", order.keep, order.server))
        return Moved(sum(connected.reset(each, 0, order.server) for each in _once(order.clients) if each))

    def _questions(self) -> dict[str, Answering]:
        return {
            **SEARCHED.answered_by(lambda peer, asked: self._here(asked)),
            **USES.answered_by(lambda peer, client: self._uses(client)),
            **SENT_ON.answered_by(lambda peer, order: self._send_on(order)),
        }


def _once(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def everywhere_questions(connections: ConnectionsEverywhere) -> dict[str, Answering]:
    """What other members may ask of it: they are let in by the links that they come over, not by who asked them."""
    return connections._questions()
