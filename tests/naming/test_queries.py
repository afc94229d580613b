"""What the endpoints read, with and without provisional instances."""

from __future__ import annotations

from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import Problem
from nacos_tw.naming import queries
from nacos_tw.naming.checkers import UNCHECKED
from nacos_tw.naming.commands import (
    CreateService,
    Deregister,
    Expire,
    Health,
    Register,
    UpdateCluster,
    UpdateService,
)
from nacos_tw.naming.instance_commands import instance_of
from nacos_tw.naming.model import NO_OVERLAY, Instance, InstanceKey, Overlay, Service, ServiceKey
from nacos_tw.naming.queries import Selection, select
from nacos_tw.naming.registry import Registry
from nacos_tw.naming.selectors import ListFilter, Selector
from nacos_tw.naming.validation import split_status_key
from tests.naming.building import P1, apply, built, ephemeral, register, said

S2: ServiceKey = ("public", "g2@@s2")
NEW: ServiceKey = ("ns9", "g@@new")


def overlay(*commands: Register | Deregister) -> Overlay:
    """What a node without a leader would lay over its state."""
    found: dict[ServiceKey, dict[InstanceKey, Instance | None]] = {}
    for command in commands:
        shown = instance_of(command, 0) if isinstance(command, Register) else None
        found.setdefault(command.service, {})[command.cluster, command.ip, command.port] = shown
    return found


def ips(found: Selection) -> list[str]:
    """The addresses given out."""
    return [each.ip for each in found.instances]


class SelectTests(SynchronousTestCase):
    """The order of work of the instance list."""

    def chosen(self, registry: Registry, clusters: str = "", healthy_only: bool = False) -> Selection:
        """The selection among p1's."""
        return select(registry.services[P1], clusters, healthy_only)

    def test_clusters(self) -> None:
        """All, some, or unknown ones."""
        registry = built(register("a", cluster="c1"), register("b", cluster="c2"), register("c", ephemeral=False))
        self.assertEqual(ips(self.chosen(registry)), ["c", "a", "b"])
        self.assertEqual(ips(self.chosen(registry, "c2,DEFAULT")), ["c", "b"])
        self.assertEqual(self.chosen(registry, "c9"), Selection([], False, 0))

    def test_healthy_only(self) -> None:
        """Drops the unhealthy ones while protection is not reached."""
        registry = built(register("a"), register("b"), register("c"), Expire([2]))
        self.assertEqual(ips(self.chosen(registry)), ["a", "b", "c"])
        found = self.chosen(registry, healthy_only=True)
        self.assertEqual((ips(found), found.protected, found.total), (["a", "c"], False, 3))
        self.assertEqual([healthy for _, healthy in self.chosen(registry).shown()], [True, False, True])

    def test_protection(self) -> None:
        """Healthy / total at or below the threshold: all are given out as healthy, also for healthyOnly."""
        registry = built(CreateService(P1, 0.5), register("a"), register("b"), Expire([2]))
        for healthy_only in (True, False):
            found = self.chosen(registry, healthy_only=healthy_only)
            self.assertEqual((ips(found), found.protected), (["a", "b"], True))
            self.assertEqual([healthy for _, healthy in found.shown()], [True, True])
        self.assertFalse(ephemeral(registry, "b").healthy)
        apply(registry, UpdateService(P1, 0.4))
        self.assertEqual(ips(self.chosen(registry, healthy_only=True)), ["a"])

    def test_threshold_zero_protects_when_none_is_healthy(self) -> None:
        """0 <= 0."""
        registry = built(register("a"), register("b"), Expire([1, 2]))
        self.assertEqual([healthy for _, healthy in self.chosen(registry).shown()], [True, True])

    def test_disabled_ones_go_last(self) -> None:
        """They count for protection, and a service of only disabled ones is not empty."""
        registry = built(
            CreateService(P1, 0.5), register("a", enabled=False), register("b"), register("c"), Expire([2])
        )
        found = self.chosen(registry)
        self.assertEqual((ips(found), found.protected, found.total), (["b", "c"], False, 3))
        found = self.chosen(built(register("a", enabled=False)))
        self.assertEqual((ips(found), found.total), ([], 1))

    def test_weight_zero_is_listed(self) -> None:
        """It is the client that leaves it out."""
        self.assertEqual(ips(self.chosen(built(register("a", weight=0.0)))), ["a"])

    def test_label_selector(self) -> None:
        """Only with a CMDB and a client ip; if nothing fits, all come; before health is looked at."""
        selector = Selector("label", "CONSUMER.label.A=PROVIDER.label.A", ("A",))
        registry = built(CreateService(P1, selector=selector), register("a"), register("b"))
        labels = {("a", "A"): "1", ("b", "A"): "2", ("me", "A"): "2", ("odd", "A"): "3"}
        service = registry.services[P1]

        def cmdb(ip: str, label: str) -> str:
            return labels.get((ip, label), "")

        for client, found in [("me", ["b"]), ("odd", ["a", "b"]), ("free", ["a", "b"]), (" ", ["a", "b"])]:
            self.assertEqual(ips(select(service, client_ip=client, labels=cmdb)), found)
        self.assertEqual(ips(select(service, client_ip="me")), ["a", "b"])
        self.assertEqual(select(service, client_ip="me", labels=cmdb).total, 1)


