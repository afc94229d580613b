"""What operators change of instances that clients publish outlives their next registration (docs/spec/grpc.md#7.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import InstanceUnknown, Unavailable
from nacos_tw.naming.cleaner import Cleaner, Cleaning, Keeping, OverrideCleaner
from nacos_tw.naming.commands import (
    OVERRIDES,
    CleanServices,
    Command,
    EndClients,
    ForgetOverrides,
    Level,
    MetadataBatch,
    Patch,
    Publish,
    Published,
    RemoveService,
    Target,
    Update,
    Withdraw,
)
from nacos_tw.naming.frozen import pieces
from nacos_tw.naming.leases import Leases
from nacos_tw.naming.model import NO_OVERRIDES, Instance
from nacos_tw.naming.registry import Registry
from tests.naming.building import P1, apply, built, ephemeral, persistent, register
from tests.naming.test_client_commands import P2, publish

KNOWN = Level(OVERRIDES)
KEY = ("DEFAULT", "a", 8080)


def patch(ip: str = "a", **fields: Any) -> Patch:
    """An operator changes some of an instance."""
    return Patch(P1, "DEFAULT", ip, 8080, **fields)


def keys(*ips: str, remove: bool = False, **metadata: str) -> MetadataBatch:
    """Keys are put into the metadata of instances, or taken out."""
    return MetadataBatch(P1, "", [Target(ip, 8080) for ip in ips], metadata, remove)


def values(instance: Instance) -> tuple[float, bool, dict[str, str] | None]:
    """What an operator may change of it."""
    return instance.weight, instance.enabled, instance.metadata


class EditTests(SynchronousTestCase):
    """One instance of a client."""

    def setUp(self) -> None:
        self.registry = built(KNOWN, publish("a", weight=2.0, metadata={"zone": "1", "v": "1"}))

    def assertShown(self, weight: float, enabled: bool, **metadata: str) -> None:
        self.assertEqual(values(ephemeral(self.registry, "a")), (weight, enabled, metadata))

    def test_what_is_given_counts(self) -> None:
        """Of a partial change the rest is the client's, today's and that of later registrations."""
        apply(self.registry, patch(enabled=False))
        self.assertShown(2.0, False, zone="1", v="1")
        apply(self.registry, publish("a", weight=3.0, metadata={"zone": "1", "v": "2"}))
        self.assertShown(3.0, False, zone="1", v="2")
        apply(self.registry, patch(weight=0.5), publish("a", weight=4.0, metadata={"v": "3"}))
        self.assertShown(0.5, False, v="3")

    def test_metadata_is_laid_over(self) -> None:
        """The client's keys stay, those of an operator win; a second change replaces the first."""
        apply(self.registry, patch(metadata={"zone": "2", "x": "1"}))
        self.assertShown(2.0, True, zone="2", v="1", x="1")
        apply(self.registry, publish("a", metadata={"zone": "1", "v": "2"}))
        self.assertShown(1.0, True, zone="2", v="2", x="1")
        apply(self.registry, patch(metadata={"y": "1"}))
        self.assertShown(1.0, True, zone="1", v="2", y="1")

    def test_whole_change(self) -> None:
        """PUT gives weight and state always, and all of an operator's metadata; whatever agent sent it."""
        puts = (Update(P1, "a", 8080, weight=5.0, enabled=False, metadata={"x": "1"}),
                register("a", weight=5.0, enabled=False, metadata={"x": "1"}, edit=True))  # fmt: skip
        for put in puts:
            self.setUp()
            apply(self.registry, put)
            self.assertShown(5.0, False, zone="1", v="1", x="1")
            apply(self.registry, publish("a", weight=7.0, metadata={"v": "2"}))
            self.assertShown(5.0, False, v="2", x="1")
            self.assertNotEqual(ephemeral(self.registry, "a").client, 0)

    def test_keys(self) -> None:
        """Put in, they stay; taken away, they stay away, until they are put in again."""
        found = apply(self.registry, keys("a", x="1", zone="2"))
        self.assertEqual(found, ["a:8080:unknown:DEFAULT:ephemeral"])
        again = publish("a", weight=2.0, metadata={"zone": "1", "v": "1"})
        for command in (again, patch(enabled=False)):
            apply(self.registry, command)
            self.assertEqual(ephemeral(self.registry, "a").metadata, {"zone": "2", "v": "1", "x": "1"})
        apply(self.registry, keys("a", remove=True, x="", zone="", none=""))
        self.assertShown(2.0, False, v="1")
        apply(self.registry, again)
        self.assertShown(2.0, False, v="1")
        apply(self.registry, keys("a", zone="3"), again)
        self.assertShown(2.0, False, zone="3", v="1")

    def test_of_the_whole_service(self) -> None:
        """A batch takes instances of clients and of 1.x alike; only those of clients keep it."""
        apply(self.registry, register("b", metadata={"k": "1"}))
        apply(self.registry, MetadataBatch(P1, "ephemeral", [], {"k": "2"}))
        apply(self.registry, publish("a"), register("b", metadata={"k": "1"}))
        self.assertEqual([ephemeral(self.registry, ip).metadata for ip in "ab"], [{"k": "2"}, {"k": "1"}])

    def test_other_ways_to_register(self) -> None:
        """By another client, of another node; in a batch; withdrawn and published again."""
        apply(self.registry, patch(enabled=False))
        number = ephemeral(self.registry, "a").number
        apply(self.registry, publish("a", client="c2", node="B:8848"), EndClients(["c1"]))
        self.assertShown(1.0, False)
        self.assertEqual(ephemeral(self.registry, "a").number, number)
        apply(self.registry, Publish("c2", "B:8848", P1, [Published("b", 8080), Published("a", 8080, weight=3.0)]))
        self.assertShown(3.0, False)
        self.assertTrue(ephemeral(self.registry, "b").enabled)
        apply(self.registry, Withdraw("c2", P1), publish("a"))
        self.assertShown(1.0, False)

    def test_told_only_what_differs(self) -> None:
        """A registration that shows the same is no change, though the client gives something else."""
        apply(self.registry, patch(enabled=False, weight=1.0))
        self.registry.take_changes()
        apply(self.registry, publish("a", weight=9.0, metadata={"zone": "1", "v": "1"}))
        self.assertEqual(self.registry.take_changes().services, {})

    def test_health_and_application(self) -> None:
        """They are not kept: a client says itself how it is and what it is."""
        apply(self.registry, patch(healthy=False, app="x"))
        self.assertEqual(self.registry.services[P1].overrides, {})
        apply(self.registry, publish("a", app="shop"))
        instance = ephemeral(self.registry, "a")
        self.assertEqual((instance.healthy, instance.app), (True, "shop"))

    def test_equal_metadata_is_shared(self) -> None:
        """Instances that show the same hold one object, with an override no less than without."""
        apply(self.registry, publish("a", "b", metadata={"v": "1"}), keys("a", "b", x="1"))
        apply(self.registry, publish("a", "b", metadata={"v": "1"}))
        self.assertIs(ephemeral(self.registry, "a").metadata, ephemeral(self.registry, "b").metadata)


