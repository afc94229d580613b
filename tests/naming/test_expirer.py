"""The leader's timers: expiry of leases and removal of empty services (docs/spec/naming-v1.md#10.1, #2.4)."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import Unavailable
from nacos_tw.naming import expirer
from nacos_tw.naming.applying import apply
from nacos_tw.naming.cleaner import Cleaner, Cleaning
from nacos_tw.naming.commands import (
    CleanServices,
    CreateService,
    EndClients,
    Expire,
    Publish,
    Published,
    Register,
    SetSwitch,
)
from nacos_tw.naming.expirer import MOST, Expirer
from nacos_tw.naming.leases import Leases
from nacos_tw.naming.registry import Registry

KEY = ("public", "DEFAULT_GROUP@@orders")


class Harness(SynchronousTestCase):
    """An Expirer on a registry whose commands are applied at once, or held back."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.registry = Registry()
        self.leases = Leases(self.clock.seconds, lambda: self.clock.seconds() + 1_000_000.0)
        self.proposed: list[Any] = []
        self.answer: Any = None
        self.expirer = self.make()
        self.events: list[str] = []

    def make(self, **more: Any) -> Expirer:
        made = Expirer(self.clock, self.registry, self.leases, self.change, **more)
        made.startService()
        self.addCleanup(made.stopService)
        return made

    def change(self, command: Any) -> Deferred[Any]:
        """What Naming.change does with the log in between, unless C{answer} says otherwise."""
        self.proposed.append(command)
        if self.answer is not None:
            return self.answer()  # type: ignore[no-any-return]
        return succeed(self.apply(command))

    def apply(self, command: Any) -> Any:
        result = apply(self.registry, command)
        changes = self.registry.take_changes()
        for number in changes.ended:
            self.leases.end(number)
        for number in changes.started:
            self.leases.start(number)
        return result

    def register(self, port: int = 80, **more: Any) -> int:
        return self.apply(Register(KEY, "10.0.0.1", port, **more))  # type: ignore[no-any-return]

    def wait(self, seconds: int) -> None:
        self.clock.pump([1.0] * seconds)

    def listen(self) -> list[dict[str, Any]]:
        """The log events from now on."""
        seen: list[dict[str, Any]] = []
        globalLogPublisher.addObserver(seen.append)
        self.addCleanup(globalLogPublisher.removeObserver, seen.append)
        return seen


