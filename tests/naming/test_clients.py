"""Clients that are connected to nodes: what they publish lives as long as they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import ClientUnknown, KindMismatch, Unavailable
from nacos_tw.naming import clients as clients_module
from nacos_tw.naming.clients import RENEWAL
from nacos_tw.naming.commands import Publish, Register, RemoveService
from nacos_tw.naming.expirer import CLIENT_GRACE
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.subscriptions import DELAY
from tests.naming.building import P1, register
from tests.naming.client_nodes import ClientNodes, registration
from tests.naming.cluster import deregister

P2: ServiceKey = ("public", "DEFAULT_GROUP@@p2")
GONE = CLIENT_GRACE + 2.0
"""Seconds after which an ended client is gone everywhere."""


class Case(SynchronousTestCase):
    """A cluster."""

    def setUp(self) -> None:
        self.nodes = ClientNodes()
        self.nodes.run(1.5)
        self.leader = self.nodes.leader
        self.follower, self.other = [name for name in self.nodes.names if name != self.leader]

    def assertShown(self, ips: list[str], *names: str, service: ServiceKey = P1) -> None:
        for name in names or self.nodes.up:
            self.assertEqual(self.nodes.ips(name, service), ips, name)

    def last_index(self) -> int:
        """The leader's last log entry."""
        return self.nodes.node(self.nodes.leader).status().last_index


