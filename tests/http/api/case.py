"""Calls of v2 and v3 routes against the real registry behind a log that applies at once."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import attrs
import msgspec
from twisted.internet.defer import succeed

from nacos_tw.cluster.operations.backups import Backups
from nacos_tw.cluster.operations.connections import ConnectedClients, NamingClients
from nacos_tw.cluster.operations.diagnostics import Diagnostics, Ports
from nacos_tw.cluster.operations.everywhere import ConnectionsEverywhere
from nacos_tw.cluster.operations.hashes import Compared, Hashes, MemberHashes
from nacos_tw.cluster.operations.members import Members
from nacos_tw.cluster.operations.membership import GroupMember, GroupView, Membership
from nacos_tw.cluster.operations.node import Nodes, NodeState
from nacos_tw.cluster.operations.notices import Notices
from nacos_tw.cluster.operations.orders import Orders
from nacos_tw.cluster.operations.plugins import Plugins
from nacos_tw.cluster.requests import MemberChange
from nacos_tw.http.api.parts import ApiParts, ClusterParts, NamingParts
from nacos_tw.http.call import Call
from nacos_tw.http.errors import no_such_route
from nacos_tw.http.phrases import phrase
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import Area, answer, compile_routes, find
from nacos_tw.http.v2 import assembly as v2
from nacos_tw.http.v3 import assembly as v3
from nacos_tw.naming.operations.beats import Beats
from nacos_tw.naming.operations.clientviews import ClientViews
from nacos_tw.naming.operations.counting import Counting
from nacos_tw.naming.operations.discovery import Discovery
from nacos_tw.naming.operations.health import HealthOperations
from nacos_tw.naming.operations.instances import Instances
from nacos_tw.naming.operations.services import Services
from nacos_tw.naming.operations.subscribers import Subscribers
from nacos_tw.naming.operations.switches import SwitchOperations
from nacos_tw.questions import Others
from nacos_tw.raft.core.messages import Configuration, SnapshotMeta
from nacos_tw.storage.facts import StorageFacts
from tests.access.lines import Lines
from tests.http.api.connected import Answers, Here
from tests.http.v1.fakes import GUARD, LEADING, A, B, FakeNode, asker, members, millis
from tests.http.v1.local import LocalTestCase


class FakeImages:
    """The snapshots of a node: one, at entry 7."""

    async def save(self) -> SnapshotMeta:
        return SnapshotMeta(7, 2, Configuration(voters=("10.0.0.1:8848",)))

    async def read(self, index: int, offset: int, size: int) -> bytes:
        if index != 7:
            raise LookupError(index)
        return b"state"[offset : offset + size]


class FakeComparing:
    """
    Two members that are alike.

    @ivar found: what is found; an error: it is raised.
    """

    def __init__(self) -> None:
        parts = {"registry": "0a"}
        self.found: Compared | Exception = Compared(7, (MemberHashes(A, parts), MemberHashes(B, parts)))

    async def compare(self) -> Compared:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@attrs.define
class FakeGroup:
    """
    The members at work, at a node that leads until it hands over.

    @ivar made: the changes that were asked for.
    @ivar problem: what comes of the next one.
    @ivar goes: whether this leader hands over instead.
    """

    leads: str = A
    made: list[MemberChange] = attrs.field(factory=list)
    problem: Exception | None = None
    goes: bool = False

    def view(self) -> GroupView:
        member = GroupMember(A, "id-a", A, "10.0.0.1:7848", True, False, True, None, True, "UP", "0.1.0")
        learner = GroupMember(B, "", B, "10.0.0.2:7848", False, True, False, 7, False, "DOWN", "")
        return GroupView((member, learner), self.leads, 4, 9, settled=True, removed=(("10.0.0.9:8848", "x"),))

    def leader(self) -> str:
        return self.leads

    async def left(self, member: str) -> bool:
        return False

    async def make(self, change: MemberChange) -> bool:
        self.made.append(change)
        if self.problem is not None:
            raise self.problem
        return not self.goes


class ApiTestCase(LocalTestCase):
    """
    @ivar areas: those whose routes are known.
    @ivar unready: why the node cannot do its work.
    @ivar storage: where it keeps configs, as it finds out.
    @ivar conf: the folder of notices; does not exist yet.
    """

    unready = ""

    def setUp(self) -> None:
        super().setUp()
        naming: Any = self.naming
        audit, machine = Lines(), members()
        self.conf = self.mktemp()
        self.connected, self.answers = Here(), Answers()
        self.others = Others(self.answers.ask, self.answers.ask_all)
        self.parts = NamingParts(
            Instances(naming),
            Beats(naming),
            Services(naming),
            Discovery(naming),
            ClientViews(naming, NamingClients(lambda: self.connected)),
            Subscribers(naming, Others(asker({}), lambda what, body: succeed([]))),
            Counting(naming),
            SwitchOperations(naming, audit),
            HealthOperations(naming),
            lambda: 10000,
        )
        facts = lambda: LEADING  # noqa: E731
        self.group = FakeGroup()
        self.comparing = FakeComparing()
        self.storage = StorageFacts("embedded")
        self.cluster = ClusterParts(
            Members(machine, facts, millis, audit),
            Nodes(machine, facts, lambda: NodeState("0.1.0", True, 8848), lambda: self.unready, None, audit),
            Orders(machine, FakeNode(), Others(asker({}), lambda what, body: succeed([])), audit),
            ConnectedClients(lambda: self.connected, lambda: (1.5, 0.25), machine, self.others, audit),
            Backups(FakeImages(), "10.0.0.1:8848", "0.1.0", "embedded", audit),
            Membership(self.group, machine, self.others, audit),
            Notices(self.conf),
            Plugins(lambda: NodeState("0.1.0", True, 8848), audit),
            Hashes(self.comparing, audit),
            Diagnostics(lambda: Ports(8848, 9848, 7848, 8080), self.examined, audit),
            ConnectionsEverywhere(lambda: self.connected, machine, self.others, audit),
        )
        parts = ApiParts(GUARD, self.cluster, self.parts, None, None, None)
        self.areas: list[Area] = [*v2.areas(parts), *v3.areas(parts)]

    async def examined(self) -> StorageFacts:
        """What the node finds out about its database."""
        return self.storage

    def ask(self, method: str, path: str, body: bytes | str = b"", type: str = "", **fields: Any) -> Reply:
        """The answer to a call, by the way of the carriers."""
        given = {name: str(value) for name, value in fields.items() if value is not None}
        target = f"{path}?{urlencode(given)}" if given else path
        data = body.encode() if isinstance(body, str) else body
        call = Call.make(method, target, data, {"Content-Type": type} if type else None, path=path)
        routes = find(compile_routes(self.areas, ""), path.encode())
        route = routes.get(method.encode()) if routes else None
        if route is None:
            allowed = sorted(name.decode() for name in routes) if routes else None
            return phrase(no_such_route(method, target.encode(), path, allowed), call)
        result = answer(route.area, route.handler, call)
        return result if isinstance(result, Reply) else self.successResultOf(result)

    def data(self, method: str, path: str, body: bytes | str = b"", type: str = "", **fields: Any) -> Any:
        """The data of a success."""
        reply = self.ask(method, path, body, type, **fields)
        found = msgspec.json.decode(reply.body)
        self.assertEqual(
            (reply.status, reply.content_type, found["code"], found["message"]),
            (200, b"application/json", 0, "success"),
            reply.body,
        )
        self.assertEqual(list(found), ["code", "message", "data"])
        return found["data"]

    def fails(self, status: int, code: int, detail: str | None, method: str, path: str, **fields: Any) -> None:
        """A call is refused with these, and nothing is changed."""
        registry = self.naming.registry
        before, applied = registry.snapshot(), registry.applied
        reply = self.ask(method, path, **fields)
        found = msgspec.json.decode(reply.body)
        self.assertEqual((reply.status, found["code"], found["data"]), (status, code, detail), reply.body)
        registry.applied = applied
        self.assertEqual(registry.snapshot(), before)

    def unchecked(self, text: str, method: str, path: str, **fields: Any) -> None:
        """A call is refused by the check of parameters."""
        reply = self.ask(method, path, **fields)
        self.assertEqual((reply.status, reply.content_type, reply.body), (400, None, f"{text}\r\n".encode()))
