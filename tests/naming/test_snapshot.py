"""Snapshots: exact, deterministic, and good to go on from."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.naming import commands, snapshot
from nacos_tw.naming.checkers import TCP, UNCHECKED, Http, Mysql
from nacos_tw.naming.commands import CreateService, Expire, RemoveService, SetSwitch, UpdateCluster
from nacos_tw.naming.model import BEAT_TIMEOUT_KEY, DELETE_TIMEOUT_KEY, ID_GENERATOR_KEY
from nacos_tw.naming.registry import Registry
from nacos_tw.naming.selectors import Selector
from tests.naming.building import P1, apply, built, register


class OldTests(SynchronousTestCase):
    """Snapshots of older versions."""

    def test_no_metadata(self) -> None:
        """What a beat without metadata brought had None there."""
        old = built(register())
        ((key, instance),) = old.services[P1].ephemeral.items()
        old.services[P1].ephemeral[key] = msgspec.structs.replace(instance, metadata=None)
        new = Registry()
        snapshot.put(new, snapshot.take(old))
        self.assertEqual(new.services[P1].ephemeral[key].metadata, {})


SERVICES = st.sampled_from([P1, ("public", "g@@s2"), ("ns1", "DEFAULT_GROUP@@p1")])
IPS = st.sampled_from(["10.0.0.1", "10.0.0.2", "host"])
PORTS = st.sampled_from([0, 80])
CLUSTERS = st.sampled_from(["DEFAULT", "c1"])
WEIGHTS = st.sampled_from([0.0, 0.001, 1.0, 2.5, 20000.0])
NUMBERS = st.lists(st.integers(1, 12), max_size=4)
METADATA = st.dictionaries(
    st.sampled_from(["a", "b", BEAT_TIMEOUT_KEY, DELETE_TIMEOUT_KEY, ID_GENERATOR_KEY]),
    st.sampled_from(["1", "9000", "snowflake"]),
    max_size=3,
)
SELECTORS = st.sampled_from([Selector(), Selector("label", "CONSUMER.label.A=PROVIDER.label.A", ("A",))])
CHECKERS = st.sampled_from([TCP, UNCHECKED, Http("/ok", "a:b", 201), Mysql("u", None, "select 1")])
SWITCHES = st.sampled_from(
    [("check", "false"), ("clientBeatInterval", "7"), ("pushVersion", "java:9.9.9"), ("check", "true"), ("batch", "{}"),
     ("defaultCacheMillis", "1"), ("limitedUrlMap", "/a:404")]
)  # fmt: skip
CLIENTS = st.sampled_from(["c1", "c2"])
PUBLISHED = st.lists(
    st.builds(commands.Published, IPS, PORTS, CLUSTERS, WEIGHTS, st.booleans(), st.booleans(), METADATA),
    min_size=1, max_size=3,
)  # fmt: skip
FULL = (SERVICES, IPS, PORTS, CLUSTERS, st.booleans(), WEIGHTS, st.booleans(), st.booleans())
COMMANDS = st.one_of(
    st.builds(
        commands.Register, *FULL, metadata=st.none() | METADATA, app=st.sampled_from(["DEFAULT", "x"]),
        beat=st.booleans(), edit=st.booleans(), given_id=st.sampled_from([None, "", "mine"]),
    ),
    st.builds(commands.Update, *FULL, metadata=METADATA),
    st.builds(commands.Deregister, SERVICES, IPS, PORTS, CLUSTERS, st.booleans()),
    st.builds(
        commands.Patch, SERVICES, CLUSTERS, IPS, PORTS, st.none() | METADATA, st.none() | st.just("y"),
        st.none() | WEIGHTS, st.none() | st.booleans(), st.none() | st.booleans(),
    ),
    st.builds(
        commands.MetadataBatch, SERVICES, st.sampled_from(["", "ephemeral", "persist", "x"]),
        st.lists(st.builds(commands.Target, IPS, PORTS, st.booleans(), CLUSTERS), max_size=3), METADATA, st.booleans(),
    ),
    st.builds(commands.Expire, NUMBERS, NUMBERS, st.integers(0, 30)),
    st.builds(commands.Expire, NUMBERS, NUMBERS),
    st.builds(commands.Revive, NUMBERS),
    st.builds(commands.Health, st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=4)),
    st.builds(commands.CreateService, SERVICES, st.just(0.5), METADATA, SELECTORS),
    st.builds(commands.UpdateService, SERVICES, st.just(0.3), METADATA, SELECTORS),
    st.builds(commands.RemoveService, SERVICES, st.booleans()),
    st.builds(commands.CleanServices, st.lists(SERVICES, max_size=3)),
    st.builds(commands.UpdateCluster, SERVICES, CLUSTERS, CHECKERS, st.just(81), st.booleans(), METADATA),
    SWITCHES.map(lambda pair: SetSwitch(*pair)),
    st.builds(commands.Publish, CLIENTS, st.just("A:8848"), SERVICES, PUBLISHED),
    st.builds(commands.Publish, CLIENTS, st.just("B:8848"), SERVICES, PUBLISHED),
    st.builds(commands.Withdraw, CLIENTS, SERVICES),
    st.builds(commands.EndClients, st.lists(CLIENTS, max_size=2), st.integers(0, 60)),
    st.builds(commands.Level, st.sampled_from([commands.CLIENTS, commands.OVERRIDES, commands.GIVEN_IDS])),
    st.builds(
        commands.ForgetOverrides, st.lists(st.tuples(SERVICES, st.tuples(CLUSTERS, IPS, PORTS)), max_size=4),
        st.integers(0, 60),
    ),
)  # fmt: skip
SEQUENCES = st.lists(COMMANDS, max_size=40)


def state(registry: Registry) -> object:
    """Everything that is replicated, and the indexes that follow from it."""
    return (
        [
            (
                service.key,
                (service.protect_threshold, service.metadata, service.selector, service.stored),
                list(service.clusters.items()),
                list(service.ephemeral.items()),
                list(service.persistent.items()),
                list(service.overrides.items()),
            )
            for service in registry.services.values()
        ],
        registry.by_number,
        registry.custom,
        registry.kept,
        {
            id_: (client.number, client.node, client.written, {key: set(has) for key, has in client.published.items()})
            for id_, client in registry.clients.items()
        },
        {name: list(services) for name, services in registry.namespaces.items()},
        registry.switches,
        (registry.applied, registry.next_number, registry.level),
    )


def result(registry: Registry, command: commands.Command) -> object:
    """What a command ends in, comparable."""
    found = apply(registry, command)
    return (type(found), str(found)) if isinstance(found, Exception) else found


class ImageTests(SynchronousTestCase):
    """The properties that a replicated state machine needs."""

    @settings(max_examples=200)
    @given(SEQUENCES)
    def test_same_commands_same_bytes(self, sequence: list[commands.Command]) -> None:
        """Two nodes never differ, not in a byte and not in a result."""
        one, other = Registry(), Registry()
        for command in sequence:
            self.assertEqual(result(one, command), result(other, command))
        self.assertEqual(one.snapshot(), other.snapshot())

    @settings(max_examples=200)
    @given(SEQUENCES, SEQUENCES)
    def test_restored_goes_on_alike(self, before: list[commands.Command], after: list[commands.Command]) -> None:
        """A node that starts from a snapshot is the node that never stopped."""
        lasting, restored = Registry(), Registry()
        apply(lasting, *before)
        data = lasting.snapshot()
        apply(restored, register("to be forgotten"))
        restored.restore(data)
        self.assertEqual(restored.snapshot(), data)
        self.assertEqual(state(restored), state(lasting))
        for command in after:
            self.assertEqual(result(restored, command), result(lasting, command))
        self.assertEqual(restored.snapshot(), lasting.snapshot())
        self.assertEqual(state(restored), state(lasting))

    @settings(max_examples=200)
    @given(SEQUENCES)
    def test_indexes_agree(self, sequence: list[commands.Command]) -> None:
        """Whatever happens, every instance is in all places or in none, and an error changes nothing."""
        registry = Registry()
        for command in sequence:
            before = (registry.snapshot(), registry.version)
            if isinstance(apply(registry, command), Exception):
                registry.applied -= 1
                self.assertEqual((registry.snapshot(), registry.version), before)
                registry.applied += 1
        held = [each for service in registry.services.values() for kind in (service.ephemeral, service.persistent)
                for key, each in kind.items() if key == each.key and each.service is service.key
                and each.ephemeral == (kind is service.ephemeral) and each.cluster in service.clusters]  # fmt: skip
        self.assertEqual({each.number: each for each in held}, registry.by_number)
        self.assertEqual(len(held), len(registry.by_number))
        named = {each.number for each in held if each.ephemeral and not each.client and each.metadata
                 and {BEAT_TIMEOUT_KEY, DELETE_TIMEOUT_KEY} & set(each.metadata)}  # fmt: skip
        self.assertEqual(set(registry.custom), named)
        published = {number for client in registry.clients.values() for has in client.published.values()
                     for number in has}  # fmt: skip
        self.assertEqual({each.number for each in held if each.client}, published)
        for service in registry.services.values():
            for key, override in service.overrides.items():
                instance = service.ephemeral.get(key)
                there = instance is not None and instance.client != 0
                self.assertEqual((there, not there), (override.given is not None, override.gone != 0), key)
        gone = {(service.key, key): each.gone for service in registry.services.values()
                for key, each in service.overrides.items() if each.gone}  # fmt: skip
        self.assertEqual(registry.kept, gone)

    @settings(max_examples=100)
    @given(SEQUENCES)
    def test_changes_tell_every_change(self, sequence: list[commands.Command]) -> None:
        """A service whose version moved is named; one whose version stayed looks as before."""
        registry = Registry()
        for command in sequence:
            before = {key: (each.version, self.looks(registry, key)) for key, each in registry.services.items()}
            catalog = dict(registry.catalog_version)
            names = {name: list(services) for name, services in registry.namespaces.items()}
            apply(registry, command)
            named = set(registry.take_changes().services)
            for key in {*before, *registry.services} - named:
                self.assertEqual(before[key], (registry.services[key].version, self.looks(registry, key)))
            for key in named & set(registry.services) & set(before):
                self.assertGreater(registry.services[key].version, before[key][0])
            for name, services in registry.namespaces.items():
                if registry.catalog_version[name] == catalog.get(name):
                    self.assertEqual(list(services), names[name])

    def looks(self, registry: Registry, key: tuple[str, str]) -> object:
        """What answers are made of."""
        service = registry.services[key]
        instances = [
            msgspec.structs.replace(each, written=0)
            for each in (*service.ephemeral.values(), *service.persistent.values())
        ]
        return instances, dict(service.clusters), service.metadata, service.protect_threshold, service.selector


class RestoreTests(SynchronousTestCase):
    """What a restore tells the rest of the node."""

    def test_counts_as_a_change_of_everything(self) -> None:
        """Old and new services are named, versions only grow, leases begin and end."""
        registry = built(register(), register(service=("ns1", "g@@old")))
        versions = registry.services[P1].version, registry.catalog_version["ns1"], registry.catalog_version["public"]
        other = built(
            register(), register("b", metadata={BEAT_TIMEOUT_KEY: "3000"}, service=("n", "g@@new")),
            register("c", ephemeral=False), Expire([], [1]), SetSwitch("check", "false"),
        )  # fmt: skip
        registry.restore(other.snapshot())
        changes = registry.take_changes()
        self.assertEqual(set(changes.services), {P1, ("ns1", "g@@old"), ("n", "g@@new")})
        self.assertEqual((changes.started, changes.ended, changes.switches), ([2], [1], True))
        self.assertGreater(registry.services[P1].version, versions[0])
        self.assertGreater(registry.catalog_version["ns1"], versions[1])
        self.assertGreater(registry.catalog_version["public"], versions[2])
        self.assertEqual(registry.custom, {2: (3.0, 30.0)})
        self.assertFalse(registry.switches.health_check_enabled)

    def test_keeps_settings(self) -> None:
        """Services without instances, clusters and their checkers come back."""
        registry = built(CreateService(P1, 0.25, {"m": "1"}), UpdateCluster(P1, "c", Http("/x"), 81))
        restored = Registry()
        restored.restore(registry.snapshot())
        self.assertEqual(restored.services[P1].clusters, registry.services[P1].clusters)
        self.assertEqual(restored.services[P1].protect_threshold, 0.25)
        apply(restored, RemoveService(P1, must_be_empty=True))
        self.assertEqual(restored.services, {})

    def test_shares_equal_values_again(self) -> None:
        """A restored node must not need more memory."""
        registry = Registry()
        registry.restore(built(register("a", metadata={"s": "x"}), register("b", metadata={"s": "x"})).snapshot())
        a, b = registry.services[P1].ephemeral.values()
        self.assertIs(a.metadata, b.metadata)
        self.assertIs(a.service, registry.services[P1].key)
        self.assertIs(a.cluster, b.cluster)

    def test_refuses_what_is_no_image(self) -> None:
        """Damaged bytes or another format change nothing."""
        registry = built(register())
        data = registry.snapshot()
        other = msgspec.msgpack.encode([snapshot.FORMAT + 1, *msgspec.msgpack.decode(data)[1:]])
        for bad in (b"", data[:-1], other):
            with self.assertRaises(msgspec.MsgspecError):
                registry.restore(bad)
        self.assertEqual(registry.snapshot(), data)
        self.assertEqual(registry.take_changes().services, {})