class GoneTests(SynchronousTestCase):
    """The instance goes, and comes back."""

    def setUp(self) -> None:
        self.registry = built(KNOWN, publish("a", "b"), patch(enabled=False))

    def test_comes_back(self) -> None:
        """However it went."""
        for gone in (EndClients(["c1"]), Withdraw("c1", P1), publish("b")):
            self.setUp()
            apply(self.registry, gone)
            self.assertEqual(list(self.registry.kept), [(P1, KEY)])
            apply(self.registry, publish("a", client="c2"))
            self.assertFalse(ephemeral(self.registry, "a").enabled)
            self.assertEqual(self.registry.kept, {})

    def test_forgotten(self) -> None:
        """Then it is what its client says; one that was back in between is not forgotten."""
        place = (P1, KEY)
        apply(self.registry, ForgetOverrides([place, (P2, KEY)], self.registry.applied))
        self.assertFalse(ephemeral(self.registry, "a").enabled)
        apply(self.registry, EndClients(["c1"]))
        seen = self.registry.applied
        apply(self.registry, publish("a"), EndClients(["c1"]), ForgetOverrides([place], seen))
        self.assertEqual(list(self.registry.kept), [place])
        apply(self.registry, ForgetOverrides([place, place], self.registry.applied), publish("a"))
        self.assertTrue(ephemeral(self.registry, "a").enabled)
        self.assertEqual((self.registry.kept, self.registry.services[P1].overrides), ({}, {}))

    def test_service_removed(self) -> None:
        """Nothing of it is left."""
        for more in ([], [EndClients(["c1"])]):
            self.setUp()
            apply(self.registry, *more, RemoveService(P1))
            self.assertEqual(self.registry.kept, {})
            apply(self.registry, publish("a"))
            self.assertTrue(ephemeral(self.registry, "a").enabled)
        self.setUp()
        apply(self.registry, EndClients(["c1"]), CleanServices([P1]))
        self.assertEqual((self.registry.kept, self.registry.services), ({}, {}))

    def test_bounded(self) -> None:
        """Of more instances than so many it is not kept."""
        registry = Registry(most_kept=1)
        apply(registry, KNOWN, publish("a", "b"), patch(enabled=False), patch("b", enabled=False), Withdraw("c1", P1))
        self.assertEqual(list(registry.kept), [(P1, KEY)])
        self.assertEqual(list(registry.services[P1].overrides), [KEY])
        apply(registry, publish("a", "b"))
        self.assertEqual([ephemeral(registry, ip).enabled for ip in "ab"], [False, True])

    def test_changed_meanwhile(self) -> None:
        """
        What is said of the instance meanwhile counts when the client is back. A PUT of 1.x, which registers an instance
        that is not there, registers it as ever.
        """
        apply(self.registry, EndClients(["c1"]))
        for command in (patch(enabled=True), Update(P1, "a", 8080, weight=2.0, metadata={"x": "1"})):
            self.assertEqual((apply(self.registry, command), self.registry.by_number), (0, {}))
        for ip in ("b", "c"):
            self.assertIsInstance(apply(self.registry, patch(ip, enabled=True)), InstanceUnknown)
        apply(self.registry, publish("a"))
        self.assertEqual(values(ephemeral(self.registry, "a")), (2.0, True, {"x": "1"}))
        apply(self.registry, EndClients(["c1"]), register("a", weight=3.0, edit=True))
        self.assertEqual((ephemeral(self.registry, "a").client, ephemeral(self.registry, "a").enabled), (0, True))
        apply(self.registry, patch(weight=4.0), publish("a"))
        self.assertEqual(values(ephemeral(self.registry, "a")), (4.0, True, {}))

    def test_1x_takes_it_over(self) -> None:
        """What 1.x registers is what it says, from then on; there or gone."""
        for more in ([], [EndClients(["c1"])]):
            self.setUp()
            apply(self.registry, *more, register("a"))
            self.assertTrue(ephemeral(self.registry, "a").enabled)
            self.assertEqual((self.registry.kept, self.registry.services[P1].overrides), ({}, {}))
            apply(self.registry, publish("a", client="c3"))
            self.assertTrue(ephemeral(self.registry, "a").enabled)


