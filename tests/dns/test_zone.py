"""Which service a name stands for."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.dns.zone import Index, Zone


class ZoneTests(SynchronousTestCase):
    """Names below a suffix."""

    zone = Zone.of("Svc.Nacos.", "DEFAULT_GROUP")

    def candidates(self, name: str) -> list[str]:
        """What a name without the suffix may be."""
        return list(self.zone.candidates(name.encode().split(b".")))

    def test_suffix(self) -> None:
        """In any case of letters; whole labels only."""
        self.assertEqual(self.zone.within((b"a", b"b", b"SVC", b"nacos")), (b"a", b"b"))
        self.assertEqual(self.zone.within((b"svc", b"nacos")), ())
        for other in ((b"a", b"xsvc", b"nacos"), (b"nacos",), (), (b"svc", b"nacos", b"com")):
            self.assertIsNone(self.zone.within(other))

    def test_candidates(self) -> None:
        """Service; service and group; names with dots, escaped or as they stand."""
        self.assertEqual(self.candidates("orders"), ["DEFAULT_GROUP@@orders"])
        self.assertEqual(self.candidates("orders.prod"), ["prod@@orders", "DEFAULT_GROUP@@orders.prod"])
        self.assertEqual(self.candidates("com.x.A"), ["DEFAULT_GROUP@@com.x.A", "A@@com.x"])
        self.assertEqual(
            self.candidates("com--x--A.my--group"),
            [
                "my--group@@com--x--A", "DEFAULT_GROUP@@com--x--A.my--group",
                "my.group@@com.x.A", "DEFAULT_GROUP@@com.x.A.my.group",
            ],
        )  # fmt: skip
        self.assertEqual(list(self.zone.candidates([b"\xff"])), [])


class IndexTests(SynchronousTestCase):
    """Services by their names in any case of letters."""

    def test_any_case(self) -> None:
        """As it was registered first; else as the table has it."""
        services = dict.fromkeys(("G@@Orders", "G@@orders", "G@@Stock"))
        index = Index()
        self.assertEqual(index.find(services, 1, ["G@@orders"], 10), "G@@orders")
        self.assertEqual(index.find(services, 1, ["g@@ORDERS"], 10), "G@@Orders")
        self.assertEqual(index.find(services, 1, ["g@@stock"], 10), "G@@Stock")
        self.assertEqual(index.find(services, 1, ["g@@stocks"], 10), "")

    def test_changes(self) -> None:
        """The table is made anew once a second; what was removed is not found in an old one."""
        index = Index()
        self.assertEqual(index.find({"G@@A": None}, 1, ["g@@a"], 10), "G@@A")
        more = dict.fromkeys(("G@@B",))
        self.assertEqual(index.find(more, 2, ["g@@a"], 10.5), "")
        self.assertEqual(index.find(more, 2, ["g@@b"], 10.5), "")
        self.assertEqual(index.find(more, 2, ["G@@B"], 10.5), "G@@B")
        self.assertEqual(index.find(more, 2, ["g@@b"], 11), "G@@B")
