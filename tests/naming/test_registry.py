"""What the commands about instances do to the registry."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import Problem
from nacos_tw.naming.commands import Deregister, Expire, Health, MetadataBatch, Patch, Revive, Target, Update
from nacos_tw.naming.instance_commands import instance_of
from nacos_tw.naming.registry import Registry
from tests.naming.building import P1, apply, built, ephemeral, persistent, register, said


class RegisterTests(SynchronousTestCase):
    """POST and its kin."""

    def test_creates_service_cluster_and_instance(self) -> None:
        """The first registration brings all three, with the registered values."""
        registry = Registry()
        number = apply(
            registry, register(cluster="c1", weight=2.5, enabled=False, healthy=False, metadata={"a": "1"}, app="x")
        )
        service = registry.services[P1]
        found = ephemeral(registry, cluster="c1")
        self.assertEqual((service.namespace, service.name, service.group, service.bare_name, service.stored),
                         ("public", "DEFAULT_GROUP@@p1", "DEFAULT_GROUP", "p1", False))  # fmt: skip
        self.assertEqual(list(service.clusters), ["c1"])
        self.assertEqual(
            (found.number, found.weight, found.enabled, found.healthy, found.metadata, found.app, found.ephemeral),
            (number, 2.5, False, False, {"a": "1"}, "x", True),
        )
        self.assertIs(registry.by_number[number], found)
        self.assertIs(registry.namespaces["public"]["DEFAULT_GROUP@@p1"], service)

    def test_tells_the_change_and_the_lease(self) -> None:
        """One service changed, one lease began; the next look sees nothing."""
        registry = Registry()
        number = apply(registry, register())
        changes = registry.take_changes()
        self.assertEqual((list(changes.services), changes.started, changes.ended), ([P1], [number], []))
        again = registry.take_changes()
        self.assertEqual((again.services, again.started, again.ended, again.switches), ({}, [], [], False))

    def test_numbers_grow_and_never_come_back(self) -> None:
        """A removed instance that comes again has a new number."""
        registry = Registry()
        first = apply(registry, register())
        apply(registry, Deregister(P1, "10.0.0.1", 8080))
        self.assertGreater(apply(registry, register()), first)

    def test_again_identical_is_no_change(self) -> None:
        """A retried registration renews the lease and bumps nothing."""
        registry = built(register(metadata={"a": "1"}))
        version, number = registry.services[P1].version, ephemeral(registry).number
        self.assertEqual(apply(registry, register(metadata={"a": "1"}, healthy=False)), number)
        changes = registry.take_changes()
        self.assertEqual((changes.services, changes.started), ({}, [number]))
        self.assertEqual((registry.services[P1].version, registry.version), (version, version))

    def test_again_replaces_but_keeps_number_id_and_health(self) -> None:
        """Health belongs to the beats, the id to the first registration."""
        registry = built(register(metadata={"preserved.instance.id.generator": "snowflake"}))
        number = ephemeral(registry).number
        apply(registry, Expire([number]))
        version = registry.version
        apply(registry, register(weight=3.0, healthy=True, metadata={"b": "2"}))
        found = ephemeral(registry)
        self.assertEqual(
            (found.number, found.instance_id, found.healthy, found.weight, found.metadata),
            (number, "0", False, 3.0, {"b": "2"}),
        )
        self.assertEqual(registry.services[P1].version, version + 1)

    def test_persistent_beside_ephemeral(self) -> None:
        """Both kinds live in one service under one address; the persistent one has no lease and is stored."""
        registry = Registry()
        apply(registry, register(), register(ephemeral=False))
        self.assertNotEqual(ephemeral(registry).number, persistent(registry).number)
        self.assertEqual(registry.take_changes().started, [ephemeral(registry).number])
        self.assertTrue(registry.services[P1].stored)

    def test_persistent_keeps_health_when_written_again(self) -> None:
        """The registered value is only the first one."""
        registry = built(register(ephemeral=False))
        apply(registry, Health([(persistent(registry).number, False)]), register(ephemeral=False, weight=2.0))
        self.assertEqual((persistent(registry).healthy, persistent(registry).weight), (False, 2.0))
        registry.take_changes()
        apply(registry, register(ephemeral=False, weight=2.0))
        self.assertEqual(registry.take_changes().services, {})

    def test_weight_is_stored_within_its_limits(self) -> None:
        """Too big and too small ones are moved, zero stays."""
        registry = built(register(weight=20000.0), register("b", weight=0.001), register("c", weight=0.0))
        weights = [each.weight for each in registry.services[P1].ephemeral.values()]
        self.assertEqual(weights, [10000.0, 0.01, 0.0])

    def test_equal_values_are_shared(self) -> None:
        """Ten thousand instances of one service do not hold ten thousand equal maps."""
        registry = built(
            register("a", metadata={"s": "x"}, cluster="c1"),
            register("b", metadata={"s": "x"}, cluster="c1"),
            register("c"),
            register("d"),
        )
        a, b, c, d = registry.services[P1].ephemeral.values()
        self.assertIs(a.metadata, b.metadata)
        self.assertIs(c.metadata, d.metadata)
        self.assertIs(a.service, b.service)
        self.assertIs(a.cluster, b.cluster)
        self.assertIs(a.app, d.app)

    def test_same_keys_in_another_order_are_not_shared(self) -> None:
        """Sharing must not change the order in which a client sees its keys."""
        registry = built(register("a", metadata={"s": "x", "t": "y"}), register("b", metadata={"t": "y", "s": "x"}))
        self.assertEqual(list(ephemeral(registry, "b").metadata or ()), ["t", "s"])

    def test_snowflake_is_the_smallest_free_number(self) -> None:
        """1.4.8's rule, by kind; a freed number is given again."""
        flake = {"preserved.instance.id.generator": "snowflake"}
        registry = built(
            *(register(ip, metadata=flake) for ip in "abc"), register("a", ephemeral=False, metadata=flake)
        )
        apply(registry, Deregister(P1, "b", 8080), register("d", metadata=flake))
        ids = [each.instance_id for each in registry.services[P1].ephemeral.values()]
        self.assertEqual((ids, persistent(registry, "a").instance_id), (["0", "2", "1"], "0"))

    def test_given_id(self) -> None:
        """It takes the place of the one before; "" takes it away, but for a snowflake's number; None leaves it."""
        flake = {"preserved.instance.id.generator": "snowflake"}
        registry = Registry()
        usual = "10.0.0.1#8080#DEFAULT#DEFAULT_GROUP@@p1"
        for metadata, given_id, shown in (
            ({}, "mine", "mine"), ({}, None, "mine"), ({}, "yours", "yours"), ({}, "", usual), ({}, None, usual),
            (flake, None, usual), (flake, "", "0"), (flake, "", "0"), (flake, "mine", "mine"), ({}, "", usual),
        ):  # fmt: skip
            apply(registry, register(ephemeral=False, metadata=metadata, given_id=given_id))
            self.assertEqual(persistent(registry).instance_id, shown)

    def test_instance_of_is_for_provisional_ones(self) -> None:
        """It shows the command's values under number 0."""
        found = instance_of(register(weight=20000.0, metadata=None), 0)
        self.assertEqual(
            (found.number, found.weight, found.metadata, found.instance_id),
            (0, 10000.0, {}, "10.0.0.1#8080#DEFAULT#DEFAULT_GROUP@@p1"),
        )