class OthersTests(SynchronousTestCase):
    """Who has none."""

    def test_1x_and_persistent(self) -> None:
        """They are what was said of them last."""
        registry = built(KNOWN, register("a"), register("a", ephemeral=False, cluster="c"))
        apply(registry, patch(enabled=False, metadata={"x": "1"}), register("a"))
        self.assertEqual(values(ephemeral(registry, "a")), (1.0, True, {}))
        apply(registry, Patch(P1, "c", "a", 8080, enabled=False), register("a", ephemeral=False, cluster="c"))
        self.assertEqual(values(persistent(registry, "a", cluster="c")), (1.0, True, {}))
        self.assertIs(registry.services[P1].overrides, NO_OVERRIDES)

    def test_before_all_members_know(self) -> None:
        """A log of an older version, or of members of which one is older, comes to what it came to there."""
        registry = built(Level(6), publish("a", metadata={"v": "1"}), patch(enabled=False, metadata={"x": "1"}))
        self.assertEqual(values(ephemeral(registry, "a")), (1.0, False, {"x": "1"}))
        apply(registry, keys("a", x="2"), register("a", weight=3.0, edit=True), publish("a"))
        self.assertEqual(values(ephemeral(registry, "a")), (1.0, True, {}))
        self.assertIs(registry.services[P1].overrides, NO_OVERRIDES)

    def test_persistent_one_of_the_same_address(self) -> None:
        """Its removal is none of the ephemeral one's."""
        registry = built(KNOWN, publish("a"), register("a", ephemeral=False))
        apply(registry, register("a", enabled=False, edit=True))
        registry.drop(registry.services[P1], persistent(registry, "a"))
        self.assertEqual(registry.kept, {})


