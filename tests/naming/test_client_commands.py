"""What clients of 2.x and 3.x publish, in the replicated state."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import KindMismatch
from nacos_tw.naming.commands import (
    EndClients,
    Expire,
    Level,
    Patch,
    Publish,
    Published,
    Register,
    RemoveService,
    Revive,
    Update,
    Withdraw,
)
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.registry import Registry
from tests.naming.building import P1, apply, built, ephemeral, register
from tests.naming.cluster import deregister

P2: ServiceKey = ("public", "DEFAULT_GROUP@@p2")
SHORT = {"preserved.heart.beat.timeout": "3000"}


def publish(
    *ips: str, client: str = "c1", service: ServiceKey = P1, node: str = "A:8848", port: int = 8080, **fields: Any
) -> Publish:
    """A client's instances of a service."""
    return Publish(client, node, service, [Published(ip, port, **fields) for ip in ips])


def shown(registry: Registry, service: ServiceKey = P1) -> list[str]:
    """The addresses of the ephemeral instances."""
    found = registry.services.get(service)
    return sorted(each.ip for each in found.ephemeral.values()) if found is not None else []


class PublishTests(SynchronousTestCase):
    """A client's instances come and go."""

    def test_a_client_comes_with_its_first_publication(self) -> None:
        """One number space; the instance has no lease of its own."""
        registry = built()
        number = apply(registry, publish("a"))
        client = registry.clients["c1"]
        self.assertEqual((number, client.number, client.id, client.node), (1, 1, "c1", "A:8848"))
        instance = ephemeral(registry, "a")
        self.assertEqual((instance.number, instance.client, instance.healthy), (2, 1, True))
        changes = registry.take_changes()
        self.assertEqual((changes.started, changes.ended, list(changes.services)), ([1], [], [P1]))
        self.assertEqual(list(registry.leases()), [1])
        self.assertEqual(apply(registry, register("b")), 3)

    def test_the_set_is_replaced(self) -> None:
        """What is in both keeps its number; what is not in the new one goes."""
        registry = built(publish("a", "b"))
        kept = ephemeral(registry, "b").number
        apply(registry, publish("b", "c"))
        self.assertEqual((shown(registry), ephemeral(registry, "b").number), (["b", "c"], kept))
        apply(registry, publish("d", service=P2))
        self.assertEqual((shown(registry), shown(registry, P2)), (["b", "c"], ["d"]))
        self.assertEqual(set(registry.clients["c1"].published), {P1, P2})

    def test_twice_in_one_batch(self) -> None:
        """The last one counts; it is one instance."""
        registry = built(Publish("c1", "A", P1, [Published("a", 1, weight=2.0), Published("a", 1, weight=3.0)]))
        self.assertEqual(ephemeral(registry, "a", 1).weight, 3.0)
        self.assertEqual(len(registry.clients["c1"].published[P1]), 1)
        apply(registry, EndClients(["c1"]))
        self.assertEqual(shown(registry), [])

    def test_again_without_a_change(self) -> None:
        """Nobody is told; the lease begins anew."""
        registry = built(publish("a", metadata={"k": "v"}))
        apply(registry, publish("a", metadata={"k": "v"}))
        changes = registry.take_changes()
        self.assertEqual((changes.services, changes.started, changes.ended), ({}, [1], []))

    def test_withdrawn(self) -> None:
        """Of one service; the client stays."""
        registry = built(publish("a"), publish("b", service=P2))
        apply(registry, Withdraw("c1", P1), Withdraw("c1", P1), Withdraw("nobody", P2))
        self.assertEqual((shown(registry), shown(registry, P2), list(registry.clients)), ([], ["b"], ["c1"]))

    def test_end(self) -> None:
        """One entry removes clients and all that they have."""
        registry = built(
            publish("a", "b"), publish("c", service=P2), publish("d", client="c2"), publish("e", client="c3")
        )
        apply(registry, EndClients(["c1", "c2", "nobody"]))
        self.assertEqual((shown(registry), shown(registry, P2)), (["e"], []))
        self.assertEqual((list(registry.clients), len(registry.clients_by_number)), (["c3"], 1))
        changes = registry.take_changes()
        self.assertEqual((changes.clients, sorted(changes.ended)), (["c1", "c2"], [1, 2, 3, 4, 5, 6]))

    def test_end_that_was_decided_before_a_write(self) -> None:
        """A client that published again since the leader looked stays."""
        registry = built(publish("a"), publish("b", client="c2"))
        seen = registry.applied
        apply(registry, publish("a", "c"), EndClients(["c1", "c2"], seen))
        self.assertEqual((list(registry.clients), shown(registry)), (["c1"], ["a", "c"]))

    def test_of_the_other_kind(self) -> None:
        """A service that has persistent instances only is refused, and nothing changes; 1.x may mix them."""
        registry = built(register("p", ephemeral=False))
        self.assertEqual(apply(registry, publish("a")), KindMismatch(P1, True))
        self.assertEqual((registry.clients, shown(registry)), ({}, []))
        apply(registry, register("e"))
        self.assertIsInstance(apply(registry, publish("a")), int)

    def test_snowflake(self) -> None:
        """Its id is given once, and stays with another publisher; a client's own id is kept."""
        flake = {"preserved.instance.id.generator": "snowflake"}
        registry = built(publish("a", metadata=flake), publish("b", client="c2", metadata=flake))
        self.assertEqual([ephemeral(registry, ip).instance_id for ip in "ab"], ["0", "1"])
        apply(registry, publish("b", client="c3", metadata=flake), publish("c", client="c4", given_id="mine"))
        self.assertEqual([ephemeral(registry, ip).instance_id for ip in "bc"], ["1", "mine"])

    def test_service_removed(self) -> None:
        """Its instances are no longer the client's."""
        registry = built(publish("a"), publish("b", service=P2))
        apply(registry, RemoveService(P1))
        self.assertEqual(list(registry.clients["c1"].published), [P2])
        apply(registry, publish("a"))
        self.assertEqual(shown(registry), ["a"])

    def test_level(self) -> None:
        """It only rises, and is part of the snapshot."""
        registry = built(Level(2), Level(1))
        other = Registry()
        other.restore(registry.snapshot())
        self.assertEqual((registry.level, other.level), (2, 2))