class OneTests(SynchronousTestCase):
    """One instance, and the states of all."""

    def test_find_one(self) -> None:
        """Real health, either kind, also a disabled one."""
        registry = built(register("a", ephemeral=False, enabled=False), Health([(1, False)]))
        found = queries.find_one(registry, NO_OVERLAY, P1, "DEFAULT", "a", 8080)
        self.assertEqual((found.number, found.healthy), (1, False))

    def test_not_found(self) -> None:
        """What is missing is told apart."""
        registry = built(register("a"), CreateService(S2))
        for key, cluster, text in [
            (NEW, "DEFAULT", "no ips found for cluster DEFAULT in service g@@new"),
            (S2, "DEFAULT", "no ips found for cluster DEFAULT in service g2@@s2"),
            (P1, "c1", "no ips found for cluster c1 in service DEFAULT_GROUP@@p1"),
            (P1, "DEFAULT", "no matched ip found!"),
        ]:
            with self.assertRaises(Problem) as caught:
                queries.find_one(registry, NO_OVERLAY, key, cluster, "zz", 8080)
            self.assertEqual(said(caught.exception), text)

    def test_statuses(self) -> None:
        """ip:port_health."""
        registry = built(register("a"), register("b"), Expire([2]))
        self.assertEqual(queries.statuses(registry, NO_OVERLAY, P1), ["a:8080_true", "b:8080_false"])
        self.assertEqual(queries.statuses(registry, NO_OVERLAY, NEW), [])

    def test_status_key(self) -> None:
        """With and without a namespace."""
        self.assertEqual(split_status_key("ns1##g@@s"), ("ns1", "g@@s"))
        self.assertEqual(split_status_key("##g@@s"), ("public", "g@@s"))
        self.assertEqual(split_status_key("g@@s"), ("public", "g@@s"))
        for bad in ("nosuch", "ns##nosuch", "@@s", "g@@"):
            with self.assertRaises(Problem):
                split_status_key(bad)

    def test_health_targets(self) -> None:
        """Only in a cluster without a checker; an unknown address is nobody."""
        registry = built(register("a"), register("a", ephemeral=False), register("b", cluster="c1"))
        apply(registry, UpdateCluster(P1, "DEFAULT", UNCHECKED))
        service = registry.services[P1]
        self.assertEqual(queries.health_targets(service, P1, "DEFAULT", "a", 8080), [2, 1])
        self.assertEqual(queries.health_targets(service, P1, "DEFAULT", "zz", 8080), [])
        for found, cluster in [(service, "c1"), (service, "c9"), (None, "DEFAULT")]:
            with self.assertRaises(Problem) as caught:
                queries.health_targets(found, P1, cluster, "b", 8080)
            self.assertEqual(
                said(caught.exception),
                f"health check is still working, service: DEFAULT_GROUP@@p1, cluster: {cluster}",
            )


class ChecksumTests(SynchronousTestCase):
    """Equal on all nodes that hold the same, else different."""

    def checksum(self, registry: Registry) -> str:
        """Of p1."""
        return queries.checksum(registry.services[P1])

    def test_does_not_depend_on_the_way(self) -> None:
        """Not on the order of arrival, numbers or versions."""
        one = built(register("a", metadata={"x": "1", "y": "2"}), register("b", cluster="c1"))
        other = built(register("z"), Deregister(P1, "z", 8080), register("b", cluster="c1"), register("a"))
        self.assertEqual(self.checksum(one), self.checksum(other))
        self.assertEqual(len(self.checksum(one)), 32)

    def test_sees_every_change(self) -> None:
        """Instances, their health and weight, and the settings."""
        registry = built(register("a"))
        seen = {self.checksum(registry)}
        for command in [
            register("b"), Expire([1]), register("a", weight=2.0),
            UpdateService(P1, 0.5), UpdateService(P1, 0.5, {"m": "1"}),
            UpdateService(P1, selector=Selector("label", "x", ("A",))), UpdateCluster(P1, "DEFAULT", UNCHECKED),
        ]:  # fmt: skip
            apply(registry, command)
            seen.add(self.checksum(registry))
        self.assertEqual(len(seen), 8)