class ExpiryTests(Harness):
    """Silence makes unhealthy, then gone."""

    def test_unhealthy_then_gone(self) -> None:
        """Fifteen seconds without a beat mark an instance, thirty remove it."""
        self.expirer.leader_changed(True)
        number = self.register()
        self.wait(15)
        self.assertEqual(self.proposed, [])
        self.wait(1)
        self.assertFalse(self.registry.by_number[number].healthy)
        self.wait(14)
        self.assertIn(number, self.registry.by_number)
        self.wait(1)
        self.assertNotIn(number, self.registry.by_number)
        self.assertEqual([(one.unhealthy, one.removed) for one in self.proposed], [([number], []), ([], [number])])

    def test_beats_keep_it(self) -> None:
        """An instance that beats is left alone."""
        self.expirer.leader_changed(True)
        number = self.register()
        for _ in range(10):
            self.wait(5)
            self.leases.renew(number)
        self.assertEqual(self.proposed, [])

    def test_only_the_leader_decides(self) -> None:
        """A node that does not lead proposes nothing, and stops when it is deposed."""
        self.register()
        self.wait(60)
        self.assertEqual(self.proposed, [])
        self.expirer.leader_changed(True)
        self.wait(10)
        self.expirer.leader_changed(False)
        self.wait(60)
        self.assertEqual(self.proposed, [])

    def test_new_leader_gives_a_full_term(self) -> None:
        """Whatever a new leader has missed, every lease lasts a full term from its election."""
        number = self.register()
        self.leases.end(number)  # even one that this node knows nothing of
        self.wait(60)
        self.expirer.leader_changed(True)
        self.wait(15)
        self.assertEqual(self.proposed, [])
        self.wait(1)
        self.assertEqual(len(self.proposed), 1)

    def test_told_twice_of_its_leadership(self) -> None:
        """Being told again is no new election."""
        self.expirer.leader_changed(True)
        self.register()
        self.wait(10)
        self.expirer.leader_changed(True)
        self.wait(6)
        self.assertEqual(len(self.proposed), 1)

    def test_persistent_instances_have_no_lease(self) -> None:
        """They never expire."""
        self.register(ephemeral=False)
        self.expirer.leader_changed(True)
        self.assertEqual(len(self.leases), 0)
        self.wait(60)
        self.assertEqual(self.proposed, [])

    def test_settings_and_switches(self) -> None:
        """Without expire_instance nothing is removed; with the check switched off nothing happens at all."""
        self.expirer.stopService()
        self.expirer = self.make(expire_instance=False)
        self.expirer.leader_changed(True)
        self.apply(SetSwitch("check", "false"))
        number = self.register()
        self.wait(60)
        self.assertEqual(self.proposed, [])
        self.apply(SetSwitch("check", "true"))
        self.wait(60)
        self.assertEqual([(one.unhealthy, one.removed) for one in self.proposed], [([number], [])])

    def test_not_proposed_again_while_under_way(self) -> None:
        """As long as a command is under way no other is proposed; then all that is due by then follows."""
        under_way: Deferred[Any] = Deferred()
        self.answer = lambda: under_way
        self.expirer.leader_changed(True)
        first = self.register()
        self.wait(3)
        second = self.register(81)
        self.wait(20)
        self.assertEqual([one.unhealthy for one in self.proposed], [[first]])
        self.answer = None
        under_way.errback(Unavailable("no leader"))
        self.wait(1)
        self.assertEqual([one.unhealthy for one in self.proposed][1:], [[first, second]])

    def test_heard_of_meanwhile(self) -> None:
        """Whoever beats while others' commands are under way is not expired by the look before."""
        under_way: list[Deferred[Any]] = []
        self.answer = lambda: under_way.append(Deferred()) or under_way[-1]
        self.expirer.leader_changed(True)
        numbers = [self.register(port) for port in range(MOST + 3)]
        self.wait(16)
        self.assertEqual([one.unhealthy for one in self.proposed], [numbers[:MOST]])
        self.leases.start(numbers[-1])
        under_way[0].callback(None)
        self.assertEqual([one.unhealthy for one in self.proposed[1:]], [numbers[MOST:-1]])

    def test_batches(self) -> None:
        """No command is about more than L{MOST} instances."""
        self.expirer.leader_changed(True)
        for port in range(2 * MOST + 1):
            self.register(port)
        self.wait(16)
        self.assertEqual([len(one.unhealthy) for one in self.proposed], [MOST, MOST, 1])
        self.wait(15)
        self.assertEqual([len(one.removed) for one in self.proposed[3:]], [MOST, MOST, 1])

    def test_carries_what_it_has_seen(self) -> None:
        """The command says how far this node had applied, so that a registration under way is not undone."""
        self.expirer.leader_changed(True)
        self.register()
        self.wait(16)
        self.assertEqual(self.proposed[0].seen, 1)

    def test_failures_do_not_end_it(self) -> None:
        """Neither a refused command nor a defect in a look keeps the next look from taking place."""
        self.expirer.leader_changed(True)
        self.register()
        self.answer = lambda: fail(Unavailable("no leader"))
        self.wait(17)
        self.answer = lambda: 1 / 0
        self.wait(1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.patch(expirer, "due", lambda *given: 1 / 0)
        self.wait(1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(len(self.proposed), 3)

    def test_own_silence_is_excused(self) -> None:
        """When the node itself stood still, its clients get the time that they need to be heard."""
        self.expirer.leader_changed(True)
        number = self.register()
        self.wait(5)
        self.clock.advance(40)
        self.assertEqual(self.proposed, [])
        self.wait(9)
        self.assertEqual(self.proposed, [])
        self.wait(2)
        self.assertEqual([one.unhealthy for one in self.proposed], [[number]])

    def test_event_lines(self) -> None:
        """The event log says what happened, in Nacos's words, once it is true."""
        seen = self.listen()
        self.expirer.leader_changed(True)
        self.register(metadata={"preserved.heart.beat.timeout": "3000"})
        self.wait(31)
        lines = [line for event in seen if event["log_namespace"] == "nacos_tw.naming.event" for line in event["lines"]]
        self.assertEqual(
            lines,
            [
                "{POS} {IP-DISABLED} valid: 10.0.0.1:80@DEFAULT@DEFAULT_GROUP@@orders, region: unknown, "
                "msg: client timeout after 3000, last beat: 1000000000",
                "[AUTO-DELETE-IP] namespace: public, service: DEFAULT_GROUP@@orders, ip: 10.0.0.1:80@DEFAULT",
            ],
        )

    def test_no_event_line_for_what_did_not_happen(self) -> None:
        """A command that was applied without effect is no event."""
        seen = self.listen()
        self.answer = lambda: succeed(None)
        self.expirer.leader_changed(True)
        self.register()
        self.wait(40)
        self.assertEqual([event for event in seen if event["log_namespace"] == "nacos_tw.naming.event"], [])


class ClientExpiryTests(Harness):
    """Clients that are not renewed end, with all that they have."""

    def publish(self, id_: str, port: int = 80, node: str = "A") -> int:
        return self.apply(Publish(id_, node, KEY, [Published("10.0.0.1", port)]))  # type: ignore[no-any-return]

    def ports(self) -> list[int]:
        service = self.registry.services[KEY]
        return sorted(each.port for each in service.ephemeral.values())

    def test_ended_after_the_grace(self) -> None:
        """All in one command; those that are renewed stay."""
        self.expirer.leader_changed(True)
        living = [self.publish(f"c{port}", port) for port in range(1, 4)][0]
        for _ in range(4):
            self.wait(4)
            self.leases.renew(living)
        self.assertEqual(self.ports(), [1])
        (command,) = self.proposed
        self.assertEqual(command, EndClients(["c2", "c3"], 3))

    def test_never_while_renewed(self) -> None:
        """And whatever the switch for the health checks of 1.x says, others end."""
        self.apply(SetSwitch("healthCheckEnabled", "false"))
        self.expirer.leader_changed(True)
        number = self.publish("c1")
        for _ in range(20):
            self.wait(5)
            self.leases.renew(number)
        self.assertEqual(self.proposed, [])
        self.wait(17)
        self.assertEqual(len(self.proposed), 1)

    def test_grace(self) -> None:
        """As it was set."""
        self.expirer.stopService()
        self.expirer = self.make(client_grace=40.0)
        self.expirer.leader_changed(True)
        self.publish("c1")
        self.wait(40)
        self.assertEqual(self.proposed, [])
        self.wait(1)
        self.assertEqual(self.ports(), [])

    def test_silent_node(self) -> None:
        """Its clients have twice the time, as long as nothing says that it has ended."""
        silent = {"B", "C"}
        self.expirer.stopService()
        self.expirer = self.make(silent=silent.__contains__)
        self.expirer.leader_changed(True)
        self.publish("c1", 1, "A")
        self.publish("c2", 2, "B")
        self.publish("c3", 3, "C")
        self.wait(16)
        self.assertEqual(self.ports(), [2, 3])
        silent.discard("C")
        self.wait(1)
        self.assertEqual(self.ports(), [2])
        self.wait(13)
        self.assertEqual(self.ports(), [2])
        self.wait(1)
        self.assertEqual(self.ports(), [])

    def test_new_leader(self) -> None:
        """It gives every client a full lease."""
        self.publish("c1")
        self.wait(14)
        self.expirer.leader_changed(True)
        self.wait(15)
        self.assertEqual(self.proposed, [])
        self.wait(1)
        self.assertEqual(self.ports(), [])

    def test_published_again_meanwhile(self) -> None:
        """A command that was decided before the client wrote again ends nobody."""
        self.expirer.leader_changed(True)
        self.publish("c1")
        held: list[Any] = []
        self.answer = lambda: held.append(Deferred()) or held[-1]
        self.wait(17)
        (command,) = self.proposed
        self.publish("c1", 81)
        self.apply(command)
        self.assertEqual(self.ports(), [81])

    def test_heard_of_while_another_command_is_under_way(self) -> None:
        """It is not ended any more."""
        self.patch(expirer, "MOST_CLIENTS", 1)
        self.expirer.leader_changed(True)
        self.publish("c1", 1)
        number = self.publish("c2", 2)
        held: list[Deferred[Any]] = []
        self.answer = lambda: held.append(Deferred()) or held[-1]
        self.wait(16)
        self.leases.renew(number)
        self.apply(self.proposed[0])
        held[0].callback(None)
        self.assertEqual([command.clients for command in self.proposed], [["c1"]])

    def test_many(self) -> None:
        """They go a thousand at a time, one command after the other."""
        self.expirer.leader_changed(True)
        for port in range(1, 1502):
            self.publish(f"c{port}", port)
        self.wait(16)
        self.assertEqual([len(command.clients) for command in self.proposed], [1000, 501])
        self.assertEqual(self.ports(), [])


class CleaningTests(Harness):
    """Services that stay empty."""

    def setUp(self) -> None:
        super().setUp()
        self.apply(CreateService(KEY))
        self.expirer.leader_changed(True)
        self.cleaner = Cleaner(self.clock, self.registry, self.change, Cleaning(50.0, 30.0))
        self.cleaner.startService()
        self.addCleanup(self.cleaner.stopService)
        self.cleaner.leader_changed(True)

    def test_removed_at_the_fifth_look(self) -> None:
        """Looks come after 50 s and then every 30 s; a service found empty at the fifth in a row is removed."""
        self.wait(50 + 3 * 30)
        self.assertIn(KEY, self.registry.services)
        self.wait(30)
        self.assertNotIn(KEY, self.registry.services)
        self.assertEqual(self.proposed, [CleanServices([KEY])])

    def test_instances_of_either_kind_keep_it(self) -> None:
        """A service with an instance stays, and begins anew when it is empty again."""
        self.wait(50 + 3 * 30)
        number = self.register(ephemeral=False)
        self.wait(30)
        self.apply(Expire([], [number]))
        self.assertEqual(self.proposed, [])
        instance = self.registry.by_number[number]
        self.assertFalse(instance.ephemeral)
        self.wait(300)
        self.assertIn(KEY, self.registry.services)

    def test_only_looks_in_a_row_count(self) -> None:
        """An instance in between starts the count anew."""
        self.wait(50 + 3 * 30)
        self.register()
        self.wait(30)
        self.wait(31)
        self.assertEqual(self.registry.services[KEY].ephemeral, {})
        self.wait(3 * 30)
        self.assertIn(KEY, self.registry.services)
        self.wait(30)
        self.assertNotIn(KEY, self.registry.services)

    def test_a_new_leader_counts_anew(self) -> None:
        """Looks of an earlier leadership do not count."""
        self.wait(50 + 3 * 30)
        self.cleaner.leader_changed(False)
        self.wait(30)
        self.cleaner.leader_changed(True)
        self.wait(30)
        self.assertEqual(self.proposed, [])

    def test_refused(self) -> None:
        """A command that failed is proposed again at the next look."""
        self.answer = lambda: fail(Unavailable("no leader"))
        self.wait(50 + 5 * 30)
        self.assertEqual(len(self.proposed), 2)