class LifeTests(Case):
    """With a majority."""

    def test_published_everywhere(self) -> None:
        """All nodes show it, and know whose it is."""
        number = self.nodes.publish(self.follower, "c1", "a", "b")
        self.nodes.run(0.5)
        self.assertShown(["a", "b"])
        for name in self.nodes.names:
            clients = self.nodes.clients[name]
            (client,) = clients.clients()
            self.assertEqual((client.number, client.id, client.node), (number, "c1", self.follower))
            self.assertEqual([each.ip for each in clients.publications("c1")], ["a", "b"])
            found = clients.publishers(P1)
            self.assertEqual([(each.client, each.node) for each in found], [("c1", self.follower)] * 2)
        self.assertEqual([len(self.nodes.clients[name]) for name in (self.leader, self.follower)], [0, 1])

    def test_renewed_without_the_log(self) -> None:
        """One number for all instances, for as long as the connection lives; no entry is written for it."""
        self.nodes.publish(self.follower, "c1", "a", "b", "c")
        self.nodes.publish(self.leader, "c2", "d")
        before = self.last_index()
        for _ in range(40):
            self.nodes.run(2.0)
            self.assertShown(["a", "b", "c", "d"])
        self.assertEqual(self.last_index(), before)
        for name in self.nodes.names:
            leases = self.nodes.namings[name].leases
            self.assertEqual(len(leases), 2)
            self.assertLess(self.nodes.clock.seconds() - min(leases.last.values()), RENEWAL + 1.0)

    def test_in_memory_once(self) -> None:
        """What a client wants to have published is soon made of the registry's own values; another's is not touched."""
        self.nodes.publish(self.follower, "c1", "10.0.0.1", "10.0.0.2")
        self.nodes.publish(self.leader, "c2", "10.0.0.2")
        self.nodes.run(2 * RENEWAL)
        naming = self.nodes.namings[self.follower]
        held = naming.registry.services[P1].ephemeral
        newest = naming.newest(Publish("c1", self.follower, P1, []))
        assert isinstance(newest, Publish)
        self.assertEqual([each.ip for each in newest.instances], ["10.0.0.1", "10.0.0.2"])
        for each in newest.instances:
            self.assertIs(each.ip, held[each.key].ip)
            self.assertIs(each.metadata, held[each.key].metadata)
        self.assertShown(["10.0.0.1", "10.0.0.2"])

    def test_its_end_is_one_entry(self) -> None:
        """All its instances go at once, at whatever node it was."""
        self.nodes.publish(self.follower, "c1", "a", "b")
        self.nodes.done(self.nodes.clients[self.follower].publish("c1", registration("x", service=P2)))
        before = self.last_index()
        self.nodes.clients[self.follower].ended("c1")
        self.nodes.run(0.5)
        self.assertShown([])
        self.assertShown([], service=P2)
        self.assertEqual(self.last_index(), before + 1)
        self.assertEqual([len(naming.leases) for naming in self.nodes.namings.values()], [0, 0, 0])

    def test_a_connection_that_published_nothing(self) -> None:
        """Its end is no entry; so is the end of one that is not known."""
        before = self.last_index()
        self.nodes.connect(self.follower, "c1").ended("c1")
        self.nodes.clients[self.follower].ended("c1")
        self.nodes.run(1.0)
        self.assertEqual(self.last_index(), before)

    def test_withdrawn(self) -> None:
        """Whatever it published of the service; an empty batch says the same."""
        clients = self.nodes.connect(self.follower, "c1")
        self.nodes.publish(self.follower, "c1", "a", "b")
        self.nodes.done(clients.withdraw("c1", P1))
        self.assertShown([], self.follower)
        self.nodes.publish(self.follower, "c1", "a")
        self.nodes.done(clients.publish_batch("c1", P1, ()))
        self.nodes.done(clients.withdraw("c1", P2))
        self.nodes.run(2 * RENEWAL)
        self.assertShown([])

    def test_nothing_for_a_connection_that_is_gone(self) -> None:
        """
        A request that comes too late publishes nothing that nobody would end. Where there is no such service there is
        nothing to withdraw, whoever asks.
        """
        clients = self.nodes.connect(self.follower, "c1")
        clients.ended("c1")
        self.failureResultOf(clients.publish("c1", registration()), ClientUnknown)
        self.assertIsNone(self.successResultOf(clients.withdraw("c1", P1)))
        self.nodes.publish(self.follower, "c2", "a")
        self.failureResultOf(clients.withdraw("c1", P1), ClientUnknown)
        self.nodes.run(1.0)
        self.assertShown(["a"])

    def test_refused(self) -> None:
        """It fails with the problem, and is not brought again; what was published before stays."""
        self.nodes.publish(self.follower, "c1", "a")
        naming = self.nodes.namings[self.follower]
        self.nodes.done(naming.register(Register(P2, "p", 1, ephemeral=False)))
        clients = self.nodes.clients[self.follower]
        self.assertEqual(self.nodes.done(clients.publish("c1", registration("x", service=P2))), KindMismatch(P2, True))
        before = self.last_index()
        self.nodes.run(3 * RENEWAL)
        self.assertEqual(self.last_index(), before)
        self.assertShown(["a"])

    def test_refused_in_flight(self) -> None:
        """
        Several at a time that are refused fail each with the problem, in their order; none is brought again, and what
        was published before them is.
        """
        naming, clients = self.nodes.namings[self.follower], self.nodes.clients[self.follower]
        self.nodes.publish(self.follower, "c1", "a")
        before = [registration("a", service=P2)]
        self.nodes.done(clients.publish_batch("c1", P2, before))
        for first in (None, "a"):
            self.nodes.done(clients.withdraw("c1", P2))
            if first:
                self.nodes.done(clients.publish_batch("c1", P2, before))
                self.nodes.run(1.0)
            self.nodes.done(naming.change(RemoveService(P2)))
            self.nodes.done(naming.register(Register(P2, "p", 1, ephemeral=False)))
            ended: list[Any] = []
            asked = [clients.publish("c1", registration(ip, service=P2)) for ip in ("x", "y", "z")]
            for done in asked:
                done.addBoth(ended.append)
            last = asked[-1]
            self.nodes.done(last)
            self.assertEqual([each.value for each in ended], [KindMismatch(P2, True)] * 3)
            self.nodes.done(naming.change(RemoveService(P2)))
            self.nodes.run(3 * RENEWAL)
            self.assertShown([first] if first else [], service=P2)
        self.assertShown(["a"])

    def test_taken_over(self) -> None:
        """The same process, connected to another node: no gap, and the end of the old connection changes nothing."""
        self.nodes.publish(self.follower, "c1", "a")
        number = self.nodes.instance(self.other, "a").number
        told = {name: len(found) for name, found in self.nodes.told.items()}
        self.nodes.publish(self.other, "c2", "a")
        self.nodes.clients[self.follower].ended("c1")
        self.nodes.run(GONE)
        self.assertShown(["a"])
        self.assertEqual(self.nodes.instance(self.other, "a").number, number)
        self.assertEqual({name: len(found) for name, found in self.nodes.told.items()}, told)

    def test_two_living_ones_do_not_quarrel(self) -> None:
        """Of two connections that publish the same the later one has it; when that ends the other one is back."""
        self.nodes.publish(self.follower, "c1", "a")
        self.nodes.publish(self.other, "c2", "a")
        before = self.last_index()
        self.nodes.run(4 * RENEWAL)
        self.assertEqual(self.last_index(), before)
        self.nodes.clients[self.other].ended("c2")
        self.nodes.run(RENEWAL + 1.0)
        self.assertShown(["a"])
        self.assertEqual(self.nodes.clients[self.leader].publishers(P1)[0].client, "c1")

    def test_the_other_one_is_back_at_once(self) -> None:
        """However the later one gives it up, the other one has it again within what changes are gathered for."""
        self.nodes.publish(self.follower, "c1", "a", "b")
        clients, naming = self.nodes.clients[self.other], self.nodes.namings[self.other]
        ways: list[Callable[[], object]] = [
            lambda: clients.withdraw("c2", P1),
            lambda: clients.publish("c2", registration("z")),
            lambda: clients.ended("c2"),
            lambda: naming.deregister(deregister("a")),
        ]
        for give_up in ways:
            if give_up is not ways[-1]:
                self.nodes.publish(self.other, "c2", "a")
            else:
                self.nodes.done(naming.register(register("a")))
            self.nodes.run(0.1)
            of_a = {each.client for each in self.nodes.clients[self.leader].publishers(P1) if each.instance.ip == "a"}
            self.assertNotIn("c1", of_a)
            before = self.last_index()
            give_up()
            self.nodes.run(DELAY)
            self.assertEqual([ip for ip in self.nodes.ips(self.leader) if ip != "z"], ["a", "b"])
            self.assertLessEqual(self.last_index(), before + 2)
        self.assertEqual({each.client for each in self.nodes.clients[self.leader].publishers(P1)}, {"c1"})
        self.assertShown(["a", "b"])

    def test_one_of_the_others_is_enough(self) -> None:
        """Where several want it, one of a node has it again; none is remembered that has given it up itself."""
        for id_ in ("c1", "c2", "c3"):
            self.nodes.publish(self.follower, id_, "a")
        clients = self.nodes.clients[self.follower]
        for id_, left in (("c3", {"c1", "c2"}), ("c2", {"c1"}), ("c1", set[str]())):
            before = self.last_index()
            clients.ended(id_)
            self.nodes.run(DELAY)
            found = {each.client for each in self.nodes.clients[self.leader].publishers(P1)}
            self.assertEqual(len(found), min(len(left), 1))
            self.assertLessEqual(found, left)
            self.assertLessEqual(self.last_index(), before + 2)
        self.assertEqual(clients._taken, {})

    def test_not_all_are_remembered(self) -> None:
        """More than a number have it again in their turns."""
        self.patch(clients_module, "MOST_TAKEN", 2)
        for id_ in ("c1", "c2", "c3", "c4", "c5"):
            self.nodes.publish(self.follower, id_, "a")
        clients = self.nodes.clients[self.follower]
        self.assertEqual([sorted(ids) for ids in clients._taken.values()], [["c1", "c2"]])
        for id_ in ("c1", "c2", "c5"):
            clients.ended(id_)
        self.nodes.run(RENEWAL + 1.0)
        self.assertShown(["a"])

    def test_gone_with_the_later_one(self) -> None:
        """Who has given it up since does not get it again."""
        self.nodes.publish(self.follower, "c1", "a")
        self.nodes.publish(self.other, "c2", "a")
        self.nodes.done(self.nodes.clients[self.follower].withdraw("c1", P1))
        self.nodes.clients[self.other].ended("c2")
        self.nodes.run(RENEWAL + 1.0)
        self.assertShown([])
        self.assertEqual([clients._taken for clients in self.nodes.clients.values()], [{}] * 3)

    def test_1x_in_between(self) -> None:
        """An instance that 1.x took over and gave up is the living client's again."""
        self.nodes.publish(self.follower, "c1", "a")
        naming = self.nodes.namings[self.other]
        self.nodes.done(naming.register(register("a")))
        self.nodes.run(2 * RENEWAL)
        self.assertEqual(self.nodes.clients[self.leader].publishers(P1), [])
        self.nodes.run(RENEWAL + 1.0)  # its beats have stopped: it becomes unhealthy, and is taken back
        self.nodes.run(RENEWAL + 1.0)
        self.assertTrue(self.nodes.instance(self.leader, "a").healthy)
        self.assertEqual(len(self.nodes.clients[self.leader].publishers(P1)), 1)

    def test_beats_are_not_for_it(self) -> None:
        """A beat of 1.x does not count for an instance of a client."""
        self.nodes.publish(self.follower, "c1", "a")
        naming = self.nodes.namings[self.follower]
        found = naming.find(P1, ("DEFAULT", "a", 8080))
        self.assertIsNone(naming.beat(found))
        self.assertNotIn(found.number, naming.leases.last)

    def test_service_removed(self) -> None:
        """As beats do in 1.x, a client that lives brings its service again."""
        self.nodes.publish(self.follower, "c1", "a")
        self.nodes.done(self.nodes.namings[self.other].change(RemoveService(P1)))
        self.assertShown([], self.other)
        self.nodes.run(RENEWAL + 1.0)
        self.assertShown(["a"])

    def test_many_have_their_turns(self) -> None:
        """The work is spread over the runs; nobody is left out."""
        clients = self.nodes.clients[self.follower]
        for number in range(50):
            clients.connected(f"c{number}")
            clients.publish(f"c{number}", registration(f"10.0.0.{number}"))
        self.nodes.run(1.0)
        self.assertEqual([len(share) for share in clients._shares], [10] * 5)
        self.nodes.run(3 * CLIENT_GRACE)
        self.assertEqual(len(self.nodes.ips(self.leader)), 50)