class ServiceListTests(SynchronousTestCase):
    """Names, pages and searches."""

    def setUp(self) -> None:
        self.registry = built(
            *(CreateService(("public", f"DEFAULT_GROUP@@s{number}")) for number in (3, 1, 2)),
            register(service=S2, metadata={"from": "dubbo"}),
            CreateService(("ns1", "g2@@other"), metadata={"team": "x"}),
        )

    def names(self, group: str, page_no: int, size: int, keep: ListFilter | None = None) -> tuple[list[str], int]:
        """Of namespace public."""
        return queries.service_names(
            queries.services_of(self.registry, NO_OVERLAY, "public"), group, page_no, size, keep
        )

    def test_pages_of_a_group(self) -> None:
        """Bare and sorted; the count is that of all."""
        self.assertEqual(self.names("DEFAULT_GROUP", 1, 2), (["s1", "s2"], 3))
        self.assertEqual(self.names("DEFAULT_GROUP", 2, 2), (["s3"], 3))
        self.assertEqual(self.names("DEFAULT_GROUP", 3, 2), ([], 3))
        self.assertEqual(self.names("DEFAULT_GROUP", -5, 2), (["s1", "s2"], 3))
        self.assertEqual(self.names("DEFAULT_GROUP", 1, 0), ([], 3))
        self.assertEqual(self.names("DEFAULT_GROUP", 2, -1), ([], 3))
        self.assertEqual(self.names("DEFAULT", 1, 10), ([], 0))

    def test_all_groups(self) -> None:
        """Grouped names."""
        found, count = self.names("*", 1, 2)
        self.assertEqual((found, count), (["DEFAULT_GROUP@@s1", "DEFAULT_GROUP@@s2"], 4))

    def test_unknown_namespace(self) -> None:
        """Nothing."""
        self.assertEqual(queries.services_of(self.registry, NO_OVERLAY, "zz"), {})

    def test_selector(self) -> None:
        """By instance metadata or by the service's own."""
        self.assertEqual(self.names("*", 1, 9, ListFilter(True, "from", "dubbo")), (["g2@@s2"], 1))
        self.assertEqual(self.names("*", 1, 9, ListFilter(False, "team", "x")), ([], 0))
        services = queries.services_of(self.registry, NO_OVERLAY, "ns1")
        self.assertEqual(queries.service_names(services, "g2", 1, 9, ListFilter(False, "team", "x")), (["other"], 1))

    def test_search(self) -> None:
        """By a part of the grouped name, in one namespace or in all."""
        found = queries.search_names(self.registry, NO_OVERLAY, " ", "@s.:")
        self.assertEqual(
            {name: sorted(names) for name, names in found.items()},
            {"public": ["DEFAULT_GROUP@@s1", "DEFAULT_GROUP@@s2", "DEFAULT_GROUP@@s3", "g2@@s2"], "ns1": []},
        )
        self.assertEqual(queries.search_names(self.registry, NO_OVERLAY, "ns1", "oth"), {"ns1": ["g2@@other"]})
        self.assertEqual(queries.search_names(self.registry, NO_OVERLAY, "zz", ""), {})

    def test_detail(self) -> None:
        """The service, or 2.5.1's text."""
        service = self.registry.services[S2]
        self.assertIs(queries.service_detail(service, S2), service)
        with self.assertRaises(Problem) as caught:
            queries.service_detail(None, S2)
        self.assertEqual(
            said(caught.exception, "GET /v1/ns/service"), "service not found, namespace: public, serviceName: g2@@s2"
        )

    def test_empty_services(self) -> None:
        """Of all namespaces; one with instances of either kind is not empty."""
        apply(self.registry, register(service=("public", "DEFAULT_GROUP@@s1"), ephemeral=False))
        self.assertEqual(
            queries.empty_services(self.registry, overlay(register(service=("public", "DEFAULT_GROUP@@s2")))),
            [("public", "DEFAULT_GROUP@@s3"), ("ns1", "g2@@other")],
        )


