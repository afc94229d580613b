"""Locks at a node: times, connections, levels; and those of several nodes on one log."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import ClientUnknown, Unavailable
from nacos_tw.locks.commands import LOCKS, NAME, PLAIN, Acquire, Outcome, Release
from nacos_tw.locks.locks import Locks
from nacos_tw.locks.machine import LockMachine
from nacos_tw.locks.state import Notice

KEY = (PLAIN, "k")


class Log:
    """
    A log that applies at once, on all nodes.

    @ivar away: there is no majority; C{silent}: of which nodes nothing comes through; C{may_live}: the
        names of those of them that have not ended.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.away = False
        self.leader = 0
        self.silent: set[int] = set()
        self.may_live: set[str] = set()


class Node:
    """Its proposer, its machine and its locks."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self.log, self.index = log, len(log.nodes)
        self.machine = LockMachine()
        self.locks = Locks(clock, self.machine, self, f"n{self.index}", 15.0, silent_grace=30.0, silent=self.hears_not)
        self.told: list[Notice] = []
        self.locks.on_notice = self.told.append
        log.nodes.append(self)

    def hears_not(self, node: str) -> bool:
        return node in self.log.may_live

    @property
    def is_leader(self) -> bool:
        return self.index == self.log.leader

    @property
    def available(self) -> bool:
        return not self.log.away

    def propose(self, command: bytes) -> Deferred[Any]:
        if self.log.away or self.index in self.log.silent:
            return fail(Unavailable("no leader"))
        assert command[:1] == NAME
        results = [node.machine.apply(command[1:]) for node in self.log.nodes]
        for node in self.log.nodes:
            node.locks.applied()
        result = results[self.index]
        return fail(result) if isinstance(result, Exception) else succeed(result)

    def renew(self, number: int) -> None:
        if self.index not in self.log.silent:
            self.log.nodes[self.log.leader].locks.beats(number.to_bytes(8, "little"))


class Case(SynchronousTestCase):
    """Three nodes; the first leads."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.log_ = Log()
        self.nodes = [Node(self.log_, self.clock) for _ in range(3)]
        for node in self.nodes:
            node.locks.startService()
            self.addCleanup(node.locks.stopService)
        self.lead(0)
        for number, client in enumerate("abc"):
            self.nodes[number].locks.connected(client)

    def lead(self, number: int) -> None:
        self.log_.leader = number
        for node in self.nodes:
            node.locks.role_changed()

    def pass_(self, seconds: float) -> None:
        self.clock.pump([0.25] * int(seconds * 4))

    def acquire(self, client: str, millis: int = 60_000, wait: int = 0) -> Outcome:
        node = self.nodes["abc".index(client)]
        return self.successResultOf(node.locks.ask(client, Acquire(client, node.locks.node, KEY, client, millis, wait)))


class TimeTests(Case):
    """Whose time is over."""

    def test_a_grant(self) -> None:
        """It is held for its time, and not much longer."""
        self.acquire("a", 2000)
        self.pass_(1.5)
        self.assertFalse(self.acquire("b").done)
        self.pass_(1.0)
        self.assertTrue(self.acquire("b").done)

    def test_a_waiter(self) -> None:
        self.acquire("a")
        self.acquire("b", wait=1000)
        self.pass_(1.5)
        self.assertEqual([notice.kind for notice in self.nodes[1].told], ["TIMEOUT"])

    def test_another_leader(self) -> None:
        """Every time begins anew with it."""
        self.acquire("a", 2000)
        self.pass_(1.5)
        self.lead(1)
        self.pass_(1.5)
        self.assertFalse(self.acquire("b").done)
        self.pass_(1.0)
        self.assertTrue(self.acquire("b").done)

    def test_a_leader_that_stood_still(self) -> None:
        """It heard no renewals, so nobody is taken for gone."""
        self.acquire("a")
        self.clock.advance(20.0)
        self.pass_(1.0)
        self.assertFalse(self.acquire("b").done)

    def test_a_snapshot(self) -> None:
        """A node that gets the state counts the times that are in it."""
        self.acquire("a", 2000)
        state = self.nodes[0].machine.snapshot()
        for node in self.nodes[1:]:
            node.machine.restore(state)
            node.locks.applied()
        self.lead(1)
        self.pass_(2.5)
        self.assertTrue(self.acquire("b").done)