class SnapshotTests(SynchronousTestCase):
    """Overrides are replicated state."""

    def test_kept_and_laid(self) -> None:
        """Both are in it, with what they are laid over."""
        registry = built(KNOWN, publish("a", "b", metadata={"v": "1"}), patch(metadata={"x": "1"}), keys("b", y="1"))
        apply(registry, publish("a", metadata={"v": "2"}))
        other = Registry()
        other.restore(registry.snapshot())
        self.assertEqual(other.snapshot(), registry.snapshot())
        self.assertEqual((other.kept, sorted(pieces(other))), (registry.kept, sorted(pieces(registry))))
        for each in (registry, other):
            apply(each, patch(metadata={}), publish("a", "b", metadata={"v": "3"}))
        self.assertEqual(other.snapshot(), registry.snapshot())
        self.assertEqual([ephemeral(other, ip).metadata for ip in "ab"], [{"v": "3"}, {"v": "3", "y": "1"}])

    def test_of_older_versions(self) -> None:
        """They have none, and what newer ones have more is at the end, where older ones do not look."""
        registry = built(publish("a", metadata={"v": "1"}), register("b"))
        fields = msgspec.msgpack.decode(registry.snapshot())
        self.assertEqual([service.pop() for service in fields[4]], [[]])
        other = Registry()
        other.restore(msgspec.msgpack.encode(fields))
        self.assertEqual(other.snapshot(), registry.snapshot())

    def test_compared(self) -> None:
        """Nodes that differ in one are told apart; without any the pieces are those of older versions."""
        registry = built(KNOWN, publish("a"))
        before = sorted(pieces(registry))
        self.assertEqual(len(before), 4)
        apply(registry, patch(enabled=True))
        self.assertEqual(len(sorted(pieces(registry))), 5)


