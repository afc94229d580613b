"""What the commands about services, clusters and switches do to the registry."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import Problem
from nacos_tw.naming.checkers import UNCHECKED, Http
from nacos_tw.naming.commands import (
    CleanServices,
    CreateService,
    Deregister,
    RemoveService,
    SetSwitch,
    UpdateCluster,
    UpdateService,
)
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.registry import Registry
from nacos_tw.naming.selectors import NO_SELECTOR, Selector
from nacos_tw.naming.switches import apply_switch
from tests.naming.building import P1, apply, built, register, said

S2: ServiceKey = ("public", "g@@s2")
OTHER: ServiceKey = ("ns1", "DEFAULT_GROUP@@p1")


class ServiceTests(SynchronousTestCase):
    """POST, PUT and DELETE service."""

    def test_create(self) -> None:
        """The settings are kept, and it is a change of the catalog of its namespace only."""
        registry = built(register(service=OTHER))
        before = registry.catalog_version["ns1"]
        selector = Selector("label", "CONSUMER.label.A=PROVIDER.label.A", ("A",))
        self.assertIsNone(apply(registry, CreateService(P1, 0.5, {"m": "1"}, selector)))
        service = registry.services[P1]
        self.assertEqual(
            (service.protect_threshold, service.metadata, service.selector, service.stored),
            (0.5, {"m": "1"}, selector, True),
        )
        self.assertEqual(list(registry.take_changes().services), [P1])
        self.assertEqual(registry.catalog_version["ns1"], before)
        self.assertGreater(registry.catalog_version["public"], before)

    def test_create_what_exists(self) -> None:
        """An error, and nothing changes."""
        registry = built(register())
        error = apply(registry, CreateService(P1, 0.5))
        self.assertIsInstance(error, Problem)
        self.assertEqual(said(error), "specified service DEFAULT_GROUP@@p1 already exists!")
        self.assertEqual(registry.services[P1].protect_threshold, 0.0)

    def test_update_replaces_the_settings(self) -> None:
        """What is not given is emptied; instances and the catalog stay."""
        registry = built(CreateService(P1, 0.5, {"m": "1"}), register())
        catalog = registry.catalog_version["public"]
        apply(registry, UpdateService(P1, 0.3))
        service = registry.services[P1]
        self.assertEqual((service.protect_threshold, service.metadata, service.selector), (0.3, {}, NO_SELECTOR))
        self.assertEqual((len(service.ephemeral), registry.catalog_version["public"]), (1, catalog))
        version = registry.version
        apply(registry, UpdateService(P1, 0.3))
        self.assertEqual(registry.version, version)

    def test_update_of_nothing(self) -> None:
        """An error."""
        error = apply(Registry(), UpdateService(P1))
        self.assertIsInstance(error, Problem)
        self.assertEqual(said(error), "service DEFAULT_GROUP@@p1 not found!")

    def test_remove_with_instances(self) -> None:
        """v1 drops both lists; the service of the same name elsewhere stays."""
        registry = built(register(), register("b", ephemeral=False), register(service=OTHER))
        apply(registry, RemoveService(P1))
        changes = registry.take_changes()
        self.assertEqual((list(changes.services), sorted(changes.ended)), ([P1], [1, 2]))
        self.assertEqual((list(registry.services), list(registry.namespaces)), ([OTHER], ["ns1"]))
        self.assertEqual(list(registry.by_number), [3])

    def test_remove_only_if_empty(self) -> None:
        """v2's rule."""
        registry = built(register())
        error = apply(registry, RemoveService(P1, must_be_empty=True))
        self.assertIsInstance(error, Problem)
        self.assertEqual(
            said(error),
            "Service DEFAULT_GROUP@@p1 is not empty, can't be delete. Please unregister instance first",
        )
        apply(registry, Deregister(P1, "10.0.0.1", 8080), RemoveService(P1, must_be_empty=True))
        self.assertEqual(registry.services, {})

    def test_remove_nothing(self) -> None:
        """An error."""
        error = apply(Registry(), RemoveService(P1))
        self.assertIsInstance(error, Problem)
        self.assertEqual(said(error), "service DEFAULT_GROUP@@p1 not found!")

    def test_versions_never_go_back(self) -> None:
        """Not even when a service is removed and comes again: cached answers depend on it."""
        registry = built(register())
        version, catalog = registry.services[P1].version, registry.catalog_version["public"]
        apply(registry, RemoveService(P1))
        self.assertGreater(registry.catalog_version["public"], catalog)
        removed = registry.catalog_version["public"]
        apply(registry, register())
        self.assertGreater(registry.services[P1].version, version)
        self.assertGreater(registry.catalog_version["public"], removed)

    def test_instances_are_no_change_of_the_catalog(self) -> None:
        """Only the set of services is."""
        registry = built(register())
        catalog = registry.catalog_version["public"]
        apply(registry, register("b"), Deregister(P1, "b", 8080))
        self.assertEqual(registry.catalog_version["public"], catalog)

    def test_clean_takes_only_the_empty(self) -> None:
        """One that got an instance meanwhile stays; one that is gone is no matter."""
        registry = built(CreateService(P1), CreateService(S2), register())
        apply(registry, CleanServices([P1, S2, OTHER]))
        self.assertEqual(list(registry.services), [P1])