class NodeTests(Case):
    """Nodes that die, stop, restart and are cut off."""

    def test_node_dies(self) -> None:
        """Its clients stay for the grace, and go in one entry; who came back elsewhere stays."""
        self.nodes.publish(self.follower, "c1", "a", "b")
        self.nodes.publish(self.follower, "c2", "c")
        self.nodes.run(1.0)
        self.nodes.crash(self.follower)
        self.nodes.run(2.0)
        self.nodes.publish(self.other, "c3", "c")
        before = self.last_index()
        self.nodes.run(CLIENT_GRACE - 3.0 - RENEWAL)
        self.assertShown(["a", "b", "c"])
        self.nodes.run(RENEWAL + 4.0)
        self.assertShown(["c"])
        self.assertEqual(self.last_index(), before + 1)
        self.assertEqual([client.id for client in self.nodes.clients[self.leader].clients()], ["c3"])

    def test_leader_dies(self) -> None:
        """The new one gives every client a full lease; living ones are never missing."""
        self.nodes.publish(self.leader, "c1", "a")
        self.nodes.publish(self.follower, "c2", "b")
        self.nodes.run(9.0)
        self.nodes.crash(self.leader)
        self.nodes.elect()
        self.nodes.run(CLIENT_GRACE - 2.0)
        self.assertShown(["a", "b"])
        self.nodes.run(GONE)
        self.assertShown(["b"])

    def test_node_restarts(self) -> None:
        """Clients of before that do not come back go after the grace; those that do lose nothing."""
        self.nodes.publish(self.follower, "c1", "a")
        self.nodes.publish(self.follower, "c2", "b")
        self.nodes.run(1.0)
        self.nodes.stop(self.follower)
        self.nodes.start(self.follower)
        self.nodes.run(3.0)
        self.nodes.publish(self.follower, "c3", "b")
        self.assertShown(["a", "b"])
        self.nodes.run(GONE)
        self.assertShown(["b"])

    def test_node_stops(self) -> None:
        """Connections that end because their node does are left to the grace."""
        self.nodes.publish(self.follower, "c1", "a")
        self.nodes.clients[self.follower].leave()
        self.nodes.clients[self.follower].ended("c1")
        self.nodes.run(CLIENT_GRACE - RENEWAL - 2.0)
        self.assertShown(["a"])
        self.nodes.run(GONE)
        self.assertShown([])

    def test_moves(self) -> None:
        """One that was asked to go elsewhere ends here before it registers there: nobody sees a list without it."""
        self.nodes.publish(self.follower, "c1", "a")
        self.nodes.publish(self.follower, "c2", "b")
        self.nodes.clients[self.follower].moving("c1")
        for id_ in ("c1", "c2"):
            self.nodes.clients[self.follower].ended(id_)
        self.nodes.run(3.0)
        self.assertShown(["a"])
        self.nodes.publish(self.other, "c3", "a")
        self.nodes.run(GONE)
        self.assertShown(["a"])
        self.assertEqual([client.id for client in self.nodes.clients[self.leader].clients()], ["c3"])

    def test_cut_off_for_long(self) -> None:
        """
        The others give its clients up; when it is back they are back at once. It showed them all the time, and its
        subscribers are told nothing else when it hears what the others have done.
        """
        self.nodes.publish(self.follower, "c1", "a")
        self.nodes.publish(self.follower, "c2", "b")
        self.nodes.run(1.0)
        told: list[list[str]] = []
        naming = self.nodes.namings[self.follower]
        naming.on_services.append(lambda services: told.append(self.nodes.ips(self.follower)))
        self.nodes.isolate(self.follower)
        for _ in range(10):
            self.nodes.run(GONE / 5)
            self.assertShown(["a", "b"], self.follower)
        self.assertShown([], self.leader, self.other)
        self.nodes.heal()
        self.nodes.run_until(
            lambda: self.nodes.node(self.follower).is_leader or not self.nodes.node(self.follower).reason()
        )
        self.nodes.run(1.0)
        self.assertShown(["a", "b"])
        self.assertTrue(told)
        self.assertEqual([each for each in told if each != ["a", "b"]], [])
        self.nodes.run(GONE)
        self.assertShown(["a", "b"])

    def test_ended_while_cut_off(self) -> None:
        """It goes at once at its node, and nobody brings it again."""
        self.nodes.publish(self.follower, "c1", "a")
        self.nodes.publish(self.other, "c2", "b")
        left = self.nodes.lose_majority()
        node = "c1" if left == self.follower else "c2"
        self.assertIn(left, (self.follower, self.other))
        self.nodes.clients[left].ended(node)
        self.nodes.run(0.1)
        gone = "a" if node == "c1" else "b"
        self.assertNotIn(gone, self.nodes.ips(left))
        self.nodes.quiet()
        for name in self.nodes.up:
            self.assertNotIn(gone, self.nodes.ips(name))