class LookTests(SynchronousTestCase):
    """L{OverrideCleaner}, on a node whose log is the registry."""

    def setUp(self) -> None:
        self.clock, self.registry = Clock(), built(KNOWN, publish("a"), patch(enabled=False))
        self.proposed: list[Command] = []
        self.answer: Callable[[], Deferred[Any]] = lambda: succeed(None)
        leases = Leases(self.clock.seconds, self.clock.seconds)
        self.cleaner = OverrideCleaner(self.clock, self.registry, leases, self.change, Keeping(60.0, 5.0))
        self.cleaner.startService()
        self.addCleanup(self.cleaner.stopService)
        self.cleaner.leader_changed(True)

    def change(self, command: Command) -> Deferred[Any]:
        def done(_: Any) -> Any:
            self.proposed.append(command)
            return apply(self.registry, command)

        return maybeDeferred(self.answer).addCallback(done)

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.clock.advance(1.0)

    @property
    def known(self) -> bool:
        return bool(self.registry.services[P1].overrides)

    def test_a_minute_after_it_went(self) -> None:
        """Not before, and not while it is there; the time in between does not count."""
        self.wait(200)
        apply(self.registry, EndClients(["c1"]))
        self.wait(58)
        apply(self.registry, publish("a"))
        self.wait(3)
        apply(self.registry, EndClients(["c1"]))
        self.wait(60)
        self.assertTrue(self.known)
        self.assertEqual(self.proposed, [])
        self.wait(5)
        self.assertFalse(self.known)
        self.wait(20)
        self.assertEqual(len(self.proposed), 1)

    def test_a_new_leader(self) -> None:
        """It gives each a full term; a node that does not lead does nothing."""
        apply(self.registry, EndClients(["c1"]))
        self.wait(50)
        self.cleaner.leader_changed(False)
        self.wait(100)
        self.assertTrue(self.known)
        self.cleaner.leader_changed(True)
        self.wait(55)
        self.assertTrue(self.known)
        self.wait(15)
        self.assertFalse(self.known)

    def test_stood_still(self) -> None:
        """Time in which this node could not hear of anybody's return counts for nothing."""
        apply(self.registry, EndClients(["c1"]))
        self.wait(10)
        self.clock.advance(300.0)
        self.wait(55)
        self.assertTrue(self.known)
        self.wait(15)
        self.assertFalse(self.known)

    def test_refused(self) -> None:
        """It is tried again."""
        apply(self.registry, EndClients(["c1"]))
        self.answer = lambda: fail(Unavailable("no leader"))
        self.wait(70)
        self.assertTrue(self.known)
        self.answer = lambda: succeed(None)
        self.wait(5)
        self.assertFalse(self.known)

    def test_many(self) -> None:
        """In commands of a bounded size, one behind the other."""
        ips = [f"10.0.{number // 250}.{number % 250}" for number in range(2500)]
        apply(self.registry, publish(*ips), *(patch(ip, enabled=False) for ip in ips), EndClients(["c1"]))
        self.wait(66)
        sizes = [len(each.places) for each in self.proposed if isinstance(each, ForgetOverrides)]
        self.assertEqual(sizes, [1000, 1000, 501])
        self.assertEqual(self.registry.kept, {})

    def test_empty_service(self) -> None:
        """It is not removed as long as something is known of an instance of it."""
        cleaner = Cleaner(self.clock, self.registry, self.change, Cleaning(1.0, 1.0))
        cleaner.startService()
        self.addCleanup(cleaner.stopService)
        cleaner.leader_changed(True)
        apply(self.registry, EndClients(["c1"]))
        self.wait(59)
        self.assertIn(P1, self.registry.services)
        self.wait(10)
        self.assertNotIn(P1, self.registry.services)


@attrs.define
class Told:
    """What was said of an address: by its client, who is None while there is none; and by operators."""

    client: str | None = None
    given: tuple[float, bool, dict[str, str]] = (1.0, True, {})
    weight: float | None = None
    enabled: bool | None = None
    metadata: dict[str, str | None] = attrs.Factory(dict)

    def shown(self) -> tuple[float, bool, dict[str, str]]:
        weight, enabled, metadata = self.given
        both = {**metadata, **self.metadata}
        return (
            weight if self.weight is None else self.weight,
            enabled if self.enabled is None else self.enabled,
            {name: value for name, value in both.items() if value is not None},
        )

    @property
    def nothing(self) -> bool:
        """Whether no operator has said anything that counts."""
        return self.weight is None and self.enabled is None and not self.metadata

    def forget(self) -> None:
        self.weight = self.enabled = None
        self.metadata = {}


ADDRESSES = st.sampled_from("ab")
NAMES = st.sampled_from(["c1", "c2"])
WEIGHTS = st.sampled_from([0.5, 1.0, 2.0])
METADATA = st.dictionaries(st.sampled_from("kxy"), st.sampled_from("12"), max_size=2)
ACTIONS = st.one_of(
    st.tuples(st.just("publish"), NAMES, st.sets(ADDRESSES, min_size=1), WEIGHTS, st.booleans(), METADATA),
    st.tuples(st.just("publish"), NAMES, st.sets(ADDRESSES, min_size=1), WEIGHTS, st.booleans(), METADATA),
    st.tuples(st.just("end"), NAMES),
    st.tuples(st.just("put"), ADDRESSES, WEIGHTS, st.booleans(), METADATA),
    st.tuples(st.just("patch"), ADDRESSES, st.none() | WEIGHTS, st.none() | st.booleans(), st.none() | METADATA),
    st.tuples(st.just("keys"), ADDRESSES, METADATA, st.booleans()),
    st.tuples(st.just("forget"), ADDRESSES),
    st.tuples(st.just("remove")),
)