class OverlayTests(SynchronousTestCase):
    """The provisional view."""

    def test_without_one_nothing_is_copied(self) -> None:
        """The registry's own objects are given."""
        registry = built(register())
        self.assertIs(queries.service_of(registry, NO_OVERLAY, P1), registry.services[P1])
        self.assertIs(queries.service_of(registry, overlay(register(service=S2)), P1), registry.services[P1])
        self.assertIs(queries.services_of(registry, NO_OVERLAY, "public"), registry.namespaces["public"])
        self.assertEqual([each.key for each in queries.all_services(registry, NO_OVERLAY)], [P1])

    def shown(self, registry: Registry, laid: Overlay, key: ServiceKey) -> Service:
        """The service as shown."""
        found = queries.service_of(registry, laid, key)
        assert found is not None
        return found

    def test_lays_over(self) -> None:
        """New, replaced and removed instances; persistent ones and the replicated state are untouched."""
        registry = built(
            CreateService(P1, 0.2, {"m": "1"}),
            register("a"), register("b"), register("b", ephemeral=False), register("keep"),
        )  # fmt: skip
        before = registry.snapshot()
        laid = overlay(register("a", weight=9.0), Deregister(P1, "b", 8080), register("c", cluster="c1"))
        service = self.shown(registry, laid, P1)
        found = {(each.ip, each.ephemeral): each.weight for each in queries.instances_of(service)}
        self.assertEqual(found, {("b", False): 1.0, ("a", True): 9.0, ("keep", True): 1.0, ("c", True): 1.0})
        self.assertEqual(
            (list(service.clusters), service.protect_threshold, service.metadata, service.stored),
            (["DEFAULT", "c1"], 0.2, {"m": "1"}, True),
        )
        self.assertEqual(registry.snapshot(), before)
        self.assertEqual(queries.counts(registry, laid), queries.Totals(1, 4))
        self.assertEqual(queries.find_one(registry, laid, P1, "DEFAULT", "a", 8080).weight, 9.0)
        self.assertEqual(queries.statuses(registry, laid, P1)[-1], "c:8080_true")

    def test_provisional_service(self) -> None:
        """It is in lists, searches and counts, and has its cluster."""
        registry = built(register())
        laid = overlay(register(service=NEW, cluster="c1"), register("b", service=("public", "DEFAULT_GROUP@@p2")))
        self.assertEqual(list(self.shown(registry, laid, NEW).clusters), ["c1"])
        self.assertEqual(queries.namespaces_of(registry, laid), ["public", "ns9"])
        self.assertEqual(list(queries.services_of(registry, laid, "ns9")), ["g@@new"])
        self.assertEqual(
            queries.service_names(queries.services_of(registry, laid, "public"), "DEFAULT_GROUP", 1, 9),
            (["p1", "p2"], 2),
        )
        self.assertEqual(len(list(queries.all_services(registry, laid))), 3)
        self.assertEqual(queries.counts(registry, laid), queries.Totals(3, 3))
        self.assertEqual(queries.search_names(registry, laid, "ns9", "new"), {"ns9": ["g@@new"]})

    def test_deregistered_only_is_no_service(self) -> None:
        """A removal of something unknown shows nothing."""
        registry = built(register())
        laid = overlay(Deregister(NEW, "x", 1), Deregister(P1, "no", 1))
        self.assertIsNone(queries.service_of(registry, laid, NEW))
        self.assertEqual(queries.services_of(registry, laid, "ns9"), {})
        self.assertEqual(queries.namespaces_of(registry, laid), ["public"])
        self.assertEqual(queries.counts(registry, laid), queries.Totals(1, 1))

    def test_provisional_ones_have_no_number_for_health(self) -> None:
        """What is not replicated cannot be changed by number."""
        registry = built(register(), UpdateCluster(P1, "DEFAULT", UNCHECKED))
        service = self.shown(registry, overlay(register("b")), P1)
        self.assertEqual(queries.health_targets(service, P1, "DEFAULT", "b", 8080), [])

    def test_counts(self) -> None:
        """At rest: what the registry holds."""
        registry = built(register(), register(ephemeral=False), CreateService(S2))
        self.assertEqual(queries.counts(registry, NO_OVERLAY), queries.Totals(2, 2))

    def test_frozen_instances(self) -> None:
        """A shown instance cannot change what the registry holds."""
        registry = built(register())
        replace(ephemeral(registry), weight=7.0)
        self.assertEqual(ephemeral(registry).weight, 1.0)
