"""
Random lives of clients: they publish, move, end, take over from each other and from 1.x, while nodes die and come back,
leaders change, and nodes are cut off.

What holds at every node that is connected to a majority:

- An instance that was shown stays shown for as long as a process that publishes it lives and is connected to such
  nodes, one after the other: nobody ever sees a list without it. (Where two publish the same, or 1.x meddles, there may
  be a gap until it is brought again.)
- It is shown, and healthy, soon after it was published or after what was in its way.
- What no living client and no beat has kept for longer than the grace is shown nowhere.
"""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.naming.clients import RENEWAL
from nacos_tw.naming.expirer import CLIENT_GRACE
from nacos_tw.naming.expiry import DELETE_TIMEOUT
from nacos_tw.naming.frozen import pieces
from tests.naming.building import P1, register
from tests.naming.client_nodes import ClientNodes, registration
from tests.naming.cluster import deregister

STEP = 0.5
"""Seconds between two looks."""
SETTLING = 8.0
"""Seconds after a death, a cut or an election in which the rest may be busy with that: a write waits for a leader."""
BROUGHT = RENEWAL + 2.0
"""Seconds in which a node brings again what 1.x took and gave up, or what was lost while it was cut off."""
ADDRESSES = ["a", "b", "c", "d"]
PROCESSES = 4


@attrs.define
class Process:
    """A service's process with a client of 2.x. It connects to another node when its own dies, as SDKs do."""

    wants: tuple[str, ...] = ()
    at: str = ""
    id: str = ""
    since: float = 0.0
    """When it was last published, or its node was last in trouble."""


@attrs.define
class Foreign:
    """Who last said something of an address: the process, or 1.x, and when."""

    process: int | None = None
    until: float = 0.0
    """Of 1.x: when what it registered is gone for good."""


ACTION = st.one_of(
    st.tuples(st.just("publish"), st.integers(0, PROCESSES - 1), st.sets(st.sampled_from(ADDRESSES), max_size=3)),
    st.tuples(st.just("publish"), st.integers(0, PROCESSES - 1), st.sets(st.sampled_from(ADDRESSES), max_size=3)),
    st.tuples(st.just("move"), st.integers(0, PROCESSES - 1), st.integers(0, 2)),
    st.tuples(st.just("end"), st.integers(0, PROCESSES - 1), st.none()),
    st.tuples(st.just("register"), st.integers(0, 2), st.sampled_from(ADDRESSES)),
    st.tuples(st.just("deregister"), st.integers(0, 2), st.sampled_from(ADDRESSES)),
    st.tuples(st.just("wait"), st.floats(0.0, 20.0), st.none()),
    st.tuples(st.just("crash"), st.integers(0, 2), st.floats(0.0, 20.0)),
    st.tuples(st.just("cut"), st.integers(0, 2), st.floats(0.0, 25.0)),
    st.tuples(st.just("election"), st.none(), st.none()),
)


