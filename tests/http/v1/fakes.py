"""A node without network: the real registry, and everything around it made up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import msgspec
from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw import __version__
from nacos_tw.cluster.members import MemberList
from nacos_tw.cluster.operations.members import Members
from nacos_tw.cluster.operations.node import Nodes, NodeState
from nacos_tw.cluster.operations.orders import Orders
from nacos_tw.errors import NacosError
from nacos_tw.http.authorization import EverybodyMay
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import answer, compile_routes, find
from nacos_tw.http.v1.service import ServicesV1
from nacos_tw.naming import commands
from nacos_tw.naming.applying import apply
from nacos_tw.naming.commands import Command, Register
from nacos_tw.naming.model import Instance, InstanceKey, ServiceKey
from nacos_tw.naming.operations.discovery import Discovery
from nacos_tw.naming.operations.services import Services
from nacos_tw.naming.operations.subscribers import Subscribers
from nacos_tw.naming.registry import Registry
from nacos_tw.naming.subscriptions import Subscriptions
from nacos_tw.naming.switches import Switches, apply_switch
from nacos_tw.push.udp import UdpPush
from nacos_tw.questions import Others
from nacos_tw.raft.status import PeerStatus, RaftStatus
from nacos_tw.settings.clusterconf import Address
from tests.access.lines import Lines

A, B, C = "10.0.0.1:8848", "10.0.0.2:8848", "10.0.0.3:8848"
ADDRESSES = [Address(f"10.0.0.{number}", 8848, 7848) for number in (1, 2, 3)]
NOW = 1_795_449_497_589
PUBLIC = "public"

LEADING = RaftStatus(
    A, "LEADER", 3, A, A, 10, 9, 10, 10, (A, B, C), log_bytes=77, peers={B: PeerStatus(True, 8, 2, 0.25)}
)
FOLLOWING = attrs.evolve(LEADING, role="FOLLOWER", vote="", leader=B, peers={})


GUARD = Guard(EverybodyMay())


def running_udp(clock: Clock, subscriptions: Subscriptions, switches: Callable[[], Switches], **more: Any) -> UdpPush:
    """UDP pushes without sockets, to which clients can subscribe all the same."""
    push = UdpPush(clock, subscriptions, lambda *what: b"{}", switches, **more)
    push._sockets = {False: None}
    return push


class FakeNaming:
    """The registry without a log: what is changed is applied at once, or refused with C{trouble}."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.overlay: dict[ServiceKey, dict[InstanceKey, Instance | None]] = {}
        self.clock = Clock()
        self.subscriptions = Subscriptions(self.clock)
        self.udp = running_udp(self.clock, self.subscriptions, lambda: self.registry.switches)
        self.trouble: NacosError | None = None
        self.changes: list[Command] = []
        self.state = ("UP", "")
        self.restoring = False

    def lacks(self, service: ServiceKey | None = None) -> bool:
        return self.restoring

    def change(self, command: Command) -> Deferred[Any]:
        if self.trouble is not None:
            return fail(self.trouble)
        self.changes.append(command)
        result = apply(self.registry, commands.decode(commands.encode(command)))
        return fail(result) if isinstance(result, NacosError) else succeed(result)

    def register(self, command: Register) -> Deferred[Any]:
        return self.change(command)

    def status(self) -> tuple[str, str]:
        return self.state

    def set_local_switch(self, entry: str, value: str) -> None:
        self.registry.switches = apply_switch(self.registry.switches, entry, value)

    def last_beat_millis(self, number: int) -> int:
        return NOW + number

    def add(self, name: str, ip: str = "10.0.0.1", port: int = 8080, namespace: str = PUBLIC, **rest: Any) -> None:
        """Register an instance of C{group@@name}, or of C{name} in the default group."""
        grouped = name if "@@" in name else f"DEFAULT_GROUP@@{name}"
        apply(self.registry, Register((namespace, grouped), ip, port, **rest))

    def create(self, name: str, namespace: str = PUBLIC, **rest: Any) -> None:
        """Create a service."""
        grouped = name if "@@" in name else f"DEFAULT_GROUP@@{name}"
        apply(self.registry, commands.CreateService((namespace, grouped), **rest))


