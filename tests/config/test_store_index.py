"""What a node's cache reads (docs/spec/config-v1.md#15.3)."""

from __future__ import annotations

from nacos_tw.config import store_index
from nacos_tw.config.commands import Publish, PublishBeta, PublishTag, Remove, StopBeta
from nacos_tw.config.model import ConfigKey, md5_of
from tests.config.databases import ALL, T0, StoreCase, on_each


def key(number: int) -> ConfigKey:
    return ("ns", "g", f"d{number}")


class Index(StoreCase):
    """Pages, rows, changes."""

    def fill(self, count: int = 5) -> None:
        for number in range(count):
            self.do(Publish(key(number), f"v{number}", "json", T0 + number * 1000, encrypted_data_key="k"))

    def test_pages(self) -> None:
        """Every config once, with and without content."""
        self.fill()
        for read, content in ((store_index.index_page, False), (store_index.content_page, True)):
            got: list[store_index.Indexed] = []
            while page := self.run_in(read, got[-1].id if got else 0, 2):
                self.assertLessEqual(len(page), 2)
                got += page
            self.assertEqual([each.key for each in got], [key(number) for number in range(5)])
            self.assertEqual([each.content for each in got], [f"v{n}" if content else None for n in range(5)])
            self.assertEqual([each.modified_ms for each in got], [T0 + number * 1000 for number in range(5)])
            self.assertEqual((got[1].md5, got[1].type), (md5_of("v1"), "json"))

    def test_defaults(self) -> None:
        """A row that another program wrote without type and md5."""
        self.fill(1)
        self.sql("UPDATE config_info SET md5=NULL, type=NULL")
        (cached,) = self.run_in(store_index.rows, [key(0)])
        assert cached.main is not None
        self.assertEqual((cached.main.md5, cached.main.type), (md5_of("v0"), "text"))

    def test_rows(self) -> None:
        """The keys that were asked for, also those that are gone."""
        self.fill(3)
        rows = self.run_in(store_index.rows, [key(2), key(9), key(2), key(0)])
        self.assertEqual([row.key for row in rows], [key(2), key(9), key(0)])
        self.assertEqual([row.main and row.main.content for row in rows], ["v2", None, "v0"])
        has_key = self.run_in(lambda txn: txn.columns.encrypted_data_key)
        assert rows[0].main is not None
        self.assertEqual(rows[0].main.encrypted_data_key, "k" if has_key else "")

    def test_all_keys(self) -> None:
        """Keys with their md5."""
        self.fill(2)
        self.assertEqual(self.run_in(store_index.all_keys), [(key(0), md5_of("v0")), (key(1), md5_of("v1"))])

    def test_changes(self) -> None:
        """What was written or removed since, copies too."""
        self.fill(4)
        self.do(Remove(key(0), T0 + 10_000))
        self.do(PublishBeta(key(7), "b", "1.1.1.1", T0 + 10_000))
        self.do(PublishTag(key(8), "t", "t1", T0 + 11_000))
        changed = self.run_in(store_index.changed_since, T0 + 3000)
        self.assertEqual(set(changed), {key(3), key(0), key(7), key(8)})
        self.assertEqual(len(changed), 4)
        self.assertEqual(self.run_in(store_index.changed_since, T0 + 12_000), [])

    def test_removed_copy(self) -> None:
        """Where history knows copies, a removed one is a change."""
        self.do(PublishBeta(key(7), "b", "1.1.1.1", T0))
        self.do(StopBeta(key(7), T0 + 5000))
        knows = self.run_in(lambda txn: txn.columns.history_gray_name)
        self.assertEqual(self.run_in(store_index.changed_since, T0 + 1000), [key(7)] if knows else [])


on_each(globals(), Index, databases=ALL)
del StoreCase, Index
