"""Many configs at once (docs/spec/config-v1.md#8.3, #8.4)."""

from __future__ import annotations

from nacos_tw.config import store_search
from nacos_tw.config.commands import ABORT, OVERWRITE, SKIP, Import, ImportItem, Publish
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.rows import Imported
from tests.config.databases import T0, StoreCase, on_each

A, B, C, D = KEYS = [("ns", "g", data_id) for data_id in "abcd"]
assert isinstance(KEYS, list)


class Importing(StoreCase):
    """The three policies, with B being there."""

    def put(self, policy: str) -> Imported:
        self.do(Publish(B, "old", "yaml", T0, app_name="app", desc="d", tags="x"))
        items = [ImportItem(key, f"new {key[2]}", "json", "app2") for key in KEYS]
        self.done = self.do(Import(items, policy, T0 + 1000, src_ip="1.1.1.1", src_user="joe"))
        assert isinstance(self.done.value, Imported)
        return self.done.value

    def contents(self) -> dict[str, str]:
        return dict(self.sql("SELECT data_id, content FROM config_info"))

    def test_abort(self) -> None:
        """What comes before the first that exists stays; the rest is skipped."""
        self.assertEqual(self.put(ABORT), Imported(1, [C, D], [B]))
        self.assertEqual(self.contents(), {"a": "new a", "b": "old"})
        self.assertEqual(self.done.changed, (A,))

    def test_skip(self) -> None:
        """Those that exist are left alone."""
        self.assertEqual(self.put(SKIP), Imported(3, [B], []))
        self.assertEqual(self.contents(), {"a": "new a", "b": "old", "c": "new c", "d": "new d"})
        self.assertEqual(self.done.changed, (A, C, D))

    def test_overwrite(self) -> None:
        """Those that exist are updated; what the item does not say stays."""
        self.assertEqual(self.put(OVERWRITE), Imported(4, [], []))
        row = self.run_in(store_search.full_row, B)
        assert row is not None
        self.assertEqual((row.content, row.type, row.app_name, row.desc), ("new b", "json", "app2", "d"))
        self.assertEqual((row.tags, row.src_ip, row.src_user), ("x", "1.1.1.1", "joe"))
        self.assertEqual(self.done.changed, tuple(KEYS))

    def test_history(self) -> None:
        """As a publish of each."""
        self.put(OVERWRITE)
        rows = self.sql("SELECT RTRIM(op_type), data_id, content, src_user FROM his_config_info ORDER BY nid")
        self.assertEqual(
            rows,
            [
                ("I", "b", "old", None),
                ("I", "a", "new a", "joe"),
                ("U", "b", "old", "joe"),
                ("I", "c", "new c", "joe"),
                ("I", "d", "new d", "joe"),
            ],
        )

    def test_same_key_twice(self) -> None:
        """The second is one that exists."""
        key: ConfigKey = ("", "g", "x")
        items = [ImportItem(key, "1"), ImportItem(key, "2")]
        self.assertEqual(self.value(Import(items, SKIP, T0)), Imported(1, [key], []))

    def test_nothing(self) -> None:
        """No items."""
        self.assertEqual(self.value(Import([], ABORT, T0)), Imported(0, [], []))


on_each(globals(), Importing)
del StoreCase, Importing
