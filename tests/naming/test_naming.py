"""The face of the registry: on a cluster with a majority, without one, and on the way back."""

from __future__ import annotations

from array import array
from random import Random
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.caller import KnownCaller
from nacos_tw.access.identity import Identity
from nacos_tw.errors import BadParameter, NacosError, ServiceExists, TimedOut, Unavailable
from nacos_tw.naming import naming as module
from nacos_tw.naming.commands import CreateService, Expire, Patch, SetSwitch, Update, encode
from nacos_tw.naming.leases import Leases
from nacos_tw.naming.machine import NamingMachine
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.operations.discovery import Discovery, Look, NamesOfGroup
from nacos_tw.naming.registry import Registry
from nacos_tw.naming.requests import OfNamespace
from tests.naming.building import P1, register
from tests.naming.cluster import NamingNodes, deregister, many

KEY = ("DEFAULT", "10.0.0.1", 8080)


class NewNodeTests(SynchronousTestCase):
    """A node that has nothing yet of a cluster that has much."""

    def setUp(self) -> None:
        self.nodes = NamingNodes()
        self.one = self.nodes.follower()
        done = self.nodes.namings[self.one].register(register())
        self.nodes.run(0.1)
        self.successResultOf(done)

    def emptied(self) -> Naming:
        """The node with an empty folder, cut off."""
        self.nodes.crash(self.one)
        self.nodes.wipe(self.one, noticed=False)
        self.nodes.isolate(self.one)
        self.nodes.start(self.one)
        self.nodes.told[self.one].clear()
        self.nodes.run(1.0)
        return self.nodes.namings[self.one]

    def test_says_nothing_of_what_it_lacks(self) -> None:
        """Neither in answers nor to subscribers, until it has what the leader has."""
        naming = self.emptied()
        discovery, caller = Discovery(naming), KnownCaller(Identity("", True), what="a test")
        for read in (
            lambda: discovery.look(caller, Look(P1)),
            lambda: discovery.catalog(caller, OfNamespace("public")),
            lambda: discovery.names(caller, NamesOfGroup("public", "DEFAULT_GROUP", 1, 10)),
        ):
            self.assertRaises(Unavailable, read)
        self.nodes.quiet()
        self.assertEqual(self.nodes.shown(self.one), ["10.0.0.1:8080"])
        self.assertEqual(self.nodes.told[self.one], [P1])
        self.assertFalse(naming.lacks(P1) or naming.lacks())
        self.assertEqual(len(discovery.look(caller, Look(P1)).seen().instances), 1)

    def test_told_when_it_has_all(self) -> None:
        """Not for each of the entries of long ago, of which one says that the service is empty."""
        naming, told = self.nodes.namings[self.one], self.nodes.told
        for what in (naming.deregister(deregister()), naming.register(register())):
            self.nodes.run(0.1)
            self.successResultOf(what)
        naming = self.emptied()
        shown: list[list[str]] = []
        naming.on_services.append(lambda services: shown.append(self.nodes.shown(self.one)))
        self.nodes.quiet()
        self.assertEqual((told[self.one], shown), ([P1], [["10.0.0.1:8080"]]))

    def test_what_it_was_told_itself(self) -> None:
        """Without a leader it shows what is registered there, and nothing of the rest."""
        naming = self.emptied()
        self.nodes.run_until(lambda: not self.nodes.node(self.one).available)
        self.successResultOf(naming.register(register("10.0.0.9")))
        self.assertEqual(self.nodes.shown(self.one), ["10.0.0.9:8080"])
        self.assertEqual((naming.lacks(P1), naming.lacks(), naming.lacks(("public", "x"))), (False, False, True))

    def test_with_what_it_had(self) -> None:
        """A node that is started again shows it at once, with or without a leader."""
        self.nodes.crash(self.one)
        self.nodes.isolate(self.one)
        self.nodes.start(self.one)
        self.assertFalse(self.nodes.namings[self.one].lacks(P1))
        self.assertEqual(self.nodes.shown(self.one), ["10.0.0.1:8080"])


