"""A day of clients that come, publish, subscribe, watch and go, in simulated time: nothing is left of them."""

from __future__ import annotations

import gc
import types
from random import Random
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from tests.grpc.carriers import Client
from tests.grpc.registry import NamingServer, naming_server

HOUR = 3600.0
HOURS = 24
STEP = 20.0
"""Seconds between two actions."""
HEARING = 4
"""Seconds between two looks of a client at what was pushed."""
SETTLING = 100.0
"""Seconds in which a client that says nothing is noticed and dropped, and then its connection."""
SERVICES = ["a", "b", "c"]
MOST = 12
"""Clients at a time."""
NOT_COUNTED = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.CodeType, property)


def reachable(*roots: object) -> int:
    """How many objects are kept by these, but for code."""
    seen = {id(root): root for root in roots}
    waiting = list(roots)
    while waiting:
        for found in gc.get_referents(waiting.pop()):
            if id(found) not in seen and not isinstance(found, NOT_COUNTED):
                seen[id(found)] = found
                waiting.append(found)
    return len(seen)


class Member:
    """
    A client, and what it publishes.

    @ivar published: address by service.
    """

    def __init__(self, server: NamingServer, number: int) -> None:
        self.client: Client = server.client()
        self.ip = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        self.published: set[str] = set()
        self.client.setup(abilityTable={})

    def ask(self, type_: str, service: str, **members: Any) -> dict[str, Any]:
        about = {"namespace": "public", "serviceName": service, "groupName": "G", **members}
        found: dict[str, Any] = msgspec.json.decode(self.client.ask(type_, about)[1])
        assert found["resultCode"] == 200, found
        return found

    def hear(self) -> None:
        """Read what was pushed, and acknowledge it."""
        answer = self.client.answers[self.client.stream]
        if not self.client.transport.value() and not answer.parts:
            return
        self.client.exchange()
        messages = answer.messages
        answer.parts.clear()
        for message in messages:
            type_, body = self.client.parsed(message)
            if type_.endswith("Request"):
                number = msgspec.json.decode(body).get("requestId")
                acknowledged = {"resultCode": 200, "requestId": number}
                self.client.say(type_.removesuffix("Request") + "Response", acknowledged)


class World:
    """The server and its clients."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.server = naming_server()
        self.members: list[Member] = []
        self.came = 0

    def pass_time(self, seconds: float) -> None:
        """In steps of a second; who is there reads and acknowledges in time."""
        for second in range(int(seconds)):
            self.server.clock.advance(1.0)
            if second % HEARING == 0:
                for member in self.members:
                    member.hear()

    def act(self) -> None:
        """Something happens."""
        random = self.random
        if not self.members or (len(self.members) < MOST and random.random() < 0.3):
            self.came += 1
            self.members.append(Member(self.server, self.came))
            return
        member, service = random.choice(self.members), random.choice(SERVICES)
        what = random.choice(("publish", "publish", "withdraw", "subscribe", "unsubscribe", "watch", "query", "go"))
        if what == "publish":
            instance = {"ip": member.ip, "port": 80, "healthy": True, "weight": 1.0, "enabled": True, "ephemeral": True}
            member.ask("InstanceRequest", service, type="registerInstance", instance=instance)
            member.published.add(service)
        elif what == "withdraw":
            member.ask("InstanceRequest", service, type="deregisterInstance", instance={"ip": member.ip, "port": 80})
            member.published.discard(service)
        elif what in ("subscribe", "unsubscribe"):
            member.ask("SubscribeServiceRequest", service, subscribe=what == "subscribe", clusters="")
        elif what == "watch":
            pattern = {"groupKeyPattern": "public>>G>>*", "watchType": "WATCH", "initializing": True}
            member.ask("NamingFuzzyWatchRequest", service, namespace="public", receivedGroupKeys=[], **pattern)
        elif what == "query":
            member.ask("ServiceQueryRequest", service, cluster="", healthyOnly=False)
        else:
            self.go(member)

    def go(self, member: Member) -> None:
        """One of the ways to go: the connection is lost, the stream ends, or nothing is heard any more."""
        self.members.remove(member)
        way = self.random.choice(("lost", "ended", "silent"))
        if way == "lost":
            member.client.transport.loseConnection()
        elif way == "ended":
            member.client.http.end_stream(member.client.stream)
            member.client.turn()
            member.client.transport.loseConnection()

    def shown(self) -> dict[str, list[str]]:
        """The lists, by service, as the server has them."""
        services = self.server.naming.registry.services
        found = {}
        for name in SERVICES:
            service = services.get(("public", f"G@@{name}"))
            found[name] = sorted(each.ip for each in service.ephemeral.values()) if service is not None else []
        return found

    def wanted(self) -> dict[str, list[str]]:
        """What they must be."""
        return {name: sorted(each.ip for each in self.members if name in each.published) for name in SERVICES}

    def tables(self) -> dict[str, int]:
        """How much is in each table."""
        server, registry = self.server, self.server.naming.registry
        return {
            "connections": len(server.connections),
            "open": server.counters.open,
            "unacknowledged": server.connections.waiting,
            "subscribers": len(server.naming.subscriptions),
            "publishing": len(server.clients),
            "clients": len(registry.clients),
            "instances": len(registry.by_number),
            "timers": len(server.clock.calls),
        }


class ChurnTests(SynchronousTestCase):
    """Clock time only."""

    def test_day(self) -> None:
        """
        Each hour the lists are those of who is there; when all have gone, in the first hour and in the last, the
        tables and all that the server keeps are the same.
        """
        world = World(7)
        kept: list[tuple[dict[str, int], int]] = []
        for hour in range(1, HOURS + 1):
            for _ in range(int(HOUR / STEP)):
                world.act()
                world.pass_time(STEP)
            world.pass_time(SETTLING)
            self.assertEqual(world.shown(), world.wanted(), f"hour {hour}")
            if hour in (2, HOURS):
                for member in list(world.members):
                    world.go(member)
                world.pass_time(SETTLING)
                self.assertEqual(world.shown(), world.wanted())
                gc.collect()
                kept.append((world.tables(), reachable(world.server)))
        (first, before), (last, after) = kept
        self.assertEqual(last, first)
        self.assertEqual({name: size for name, size in last.items() if size}, {"timers": first["timers"]})
        self.assertLess(after, before * 1.02 + 100)
        self.assertGreater(world.came, 300)