class LifeTests(SynchronousTestCase):
    """Random lives of two instances, beside a model that knows nothing of how they are kept."""

    @settings(max_examples=300)
    @given(st.lists(ACTIONS, max_size=30), st.integers(0, 30))
    def test_shown(self, actions: list[Any], restart: int) -> None:
        """What is shown is the operator's over the client's last word, before and after a restart."""
        registry = built(KNOWN)
        told = {address: Told() for address in "ab"}
        for number, (kind, *values_) in enumerate(actions):
            getattr(self, f"do_{kind}")(registry, told, *values_)
            if number == restart:
                data, registry = registry.snapshot(), Registry()
                registry.restore(data)
            service = registry.services.get(P1)
            found = {each.ip: values(each) for each in service.ephemeral.values()} if service is not None else {}
            self.assertEqual(found, {ip: each.shown() for ip, each in told.items() if each.client is not None})

    def do_publish(
        self, registry: Registry, told: dict[str, Told], client: str, ips: set[str], weight: float, enabled: bool,
        metadata: dict[str, str],
    ) -> None:  # fmt: skip
        fields: dict[str, Any] = {"weight": weight, "enabled": enabled, "metadata": metadata}
        apply(registry, publish(*sorted(ips), client=client, **fields))
        for ip, each in told.items():
            if ip in ips:
                each.client, each.given = client, (weight, enabled, metadata)
            elif each.client == client:
                each.client = None

    def do_end(self, registry: Registry, told: dict[str, Told], client: str) -> None:
        apply(registry, EndClients([client]))
        for each in told.values():
            if each.client == client:
                each.client = None

    def do_put(
        self, registry: Registry, told: dict[str, Told], ip: str, weight: float, enabled: bool, metadata: dict[str, str]
    ) -> None:
        each = told[ip]
        result = apply(registry, Update(P1, ip, 8080, weight=weight, enabled=enabled, metadata=metadata))
        self.assertEqual(isinstance(result, InstanceUnknown), each.client is None and each.nothing)
        if not isinstance(result, InstanceUnknown):
            each.weight, each.enabled, each.metadata = weight, enabled, {**metadata}

    def do_patch(
        self, registry: Registry, told: dict[str, Told], ip: str, weight: float | None, enabled: bool | None,
        metadata: dict[str, str] | None,
    ) -> None:  # fmt: skip
        each = told[ip]
        result = apply(registry, patch(ip, weight=weight, enabled=enabled, metadata=metadata))
        self.assertEqual(isinstance(result, InstanceUnknown), each.client is None and each.nothing)
        if not isinstance(result, InstanceUnknown):
            each.weight = each.weight if weight is None else weight
            each.enabled = each.enabled if enabled is None else enabled
            each.metadata = each.metadata if metadata is None else {**metadata}

    def do_keys(self, registry: Registry, told: dict[str, Told], ip: str, put: dict[str, str], remove: bool) -> None:
        each = told[ip]
        apply(registry, keys(ip, remove=remove, **put))
        if each.client is not None:
            for name, value in put.items():
                if not remove:
                    each.metadata[name] = value
                elif name in each.given[2]:
                    each.metadata[name] = None
                else:
                    each.metadata.pop(name, None)

    def do_forget(self, registry: Registry, told: dict[str, Told], ip: str) -> None:
        apply(registry, ForgetOverrides([(P1, ("DEFAULT", ip, 8080))], registry.applied))
        if told[ip].client is None:
            told[ip].forget()

    def do_remove(self, registry: Registry, told: dict[str, Told]) -> None:
        apply(registry, RemoveService(P1))
        for each in told.values():
            each.client = None
            each.forget()
