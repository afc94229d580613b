"""A node's real naming behind a log that applies at once, for tests of the instance routes."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from nacos_tw.errors import NacosError, Unavailable
from nacos_tw.http.call import Call
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import answer, compile_routes, find
from nacos_tw.http.v1.list_rendering import ListRendering
from nacos_tw.http.v1.listing import InstanceListV1
from nacos_tw.naming.commands import Command, Register
from nacos_tw.naming.leases import Leases
from nacos_tw.naming.machine import NamingMachine
from nacos_tw.naming.model import Instance, ServiceKey
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.operations.discovery import Discovery
from nacos_tw.naming.registry import Registry
from nacos_tw.naming.subscriptions import Subscriptions
from tests.http.v1.fakes import GUARD, HandlerTestCase, running_udp

P1: ServiceKey = ("public", "DEFAULT_GROUP@@p1")
JAVA = {"User-Agent": "Nacos-Java-Client:v1.4.8"}


class LocalLog:
    """
    A log of one node.

    @ivar available: whether there is a leader.
    @ivar waiting: beats that were not acknowledged yet, when C{slow}.
    """

    def __init__(self, machine: NamingMachine) -> None:
        self.machine = machine
        self.available = self.is_leader = True
        self.slow = False
        self.waiting: list[Deferred[None]] = []
        self.renewed: list[int] = []
        self.proposed = 0
        self.naming: Naming

    def propose(self, command: bytes) -> Deferred[Any]:
        if not self.available:
            return fail(Unavailable("no leader: 1 of 3 nodes are connected"))
        self.proposed += 1
        result = self.machine.apply(command[1:])
        self.naming.applied()
        return fail(result) if isinstance(result, NacosError) else succeed(result)

    def renew(self, number: int) -> Deferred[None] | None:
        self.renewed.append(number)
        self.naming.leases.renew(number)
        if not self.slow:
            return None
        waiting: Deferred[None] = Deferred()
        self.waiting.append(waiting)
        return waiting


class LocalTestCase(HandlerTestCase):
    """
    @ivar naming: the real one.
    @ivar log_: see L{LocalLog}.
    @ivar clock: what push goes by.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        registry = Registry()
        self.log_ = LocalLog(NamingMachine(registry))
        leases = Leases(self.clock.seconds, self.clock.seconds)
        subscriptions = Subscriptions(self.clock)
        self.naming = self.log_.naming = Naming(registry, leases, self.log_, subscriptions, self.clock.seconds)
        self.udp = running_udp(self.clock, subscriptions, lambda: registry.switches)
        self.rendering = ListRendering(self.naming, self.clock.seconds)

    def lists(self, prefix: str = "/v1/ns/instance") -> InstanceListV1:
        """Lists of which none was asked for yet."""
        return InstanceListV1(prefix, GUARD, Discovery(self.naming), self.udp, self.rendering)

    def change(self, command: Command) -> Any:
        """Apply a command."""
        return self.successResultOf(self.naming.change(command))

    def add(self, ip: str = "10.0.0.1", port: int = 8080, service: ServiceKey = P1, **fields: Any) -> Instance:
        """Register an instance of p1, or of another service."""
        number = self.change(Register(service, ip, port, **fields))
        return self.naming.registry.by_number[number]

    def one(self, ip: str = "10.0.0.1", port: int = 8080, cluster: str = "DEFAULT", **kind: Any) -> Instance | None:
        """An instance of p1 in the replicated state."""
        service = self.naming.registry.services.get(P1)
        if service is None:
            return None
        return (service.ephemeral if kind.get("ephemeral", True) else service.persistent).get((cluster, ip, port))

    def ok(self, method: str, target: str, body: str = "", headers: dict[str, str] | None = None) -> None:
        """The call is answered with the bare C{ok}."""
        reply = self.reply(method, target, body, headers)
        self.assertEqual((reply.status, reply.body), (200, b"ok"))

    def refused(self, method: str, target: str, text: str, status: int = 400, body: str = "") -> None:
        """The call is answered with that status and text, and nothing is changed or provisional."""
        registry = self.naming.registry
        before, applied = registry.snapshot(), registry.applied
        self.assertEqual(self.text(method, target, body, status), text)
        registry.applied = applied
        self.assertEqual(self.naming.registry.snapshot(), before)
        self.assertEqual(self.naming.overlay, {})

    def under_way(self, method: str, target: str, body: str = "") -> Deferred[Reply]:
        """The answer to a call that takes its time."""
        table = compile_routes([self.area], "")
        routes = find(table, target.partition("?")[0].encode())
        assert routes is not None
        route = routes[method.encode()]
        result = answer(self.area, route.handler, Call.make(method, target, body.encode(), path=route.path))
        assert isinstance(result, Deferred)
        return result

    def get(self, target: str, headers: dict[str, str] | None = None, body: str = "") -> Any:
        """The JSON of a GET."""
        reply = self.reply("GET", target, body, headers)
        self.assertEqual((reply.status, reply.content_type), (200, b"application/json"), reply.body)
        return msgspec.json.decode(reply.body)