class World:
    """The cluster, the processes, and what must be shown."""

    def __init__(self, seed: int) -> None:
        self.nodes = ClientNodes(seed=seed)
        self.processes = [Process() for _ in range(PROCESSES)]
        self.last: dict[str, Foreign] = {address: Foreign() for address in ADDRESSES}
        self.dead: dict[str, float] = {}
        """When an address was last wanted by a process that has ended since."""
        self.cut: set[str] = set()
        self.troubled = -SETTLING
        self.disturbed: dict[str, float] = {}
        """Since when an address may be missing until it is brought again."""
        self.seen: set[tuple[str, int, str]] = set()
        """Node, its life and address, of what was shown there and must not be missing."""
        self.meddled = False
        self._count = 0

    @property
    def now(self) -> float:
        return self.nodes.clock.seconds()

    def run(self, seconds: float) -> None:
        """Time passes, with a look at every step."""
        end = self.now + seconds
        while self.now < end:
            self.nodes.run(STEP)
            self.reconnect()
            self.check()

    # -- what processes do

    def reconnect(self) -> None:
        """Processes whose node is gone connect to another one, and publish again."""
        nodes = self.nodes
        for number, process in enumerate(self.processes):
            if process.id and process.at not in nodes.up:
                self.connect(number, nodes.up[number % len(nodes.up)])

    def connect(self, number: int, name: str) -> None:
        process = self.processes[number]
        self._count += 1
        process.at, process.id = name, f"{number}-{self._count}"
        self.nodes.connect(name, process.id)
        self.publish(number)

    def publish(self, number: int) -> None:
        process = self.processes[number]
        wanted = tuple(registration(ip) for ip in process.wants)
        done = self.nodes.clients[process.at].publish_batch(process.id, P1, wanted)
        done.addErrback(lambda failure: None)
        process.since = self.now
        for address in process.wants:
            self.last[address] = Foreign(number)

    def wants(self, number: int, addresses: set[str]) -> None:
        process = self.processes[number]
        self.let_go(set(process.wants) - addresses)
        process.wants = tuple(sorted(addresses))
        if process.id:
            self.publish(number)
        else:
            self.connect(number, self.nodes.up[number % len(self.nodes.up)])

    def let_go(self, addresses: set[str]) -> None:
        for address in addresses:
            self.dead[address] = self.now
            self.disturb(address)

    def disturb(self, address: str) -> None:
        """Another publisher may have to bring it again."""
        self.disturbed[address] = self.now
        self.seen = {each for each in self.seen if each[2] != address}

    def move(self, number: int, name: str) -> None:
        """To another node, the old connection ends when the new one is there, or is noticed later or never."""
        process = self.processes[number]
        if not process.id or name not in self.nodes.up or name == process.at:
            return
        before, at = process.id, process.at
        if self.now - self.troubled < SETTLING:
            self.let_go(set(process.wants))  # its end may be in the log before its coming
        self.connect(number, name)
        self.nodes.run(0.3)
        self.nodes.clients[at].ended(before)

    def end(self, number: int) -> None:
        process = self.processes[number]
        if process.id and process.at in self.nodes.up:
            self.nodes.clients[process.at].ended(process.id)
        self.let_go(set(process.wants))
        self.processes[number] = Process()

    def other(self, name: str, address: str, here: bool) -> None:
        """1.x registers or removes an instance, and never beats."""
        if name not in self.nodes.up:
            return
        naming = self.nodes.namings[name]
        done = naming.register(register(address)) if here else naming.deregister(deregister(address))
        done.addErrback(lambda failure: None)
        self.meddled = True
        self.disturb(address)
        if here:
            self.last[address] = Foreign(None, self.now + DELETE_TIMEOUT + SETTLING)
        elif self.last[address].process is None:
            self.last[address] = Foreign(None, self.now + SETTLING + BROUGHT)

    # -- what becomes of nodes

    def trouble(self) -> None:
        self.troubled = self.now

    def crash(self, name: str, seconds: float) -> None:
        if len(self.nodes.up) < 3 or self.cut:
            return
        self.nodes.crash(name)
        self.trouble()
        self.reconnect()
        self.run(seconds)
        self.nodes.start(name)
        self.trouble()

    def isolate(self, name: str, seconds: float) -> None:
        self.nodes.isolate(name)
        self.cut.add(name)
        self.trouble()
        self.run(seconds)
        self.nodes.heal()
        self.cut.clear()
        self.trouble()
        for process in self.processes:
            if process.at == name:
                self.let_go(set(process.wants))

    def election(self) -> None:
        if self.nodes.leader:
            self.nodes.node(self.nodes.leader).transfer(None)
            self.trouble()

    # -- what must hold

    def steady(self, address: str) -> bool:
        """Whether it must not be missing where it was shown."""
        owners = [process for process in self.processes if address in process.wants and process.id]
        if not owners or any(each.at in self.cut for each in owners):
            return False
        last = self.last[address]
        return self.now - self.disturbed.get(address, 0.0) > BROUGHT and not (
            last.process is None and self.now < last.until + BROUGHT
        )

    def expected(self, address: str) -> bool:
        """Whether the address must be shown: its last publisher lives, and nothing has been in its way lately."""
        last, now = self.last[address], self.now
        owners = [process for process in self.processes if address in process.wants and process.id]
        if not owners or now - self.troubled < SETTLING + BROUGHT or any(each.at in self.cut for each in owners):
            return False
        if last.process is None and now < last.until + BROUGHT:
            return False  # what 1.x does to it counts for a while
        return all(now - each.since > BROUGHT for each in owners)

    def check(self) -> None:
        nodes, now = self.nodes, self.now
        quiet = now - self.troubled > SETTLING
        for address in ADDRESSES:
            wanted = any(address in process.wants for process in self.processes)
            expected, steady = self.expected(address), self.steady(address)
            if not steady:
                self.seen = {each for each in self.seen if each[2] != address}
            for name in nodes.up:
                if name in self.cut:
                    self.seen = {each for each in self.seen if each[0] != name}
                    continue
                instance = nodes.instance(name, address)
                place = (name, nodes.members[name].life, address)
                assert instance is not None or place not in self.seen, f"{address} was there, and is missing at {name}"
                if steady and instance is not None:
                    self.seen.add(place)
                if expected:
                    assert instance is not None and instance.healthy, f"{address} is missing at {name}: {instance}"
                elif not wanted and quiet and instance is not None:
                    gone = max(self.dead.get(address, 0.0), self.troubled) + CLIENT_GRACE + SETTLING
                    assert now < max(gone, self.last[address].until), f"{address} is still there at {name}: {instance}"