class ConnectionTests(Case):
    """Connections that end, and nodes that die."""

    def test_the_end(self) -> None:
        """What it had is free at once, and the first who waits is told."""
        self.acquire("a")
        self.acquire("b", wait=5000)
        self.nodes[0].locks.ended("a")
        self.assertEqual([(notice.client, notice.kind) for notice in self.nodes[1].told], [("b", "AVAILABLE")])
        self.assertTrue(self.acquire("b").done)

    def test_unknown(self) -> None:
        """Of others nothing is taken; the end of one that asked for nothing is no entry of the log."""
        found = self.nodes[0].locks.ask("x", Release("x", KEY, "x"))
        self.failureResultOf(found, ClientUnknown)
        self.nodes[0].locks.ended("x")
        self.assertEqual(self.nodes[0].machine.state.applied, 0)

    def test_its_node_lives(self) -> None:
        """A connection that is there keeps what it has, however long."""
        self.acquire("c", 600_000)
        self.pass_(60.0)
        self.assertFalse(self.acquire("a").done)

    def test_its_node_dies(self) -> None:
        """What it had is free after the grace, not before."""
        self.acquire("c", 600_000)
        self.log_.silent.add(2)
        self.pass_(9.0)
        self.assertFalse(self.acquire("a").done)
        self.pass_(12.0)
        self.assertTrue(self.acquire("a").done)

    def stand_still(self, seconds: float) -> None:
        """The third node does so, for so long."""
        self.log_.silent.add(2)
        self.log_.may_live.add("n2")
        self.pass_(seconds)
        self.log_.silent.clear()
        self.log_.may_live.clear()

    def test_its_node_stands_still(self) -> None:
        """Its connection has not ended, and its client believes that it has the lock until it finds that out: it is
        free after the longer grace, not before."""
        self.acquire("c", 600_000)
        self.stand_still(24.0)
        self.assertFalse(self.acquire("a").done)
        self.pass_(1.0)
        self.stand_still(32.0)
        self.assertTrue(self.acquire("a").done)

    def test_its_node_goes_on(self) -> None:
        """Its link stands again before it has said that its clients are here: what they have stays theirs."""
        self.acquire("c", 600_000)
        for _ in range(3):
            self.stand_still(21.0)
            self.pass_(30.0)
            self.assertFalse(self.acquire("a").done)

    def test_its_node_stands_still_and_another_leads(self) -> None:
        """Who leads from then on waits as long as one that has led all the time."""
        self.acquire("c", 600_000)
        self.log_.silent.add(2)
        self.log_.may_live.add("n2")
        self.pass_(20.0)
        self.lead(1)
        self.pass_(29.0)
        self.assertFalse(self.acquire("a").done)
        self.pass_(2.0)
        self.assertTrue(self.acquire("a").done)

    def test_a_time_ends_at_a_silent_node(self) -> None:
        """A lock that was wanted for less is free as soon as its time is over, whatever its node does."""
        self.acquire("c", 5_000)
        self.stand_still(6.0)
        self.assertTrue(self.acquire("a").done)

    def test_no_majority(self) -> None:
        """Nothing is granted, and what could not be freed then is when its node's renewals are missed."""
        self.acquire("a", 600_000)
        self.log_.away = True
        self.failureResultOf(self.nodes[1].locks.ask("b", Acquire("b", "n", KEY, "b", 5)), Unavailable)
        self.nodes[0].locks.ended("a")
        self.log_.away = False
        self.assertFalse(self.acquire("b").done)
        self.pass_(16.0)
        self.assertTrue(self.acquire("b").done)


class LevelTests(Case):
    """Members of older versions."""

    def test_not_before_all_know_them(self) -> None:
        """Nothing of it comes into the log; when all know locks, it does not matter any more who is away."""
        level = 1
        for node in self.nodes:
            node.locks.members_level = lambda: level
        self.failureResultOf(self.nodes[0].locks.ask("a", Acquire("a", "n", KEY, "a", 5)), Unavailable)
        self.pass_(6.0)
        self.assertEqual(self.nodes[0].machine.state.applied, 0)
        level = LOCKS
        self.pass_(6.0)
        self.assertEqual(self.nodes[2].machine.state.level, LOCKS)
        level = 0
        self.assertTrue(self.acquire("a").done)