class BeatTests(SynchronousTestCase):
    """Full beats that come through the log."""

    def test_registers_an_unknown_one(self) -> None:
        """Without metadata it has empty ones: clients put all of them into a map of their own."""
        registry = built(register(beat=True, metadata=None, weight=0.0))
        self.assertEqual((ephemeral(registry).metadata, ephemeral(registry).weight), ({}, 0.0))

    def test_of_a_known_one_changes_only_health_and_lease(self) -> None:
        """The beat raced with another registration: its weight does not count."""
        registry = built(register(weight=5.0))
        number = ephemeral(registry).number
        apply(registry, Expire([number]))
        registry.take_changes()
        self.assertEqual(apply(registry, register(weight=0.0, metadata=None, beat=True)), number)
        self.assertEqual((ephemeral(registry).weight, ephemeral(registry).healthy), (5.0, True))
        self.assertEqual(registry.take_changes().started, [number])

    def test_of_a_persistent_one_changes_nothing(self) -> None:
        """It is known, which is all that counts."""
        registry = built(register(ephemeral=False, healthy=False))
        number = persistent(registry).number
        self.assertEqual(apply(registry, register(beat=True)), number)
        self.assertEqual((registry.services[P1].ephemeral, registry.take_changes().services), ({}, {}))
        self.assertFalse(persistent(registry).healthy)


