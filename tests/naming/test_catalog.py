"""What the console reads."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import Problem
from nacos_tw.naming import catalog
from nacos_tw.naming.commands import CreateService, Expire, UpdateCluster
from tests.naming.building import P1, apply, built, register, said

SERVICE = "GET /v1/ns/catalog/service"


class CatalogTests(SynchronousTestCase):
    """Pages of services."""

    def setUp(self) -> None:
        self.registry = built(
            CreateService(("public", "web@@shop")),
            CreateService(("public", "web@@order-api"), 0.5),
            register("10.0.0.1", 80, service=("public", "web@@order-api"), cluster="c1"),
            register("10.0.0.2", 80, service=("public", "web@@order-api")),
            register("10.0.0.10", 81, service=("public", "DEFAULT_GROUP@@pay-api"), ephemeral=False),
        )
        self.services = self.registry.namespaces["public"]

    def names(self, index: int = 0, size: int = 10, **filters: object) -> tuple[list[str], int]:
        """The grouped names of a page."""
        found, count = catalog.catalog_page(self.services, index, size, **filters)  # type: ignore[arg-type]
        return [each.name for each in found], count

    def test_pages(self) -> None:
        """Sorted by grouped name; all of them if they fit, none and count 0 behind the end."""
        every = ["DEFAULT_GROUP@@pay-api", "web@@order-api", "web@@shop"]
        self.assertEqual(self.names(), (every, 3))
        self.assertEqual(self.names(7, 3), (every, 3))
        self.assertEqual(self.names(0, 2), (every[:2], 3))
        self.assertEqual(self.names(-1, 2), (every[:2], 3))
        self.assertEqual(self.names(1, 2), (every[2:], 3))
        self.assertEqual(self.names(2, 2), ([], 0))
        self.assertEqual(self.names(0, 0), ([], 0))
        self.assertEqual(self.names(0, -3), ([], 0))

    def test_name_and_group(self) -> None:
        """Parts of either; both must fit in their half."""
        self.assertEqual(self.names(name="api")[0], ["DEFAULT_GROUP@@pay-api", "web@@order-api"])
        self.assertEqual(self.names(group="we")[0], ["web@@order-api", "web@@shop"])
        self.assertEqual(self.names(group="web", name="or.*api")[0], ["web@@order-api"])
        self.assertEqual(self.names(name="web"), ([], 0))
        self.assertEqual(self.names(group="shop"), ([], 0))
        self.assertEqual(self.names(name=" ", group="")[1], 3)

    def test_instance_and_ip_count(self) -> None:
        """An exact ip, or ip:port; services with instances of either kind."""
        self.assertEqual(self.names(instance="10.0.0.1")[0], ["web@@order-api"])
        self.assertEqual(self.names(instance="10.0.0.10:81")[0], ["DEFAULT_GROUP@@pay-api"])
        self.assertEqual(self.names(instance="10.0.0.10:80"), ([], 0))
        self.assertEqual(self.names(with_instances=True)[1], 2)

    def test_summary(self) -> None:
        """Counts, and whether protection is reached."""
        service = self.services["web@@order-api"]
        self.assertEqual(catalog.summary(service), catalog.Summary("order-api", "web", 2, 2, 2, False))
        apply(self.registry, Expire([1]))
        self.assertEqual(catalog.summary(service), catalog.Summary("order-api", "web", 2, 2, 1, True))
        self.assertEqual(catalog.summary(self.services["web@@shop"]), catalog.Summary("shop", "web", 0, 0, 0, False))


class DetailTests(SynchronousTestCase):
    """One service, its clusters and their instances."""

    def test_service(self) -> None:
        """Or a clear error."""
        service = built(register()).services[P1]
        self.assertIs(catalog.catalog_service(service, P1), service)
        with self.assertRaises(Problem) as caught:
            catalog.catalog_service(None, P1)
        self.assertEqual(said(caught.exception, SERVICE), "service DEFAULT_GROUP@@p1 is not found!")

    def test_instances(self) -> None:
        """Disabled and unhealthy ones too, page by page; a cluster may be empty."""
        registry = built(
            register("a", enabled=False), register("b"), register("c", cluster="c1"), Expire([2]),
            UpdateCluster(P1, "empty"),
        )  # fmt: skip
        service = registry.services[P1]
        found, count = catalog.cluster_instances(service, P1, "DEFAULT", 1, 10)
        self.assertEqual(([each.ip for each in found], [each.healthy for each in found], count),
                         (["a", "b"], [True, False], 2))  # fmt: skip
        found, count = catalog.cluster_instances(service, P1, "DEFAULT", 2, 1)
        self.assertEqual(([each.ip for each in found], count), (["b"], 2))
        self.assertEqual(catalog.cluster_instances(service, P1, "DEFAULT", 9, 1), ([], 2))
        self.assertEqual(catalog.cluster_instances(service, P1, "empty", 1, 1), ([], 0))
        with self.assertRaises(Problem) as caught:
            catalog.cluster_instances(service, P1, "c9", 1, 10)
        self.assertEqual(said(caught.exception, "GET /v1/ns/catalog/service"), "cluster c9 is not found!")
        with self.assertRaises(Problem) as caught:
            catalog.cluster_instances(None, P1, "DEFAULT", 1, 10)
        self.assertEqual(said(caught.exception, SERVICE), "service DEFAULT_GROUP@@p1 is not found!")

    def test_cluster_names(self) -> None:
        """In the order in which they came."""
        self.assertEqual(
            catalog.cluster_names(built(register(cluster="c1"), register()).services[P1], P1), ["c1", "DEFAULT"]
        )
        with self.assertRaises(Problem) as caught:
            catalog.cluster_names(None, P1)
        self.assertEqual(said(caught.exception, "GET /v1/ns/catalog/rt/service"), "request service doesn't exist")