class MajorityTests(SynchronousTestCase):
    """All is well."""

    def setUp(self) -> None:
        self.nodes = NamingNodes()
        self.leader, self.follower = self.nodes.leader, self.nodes.follower()

    def do(self, result: Any) -> Any:
        self.nodes.run(0.1)
        return self.successResultOf(result)

    def test_registered_everywhere(self) -> None:
        """Answered by a follower, shown by all, with the same number; the leases begin."""
        naming = self.nodes.namings[self.follower]
        self.do(naming.register(register()))
        for name in self.nodes.names:
            self.assertEqual(self.nodes.replicated(name), ["10.0.0.1:8080"])
            each = self.nodes.namings[name]
            instance = each.find(P1, KEY)
            self.assertEqual(instance.number, 1)
            self.assertEqual(each.last_beat_millis(1) // 1000, int(self.nodes.clock.rightNow - 0.1))
            self.assertEqual(self.nodes.told[name], [P1])
            self.assertEqual(each.overlay, {})

    def test_deregistered_everywhere(self) -> None:
        """The leases end; one that is not there is fine."""
        naming = self.nodes.namings[self.follower]
        self.do(naming.register(register()))
        self.do(naming.deregister(deregister()))
        self.do(naming.deregister(deregister()))
        for name in self.nodes.names:
            self.assertEqual(self.nodes.replicated(name), [])
            self.assertEqual(len(self.nodes.namings[name].leases), 0)
            self.assertEqual(self.nodes.told[name], [P1, P1])

    def test_persistent(self) -> None:
        """It goes through the log and has no lease."""
        naming = self.nodes.namings[self.follower]
        self.do(naming.register(register(ephemeral=False)))
        self.assertEqual(len(naming.leases), 0)
        instance = naming.find(P1, KEY)
        self.assertFalse(instance.ephemeral)
        self.assertIsNone(naming.beat(instance))

    def test_ephemeral_found_first(self) -> None:
        """Of two of one address a beat means the ephemeral one."""
        naming = self.nodes.namings[self.follower]
        self.do(naming.register(register(ephemeral=False)))
        self.do(naming.register(register()))
        self.assertTrue(naming.find(P1, KEY).ephemeral)
        self.assertIsNone(naming.find(P1, ("c9", "10.0.0.1", 8080)))
        self.assertIsNone(naming.find(("public", "g@@other"), KEY))

    def test_refused(self) -> None:
        """What the state refuses fails with its text, and changes nothing."""
        naming = self.nodes.namings[self.follower]
        self.do(naming.change(CreateService(P1)))
        again = naming.change(CreateService(P1))
        self.nodes.run(0.1)
        self.failureResultOf(again, ServiceExists)

    def test_beat(self) -> None:
        """It renews the lease on every node without a log entry."""
        naming = self.nodes.namings[self.follower]
        self.do(naming.register(register()))
        last = self.nodes.node(self.leader).status().last_index
        self.nodes.run(7.0)
        self.do(naming.beat(naming.find(P1, KEY)))
        for each in self.nodes.namings.values():
            self.assertGreater(each.leases.last[1], self.nodes.clock.rightNow - 0.2)
        self.assertEqual(self.nodes.node(self.leader).status().last_index, last)

    def test_beat_of_an_unhealthy_one(self) -> None:
        """It comes back to life through the log, everywhere."""
        naming = self.nodes.namings[self.follower]
        self.do(naming.register(register()))
        self.do(naming.change(Expire([1], [])))
        self.assertFalse(naming.find(P1, KEY).healthy)
        self.do(naming.beat(naming.find(P1, KEY)))
        for each in self.nodes.namings.values():
            self.assertTrue(each.find(P1, KEY).healthy)

    def test_late_beat_revives_at_the_leader(self) -> None:
        """A beat was on its way while the leader gave the instance up: the leader brings it back, once."""
        follower, leader = self.nodes.namings[self.follower], self.nodes.namings[self.leader]
        self.do(follower.register(register()))
        healthy = follower.find(P1, KEY)
        self.do(follower.change(Expire([1], [])))
        last = self.nodes.node(self.leader).status().last_index
        leader.beats(array("Q", [1, 99]).tobytes())
        leader.beats(array("Q", [1]).tobytes())
        self.nodes.run(0.1)
        self.assertEqual(self.nodes.node(self.leader).status().last_index, last + 1)
        self.assertTrue(follower.find(P1, KEY).healthy)
        self.do(follower.beat(healthy))
        self.assertEqual(self.nodes.node(self.leader).status().last_index, last + 1)

    def test_revival_that_fails(self) -> None:
        """No majority just now: nothing is logged as an error, and the next beat tries again."""
        nodes = NamingNodes(request_timeout=0.5, patience=60.0)
        leader = nodes.namings[nodes.leader]
        self.nodes = nodes
        self.do(leader.register(register()))
        self.do(leader.change(Expire([1], [])))
        nodes.isolate(nodes.leader, notice=False)
        leader.beats(array("Q", [1]).tobytes())
        self.assertEqual(leader._reviving, {1})
        nodes.run(1.0)
        self.assertEqual(leader._reviving, set())

    def test_provisional_beats(self) -> None:
        """What has no number yet has no lease to renew."""
        naming = self.nodes.namings[self.follower]
        naming.provisional.put(register())
        self.assertIsNone(naming.beat(naming.find(P1, KEY)))

    def test_status(self) -> None:
        """UP with a leader; what the operator set comes first."""
        naming = self.nodes.namings[self.follower]
        self.assertEqual(naming.status(), ("UP", ""))
        self.do(naming.change(SetSwitch("overriddenServerStatus", "READ_ONLY")))
        self.assertEqual(naming.status(), ("READ_ONLY", ""))

    def test_local_switch(self) -> None:
        """On this node only; a refused value changes nothing."""
        naming = self.nodes.namings[self.follower]
        naming.set_local_switch("clientBeatInterval", "7000")
        self.assertEqual(naming.registry.switches.client_beat_interval, 7000)
        self.assertEqual(self.nodes.namings[self.leader].registry.switches.client_beat_interval, 5000)
        self.assertRaises(BadParameter, naming.set_local_switch, "clientBeatInterval", "x")

    def test_snapshot_taken_over(self) -> None:
        """A node that gets the state has its leases, ends what is gone, and tells its listeners."""
        nodes = NamingNodes(snapshot_bytes=200, trailing=0)
        leader, away = nodes.leader, nodes.follower()
        nodes.namings[leader].register(register("10.0.0.9"))
        nodes.run(0.1)
        nodes.isolate(away, notice=False)
        nodes.namings[leader].deregister(deregister("10.0.0.9"))
        for command in many(40):
            nodes.namings[leader].register(command)
            nodes.run(0.02)
        nodes.told[away].clear()
        nodes.heal()
        nodes.run(3.0)
        self.assertEqual(nodes.replicated(away), nodes.replicated(leader))
        self.assertEqual(set(nodes.namings[away].leases.last), set(nodes.namings[leader].leases.last))
        self.assertIn(P1, nodes.told[away])
        nodes.quiet()


class NoMajorityTests(SynchronousTestCase):
    """Design: ephemeral registrations go on, everything else is refused clearly."""

    def setUp(self) -> None:
        self.nodes = NamingNodes()
        first = self.nodes.namings["A"].register(register("10.0.0.1"))
        self.nodes.run(0.1)
        self.successResultOf(first)
        self.left = self.nodes.lose_majority()
        self.naming = self.nodes.namings[self.left]
        self.nodes.told[self.left].clear()

    def test_register(self) -> None:
        """Answered at once, shown by this node only, and its listeners are told."""
        self.successResultOf(self.naming.register(register("10.0.0.2", weight=3.0)))
        self.assertEqual(self.nodes.shown(self.left), ["10.0.0.1:8080", "10.0.0.2:8080"])
        self.assertEqual(self.nodes.replicated(self.left), ["10.0.0.1:8080"])
        self.assertEqual(self.nodes.told[self.left], [P1])
        self.nodes.quiet()
        for name in self.nodes.names:
            self.assertEqual(self.nodes.replicated(name), ["10.0.0.1:8080", "10.0.0.2:8080"])
            self.assertEqual(self.nodes.namings[name].find(P1, ("DEFAULT", "10.0.0.2", 8080)).weight, 3.0)

    def test_deregister(self) -> None:
        """Gone from this node's answers at once, from the others' when the majority is back."""
        self.successResultOf(self.naming.deregister(deregister("10.0.0.1")))
        self.assertEqual(self.nodes.shown(self.left), [])
        self.assertIsNone(self.naming.find(P1, KEY))
        self.assertEqual(self.nodes.replicated(self.nodes.leader), ["10.0.0.1:8080"])
        self.nodes.quiet()
        self.assertEqual(self.nodes.replicated(self.nodes.leader), [])

    def test_persistent_one_beside(self) -> None:
        """A provisional removal is of the ephemeral one only."""
        nodes = NamingNodes()
        for kind in (False, True):
            nodes.namings["A"].register(register(ephemeral=kind))
        nodes.run(0.1)
        naming = nodes.namings[nodes.lose_majority()]
        self.successResultOf(naming.deregister(deregister()))
        self.assertFalse(naming.find(P1, KEY).ephemeral)

    def test_order(self) -> None:
        """The last word on an instance counts, here and later."""
        for command in (register("10.0.0.2"), deregister("10.0.0.2"), register("10.0.0.3"), deregister("10.0.0.1")):
            self.successResultOf(self.naming.register(command))
        for command in (register("10.0.0.1"), deregister("10.0.0.3"), register("10.0.0.3", weight=5.0)):
            self.successResultOf(self.naming.register(command))
        expected = ["10.0.0.1:8080", "10.0.0.3:8080"]
        self.assertEqual(self.nodes.shown(self.left), expected)
        self.nodes.quiet()
        self.assertEqual(self.nodes.replicated("A"), expected)
        self.assertEqual(self.nodes.namings["A"].find(P1, ("DEFAULT", "10.0.0.3", 8080)).weight, 5.0)

    def test_newer_while_handing_over(self) -> None:
        """The majority is back and takes what waits; what a client says meanwhile is not undone by that."""
        self.patch(module, "HAND_OVER_AT_ONCE", 1)
        for command in many(60):
            self.successResultOf(self.naming.register(command))
        self.nodes.heal()
        self.nodes.run_until(lambda: self.nodes.node(self.left).available)
        self.assertGreater(len(self.naming.provisional), 30)
        last = many(60)[-1]
        gone = self.naming.deregister(deregister(last.ip))
        changed = self.naming.register(register(many(60)[-2].ip, weight=7.0))
        self.nodes.run_until(lambda: gone.called and changed.called)
        self.assertGreater(len(self.naming.provisional), 0)
        self.successResultOf(gone)
        self.successResultOf(changed)
        self.assertNotIn(f"{last.ip}:8080", self.nodes.shown(self.left))
        self.nodes.quiet()
        self.assertNotIn(f"{last.ip}:8080", self.nodes.replicated("A"))
        self.assertEqual(len(self.nodes.replicated("A")), 60)
        weight = self.nodes.namings["A"].find(P1, ("DEFAULT", many(60)[-2].ip, 8080)).weight
        self.assertEqual(weight, 7.0)

    def test_refused_without_majority(self) -> None:
        """Persistent instances, updates, services and switches: a clear error, nothing changed."""
        before = self.naming.registry.snapshot()
        for result in (
            self.naming.register(register("10.0.0.9", ephemeral=False)),
            self.naming.deregister(deregister("10.0.0.1", ephemeral=False)),
            self.naming.change(Update(P1, "10.0.0.1", 8080)),
            self.naming.change(Patch(P1, "DEFAULT", "10.0.0.1", 8080, weight=2.0)),
            self.naming.change(CreateService(("public", "g@@s"))),
            self.naming.change(SetSwitch("clientBeatInterval", "7000")),
        ):
            self.assertIn("no leader", str(self.failureResultOf(result, Unavailable).value))
        self.assertEqual(self.naming.registry.snapshot(), before)
        self.assertEqual(self.naming.overlay, {})

    def test_beats(self) -> None:
        """They count here, also those of an unhealthy instance."""
        self.nodes.run(20.0)
        self.assertIsNone(self.naming.beat(self.naming.find(P1, KEY)))
        self.assertEqual(self.naming.leases.last[1], self.nodes.clock.rightNow)

    def test_status(self) -> None:
        """DOWN, with the reason."""
        self.assertEqual(self.naming.status(), ("DOWN", "no leader: 1 of 3 nodes are connected"))

    def test_too_many(self) -> None:
        """More than there is room for are refused with a clear error."""
        self.naming.provisional.most = 1
        self.successResultOf(self.naming.register(register("10.0.0.2")))
        error = self.assertRaises(Unavailable, self.naming.register, register("10.0.0.3"))
        self.assertIn("too many registrations wait", str(error))

    def test_waiting_when_it_was_lost(self) -> None:
        """A registration that waits when the leader is given up is taken provisionally then."""
        nodes = NamingNodes()
        left = nodes.follower()
        nodes.isolate(left)
        result = nodes.namings[left].register(register())
        self.assertNoResult(result)
        nodes.run_until(lambda: result.called)
        self.successResultOf(result)
        self.assertEqual(nodes.shown(left), ["10.0.0.1:8080"])
        nodes.quiet()
        self.assertEqual(nodes.replicated("A"), ["10.0.0.1:8080"])

    def test_lost_again(self) -> None:
        """The majority comes and goes: nothing is lost or left over."""
        self.patch(module, "HAND_OVER_AT_ONCE", 2)
        commands = many(100)
        for command in commands:
            self.successResultOf(self.naming.register(command))
        for _ in range(6):
            self.nodes.heal()
            self.nodes.run_until(lambda: self.nodes.node(self.left).available)
            self.nodes.run(0.01)
            self.nodes.isolate(self.left)
            self.nodes.run_until(lambda: not self.nodes.node(self.left).available)
            self.assertEqual(len(self.nodes.shown(self.left)), 101)
        self.nodes.quiet()
        self.assertEqual(len(self.nodes.replicated("A")), 101)

    def test_soon(self) -> None:
        """Ten thousand are with the leader well within a lease of its return."""
        for command in many(10_000):
            self.naming.register(command)
        self.nodes.heal()
        took = self.nodes.run_until(lambda: len(self.nodes.replicated(self.nodes.leader or "A")) == 10_001)
        self.assertLess(took, 5.0)
        self.nodes.quiet()


class StormTests(SynchronousTestCase):
    """From seeds: clients that each own an instance, at nodes that come and go."""

    def test_last_word(self) -> None:
        """In the end every node holds what each client said last."""
        for seed in range(25):
            self.storm(seed)

    def storm(self, seed: int) -> None:
        dice = Random(seed)
        nodes = NamingNodes(seed=seed, request_timeout=2.0, patience=0.5, snapshot_bytes=dice.choice((300, 10**9)))
        wanted: dict[str, bool] = {}
        waiting: dict[str, Deferred[Any]] = {}
        homes = {f"10.0.0.{number}": dice.choice(nodes.names) for number in range(12)}
        for _ in range(80):
            for ip, home in homes.items():
                busy = ip in waiting and not waiting[ip].called
                if dice.random() < 0.2 and not busy:
                    wanted[ip] = dice.random() < 0.6
                    naming = nodes.namings[home]
                    command = register(ip) if wanted[ip] else deregister(ip)
                    waiting[ip] = naming.register(command)  # type: ignore[arg-type]
            fault = dice.random()
            if fault < 0.06:
                nodes.isolate(dice.choice(nodes.names), notice=dice.random() < 0.5)
            elif fault < 0.1 and nodes.leader:
                nodes.node(nodes.leader).transfer(None)
            elif fault < 0.2:
                nodes.heal()
            nodes.run(dice.choice((0.002, 0.02, 0.3)))
        nodes.heal()
        nodes.run(3.0)
        for ip, result in waiting.items():
            self.successResultOf(result.addErrback(lambda failure, ip=ip: self.fail(f"seed {seed}, {ip}: {failure}")))
        nodes.quiet()
        expected = sorted(f"{ip}:8080" for ip, there in wanted.items() if there)
        for name in nodes.names:
            self.assertEqual(nodes.replicated(name), expected, f"seed {seed}")


class FakeProposer:
    """A log that does what it is told to."""

    def __init__(self) -> None:
        self.available = self.is_leader = True
        self.outcome: Any = None
        self.proposed: list[bytes] = []
        self.renewed: list[int] = []

    def propose(self, command: bytes) -> Deferred[Any]:
        self.proposed.append(command)
        return fail(self.outcome) if isinstance(self.outcome, Exception) else succeed(self.outcome)

    def renew(self, number: int) -> Deferred[None] | None:
        self.renewed.append(number)
        return None


class FakeSubscriptions:
    """Hears of services."""

    def __init__(self) -> None:
        self.services: list[Any] = []

    def changed(self, services: Any) -> None:
        self.services.extend(services)


class HandOverTests(SynchronousTestCase):
    """What becomes of provisional commands when the log answers in odd ways."""

    def setUp(self) -> None:
        self.proposer, self.subscriptions = FakeProposer(), FakeSubscriptions()
        self.naming = Naming(Registry(), Leases(), self.proposer, self.subscriptions)  # type: ignore[arg-type]
        self.proposer.available = False
        for command in many(3):
            self.naming.register(command)
        self.proposer.available = True

    def test_refused(self) -> None:
        """What the state refuses is not kept for ever."""
        self.proposer.outcome = BadParameter("no")
        self.naming.role_changed()
        self.assertEqual(len(self.naming.provisional), 0)
        self.assertEqual(self.naming.overlay, {})

    def test_late(self) -> None:
        """It timed out although there is a leader: the next entry that is applied starts it again."""
        self.proposer.outcome = TimedOut("late")
        self.naming.role_changed()
        self.assertEqual(len(self.naming.provisional), 3)
        self.proposer.outcome = 1
        self.naming.applied()
        self.assertEqual(len(self.naming.provisional), 0)

    def test_late_on_a_quiet_node(self) -> None:
        """So do beats, where nothing else goes on."""
        self.proposer.outcome = TimedOut("late")
        self.naming.role_changed()
        self.proposer.outcome = 1
        self.naming.beats(b"")
        self.assertEqual(len(self.naming.provisional), 0)

    def test_not_while_there_is_no_leader(self) -> None:
        """Nothing is tried in vain."""
        self.proposer.available = False
        proposed = len(self.proposer.proposed)
        self.naming.applied()
        self.naming.role_changed()
        self.assertEqual(len(self.proposer.proposed), proposed)

    def test_told(self) -> None:
        """Listeners hear when it was taken and when it was handed over."""
        self.assertEqual(self.subscriptions.services, [P1] * 3)
        self.naming.role_changed()
        self.assertEqual(self.subscriptions.services, [P1] * 6)

    def test_other_errors(self) -> None:
        """A registration that fails for another reason than the majority's absence just fails."""
        self.proposer.outcome = BadParameter("no")
        result = self.naming.register(register("10.9.9.9"))
        self.failureResultOf(result, BadParameter)
        self.assertEqual(len(self.naming.provisional), 3)


class MachineTests(SynchronousTestCase):
    """L{NamingMachine}."""

    def test_apply(self) -> None:
        """The command's result."""
        machine = NamingMachine(Registry())
        self.assertEqual(machine.apply(encode(register())), 1)

    def test_defect(self) -> None:
        """What cannot be applied is an error for its caller, is logged, and changes nothing."""
        machine = NamingMachine(Registry())
        result = machine.apply(b"\xff\xff")
        self.assertIsInstance(result, NacosError)
        self.assertEqual(len(self.flushLoggedErrors()), 1)
        self.assertEqual(machine.apply(encode(register())), 1)

    def test_snapshot(self) -> None:
        """The state goes from one to another."""
        machine, other = NamingMachine(Registry()), NamingMachine(Registry())
        machine.apply(encode(register()))
        other.restore(machine.snapshot())
        self.assertEqual(other.registry.services[P1].ephemeral, machine.registry.services[P1].ephemeral)