class DeregisterTests(SynchronousTestCase):
    """DELETE."""

    def test_removes_only_its_kind_and_leaves_the_service(self) -> None:
        """C{ephemeral} selects the entry."""
        registry = built(register(), register(ephemeral=False))
        number = ephemeral(registry).number
        apply(registry, Deregister(P1, "10.0.0.1", 8080))
        changes = registry.take_changes()
        self.assertEqual((list(changes.services), changes.ended), ([P1], [number]))
        self.assertNotIn(number, registry.by_number)
        self.assertEqual((registry.services[P1].ephemeral, len(registry.services[P1].persistent)), ({}, 1))
        apply(registry, Deregister(P1, "10.0.0.1", 8080, ephemeral=False))
        self.assertIn(P1, registry.services)

    def test_of_nothing_changes_nothing(self) -> None:
        """Neither an unknown service nor an unknown instance is an error."""
        registry = built(register())
        version = registry.version
        self.assertIsNone(apply(registry, Deregister(P1, "10.9.9.9", 1)))
        self.assertIsNone(apply(registry, Deregister(("ns", "g@@s"), "10.0.0.1", 8080)))
        self.assertEqual((registry.version, list(registry.services)), (version, [P1]))

    def test_lease_of_one_that_came_and_went_is_not_started(self) -> None:
        """Otherwise nobody would ever end it."""
        registry = Registry()
        apply(registry, register(), Deregister(P1, "10.0.0.1", 8080), register("b"))
        changes = registry.take_changes()
        self.assertEqual((changes.started, changes.ended), ([2], [1]))


class UpdateTests(SynchronousTestCase):
    """PUT by a Java agent."""

    def test_replaces_and_renews(self) -> None:
        """All values, but not the health."""
        registry = built(register(weight=5.0, metadata={"a": "1"}, healthy=False))
        number = ephemeral(registry).number
        self.assertEqual(apply(registry, Update(P1, "10.0.0.1", 8080, enabled=False)), number)
        found = ephemeral(registry)
        self.assertEqual((found.weight, found.metadata, found.enabled, found.healthy), (1.0, {}, False, False))
        self.assertEqual(registry.take_changes().started, [number])

    def test_needs_the_service(self) -> None:
        """It is not created."""
        registry = Registry()
        error = apply(registry, Update(P1, "10.0.0.1", 8080))
        self.assertIsInstance(error, Problem)
        self.assertEqual(said(error), "service not found, namespace: public, service: DEFAULT_GROUP@@p1")
        self.assertEqual(registry.services, {})

    def test_needs_the_instance(self) -> None:
        """The text names all that Nacos's does, and nothing changes."""
        registry = built(register())
        version = registry.version
        error = apply(registry, Update(P1, "10.9.9.9", 80, "c1", weight=8.0))
        self.assertIsInstance(error, Problem)
        self.assertEqual(said(error), "instance not exist: 10.9.9.9:80:unknown:c1_8.0_true_false_c1")
        self.assertIsInstance(apply(registry, Update(P1, "10.0.0.1", 8080, ephemeral=False)), Problem)
        self.assertEqual(registry.version, version)

    def test_equality_leaves_the_cluster_out_and_knows_port_zero(self) -> None:
        """The value is then written under its own key."""
        registry = built(register(cluster="c1"), register("b", 0))
        apply(registry, Update(P1, "10.0.0.1", 8080, "c2"), Update(P1, "b", 99))
        self.assertEqual(
            list(registry.services[P1].ephemeral),
            [("c1", "10.0.0.1", 8080), ("DEFAULT", "b", 0), ("c2", "10.0.0.1", 8080), ("DEFAULT", "b", 99)],
        )