class ClusterTests(SynchronousTestCase):
    """PUT cluster."""

    def test_creates_and_replaces(self) -> None:
        """The settings are the given ones, instances are untouched."""
        registry = built(register())
        apply(registry, UpdateCluster(P1, "DEFAULT", Http("/ok"), 81, False, {"q": "w"}))
        found = registry.services[P1].clusters["DEFAULT"]
        self.assertEqual(
            (found.checker, found.default_check_port, found.default_ip_port, found.use_instance_port, found.metadata),
            (Http("/ok"), 81, 81, False, {"q": "w"}),
        )
        apply(registry, UpdateCluster(P1, "cx", UNCHECKED))
        self.assertEqual(list(registry.services[P1].clusters), ["DEFAULT", "cx"])
        version = registry.version
        apply(registry, UpdateCluster(P1, "cx", UNCHECKED))
        self.assertEqual(registry.version, version)
        self.assertTrue(registry.services[P1].stored)

    def test_needs_the_service(self) -> None:
        """It is not created."""
        error = apply(Registry(), UpdateCluster(P1, "c"))
        self.assertIsInstance(error, Problem)
        self.assertEqual(said(error, "PUT /v1/ns/cluster"), "service not found:DEFAULT_GROUP@@p1")


class SwitchTests(SynchronousTestCase):
    """PUT switches."""

    def test_set(self) -> None:
        """It is in force, and told as a change."""
        registry = Registry()
        self.assertIsNone(apply(registry, SetSwitch("check", "false")))
        self.assertFalse(registry.switches.health_check_enabled)
        self.assertTrue(registry.take_changes().switches)

    def test_refused(self) -> None:
        """Nothing changes."""
        registry = Registry()
        error = apply(registry, SetSwitch("defaultCacheMillis", "5"))
        self.assertIsInstance(error, Problem)
        self.assertEqual(registry.switches.default_cache_millis, 3000)
        self.assertFalse(registry.take_changes().switches)

    def test_local_one_is_not_replicated(self) -> None:
        """It lives through a replicated change of another entry, but not in the snapshot."""
        registry, other = Registry(), Registry()
        registry.switches = apply_switch(registry.switches, "pushEnabled", "false")
        for each in (registry, other):
            apply(each, SetSwitch("check", "false"))
        self.assertEqual((registry.switches.push_enabled, registry.switches.health_check_enabled), (False, False))
        self.assertEqual(registry.snapshot(), other.snapshot())