def live(actions: list[Any], seed: int) -> World:
    """Do all that; in the end everything is settled."""
    world = World(seed)
    for action, who, what in actions:
        if action == "publish":
            world.wants(who, what)
        elif action == "move":
            world.move(who, world.nodes.names[what])
        elif action == "end":
            world.end(who)
        elif action in ("register", "deregister"):
            world.other(world.nodes.names[who], what, action == "register")
        elif action == "wait":
            world.run(who)
        elif action == "crash":
            world.crash(world.nodes.names[who], what)
        elif action == "cut":
            world.isolate(world.nodes.names[who], what)
        else:
            world.election()
        world.run(STEP)
    world.run((DELETE_TIMEOUT if world.meddled else CLIENT_GRACE) + 2 * SETTLING + BROUGHT)
    return world


class LivesTests(SynchronousTestCase):
    """The property, and that the end is what it should be."""

    def settled(self, world: World) -> None:
        wanted = sorted({address for process in world.processes for address in process.wants})
        nodes = world.nodes
        nodes.quiet()
        for name in nodes.up:
            self.assertEqual(nodes.ips(name), wanted, name)
            naming = nodes.namings[name]
            living = {process.id for process in world.processes if process.id}
            self.assertLessEqual(set(naming.registry.clients), living)
            self.assertEqual(sorted(naming.leases.last), sorted(naming.registry.leases()))
        states = [sorted(pieces(nodes.namings[name].registry)) for name in nodes.up]
        self.assertEqual(states[1:], states[:-1])

    @settings(max_examples=20)
    @given(st.lists(ACTION, min_size=1, max_size=12), st.integers(0, 1000))
    def test_random(self, actions: list[Any], seed: int) -> None:
        """Whatever they do, and whatever happens to the nodes."""
        self.settled(live(actions, seed))

    def test_node_dies_under_a_client_that_moves(self) -> None:
        """Nobody ever sees a list without a living instance, from the death on: there is no gap at all."""
        world = World(1)
        world.wants(0, {"a", "b"})
        world.wants(1, {"c"})
        world.run(12.0)
        nodes = world.nodes
        at = world.processes[0].at
        nodes.crash(at)
        for _ in range(2 * int(CLIENT_GRACE + SETTLING)):
            nodes.run(STEP)
            world.reconnect()
            for name in nodes.up:
                self.assertLessEqual({"a", "b"}, set(nodes.ips(name)))