class ProvisionalTests(Case):
    """Without a majority."""

    def setUp(self) -> None:
        super().setUp()
        self.nodes.publish(self.follower, "c0", "z")
        self.left = self.nodes.lose_majority()
        self.clients = self.nodes.clients[self.left]

    def test_published(self) -> None:
        """Answered and shown at once by this node alone, and handed over with its client."""
        self.assertIsNone(self.nodes.publish(self.left, "c1", "a", "b"))
        self.assertShown(["a", "b", "z"], self.left)
        self.assertEqual([each.ip for each in self.clients.publications("c1")], ["a", "b"])
        self.assertEqual({each.client for each in self.clients.publishers(P1)}, {"c0", "c1"})
        self.nodes.quiet()
        self.assertShown(["a", "b", "z"])
        self.assertEqual({client.id for client in self.clients.clients()}, {"c0", "c1"})

    def test_replaced(self) -> None:
        """Only what it wants in the end is shown, and handed over."""
        self.nodes.publish(self.left, "c1", "a", "b")
        self.nodes.publish(self.left, "c1", "b", "c")
        self.assertShown(["b", "c", "z"], self.left)
        self.nodes.done(self.clients.withdraw("c1", P1))
        self.assertShown(["z"], self.left)
        self.nodes.publish(self.left, "c1", "d")
        self.nodes.quiet()
        self.assertShown(["d", "z"])

    def test_ended(self) -> None:
        """Nothing of it is left, here or there."""
        self.nodes.publish(self.left, "c1", "a", "b")
        self.clients.ended("c1")
        self.nodes.run(0.1)
        self.assertShown(["z"], self.left)
        self.nodes.quiet()
        self.assertShown(["z"])
        self.assertEqual([client.id for client in self.clients.clients()], ["c0"])

    def test_replaces_what_was_replicated(self) -> None:
        """What the client had is hidden; others' instances are not."""
        nodes = self.nodes
        if self.left != self.follower:
            nodes.heal()
            nodes.quiet()
            nodes.publish(self.left, "c0", "z")
            nodes.run(1.0)
            nodes.isolate(self.left)
            nodes.run_until(lambda: not nodes.node(self.left).available)
        nodes.publish(self.left, "c0", "y")
        self.assertShown(["y"], self.left)
        nodes.done(nodes.clients[self.left].withdraw("c0", P1))
        self.assertShown([], self.left)
        nodes.quiet()
        self.assertShown([])

    def test_refused(self) -> None:
        """A service of the other kind is refused here, too."""
        registry = self.nodes.namings[self.left].registry
        registry.services[P1].persistent.update(registry.services[P1].ephemeral)
        registry.services[P1].ephemeral.clear()
        self.assertEqual(self.nodes.publish(self.left, "c1", "a"), KindMismatch(P1, True))

    def test_too_many(self) -> None:
        """It fails, and nothing is left to be brought later."""
        self.nodes.namings[self.left].provisional.most = 0
        self.assertIsInstance(self.nodes.publish(self.left, "c1", "a"), Unavailable)
        self.nodes.quiet()
        self.nodes.run(RENEWAL + 1.0)
        self.assertShown(["z"])

    def test_1x_removal(self) -> None:
        """DELETE of 1.x does not hide what a client has."""
        self.nodes.publish(self.left, "c1", "a")
        self.nodes.done(self.nodes.namings[self.left].deregister(deregister("a")))
        self.nodes.done(self.nodes.namings[self.left].deregister(deregister("z")))
        self.assertShown(["a", "z"], self.left)
        self.nodes.quiet()
        self.assertShown(["a", "z"])

    def test_1x_registers_the_same(self) -> None:
        """The last one wins, after the hand-over too."""
        naming = self.nodes.namings[self.left]
        self.nodes.publish(self.left, "c1", "a")
        self.nodes.done(naming.register(register("a", weight=7.0)))
        self.assertEqual(self.nodes.instance(self.left, "a").weight, 7.0)
        self.nodes.quiet()
        self.assertEqual(self.nodes.instance(self.left, "a").client, 0)
        self.nodes.publish(self.left, "c1", "a")
        self.assertGreater(self.nodes.instance(self.left, "a").client, 0)