class PatchTests(SynchronousTestCase):
    """PATCH."""

    def test_changes_what_is_given(self) -> None:
        """All else stays, metadata is replaced as a whole."""
        registry = built(register(weight=8.0, metadata={"a": "1"}))
        number = ephemeral(registry).number
        self.assertEqual(apply(registry, Patch(P1, "DEFAULT", "10.0.0.1", 8080, metadata={"b": "2"})), number)
        self.assertEqual((ephemeral(registry).weight, ephemeral(registry).metadata), (8.0, {"b": "2"}))
        apply(
            registry,
            Patch(P1, "DEFAULT", "10.0.0.1", 8080, app="x", weight=20000.0, healthy=False, enabled=False),
        )
        found = ephemeral(registry)
        self.assertEqual((found.app, found.weight, found.healthy, found.enabled), ("x", 10000.0, False, False))
        self.assertEqual(found.metadata, {"b": "2"})

    def test_with_only_the_keys_renews_the_lease(self) -> None:
        """Nothing else changes."""
        registry = built(register())
        version = registry.version
        apply(registry, Patch(P1, "DEFAULT", "10.0.0.1", 8080))
        self.assertEqual((registry.version, registry.take_changes().started), (version, [1]))

    def test_takes_either_kind(self) -> None:
        """A persistent one starts no lease."""
        registry = built(register(ephemeral=False))
        apply(registry, Patch(P1, "DEFAULT", "10.0.0.1", 8080, weight=2.0))
        self.assertEqual((persistent(registry).weight, registry.take_changes().started), (2.0, []))

    def test_not_found(self) -> None:
        """A cluster without instances and a wrong address are told apart."""
        registry = built(register())
        for service, cluster, text in [
            (("public", "g@@no"), "DEFAULT", "no ips found for cluster DEFAULT in service g@@no"),
            (P1, "c9", "no ips found for cluster c9 in service DEFAULT_GROUP@@p1"),
            (P1, "DEFAULT", "no matched ip found!"),
        ]:
            error = apply(registry, Patch(service, cluster, "10.9.9.9", 1, weight=1.0))
            self.assertIsInstance(error, Problem)
            self.assertEqual(said(error), text)


