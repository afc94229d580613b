"""Namespaces in the database (docs/spec/config-v1.md#11)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config.commands import Publish
from nacos_tw.namespaces import model, store
from nacos_tw.namespaces.commands import CreateNamespace, DeleteNamespace, UpdateNamespace
from nacos_tw.namespaces.model import Namespace
from nacos_tw.storage.zones import to_column
from tests.config.databases import T0, StoreCase, on_each

PUBLIC = Namespace("", "public", "Default Namespace", 0, 0)


class Namespaces(StoreCase):
    """GET, POST, PUT, DELETE /v1/console/namespaces."""

    def all(self) -> list[Namespace]:
        return self.run_in(store.namespaces)

    def test_none(self) -> None:
        """The public one is always there."""
        self.assertEqual(self.all(), [PUBLIC])

    def test_life(self) -> None:
        """Create, rename, remove; its configs stay, and are counted."""
        self.assertIs(self.value(CreateNamespace("ns-2", "Zwei", "desc", T0)), True)
        self.assertIs(self.value(CreateNamespace("ns-1", "一", None, T0)), True)
        self.assertIs(self.value(CreateNamespace("ns-1", "again", None, T0)), False)
        self.do(Publish(("ns-2", "g", "d"), "c", None, T0))
        self.do(Publish(("ns-2", "g", "e"), "c", None, T0))
        self.do(Publish(("", "g", "d"), "c", None, T0))
        self.assertEqual(
            self.all(),
            [
                Namespace("", "public", "Default Namespace", 1, 0),
                Namespace("ns-2", "Zwei", "desc", 2),
                Namespace("ns-1", "一", None, 0),
            ],
        )
        self.assertIs(self.value(UpdateNamespace("ns-2", "Two", "d2", T0 + 1)), True)
        self.assertEqual(self.run_in(store.namespace, "ns-2"), Namespace("ns-2", "Two", "d2", 2))
        self.assertIs(self.value(DeleteNamespace("ns-2")), True)
        self.assertIsNone(self.run_in(store.namespace, "ns-2"))
        self.assertEqual(self.sql("SELECT COUNT(*) FROM config_info WHERE tenant_id='ns-2'"), [(2,)])
        self.assertIs(self.value(CreateNamespace("ns-2", "back", None, T0)), True)
        self.assertEqual(self.all()[-1].configs, 2)

    def test_row(self) -> None:
        """As a real server writes it."""
        self.do(CreateNamespace("ns-1", "N", "D", T0 + 7))
        at = to_column(T0 + 7, None, False) if self.dialect == "postgresql" else T0 + 7
        self.assertEqual(
            self.sql("SELECT kp, tenant_id, tenant_name, tenant_desc, create_source, gmt_create FROM tenant_info"),
            [("1", "ns-1", "N", "D", "nacos", at)],
        )

    def test_unknown(self) -> None:
        """Changing or removing none makes none."""
        self.assertIs(self.value(UpdateNamespace("nope", "N", None, T0)), True)
        self.assertIs(self.value(DeleteNamespace("nope")), True)
        self.assertEqual(self.all(), [PUBLIC])
        self.assertFalse(self.run_in(store.exists, "nope"))

    def test_public(self) -> None:
        """It can be looked at, but was not created."""
        self.assertEqual(self.run_in(store.namespace, ""), PUBLIC)
        self.assertFalse(self.run_in(store.exists, ""))
        self.do(CreateNamespace("", "row of another program", None, T0))
        self.assertEqual(self.all(), [PUBLIC])


class NameTests(SynchronousTestCase):
    """Ids and names."""

    def test_ids(self) -> None:
        """Letters, digits, _ and -, up to 128."""
        for text in ("a", "A_b-1", "x" * 128):
            self.assertTrue(model.is_valid_id(text))
        for text in ("", "a b", "中", "a.b", "a\n", "x" * 129):
            self.assertFalse(model.is_valid_id(text))

    def test_names(self) -> None:
        """All but @#$%^&*, up to 128."""
        for text in ("名 字", "a.b/c", "x" * 128):
            self.assertTrue(model.is_valid_name(text))
        for text in ("", "a@b", "100%", "*", "x" * 129):
            self.assertFalse(model.is_valid_name(text))


on_each(globals(), Namespaces)
del StoreCase, Namespaces