class HeldBack:
    """What proposes to nobody: each command waits until it is told to fail or to be applied."""

    available = True
    is_leader = False

    def __init__(self) -> None:
        self.waiting: list[Deferred[Any]] = []

    def propose(self, command: bytes) -> Deferred[Any]:
        self.waiting.append(Deferred())
        return self.waiting[-1]

    def renew(self, number: int) -> None:
        return None


class LateTests(Case):
    """Commands whose end is known late."""

    def setUp(self) -> None:
        super().setUp()
        self.naming = self.nodes.namings[self.follower]
        self.clients = self.nodes.connect(self.follower, "c1")
        self.held = self.naming._proposer = HeldBack()  # type: ignore[assignment]

    def test_newest_waits(self) -> None:
        """A publication that fails late does not bring back what was replaced meanwhile."""
        self.clients.publish("c1", registration("a"))
        self.clients.publish("c1", registration("b"))
        first, second = self.held.waiting
        second.callback(1)
        self.held.available = False
        first.errback(Unavailable("late"))
        self.assertEqual(self.nodes.ips(self.follower), ["b"])

    def test_withdrawn_meanwhile(self) -> None:
        """The same of one that was withdrawn."""
        self.clients.publish("c1", registration("a"))
        self.clients.withdraw("c1", P1)
        self.held.available = False
        self.held.waiting[0].errback(Unavailable("late"))
        self.assertEqual(self.nodes.ips(self.follower), [])

    def test_ended_meanwhile(self) -> None:
        """And of one whose client is gone: nothing waits for it."""
        self.clients.publish("c1", registration("a"))
        self.clients.ended("c1")
        publication, end = self.held.waiting
        end.callback(None)
        self.held.available = False
        publication.errback(Unavailable("late"))
        self.assertEqual((self.nodes.ips(self.follower), len(self.naming.provisional)), ([], 0))