class MetadataBatchTests(SynchronousTestCase):
    """PUT and DELETE metadata/batch."""

    def test_merges_into_one_kind(self) -> None:
        """Only the named kind is touched, keys that are there are overwritten."""
        registry = built(register(metadata={"a": "1", "b": "1"}), register("q", 0, ephemeral=False))
        found = apply(registry, MetadataBatch(P1, "ephemeral", [], {"b": "2", "c": "3"}))
        self.assertEqual(found, ["10.0.0.1:8080:unknown:DEFAULT:ephemeral"])
        self.assertEqual(ephemeral(registry).metadata, {"a": "1", "b": "2", "c": "3"})
        self.assertEqual(persistent(registry, "q", 0).metadata, {})
        found = apply(registry, MetadataBatch(P1, "persist", [], {"c": "3"}))
        self.assertEqual(found, ["q:unknown:DEFAULT:persist"])

    def test_takes_the_given_instances(self) -> None:
        """By kind, cluster, ip and port, or a stored port 0; those not there are left out; each once."""
        registry = built(register(cluster="c1"), register("b", 0), register("c", ephemeral=False))
        targets = [
            Target("10.0.0.1", 8080, True, "c1"),
            Target("10.0.0.1", 8080),
            Target("b", 77),
            Target("b", 0),
            Target("c", 8080, False),
            Target("c", 8080),
        ]
        found = apply(registry, MetadataBatch(P1, "", targets, {"k": "v"}))
        self.assertEqual(
            found,
            ["10.0.0.1:8080:unknown:c1:ephemeral", "b:unknown:DEFAULT:ephemeral", "c:8080:unknown:DEFAULT:persist"],
        )
        self.assertEqual(persistent(registry, "c").metadata, {"k": "v"})

    def test_removes_keys(self) -> None:
        """Values do not matter."""
        registry = built(register(metadata={"a": "1", "b": "1"}))
        apply(registry, MetadataBatch(P1, "ephemeral", [], {"a": "zzz"}, remove=True))
        self.assertEqual(ephemeral(registry).metadata, {"b": "1"})

    def test_finds_nothing(self) -> None:
        """An unknown service, a wrong kind, no instances: an empty answer and no change."""
        registry = built(register())
        version = registry.version
        for command in [
            MetadataBatch(("x", "g@@s"), "ephemeral", [], {"a": "1"}),
            MetadataBatch(P1, "Ephemeral", [Target("10.0.0.1", 8080)], {"a": "1"}),
            MetadataBatch(P1, "", [], {"a": "1"}),
        ]:
            self.assertEqual(apply(registry, command), [])
        self.assertEqual(registry.version, version)

    def test_unchanged_metadata_is_no_change(self) -> None:
        """The instance is still said to be found."""
        registry = built(register(metadata={"a": "1"}))
        version = registry.version
        self.assertEqual(len(apply(registry, MetadataBatch(P1, "ephemeral", [], {"a": "1"}))), 1)
        self.assertEqual(registry.version, version)

    def test_timeouts_follow_the_metadata(self) -> None:
        """A preserved key that comes or goes changes the index of custom timeouts."""
        registry = built(register(), register("b", metadata={"preserved.ip.delete.timeout": "9000"}))
        self.assertEqual(registry.custom, {2: (15.0, 9.0)})
        apply(registry, MetadataBatch(P1, "ephemeral", [], {"preserved.heart.beat.timeout": "6000"}))
        self.assertEqual(registry.custom, {1: (6.0, 30.0), 2: (6.0, 9.0)})
        remove = {"preserved.heart.beat.timeout": "", "preserved.ip.delete.timeout": ""}
        apply(registry, MetadataBatch(P1, "ephemeral", [], remove, remove=True))
        self.assertEqual(registry.custom, {})


class HealthTests(SynchronousTestCase):
    """Expiry, revival, probes."""

    def test_expire_marks_and_removes(self) -> None:
        """Both lists act; unknown numbers and persistent instances are left alone."""
        registry = built(register("a"), register("b"), register("c", ephemeral=False))
        apply(registry, Expire([1, 3, 99], [2, 3, 99]))
        self.assertFalse(ephemeral(registry, "a").healthy)
        self.assertTrue(persistent(registry, "c").healthy)
        self.assertEqual(registry.take_changes().ended, [2])
        self.assertEqual(sorted(registry.by_number), [1, 3])

    def test_expire_spares_what_was_written_since(self) -> None:
        """A registration that was in the log before the leader's decision, but not applied, is not lost."""
        registry = built(register("a"), register("b"))
        seen = registry.applied
        apply(registry, register("a"), Expire([], [1, 2], seen))
        self.assertEqual(list(registry.by_number), [1])
        apply(registry, Expire([1], [], seen))
        self.assertTrue(ephemeral(registry, "a").healthy)
        apply(registry, Expire([1], [], registry.applied))
        self.assertFalse(ephemeral(registry, "a").healthy)

    def test_revive(self) -> None:
        """Only unhealthy ephemeral ones change."""
        registry = built(register("a", healthy=False), register("b"), register("c", ephemeral=False, healthy=False))
        apply(registry, Revive([1, 3, 99]))
        self.assertEqual((ephemeral(registry, "a").healthy, persistent(registry, "c").healthy), (True, False))
        version = registry.version
        apply(registry, Revive([1, 2]))
        self.assertEqual(registry.version, version)

    def test_health_by_number(self) -> None:
        """Probes set either kind; an unknown number is nothing."""
        registry = built(register("a"), register("c", ephemeral=False))
        apply(registry, Health([(1, False), (2, False), (99, True)]))
        self.assertEqual((ephemeral(registry, "a").healthy, persistent(registry, "c").healthy), (False, False))
