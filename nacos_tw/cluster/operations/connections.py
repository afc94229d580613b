"""
The clients that are connected to the nodes, and sending them to others: what C{/v2/core/loader} and
C{/v3/admin/core/loader} call (docs/spec/http-v2-v3.md#4, docs/spec/grpc.md#6, #9). L{Connected} has the connections.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import attrs
import msgspec

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.cluster.members import MemberList
from nacos_tw.cluster.requests import Asking
from nacos_tw.questions import Answering, Others, Question

MOST = 1e9
"""Clients; no node has more."""
PUBLISHING = ("naming", "ai")
"""Modules of clients that may publish instances."""
ADMIN, READ = Rule("admin", "", recorded=True), Rule("read", "cluster")


@attrs.frozen
class ConnectionInfo:
    """
    One client.

    @ivar ip: as it declares it; C{remote_ip}, C{remote_port}: where it comes from.
    @ivar version: C{Nacos-Java-Client:v2.5.1}; C{module}: C{naming}, C{config} and so on.
    @ivar namespace: of config clients, as it was sent.
    @ivar abilities: that it says it has; C{labels}: all that it sent.
    @ivar since: milliseconds since 1970; C{idle}: seconds since it was last heard of.
    @ivar subscribes: services that it subscribes to; C{listens}: configs that it listens to; C{publishes}: services of
        which it publishes instances.
    """

    id: str
    ip: str
    remote_ip: str
    remote_port: int
    version: str
    app: str
    module: str
    namespace: str
    abilities: dict[str, bool]
    labels: dict[str, str]
    since: int
    idle: float
    subscribes: int
    listens: int
    publishes: int = 0


class PublishedService(msgspec.Struct, frozen=True):
    """A service of which a client publishes instances: C{ip:port@cluster} each."""

    namespace: str
    group: str
    service: str
    instances: list[str]


class SubscribedService(msgspec.Struct, frozen=True):
    """A service that a client subscribes to; C{clusters}: "" for all."""

    namespace: str
    group: str
    service: str
    clusters: str = ""


class ListenedConfig(msgspec.Struct, frozen=True):
    """A config that a client listens to; the public namespace is ""."""

    namespace: str
    group: str
    data_id: str


class ConnectionUses(msgspec.Struct, frozen=True):
    """What a client uses, sorted."""

    publishes: list[PublishedService] = []
    subscribes: list[SubscribedService] = []
    listens: list[ListenedConfig] = []


class Connected(Protocol):
    """The connections of this node."""

    def current(self) -> list[ConnectionInfo]:
        """All that are here now."""

    def uses(self, client: str) -> tuple[ConnectionInfo, ConnectionUses] | None:
        """One of them, and what it uses; None if it is not here."""

    def reset(self, client: str, keep: int, server: str) -> int:
        """Ask clients to go elsewhere; see L{Reset}. @return: how many were asked."""


@attrs.frozen
class NamingClients:
    """
    L{nacos_tw.naming.operations.clientviews.NamingConnections}: those that may publish.

    @ivar connected: all.
    """

    connected: Callable[[], Connected]

    def ids(self) -> list[str]:
        """Of all."""
        return [each.id for each in self.connected().current() if each.module in PUBLISHING]

    def of(self, client: str) -> tuple[str, str] | None:
        """The version of its SDK, and its application; None if it is not here."""
        found = self.connected().uses(client)
        return None if found is None or found[0].module not in PUBLISHING else (found[0].version, found[0].app)


@attrs.frozen
class Reset:
    """
    Clients to be sent to another node.

    @ivar client: this one; "": all but C{keep} of those that are here.
    @ivar server: C{ip:port} of its main port; "" for any.
    """

    client: str = ""
    keep: int = 0
    server: str = ""

    def resource(self) -> str:
        """None."""
        return ""

    def details(self) -> dict[str, str]:
        """Who, and where to."""
        return {"clientId": self.client, "count": "" if self.client else str(self.keep), "value": self.server}


@attrs.frozen
class Balance:
    """
    Clients to be spread over the nodes.

    @ivar factor: how far from the mean a node may be, as a part of it.
    """

    factor: float = 0.1

    def resource(self) -> str:
        """None."""
        return ""

    def details(self) -> dict[str, str]:
        """How evenly."""
        return {"value": str(self.factor)}


class Load(msgspec.Struct, frozen=True):
    """
    How busy a node is, as nodes tell it to each other.

    C{clients}: that are connected; C{load}: of the last minute; C{cpu}: the share that is busy, 0 to 1.
    """

    address: str
    clients: int = 0
    load: float = 0.0
    cpu: float = 0.0


class Nothing(msgspec.Struct, frozen=True):
    """A question that says nothing more."""


class Move(msgspec.Struct, frozen=True):
    """All clients but so many are to go to a server, as nodes tell each other."""

    keep: int
    server: str


class Moved(msgspec.Struct, frozen=True):
    """How many were asked to."""

    count: int = 0


LOADS: Question[Nothing, Load] = Question("connection-loads", Nothing, Load)
MOVES: Question[Move, Moved] = Question("connection-moves", Move, Moved)


@attrs.frozen
class Loads:
    """
    Of the cluster.

    @ivar members: how many there are; not all of them need to have answered.
    """

    nodes: list[Load]
    members: int


def moves(loads: list[Load], factor: float) -> list[tuple[str, int, str]]:
    """
    Who has to send clients to whom: the fullest node to the emptiest, and so on, where both are further from the mean
    than C{factor} of it.

    @return: from where, how many stay there, and where to.
    """
    mean = sum(each.clients for each in loads) / max(1, len(loads))
    most, least = (int(min(max(mean * part, 0.0), MOST)) for part in (1 + factor, 1 - factor))
    full = sorted((each for each in loads if each.clients > most), key=lambda each: (-each.clients, each.address))
    empty = sorted((each for each in loads if each.clients < least), key=lambda each: (each.clients, each.address))
    return [(one.address, most, other.address) for one, other in zip(full, empty, strict=False)]


class ConnectedClients(Operations):
    """Those of this node, and of all."""

    __slots__ = ("_connected", "_machine", "_members", "_others")

    def __init__(
        self,
        connected: Callable[[], Connected],
        machine: Callable[[], tuple[float, float]],
        members: MemberList,
        others: Others,
        audit: AuditLog,
    ) -> None:
        """
        @param connected: asked at each call, as those who have connections are built after those who ask for them.
        @param machine: the load of the last minute, and the share of the CPU that is busy.
        """
        super().__init__(audit)
        self._connected = connected
        self._machine = machine
        self._members = members
        self._others = others

    @operation(READ)
    def current(self, caller: Caller, request: Asking) -> list[ConnectionInfo]:
        """All that are here now."""
        return self._connected().current()

    @operation(ADMIN)
    def reset(self, caller: Caller, request: Reset) -> int:
        """
        Ask clients to go elsewhere; that they do is not waited for.

        @return: how many were asked.
        """
        return self._connected().reset(request.client, request.keep, request.server)

    @operation(READ)
    async def loads(self, caller: Caller, request: Asking) -> Loads:
        """How busy the nodes are, as far as they answer."""
        return await self._loads()

    @operation(ADMIN)
    async def balance(self, caller: Caller, request: Balance) -> bool:
        """
        Ask clients of full nodes to go to empty ones.

        @return: False where a node could not be told.
        """
        found = await self._loads()
        done = True
        for source, keep, server in moves(found.nodes, request.factor):
            member = self._members.at(source)
            if member is None or member.name == self._members.own_name:
                self._connected().reset("", keep, server)
                continue
            try:
                await self._others.ask(member.name, MOVES, Move(keep, server))
            except Exception:  # unreachable, too late, or of a version that does not know it
                done = False
        return done

    async def _loads(self) -> Loads:
        others = await self._others.ask_all(LOADS, Nothing())
        return Loads(sorted([self._own(), *others], key=lambda each: each.address), len(self._members))

    def _own(self) -> Load:
        load, cpu = self._machine()
        return Load(self._members.own.address, len(self._connected().current()), load, cpu)

    def _questions(self) -> dict[str, Answering]:
        return {
            **LOADS.answered_by(lambda peer, _: self._own()),
            **MOVES.answered_by(lambda peer, it: Moved(self._connected().reset("", it.keep, it.server))),
        }


def connection_questions(clients: ConnectedClients) -> dict[str, Answering]:
    """What other members may ask of it: they are let in by the links that they come over, not by who asked them."""
    return clients._questions()