class UpgradeTests(Case):
    """Members that do not know the commands of clients yet."""

    def setUp(self) -> None:
        self.nodes = ClientNodes()
        self.nodes.level["B"] = 0
        self.nodes.run(1.5)

    def test_waits_for_all(self) -> None:
        """Publications are shown by their node only until every member knows them; then the log has them."""
        before = self.last_index()
        self.nodes.publish("A", "c1", "a")
        self.nodes.publish("A", "c2", "b")
        self.nodes.clients["A"].ended("c2")
        self.nodes.run(10.0)
        self.assertEqual((self.last_index(), self.nodes.ips("A"), self.nodes.ips("C")), (before, ["a"], []))
        self.nodes.level["B"] = 1
        self.nodes.run(3.0)
        self.assertShown(["a"])
        self.assertEqual([naming.registry.level for naming in self.nodes.namings.values()], [1, 1, 1])

    def test_known_for_good(self) -> None:
        """Once agreed, it does not matter who is away, or has not said so since a restart."""
        self.nodes.level["B"] = 1
        self.nodes.run(3.0)
        self.nodes.level["B"] = 0
        self.nodes.publish("A", "c1", "a")
        self.nodes.run(0.5)
        self.assertShown(["a"])

    def test_1x_goes_on(self) -> None:
        """What every version knows does not wait."""
        self.nodes.done(self.nodes.namings["A"].register(register("a")))
        self.nodes.run(0.5)
        self.assertShown(["a"])