class TakeOverTests(SynchronousTestCase):
    """An instance is of one publisher at a time: the last one wins."""

    def test_by_another_client(self) -> None:
        """The same number, and nobody is told; the end of the old client removes nothing of it."""
        registry = built(publish("a", "b"))
        number = ephemeral(registry, "a").number
        apply(registry, publish("a", client="c2", node="B:8848"))
        changes = registry.take_changes()
        self.assertEqual((ephemeral(registry, "a").number, changes.services, changes.ended), (number, {}, []))
        apply(registry, EndClients(["c1"]))
        self.assertEqual(shown(registry), ["a"])
        self.assertEqual(ephemeral(registry, "a").client, registry.clients["c2"].number)
        apply(registry, EndClients(["c2"]))
        self.assertEqual(shown(registry), [])

    def test_changed_fields_are_told(self) -> None:
        """Only those that differ."""
        registry = built(publish("a", weight=1.0))
        apply(registry, publish("a", client="c2", weight=2.0))
        self.assertEqual((list(registry.take_changes().services), ephemeral(registry, "a").weight), ([P1], 2.0))

    def test_old_withdrawal(self) -> None:
        """What another has taken over is not withdrawn, nor dropped by a smaller set."""
        registry = built(publish("a", "b"), publish("a", client="c2"))
        apply(registry, publish("b"), Withdraw("c1", P1))
        self.assertEqual(shown(registry), ["a"])

    def test_back_and_forth(self) -> None:
        """The first takes it back."""
        registry = built(publish("a"), publish("a", client="c2"), publish("a"), EndClients(["c2"]))
        self.assertEqual(shown(registry), ["a"])
        apply(registry, EndClients(["c1"]))
        self.assertEqual(shown(registry), [])

    def test_client_takes_over_from_1x(self) -> None:
        """Its own lease is over: no expiry that was decided for it counts; it is as healthy as the client says."""
        registry = built(register("a", metadata=SHORT), Expire([1]))
        self.assertEqual(registry.custom, {1: (3.0, 30.0)})
        seen = registry.applied
        apply(registry, publish("a", metadata=SHORT), Expire([1], [1], seen), Revive([1]))
        instance = ephemeral(registry, "a")
        self.assertEqual((instance.number, instance.healthy, registry.custom), (1, True, {}))
        changes = registry.take_changes()
        self.assertEqual((changes.started, changes.ended), ([2], [1]))

    def test_1x_takes_over_from_a_client(self) -> None:
        """It has a lease of its own again, with its own times; the client's end removes nothing of it."""
        registry = built(publish("a", "b", metadata=SHORT))
        number = ephemeral(registry, "a").number
        apply(registry, register("a", metadata=SHORT))
        changes = registry.take_changes()
        self.assertEqual((changes.started, changes.services, registry.custom), ([number], {}, {number: (3.0, 30.0)}))
        apply(registry, EndClients(["c1"]))
        self.assertEqual((shown(registry), ephemeral(registry, "a").client), (["a"], 0))
        apply(registry, Expire([number], []))
        self.assertFalse(ephemeral(registry, "a").healthy)

    def test_full_beat(self) -> None:
        """A full beat of 1.x registers, as in 2.5.1; of an instance that has its own lease it renews that."""
        registry = built(publish("a"))
        apply(registry, Register(P1, "a", 8080, beat=True))
        self.assertEqual(ephemeral(registry, "a").client, 0)

    def test_what_does_not_take_it_over(self) -> None:
        """Changes of an operator and removals by 1.x leave it with its client; they do not begin a lease."""
        registry = built(publish("a"))
        apply(registry, Patch(P1, "DEFAULT", "a", 8080, weight=3.0), Update(P1, "a", 8080, weight=4.0, enabled=False))
        apply(registry, deregister("a"), register("a", weight=4.0, enabled=False, edit=True))
        instance = ephemeral(registry, "a")
        self.assertEqual((instance.client, instance.weight, instance.enabled), (1, 4.0, False))
        self.assertEqual(registry.take_changes().started, [])

    def test_expiry_is_not_for_it(self) -> None:
        """Whoever decided it, and when: an instance of a client neither becomes unhealthy by it nor goes."""
        registry = built(publish("a"))
        number = ephemeral(registry, "a").number
        apply(registry, Expire([number], [number]))
        self.assertTrue(ephemeral(registry, "a").healthy)

    def test_leases_of_changes_that_come_together(self) -> None:
        """What counts is who has it in the end."""
        registry = built(register("a"))
        apply(registry, publish("a"), register("a"), publish("a"))
        changes = registry.take_changes()
        self.assertEqual((set(changes.started), set(changes.ended)), ({2}, {1}))
        apply(registry, register("a"), publish("a"), register("a"))
        changes = registry.take_changes()
        self.assertEqual((set(changes.started), set(changes.ended)), ({1, 2}, set()))

    def test_snapshot(self) -> None:
        """Clients, and whose instances are whose, are part of it."""
        registry = built(
            publish("a", "b"), publish("a", client="c2", node="B"), publish("c", client="c2", service=P2),
            register("d"), publish("e", client="c3"), Withdraw("c3", P1),
        )  # fmt: skip
        other = built(publish("x", client="gone"))
        other.restore(registry.snapshot())
        self.assertEqual(other.snapshot(), registry.snapshot())
        for id_, client in registry.clients.items():
            twin = other.clients[id_]
            self.assertEqual(
                (twin.number, twin.node, twin.written, twin.published),
                (client.number, client.node, client.written, client.published),
            )
        changes = other.take_changes()
        self.assertEqual((sorted(changes.started), changes.clients), (sorted(registry.leases()), ["gone"]))
        for each in (registry, other):
            apply(each, EndClients(["c2"]))
        self.assertEqual(other.snapshot(), registry.snapshot())