@attrs.define
class FakeNode:
    """A Raft part that is in the state it is told to be in."""

    state: RaftStatus = LEADING
    transferred: list[str | None] = attrs.field(factory=list)
    snapshots: int = 0
    transfer_result: Any = True
    peers: Any = None

    def status(self) -> RaftStatus:
        return self.state

    def transfer(self, target: str | None) -> Any:
        self.transferred.append(target)
        return self.transfer_result

    def take_snapshot(self) -> Deferred[Any]:
        self.snapshots += 1
        return succeed(None)


def members(**options: Any) -> MemberList:
    """Three members of which the first is this node and the second is up."""
    made = MemberList(A, ADDRESSES[:1] if options.get("standalone") else ADDRESSES, version="0.1.0", **options)
    made.link_up(B)
    return made


def millis() -> int:
    """The time it is."""
    return NOW


class HandlerTestCase(SynchronousTestCase):
    """
    Calls go the way of the carriers: through the compiled table and L{answer}.

    @ivar area: what is under test; set by C{setUp}.
    """

    area: Any

    def reply(self, method: str, target: str, body: bytes | str = b"", headers: dict[str, str] | None = None) -> Reply:
        """The answer to a call of the context path C{/nacos} that is not part of the target."""
        path = target.partition("?")[0]
        table = compile_routes([self.area], "")
        routes = find(table, path.encode())
        assert routes is not None, path
        route = routes[method.encode()]
        data = body.encode() if isinstance(body, str) else body
        call = Call.make(method, target, data, headers, path=route.path)
        result = answer(self.area, route.handler, call)
        return result if isinstance(result, Reply) else self.successResultOf(result)

    def json(self, method: str, target: str, body: bytes | str = b"", status: int = 200) -> Any:
        """The answer's JSON, after a look at its status and type."""
        reply = self.reply(method, target, body)
        self.assertEqual((reply.status, reply.content_type), (status, b"application/json"), reply.body)
        return msgspec.json.decode(reply.body)

    def text(self, method: str, target: str, body: bytes | str = b"", status: int = 200) -> str:
        """The answer's text, after a look at its status and type."""
        reply = self.reply(method, target, body)
        self.assertEqual((reply.status, reply.content_type), (status, b"text/plain;charset=UTF-8"), reply.body)
        return reply.body.decode()


def asker(answers: dict[str, Callable[[str, bytes], Any]]) -> Callable[[str, str, bytes], Deferred[bytes]]:
    """An C{ask} that gives each peer's question to a function; others are not reached."""

    def ask(peer: str, what: str, body: bytes) -> Deferred[bytes]:
        if peer not in answers:
            return fail(ConnectionError("no link"))
        return maybeDeferred(answers[peer], what, body)

    return ask


def nobody(what: str, body: bytes) -> Deferred[list[bytes]]:
    """An C{ask_all} of a node that is alone."""
    return succeed([])


def member_operations(known: MemberList, node: FakeNode) -> Members:
    """What can be asked about the members."""
    return Members(known, node.status, millis, Lines())


def services_area(naming: Any, ask_all: Callable[[str, bytes], Any] = nobody, **more: Any) -> ServicesV1:
    """The routes of services, at one of three members."""
    subscribers = Subscribers(naming, Others(asker({}), ask_all))
    return ServicesV1(
        GUARD, Services(naming), Discovery(naming), subscribers, member_operations(members(), FakeNode()), **more
    )


def node_operations(
    known: MemberList,
    node: FakeNode,
    readiness: Callable[[], str] = lambda: "",
    set_log_level: Callable[[str, str], None] | None = None,
    state: NodeState | None = None,
) -> Nodes:
    """What can be asked of a node."""
    shown = state or NodeState(__version__, True, 8848)
    return Nodes(known, node.status, lambda: shown, readiness, set_log_level, Lines())


def order_operations(known: MemberList, node: FakeNode, answers: dict[str, Callable[[str, bytes], Any]]) -> Orders:
    """What can be ordered."""
    return Orders(known, node, Others(asker(answers), nobody), Lines())
